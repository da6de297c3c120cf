//! The one deadline of a call, on the monotonic clock.

use std::future::Future;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::Either;
use tokio::sync::oneshot;
use tokio::time::timeout_at;

use super::Answer;
use crate::error::{Error, ErrorCode, Result};

use crate::runtime::Runtime;

/// How long a call with timeout 0 waits for an answer if waiting is all that it does, like a close or a release.
pub(crate) const ONE_ANSWER: Duration = Duration::from_millis(250);

/// Until when a call may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deadline {
    /// It waits for ever.
    Never,
    /// It gives up then.
    At(Instant),
    /// It tries once: one answer of a connected server is waited for, a turn or a connection is not.
    Once,
}

/// Whether a call tries again, and waits for others and for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Retry {
    /// It gives up as soon as it would have to wait for others or for a connection.
    Never,
    /// It goes on until it is done or dropped.
    UntilDone,
}

impl Retry {
    pub(crate) fn is_never(self) -> bool {
        self == Retry::Never
    }
}

impl Deadline {
    /// The deadline of a call that starts now. Zero tries once; what is too long for the clock waits for ever.
    pub(crate) fn after(timeout: Option<Duration>) -> Deadline {
        match timeout {
            None => Deadline::Never,
            Some(Duration::ZERO) => Deadline::Once,
            // Beyond a century the timer's arithmetic would overflow; nobody will see the difference.
            Some(timeout) if timeout > Duration::from_secs(100 * 365 * 24 * 3600) => Deadline::Never,
            Some(timeout) => Instant::now().checked_add(timeout).map_or(Deadline::Never, Deadline::At),
        }
    }

    /// For a call that has nothing to try but to wait: "once" means that it waits this long.
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
        let late = || Error::new(ErrorCode::Timeout, "the server did not answer within the timeout");
        self.run(future).await.unwrap_or_else(|| Err(late()))
    }

    /// Runs `future` until the deadline. `None` when that came first. Not an `async fn`, which would hold room for the
    /// future twice.
    pub(crate) fn run<F: Future>(self, future: F) -> impl Future<Output = Option<F::Output>> {
        match self {
            Deadline::Never | Deadline::Once => Either::Left(future.map(Some)),
            Deadline::At(instant) => Either::Right(timeout_at(instant.into(), future).map(Result::ok)),
        }
    }

    /// The answer, or what `late` makes of the deadline when that comes first. Nobody is left to take the answer then, nor when
    /// the caller has gone.
    pub(crate) fn race<T: Send + 'static>(
        self,
        runtime: &Runtime,
        answer: Answer<T>,
        late: impl FnOnce() -> Error + Send + 'static,
    ) -> Answer<T> {
        let (mut sender, raced) = oneshot::channel();
        let _detached = runtime.spawn(async move {
            let outcome: Option<Result<T>> = tokio::select! {
                answered = self.run(answer) => answered.map(|outcome| {
                    outcome.unwrap_or_else(|_| Err(Error::internal("a call was dropped unanswered")))
                }),
                () = sender.closed() => return,
            };
            drop(sender.send(outcome.unwrap_or_else(|| Err(late()))));
        });
        raced
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extremes() {
        assert_eq!(Deadline::after(None), Deadline::Never);
        assert_eq!(Deadline::after(Some(Duration::ZERO)), Deadline::Once);
        assert_eq!(Deadline::after(Some(Duration::MAX)), Deadline::Never);
        assert!(matches!(Deadline::after(Some(Duration::from_millis(1))), Deadline::At(_)));
    }
}
