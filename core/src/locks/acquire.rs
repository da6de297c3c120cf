//! What all locks share in how they are taken: one deadline, one try or a wait, and nothing left behind.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::timeout;

use crate::context::Context;
use crate::error::{Error, ErrorCode, Result};
use crate::locks::guard::Guard;
use crate::op::Deadline;
use crate::op::{Op, Retry};
use crate::stats::Meters;

/// How long a call that has run out of time waits for its nodes to be gone before it returns and leaves that to the
/// background.
pub(crate) const LEAVE_LIMIT: Duration = Duration::from_millis(250);

/// An attempt to take something. Dropping it leaves, in the background.
pub(crate) trait Attempt: Send + 'static {
    /// Waits until it is had. `None` when it tries only once and would have to wait.
    fn acquire(&mut self) -> impl Future<Output = Result<Option<Guard>>> + Send;

    /// Returns when nothing of it is left.
    fn leave(&mut self) -> impl Future<Output = ()> + Send;

    /// What it is waiting for, for the message of a timeout.
    fn waiting_for(&self) -> String;
}

/// Takes `what`, within the operation's deadline. `make` is told whether the attempt is to try only once. How long it took
/// goes into `meters`, and how long it is held.
pub(crate) fn acquire<A: Attempt>(
    context: &Arc<Context>,
    meters: &Arc<Meters>,
    what: String,
    make: impl FnOnce(Retry) -> A + Send + 'static,
) -> Op<Guard> {
    let meters = meters.clone();
    Op::new(context.runtime(), move |deadline| acquired(make(deadline.retry()), deadline, meters, what))
}

/// Takes it if that needs no waiting, for others or for oneself.
pub(crate) fn try_acquire<A: Attempt>(
    context: &Arc<Context>,
    meters: &Arc<Meters>,
    make: impl FnOnce(Retry) -> A + Send + 'static,
) -> Op<Option<Guard>> {
    let meters = meters.clone();
    Op::new(context.runtime(), move |deadline| tried(make(Retry::Never), deadline, meters))
}

/// The outcome of an [`acquire`].
pub(crate) fn acquired(
    mut attempt: impl Attempt,
    deadline: Deadline,
    meters: Arc<Meters>,
    what: String,
) -> impl Future<Output = Result<Guard>> + Send {
    let asked = Instant::now();
    // Not an `async fn`, which would hold room for the attempt twice.
    async move {
        match run(&mut attempt, deadline).await? {
            Outcome::Won(guard) => {
                meters.waits.success(asked.elapsed());
                guard.measure(&meters);
                Ok(guard)
            }
            Outcome::Taken | Outcome::OutOfTime => {
                meters.waits.timeout();
                Err(timed_out(&what, &attempt.waiting_for()))
            }
        }
    }
}

async fn tried(mut attempt: impl Attempt, deadline: Deadline, meters: Arc<Meters>) -> Result<Option<Guard>> {
    match run(&mut attempt, deadline).await {
        Ok(Outcome::Won(guard)) => {
            guard.measure(&meters);
            Ok(Some(guard))
        }
        Ok(Outcome::Taken) => Ok(None),
        Ok(Outcome::OutOfTime) => Err(Error::new(ErrorCode::Timeout, "the server did not answer in time")),
        Err(error) if error.code() == ErrorCode::WouldDeadlock => Ok(None),
        Err(error) => Err(error),
    }
}

/// The error of who waited for `what` until his deadline.
pub(crate) fn timed_out(what: &str, waiting_for: &str) -> Error {
    Error::new(ErrorCode::Timeout, format!("{what} was not had in time; waiting for {waiting_for}"))
}

enum Outcome {
    Won(Guard),
    /// Others were before us.
    Taken,
    OutOfTime,
}

async fn run(attempt: &mut impl Attempt, deadline: Deadline) -> Result<Outcome> {
    let Some(won) = deadline.run(attempt.acquire()).await else {
        // What is left of it goes on in the background.
        let _gone = timeout(LEAVE_LIMIT, Box::pin(attempt.leave())).await;
        return Ok(Outcome::OutOfTime);
    };
    Ok(won?.map_or(Outcome::Taken, Outcome::Won))
}
