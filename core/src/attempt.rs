//! What all locks share in how they are taken: one deadline, one try or a wait, and nothing left behind.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::client::Core;
use crate::error::{Error, ErrorCode, Result};
use crate::guard::Guard;
use crate::op::Op;
use crate::stats::Recorder;

/// How long a call that has run out of time waits for its nodes to be gone before it returns and leaves that to the
/// background.
pub(crate) const PARTING: Duration = Duration::from_millis(250);

/// An attempt to take something. Dropping it leaves, in the background.
pub(crate) trait Attempt: Send + 'static {
    /// Waits until it is had. `None` when it tries only once and would have to wait.
    fn win(&mut self) -> impl Future<Output = Result<Option<Guard>>> + Send;

    /// Returns when nothing of it is left.
    fn leave(&mut self) -> impl Future<Output = ()> + Send;

    /// What it is waiting for, for the message of a timeout.
    fn waiting_for(&self) -> String;
}

/// Takes `what`, within the operation's deadline. `make` is told whether the attempt is to try only once. How long it took
/// goes into `waits`.
pub(crate) fn acquire<A: Attempt>(
    core: &Arc<Core>,
    waits: &Arc<Recorder>,
    what: String,
    make: impl FnOnce(bool) -> A + Send + 'static,
) -> Op<Guard> {
    let waits = waits.clone();
    run(core, false, make, move |outcome, wait| match outcome? {
        Outcome::Won(guard) => {
            waits.success(wait);
            Ok(guard)
        }
        Outcome::Taken(why) | Outcome::OutOfTime(why) => {
            waits.timeout();
            let message = format!("{what} was not had in time; waiting for {why}");
            Err(Error::new(ErrorCode::Timeout, message))
        }
    })
}

/// Takes it if that needs no waiting, for others or for oneself.
pub(crate) fn try_acquire<A: Attempt>(
    core: &Arc<Core>,
    make: impl FnOnce(bool) -> A + Send + 'static,
) -> Op<Option<Guard>> {
    run(core, true, make, |outcome, _| match outcome {
        Ok(Outcome::Won(guard)) => Ok(Some(guard)),
        Ok(Outcome::Taken(_)) => Ok(None),
        Err(error) if error.code() == ErrorCode::WouldDeadlock => Ok(None),
        Err(error) => Err(error),
        Ok(Outcome::OutOfTime(_)) => Err(Error::new(ErrorCode::Timeout, "the server did not answer in time")),
    })
}

enum Outcome {
    Won(Guard),
    /// Others were before us; the text says who.
    Taken(String),
    OutOfTime(String),
}

fn run<A: Attempt, T: Send + 'static>(
    core: &Arc<Core>,
    once: bool,
    make: impl FnOnce(bool) -> A + Send + 'static,
    conclude: impl FnOnce(Result<Outcome>, Duration) -> Result<T> + Send + 'static,
) -> Op<T> {
    Op::new(core.runtime(), move |deadline| async move {
        let asked = Instant::now();
        let mut attempt = make(once || deadline.is_once());
        let won = deadline.run(attempt.win()).await;
        let outcome = match won {
            Some(won) => {
                won.map(|won| won.map_or_else(|| Outcome::Taken(attempt.waiting_for()), Outcome::Won))
            }
            None => {
                // What is left of it goes on in the background.
                let _gone = tokio::time::timeout(PARTING, attempt.leave()).await;
                Ok(Outcome::OutOfTime(attempt.waiting_for()))
            }
        };
        conclude(outcome, asked.elapsed())
    })
}
