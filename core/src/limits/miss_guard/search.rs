//! Looking a key up: steps 1 to 4.

use std::sync::Arc;
use std::time::Instant;

use futures_util::future::join;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::gate::{Pass, Turn};
use super::key::{Key, LastRead};
use super::record::KeyState;
use super::turn::{Load, LoadTurn};
use super::{Lookup, MissGuardState, Rules};
use crate::error::{Error, ErrorCode, Result};
use crate::locks::acquire::{Attempt, LEAVE_LIMIT};
use crate::locks::guard::Guard;
use crate::locks::queue::LockAttempt;
use crate::locks::queue::node_name::{Kind, Scheme};
use crate::op::{Deadline, Retry};
use crate::session::{Fault, Refusal};

/// One caller's way to an answer. Dropping it leaves, in the background.
pub(super) struct Search {
    key: Key,
    rules: Rules,
    /// Give up as soon as it would take waiting for others or for a connection.
    retry: Retry,
    /// What it waits for before the contest does.
    waiting_for: Option<&'static str>,
    attempt: LockAttempt,
    /// Told when the contest has to wait for others.
    behind: Arc<Notify>,
}

impl Search {
    pub(super) fn new(key: Key, rules: Rules, retry: Retry) -> Search {
        let behind = Arc::new(Notify::new());
        let attempt = LockAttempt::new(key.context.clone(), key.node.clone(), Scheme::Curator, Kind::Mutex);
        let attempt = attempt.retry(retry).notifying(behind.clone());
        Search { key, rules, retry, waiting_for: Some("an answer of the server"), attempt, behind }
    }

    /// Runs until the deadline.
    pub(super) async fn run(mut self, deadline: Deadline) -> Result<Lookup> {
        match deadline.run(self.search()).await {
            Some(outcome) => outcome,
            None => {
                // What is left of it goes on in the background.
                let _gone = timeout(LEAVE_LIMIT, self.attempt.leave()).await;
                Err(self.late())
            }
        }
    }

    async fn search(&mut self) -> Result<Lookup> {
        let seen = self.key.read_record(self.retry).await?;
        if let Some(now) = self.key.time()
            && seen.record.state(now) == KeyState::Absent
        {
            return Ok(Lookup::Absent);
        }
        let pass = self.key.context.shared::<MissGuardState>().gates.enter(self.key.path());
        self.waiting_for = Some("others in this process that want it too");
        let turn = match self.retry.is_never() {
            true => Some(pass.turn_now().ok_or_else(|| self.late())?),
            false => pass.turn(&seen).await,
        };
        let Some(turn) = turn else { return Ok(Lookup::Absent) };
        self.waiting_for = None;
        if seen.stamp.is_none() {
            self.key.make(self.retry).await?;
        }
        self.take_turn(seen, pass, turn).await
    }

    /// Steps 3 and 4, for the one task of this process whose turn it is.
    async fn take_turn(&mut self, seen: LastRead, pass: Pass, turn: Turn) -> Result<Lookup> {
        loop {
            let acquired = tokio::select! {
                biased;
                read = overhear(&self.key, &self.behind, &seen) => {
                    pass.tell(&read?);
                    return Ok(Lookup::Absent);
                }
                acquired = self.attempt.acquire() => acquired?,
            };
            let Some(guard) = acquired else {
                return Err(self.late());
            };
            match self.decide(&guard, &seen, &pass).await? {
                Decision::Absent => return Ok(Lookup::Absent),
                Decision::Load(load) => {
                    let key = self.key.clone();
                    return Ok(Lookup::Load(LoadTurn::new(key, self.rules, load, guard, turn, pass)));
                }
                Decision::Lost => {}
            }
        }
    }

    /// Step 4: with the lock in hand.
    async fn decide(&self, guard: &Guard, seen: &LastRead, pass: &Pass) -> Result<Decision> {
        loop {
            let read = self.key.read_record(self.retry).await?;
            pass.tell(&read);
            if read.answers(seen) {
                return Ok(Decision::Absent);
            }
            let Some(stamp) = read.stamp.filter(|_| guard.is_held()) else { return Ok(Decision::Lost) };
            // Not known any more since the look: look again.
            let Some(began) = self.key.time() else { continue };
            match read.record.state(began) {
                KeyState::Absent => return Ok(Decision::Absent),
                KeyState::Soon(wait) => tokio::time::sleep(wait).await,
                KeyState::Open => {
                    let record = read.record;
                    return Ok(Decision::Load(Load { stamp, record, began, started: Instant::now() }));
                }
            }
        }
    }

    fn late(&self) -> Error {
        let waiting_for = self.waiting_for.map_or_else(|| self.attempt.wait_reason(), str::to_owned);
        let message = format!("{} was not answered in time; waiting for {waiting_for}", self.key.path());
        Error::new(ErrorCode::Timeout, message)
    }
}

enum Decision {
    Absent,
    Load(Load),
    /// The lock, or the node, is gone.
    Lost,
}

/// Step 3: waits, while others are before us, for one of them to miss.
async fn overhear(key: &Key, behind: &Notify, seen: &LastRead) -> Result<LastRead> {
    behind.notified().await;
    loop {
        let (watch, read) = key
            .ask(Retry::UntilDone, |link| async move {
                // The watch first, so that no change goes by between the two.
                let (watch, read) = join(link.watch(key.path()), key.see(&link)).await;
                match watch {
                    Ok((_, watch)) => Ok((Some(watch), read?)),
                    Err(Fault::Refused(Refusal::NoNode)) => Ok((None, read?)),
                    Err(fault) => Err(fault),
                }
            })
            .await?;
        let read = read?;
        if read.answers(seen) {
            return Ok(read);
        }
        match watch {
            Some(mut watch) => drop(watch.wait().await),
            // It has gone, and the place in the queue with it.
            None => behind.notified().await,
        }
    }
}
