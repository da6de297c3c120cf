//! The lookup of a key: steps 1 to 4.

use std::sync::Arc;
use std::time::Instant;

use futures_util::future::join;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::key::{Key, LastRead};
use super::local_lookups::{LocalLock, LocalLookup};
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

/// One caller's lookup. Dropping it leaves the queue, in the background.
pub(super) struct Search {
    key: Key,
    rules: Rules,
    /// `Never` if the lookup does not wait for others or for a connection.
    retry: Retry,
    /// The reason of a timeout, for its message. `None` if `attempt` knows the reason.
    wait_reason: Option<&'static str>,
    attempt: LockAttempt,
    /// Notified when others are ahead in the queue.
    behind: Arc<Notify>,
}

impl Search {
    pub(super) fn new(key: Key, rules: Rules, retry: Retry) -> Search {
        let behind = Arc::new(Notify::new());
        let attempt = LockAttempt::new(key.context.clone(), key.node.clone(), Scheme::Curator, Kind::Mutex);
        let attempt = attempt.retry(retry).notifying(behind.clone());
        Search { key, rules, retry, wait_reason: Some("the server did not answer"), attempt, behind }
    }

    /// Runs until the deadline.
    pub(super) async fn run(mut self, deadline: Deadline) -> Result<Lookup> {
        match deadline.run(self.search()).await {
            Some(outcome) => outcome,
            None => {
                let error = self.timed_out();
                // After the limit, the rest goes on in the background.
                let _result = timeout(LEAVE_LIMIT, self.attempt.leave()).await;
                Err(error)
            }
        }
    }

    async fn search(&mut self) -> Result<Lookup> {
        let first_read = self.key.read(self.retry).await?;
        if let Some(now) = self.key.time()
            && first_read.record.state(now) == KeyState::Absent
        {
            return Ok(Lookup::Absent);
        }
        let local = self.key.context.shared::<MissGuardState>().local_lookups.register(self.key.path());
        self.wait_reason = Some("another task of this client is looking it up");
        let local_lock = match self.retry.is_never() {
            true => Some(local.try_lock().ok_or_else(|| self.timed_out())?),
            false => local.lock(&first_read).await,
        };
        let Some(local_lock) = local_lock else { return Ok(Lookup::Absent) };
        self.wait_reason = None;
        if first_read.version.is_none() {
            self.key.create(self.retry).await?;
        }
        self.contend(first_read, local, local_lock).await
    }

    /// Steps 3 and 4, for one task of this process at a time.
    async fn contend(
        &mut self,
        first_read: LastRead,
        local: LocalLookup,
        local_lock: LocalLock,
    ) -> Result<Lookup> {
        loop {
            let acquired = tokio::select! {
                biased;
                read = wait_for_miss(&self.key, &self.behind, &first_read) => {
                    local.publish(&read?);
                    return Ok(Lookup::Absent);
                }
                acquired = self.attempt.acquire() => acquired?,
            };
            let Some(guard) = acquired else {
                return Err(self.timed_out());
            };
            match self.decide(&guard, &first_read, &local).await? {
                Decision::Absent => return Ok(Lookup::Absent),
                Decision::Load(load) => {
                    let key = self.key.clone();
                    return Ok(Lookup::Load(LoadTurn::new(key, self.rules, load, guard, local_lock, local)));
                }
                Decision::Lost => {}
            }
        }
    }

    /// Step 4, with the lock.
    async fn decide(&self, guard: &Guard, first_read: &LastRead, local: &LocalLookup) -> Result<Decision> {
        loop {
            let read = self.key.read(self.retry).await?;
            local.publish(&read);
            if read.answers(first_read) {
                return Ok(Decision::Absent);
            }
            let Some(version) = read.version.filter(|_| guard.is_held()) else { return Ok(Decision::Lost) };
            // If the time has become unknown since the read, read again.
            let Some(began) = self.key.time() else { continue };
            match read.record.state(began) {
                KeyState::Absent => return Ok(Decision::Absent),
                KeyState::Soon(wait) => tokio::time::sleep(wait).await,
                KeyState::Open => {
                    let record = read.record;
                    return Ok(Decision::Load(Load { version, record, began, started: Instant::now() }));
                }
            }
        }
    }

    /// Returns the error of a lookup whose deadline has passed. To be called before the attempt leaves its queue.
    fn timed_out(&self) -> Error {
        let reason = self.wait_reason.map_or_else(|| self.attempt.wait_reason(), str::to_owned);
        let message = format!("timed out looking up {}: {reason}", self.key.path());
        Error::new(ErrorCode::Timeout, message)
    }
}

enum Decision {
    Absent,
    Load(Load),
    /// The lock or the node is gone.
    Lost,
}

/// Step 3: waits until others are ahead in the queue, and one of them records a miss.
async fn wait_for_miss(key: &Key, behind: &Notify, first_read: &LastRead) -> Result<LastRead> {
    behind.notified().await;
    loop {
        let (watch, read) = key
            .request(Retry::UntilDone, |link| async move {
                // The watch is set first, so that no change between the two is missed.
                let (watch, read) = join(link.watch(key.path()), key.read_over(&link)).await;
                match watch {
                    Ok((_, watch)) => Ok((Some(watch), read?)),
                    Err(Fault::Refused(Refusal::NoNode)) => Ok((None, read?)),
                    Err(fault) => Err(fault),
                }
            })
            .await?;
        let read = read?;
        if read.answers(first_read) {
            return Ok(read);
        }
        match watch {
            Some(mut watch) => drop(watch.wait().await),
            // The node is gone, and with it the place in the queue.
            None => behind.notified().await,
        }
    }
}
