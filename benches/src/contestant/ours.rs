//! zkcoord, used as a program would use it: blocking calls on threads, awaited calls in tasks.

use std::future::Future;
use std::time::Duration;

use zkcoord::{Client, Counter, Mutex, RateLimiter};

use super::Contestant;
use crate::Result;
use crate::job::{Job, Score};
use crate::laps::{self, Laps};

/// The number of times in a row that a mutex with `handoff` may be handed over inside the process.
const HAND_OVERS: u32 = 1000;

/// The limiter's permits per second, more than any contestant acquires.
const PERMITS: u64 = 1_000_000;

pub(crate) struct Ours {
    client: Client,
    /// The user's runtime for the tasks. zkcoord has a runtime of its own.
    runtime: tokio::runtime::Runtime,
}

impl Ours {
    pub(crate) fn connect(hosts: &str) -> Result<Ours> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Ours { client: Client::connect(hosts).wait()?, runtime })
    }

    fn tasks<F>(&self, job: &Job, member: impl Fn(usize, Laps) -> F) -> Result<Score>
    where
        F: Future<Output = Result<Laps>> + Send + 'static,
    {
        self.runtime.block_on(laps::tasks(job, job.crew, member))
    }
}

impl Contestant for Ours {
    fn run(&mut self, job: &Job) -> Result<Score> {
        let mutex = || self.client.mutex(&job.path);
        let own_mutex = |number| self.client.mutex(format!("{}/{number}", job.path));
        let counter = || self.client.counter(&job.path);
        let limiter = || self.client.rate_limiter(&job.path, PERMITS, Duration::from_secs(1));
        match job.verb.as_str() {
            "lock" => laps::threads(job, |_, laps| lock_on_a_thread(&mutex(), laps)),
            "lock-drop" => laps::threads(job, |_, laps| lock_and_drop(&mutex(), laps)),
            "lock-tasks" => self.tasks(job, |_, laps| lock_in_a_task(mutex(), laps)),
            "lock-handoff" => self.tasks(job, |_, laps| lock_in_a_task(mutex().handoff(HAND_OVERS), laps)),
            "locks-tasks" => self.tasks(job, |number, laps| lock_in_a_task(own_mutex(number), laps)),
            "add" => laps::threads(job, |_, laps| add_on_a_thread(&counter(), laps)),
            "add-tasks" => self.tasks(job, |_, laps| add_in_a_task(counter(), laps)),
            "permits-tasks" => self.tasks(job, |_, laps| acquire_permits_in_a_task(limiter(), laps)),
            verb => Err(format!("ours does not {verb}").into()),
        }
    }
}

fn lock_on_a_thread(mutex: &Mutex, mut laps: Laps) -> Result<Laps> {
    while let Some(start) = laps.start() {
        mutex.acquire().wait()?.release().wait()?;
        laps.end(start);
    }
    Ok(laps)
}

fn lock_and_drop(mutex: &Mutex, mut laps: Laps) -> Result<Laps> {
    while let Some(start) = laps.start() {
        drop(mutex.acquire().wait()?);
        laps.end(start);
    }
    Ok(laps)
}

async fn lock_in_a_task(mutex: Mutex, mut laps: Laps) -> Result<Laps> {
    while let Some(start) = laps.start() {
        mutex.acquire().await?.release().await?;
        laps.end(start);
    }
    Ok(laps)
}

fn add_on_a_thread(counter: &Counter, mut laps: Laps) -> Result<Laps> {
    while let Some(start) = laps.start() {
        counter.add(1).wait()?;
        laps.end(start);
    }
    Ok(laps)
}

async fn add_in_a_task(counter: Counter, mut laps: Laps) -> Result<Laps> {
    while let Some(start) = laps.start() {
        counter.add(1).await?;
        laps.end(start);
    }
    Ok(laps)
}

async fn acquire_permits_in_a_task(limiter: RateLimiter, mut laps: Laps) -> Result<Laps> {
    while let Some(start) = laps.start() {
        limiter.acquire(1).await?;
        laps.end(start);
    }
    Ok(laps)
}
