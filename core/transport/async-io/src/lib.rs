//! Replaces the crate `async-io` under `zookeeper-client`: it has the one type that `zookeeper-client` uses, [`Timer`], on
//! tokio's clock.
//!
//! In the original, every timer fires on a process-wide reactor thread that does not survive `fork()`. Here a timer belongs to
//! the tokio runtime on which it is created.

#![forbid(unsafe_code)]

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::time::Sleep;

/// A future that yields the current instant when the timer fires: once, periodically, or never.
#[derive(Debug)]
pub struct Timer {
    sleep: Option<Pin<Box<Sleep>>>,
    period: Option<Duration>,
}

impl Timer {
    /// Creates a timer that never fires.
    pub fn never() -> Timer {
        Timer { sleep: None, period: None }
    }

    /// Creates a timer that fires once, `duration` from now.
    pub fn after(duration: Duration) -> Timer {
        Timer { sleep: Some(Box::pin(tokio::time::sleep(duration))), period: None }
    }

    /// Creates a timer that fires once, at `instant`.
    pub fn at(instant: Instant) -> Timer {
        Timer { sleep: Some(Box::pin(tokio::time::sleep_until(instant.into()))), period: None }
    }

    /// Creates a timer that fires every `period`, for the first time one period from now.
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
            // The next period counts from now, not from the instant of the timer, so that it fires only once after a pause of
            // the process.
            Some(period) => sleep.as_mut().reset((now + period).into()),
            None => self.sleep = None,
        }
        Poll::Ready(now)
    }
}
