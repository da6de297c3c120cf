//! The part of acquiring that all locks share: one deadline, a single try or a wait, and nothing left behind.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::timeout;

use crate::context::Context;
use crate::error::{Error, ErrorCode, Result};
use crate::locks::guard::Guard;
use crate::op::Deadline;
use crate::op::{Op, Retry};
use crate::path::ZnodePath;
use crate::stats::Meters;

/// The time for which a call that has timed out waits for the deletion of its nodes. Then it returns, and the deletion goes on
/// in the background.
pub(crate) const LEAVE_LIMIT: Duration = Duration::from_millis(250);

/// One attempt to acquire a lock or permits. Dropping it leaves the queue, in the background.
pub(crate) trait Attempt: Send + 'static {
    /// Waits until the lock is acquired. Returns `None` if the attempt tries only once and would have to wait.
    fn acquire(&mut self) -> impl Future<Output = Result<Option<Guard>>> + Send;

    /// Leaves the queue. Returns when no node of the attempt is left.
    fn leave(&mut self) -> impl Future<Output = ()> + Send;

    /// Returns why the lock is not acquired yet, for the message of a timeout: `held by web-2:4711`. An attempt that tries only once
    /// keeps the reason; otherwise it must be asked before [`leave`](Attempt::leave).
    fn wait_reason(&self) -> String;
}

/// Acquires `subject`, like `lock /a`, within the operation's deadline. `make` gets whether the attempt may try again. The
/// times of the wait and of the hold go into `meters`.
pub(crate) fn acquire<A: Attempt>(
    context: &Arc<Context>,
    meters: &Arc<Meters>,
    subject: String,
    make: impl FnOnce(Retry) -> A + Send + 'static,
) -> Op<Guard> {
    let meters = meters.clone();
    Op::new(context.runtime(), move |deadline| run_acquire(make(deadline.retry()), deadline, meters, subject))
}

/// Acquires the lock if that takes no waiting, neither for others nor for the caller itself.
pub(crate) fn try_acquire<A: Attempt>(
    context: &Arc<Context>,
    meters: &Arc<Meters>,
    make: impl FnOnce(Retry) -> A + Send + 'static,
) -> Op<Option<Guard>> {
    let meters = meters.clone();
    Op::new(context.runtime(), move |deadline| run_try_acquire(make(Retry::Never), deadline, meters))
}

/// Runs the attempt of an [`acquire`] until the deadline.
pub(crate) fn run_acquire(
    mut attempt: impl Attempt,
    deadline: Deadline,
    meters: Arc<Meters>,
    subject: String,
) -> impl Future<Output = Result<Guard>> + Send {
    let start = Instant::now();
    // Not an `async fn`, which would reserve space for the attempt twice.
    async move {
        let reason = match run(&mut attempt, deadline).await? {
            Outcome::Acquired(guard) => {
                meters.waits.success(start.elapsed());
                guard.measure(&meters);
                return Ok(guard);
            }
            Outcome::Taken => attempt.wait_reason(),
            Outcome::TimedOut { reason } => reason,
        };
        meters.waits.timeout();
        Err(timed_out(&subject, &reason))
    }
}

async fn run_try_acquire(
    mut attempt: impl Attempt,
    deadline: Deadline,
    meters: Arc<Meters>,
) -> Result<Option<Guard>> {
    match run(&mut attempt, deadline).await {
        Ok(Outcome::Acquired(guard)) => {
            guard.measure(&meters);
            Ok(Some(guard))
        }
        Ok(Outcome::Taken) => Ok(None),
        Ok(Outcome::TimedOut { .. }) => {
            Err(Error::new(ErrorCode::Timeout, "the server did not answer within the timeout"))
        }
        Err(error) if error.code() == ErrorCode::WouldDeadlock => Ok(None),
        Err(error) => Err(error),
    }
}

/// Returns the name of the lock at `path` for messages.
pub(crate) fn lock_name(path: &ZnodePath) -> String {
    format!("lock {}", path.as_str())
}

/// Returns the error of a call whose deadline passed while it waited for `subject`.
pub(crate) fn timed_out(subject: &str, reason: &str) -> Error {
    Error::new(ErrorCode::Timeout, format!("timed out acquiring {subject}: {reason}"))
}

/// Returns the error of an attempt that tries only once and lost its connection.
pub(crate) fn connection_lost(subject: &str) -> Error {
    Error::new(ErrorCode::ConnectionLost, format!("the connection was lost while acquiring {subject}"))
}

enum Outcome {
    Acquired(Guard),
    /// Others are ahead, and the attempt does not wait.
    Taken,
    TimedOut {
        /// Why it was not acquired, as seen when the deadline passed.
        reason: String,
    },
}

async fn run(attempt: &mut impl Attempt, deadline: Deadline) -> Result<Outcome> {
    let Some(outcome) = deadline.run(attempt.acquire()).await else {
        let reason = attempt.wait_reason();
        // Past the limit, the rest of the cleanup goes on in the background.
        let _result = timeout(LEAVE_LIMIT, Box::pin(attempt.leave())).await;
        return Ok(Outcome::TimedOut { reason });
    };
    Ok(outcome?.map_or(Outcome::Taken, Outcome::Acquired))
}
