//! Stands in for the crate `async-io` under `zookeeper-client`: the one type it uses, [`Timer`], on tokio's clock.
//!
//! With the original, every timer fires on a process-wide reactor thread that does not survive `fork()`. Here
//! timers belong to the tokio runtime on which they are first made.

#![forbid(unsafe_code)]

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::time::Sleep;

/// A future that yields the current instant when its time has come: once, periodically, or never.
#[derive(Debug)]
pub struct Timer {
    sleep: Option<Pin<Box<Sleep>>>,
    period: Option<Duration>,
}

impl Timer {
    /// A timer that never fires.
    pub fn never() -> Timer {
        Timer { sleep: None, period: None }
    }

    /// Fires once, `duration` from now.
    pub fn after(duration: Duration) -> Timer {
        Timer { sleep: Some(Box::pin(tokio::time::sleep(duration))), period: None }
    }

    /// Fires once, at `instant`.
    pub fn at(instant: Instant) -> Timer {
        Timer { sleep: Some(Box::pin(tokio::time::sleep_until(instant.into()))), period: None }
    }

    /// Fires every `period`, first one period from now.
    pub fn interval(period: Duration) -> Timer {
        Timer { period: Some(period), ..Timer::after(period) }
    }
}

impl Future for Timer {
    type Output = Instant;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Instant> {
        let period = self.period;
        let Some(sleep) = self.sleep.as_mut() else {
            return Poll::Pending;
        };
        ready!(sleep.as_mut().poll(cx));
        let now = Instant::now();
        match period {
            // Counted from now, not from the missed instant: after a pause of the process one tick is enough.
            Some(period) => sleep.as_mut().reset((now + period).into()),
            None => self.sleep = None,
        }
        Poll::Ready(now)
    }
}
