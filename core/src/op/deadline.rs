//! The deadline of a call, on the monotonic clock.

use std::future::Future;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::Either;
use tokio::sync::oneshot;
use tokio::time::timeout_at;

use super::Answer;
use crate::error::{Error, ErrorCode, Result};

use crate::runtime::Runtime;

/// The time for which a call with timeout 0 waits for an answer if waiting is all that it does, like a close or a release.
pub(crate) const ONE_ANSWER: Duration = Duration::from_millis(250);

/// The end of the time that a call may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deadline {
    /// The call waits forever.
    Never,
    /// The call gives up at this instant.
    At(Instant),
    /// The call tries once: it waits for one answer of a connected server, but for no turn and no connection.
    Once,
}

/// The choice whether a call tries again, and waits for others and for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Retry {
    /// The call gives up as soon as it would have to wait for others or for a connection.
    Never,
    /// The call goes on until it is done or dropped.
    UntilDone,
}

impl Retry {
    pub(crate) fn is_never(self) -> bool {
        self == Retry::Never
    }
}

impl Deadline {
    /// Returns the deadline of a call that starts now. Zero tries once; a timeout that is too long for the clock waits forever.
    pub(crate) fn after(timeout: Option<Duration>) -> Deadline {
        match timeout {
            None => Deadline::Never,
            Some(Duration::ZERO) => Deadline::Once,
            // Beyond a century the timer's arithmetic would overflow; nobody will see the difference.
            Some(timeout) if timeout > Duration::from_secs(100 * 365 * 24 * 3600) => Deadline::Never,
            Some(timeout) => Instant::now().checked_add(timeout).map_or(Deadline::Never, Deadline::At),
        }
    }

    /// Returns the deadline of a call that only waits: for such a call, to try once means to wait for `bound`.
    pub(crate) fn once_within(self, bound: Duration) -> Deadline {
        if self.is_once() { Deadline::At(Instant::now() + bound) } else { self }
    }

    pub(crate) fn is_once(self) -> bool {
        self == Deadline::Once
    }

    /// Returns whether a call with this deadline tries again.
    pub(crate) fn retry(self) -> Retry {
        if self.is_once() { Retry::Never } else { Retry::UntilDone }
    }

    /// Runs `future`, which asks a server, until the deadline.
    ///
    /// # Errors
    /// `TIMEOUT` if the deadline passes first, and those of `future`.
    pub(crate) async fn answer<T>(self, future: impl Future<Output = Result<T>>) -> Result<T> {
        let timed_out = || Error::new(ErrorCode::Timeout, "the server did not answer within the timeout");
        self.run(future).await.unwrap_or_else(|| Err(timed_out()))
    }

    /// Runs `future` until the deadline. Returns `None` if the deadline passes first. This is no `async fn`, because that
    /// would hold room for the future twice.
    pub(crate) fn run<F: Future>(self, future: F) -> impl Future<Output = Option<F::Output>> {
        match self {
            Deadline::Never | Deadline::Once => Either::Left(future.map(Some)),
            Deadline::At(instant) => Either::Right(timeout_at(instant.into(), future).map(Result::ok)),
        }
    }

    /// Returns an answer that is `answer`, or the error made by `timed_out` if the deadline passes first. `answer` is dropped
    /// then, and also when the returned answer is dropped.
    pub(crate) fn race<T: Send + 'static>(
        self,
        runtime: &Runtime,
        answer: Answer<T>,
        timed_out: impl FnOnce() -> Error + Send + 'static,
    ) -> Answer<T> {
        let (mut sender, raced) = oneshot::channel();
        let _detached = runtime.spawn(async move {
            let outcome: Option<Result<T>> = tokio::select! {
                answered = self.run(answer) => answered.map(|outcome| {
                    outcome.unwrap_or_else(|_| Err(Error::internal("a call was dropped unanswered")))
                }),
                () = sender.closed() => return,
            };
            drop(sender.send(outcome.unwrap_or_else(|| Err(timed_out()))));
        });
        raced
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extreme_timeouts_become_deadlines() {
        assert_eq!(Deadline::after(None), Deadline::Never);
        assert_eq!(Deadline::after(Some(Duration::ZERO)), Deadline::Once);
        assert_eq!(Deadline::after(Some(Duration::MAX)), Deadline::Never);
        assert!(matches!(Deadline::after(Some(Duration::from_millis(1))), Deadline::At(_)));
    }
}
