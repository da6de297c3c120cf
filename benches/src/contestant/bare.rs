//! The crate `zookeeper-client` without zkcoord: the limits, and the crate's own lock.
//!
//! The limits do without names of contenders, deadlines, detection of loss, retries and other executors. Everything runs on
//! one thread, the connection too, so that they do not pay for switching threads.

use std::future::{Future, poll_fn};
use std::pin::pin;

use futures_util::future::{join, try_join3};
use tokio::runtime::Runtime;
use zookeeper_client as zk;

use super::Contestant;
use crate::Result;
use crate::job::{Job, Score};
use crate::laps::{self, Laps};

/// The maximum number of writes in a multi.
const BURST: usize = 250;

const OPEN: zk::Acls<'static> = zk::Acls::anyone_all();

pub(crate) struct Bare {
    client: zk::Client,
    runtime: Runtime,
}

impl Bare {
    pub(crate) fn connect(hosts: &str) -> Result<Bare> {
        // The worker thread runs all operations, and keeps the session alive between jobs. The blocking thread only waits.
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let client = runtime.block_on(on_tokio(zk::Client::connect(hosts)))?;
        Ok(Bare { client, runtime })
    }
}

impl Contestant for Bare {
    fn run(&mut self, job: &Job) -> Result<Score> {
        let client = || self.client.clone();
        let path = || job.path.clone();
        let own = |number| format!("{}/{number}", job.path);
        self.runtime.block_on(async {
            match job.verb.as_str() {
                "cycle" => laps::tasks(job, 1, |_, laps| cycle(client(), path(), laps)).await,
                "cycle-drop" => laps::tasks(job, 1, |_, laps| cycle_drop(client(), path(), laps)).await,
                "cycles" => laps::tasks(job, job.crew, |n, laps| cycle(client(), own(n), laps)).await,
                "hand-over" => laps::tasks(job, 1, |_, laps| write(client(), path(), laps)).await,
                "add" => {
                    laps::tasks(job, 1, |_, laps| write(client(), path(), laps.ops_per_lap(job.crew))).await
                }
                "bursts" => {
                    let burst = job.crew.min(BURST);
                    let paths = |n| (n * burst..(n + 1) * burst).map(own).collect();
                    laps::tasks(job, job.crew / burst, |n, laps| bursts(client(), paths(n), laps)).await
                }
                "crate-lock" => {
                    laps::tasks(job, job.crew, |_, laps| crate_lock(client(), path(), laps)).await
                }
                "crate-locks" => {
                    laps::tasks(job, job.crew, |n, laps| crate_lock(client(), own(n), laps)).await
                }
                verb => Err(format!("the bare client does not {verb}").into()),
            }
        })
    }
}

/// Runs lock cycles of two round trips: create and list together, then delete.
async fn cycle(client: zk::Client, directory: String, mut laps: Laps) -> Result<Laps> {
    let prefix = format!("{directory}/bare-lock-");
    let options = zk::CreateMode::EphemeralSequential.with_acls(OPEN);
    while let Some(start) = laps.start() {
        let create = client.create(&prefix, b"bare", &options);
        let (created, listed) = join(create, client.list_children(&directory)).await;
        let (_, sequence) = created?;
        listed?;
        client.delete(&format!("{prefix}{sequence}"), None).await?;
        laps.end(start);
    }
    Ok(laps)
}

/// Runs lock cycles of one round trip: the delete is not waited for, and is sent with the next create.
async fn cycle_drop(client: zk::Client, directory: String, mut laps: Laps) -> Result<Laps> {
    let prefix = format!("{directory}/bare-lock-");
    let options = zk::CreateMode::EphemeralSequential.with_acls(OPEN);
    let mut last = client.create(&prefix, b"bare", &options).await?.1;
    while let Some(start) = laps.start() {
        let name = format!("{prefix}{last}");
        let delete = client.delete(&name, None);
        let create = client.create(&prefix, b"bare", &options);
        let (_, created, _) = try_join3(delete, create, client.list_children(&directory)).await?;
        last = created.1;
        laps.end(start);
    }
    client.delete(&format!("{prefix}{last}"), None).await?;
    Ok(laps)
}

/// Does one write after the other.
async fn write(client: zk::Client, path: String, mut laps: Laps) -> Result<Laps> {
    match client.create(&path, b"", &zk::CreateMode::Persistent.with_acls(OPEN)).await {
        Ok(_) | Err(zk::Error::NodeExists) => {}
        Err(error) => return Err(error.into()),
    }
    while let Some(start) = laps.start() {
        client.set_data(&path, &[0; 8], None).await?;
        laps.end(start);
    }
    Ok(laps)
}

/// Runs lock cycles of many directories at once: all creates in one multi, all listings in one multi-read after it, then
/// all deletes in one multi.
async fn bursts(client: zk::Client, directories: Vec<String>, laps: Laps) -> Result<Laps> {
    let prefixes: Vec<String> =
        directories.iter().map(|directory| format!("{directory}/bare-lock-")).collect();
    let options = zk::CreateMode::EphemeralSequential.with_acls(OPEN);
    let mut laps = laps.ops_per_lap(directories.len());
    while let Some(start) = laps.start() {
        let mut creates = client.new_multi_writer();
        prefixes.iter().try_for_each(|prefix| creates.add_create(prefix, b"bare", &options))?;
        let mut listings = client.new_multi_reader();
        directories.iter().try_for_each(|directory| listings.add_get_children(directory))?;
        let (created, listed) = join(creates.commit(), listings.commit()).await;
        listed?;
        let mut deletes = client.new_multi_writer();
        for result in created? {
            if let zk::MultiWriteResult::Create { path, .. } = result {
                deletes.add_delete(&path, None)?;
            }
        }
        deletes.commit().await?;
        laps.end(start);
    }
    Ok(laps)
}

/// Runs lock cycles of the crate's own lock, in Curator's layout.
async fn crate_lock(client: zk::Client, directory: String, mut laps: Laps) -> Result<Laps> {
    while let Some(start) = laps.start() {
        let prefix = zk::LockPrefix::new_curator(&directory, "lock-")?;
        let lock = client.lock(prefix, b"bare", OPEN).await?;
        let path = lock.lock_path().to_owned();
        // Dropping the lock would delete its node in the background, without a way to wait for it.
        std::mem::forget(lock);
        client.delete(&path, None).await?;
        laps.end(start);
    }
    Ok(laps)
}

/// An executor for `spawns`, through which the crate spawns its connection.
struct Tokio;

impl spawns_core::Spawn for Tokio {
    fn spawn(&self, task: spawns_core::Task) {
        drop(tokio::spawn(Box::into_pin(task.future)));
    }
}

async fn on_tokio<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|cx| {
        let _scope = spawns_core::enter(&Tokio);
        future.as_mut().poll(cx)
    })
    .await
}
