//! A rate limiter: a number of permits in any period of a given length, for all clients together.
//!
//! 1. The node records, for the permits reserved last, until when each may be used, in the leader's time (`reservations.rs`). It
//!    records as many as may be used in one window, and drops those that are a window old.
//! 2. A client reserves permits for itself in one conditional write of the node (`ledger/`). Each may be used from the first
//!    moment on at which no window gets too many (`window.rs` proves it), until a fiftieth of the window after that. This
//!    interval is a *slot*. If all permits of a window are taken, the moment lies in the future: the queue of the waiters of all
//!    clients is in the node.
//! 3. The client grants a permit if it is certain that the leader's clock is within the slot (`session/server_clock.rs`). A slot
//!    that was missed is never granted.
//! 4. The waiters of one client are served in the order of arrival (`scheduler.rs`), with any of the permits that the client
//!    has (`permit_cache.rs`). So the permits of a caller that has gone are used by the next one. One write asks for what all
//!    waiters lack, while others still wait for their moment. A client reserves at most a quarter of a window's permits at a time.
//! 5. A client that uses many permits of a fast limiter reserves some in advance (`prefetch.rs`): most callers are then served
//!    without a request.
//! 6. With its next write a client reports the use of its permits. Unused ones become free again. A client that misses slots, or
//!    has slow servers, asks for longer ones, and reports that they were used earlier. Permits that a client held when it died
//!    stay counted until the end of their slots.
//! 7. While the last known state of the node shows that nothing becomes free in time, callers are refused without a request.

mod caller;
mod driver;
mod limit;
mod permit_cache;
mod prefetch;
mod reservations;
mod scheduler;
mod window;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::context::{Context, PerClient, SharedContext};
use crate::error::{Error, ErrorCode, Result};
use crate::ledger::Ledgers;
use crate::op::Deadline;
use crate::op::{Answer, Op};
use crate::path::ZnodePath;
use crate::stats::{Recorder, WaitStats};

use caller::{Caller, timed_out};
use driver::Driver;
pub(crate) use limit::Limit;
use reservations::WaitLimit;

type ByNode = HashMap<(ZnodePath, Limit), Arc<Driver>>;

/// The limiters of one client. All handles of one path share the permits that the client has.
#[derive(Debug)]
pub(crate) struct RateLimiters {
    ledgers: Arc<Ledgers<Limit>>,
    drivers: parking_lot::Mutex<ByNode>,
}

impl PerClient for RateLimiters {
    fn for_client(context: &Context) -> RateLimiters {
        RateLimiters { ledgers: context.shared(), drivers: parking_lot::Mutex::default() }
    }
}

impl RateLimiters {
    fn driver(&self, path: &ZnodePath, limit: Limit) -> Arc<Driver> {
        let make = || Arc::new(Driver::new(self.ledgers.ledger(path, &limit), limit));
        self.drivers.lock().entry((path.clone(), limit)).or_insert_with(make).clone()
    }
}

/// A rate limiter at a path, for all its clients together. Returned by [`Client::rate_limiter`](crate::Client::rate_limiter),
/// which sends no request. The first acquire creates the node.
///
/// **Limit.** At most `permits` are granted in any period of the length `per`, wherever it begins. A
/// [`burst`](RateLimiter::burst) other than `permits` makes the grants smoother or coarser, at the same rate in the long run.
/// Time is that of the ensemble's leader; the clocks of two machines are never compared. When another server becomes the leader,
/// windows that are open at that moment become shorter or longer by the difference of the two servers' clocks.
///
/// **Losses.** A permit counts as used for a fiftieth of `per` longer than it was (of the shorter window with a small burst, and
/// at most a second), because the caller's thread may take a while to run. So at full load about 2 % of the permits are not
/// used, and more if `per` is shorter than a hundred round trips. Permits that a client held when it died are lost: a few, or up
/// to a quarter of `permits` if it had many waiters. No permit is granted twice.
///
/// **Costs.** A free permit costs one round trip, which all callers of that moment share, or none if the client has reserved it in
/// advance. It does that if more than eight permits per second are allowed and it uses many: up to an eighth of a window's
/// permits, and at most those that become free in an eighth of a second. They count as taken for all other clients, and are
/// returned if no caller comes for them. A refusal costs nothing while the last known state of the node shows it.
///
/// **Order.** Within a client, callers are served in the order of arrival; between clients, in the order of their writes. No
/// caller overtakes one that waits for many permits, and `try_acquire` overtakes no waiter.
///
/// All clients of a path must give the same `permits`, `per` and `burst`. The values are stored in the node, and a client with
/// other values is refused. To change them, delete the node, which also deletes the record of recent use.
///
/// # Examples
/// ```no_run
/// # use std::time::Duration;
/// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
/// let limiter = client.rate_limiter("/limits/api", 100, Duration::from_secs(1));
/// limiter.acquire(1).timeout(Duration::from_secs(5)).await?; // waits for its turn
/// if limiter.try_acquire(1).await? {
///     println!("there was a free permit");
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct RateLimiter {
    context: SharedContext,
    parts: Result<(ZnodePath, Limit)>,
    waits: Arc<Recorder>,
}

impl RateLimiter {
    pub(crate) fn new(
        context: SharedContext,
        path: Result<ZnodePath>,
        permits: u64,
        per: Duration,
    ) -> RateLimiter {
        let parts = path.and_then(|path| Ok((path, Limit::new(permits, per)?)));
        RateLimiter { context, parts, waits: Arc::default() }
    }

    /// Sets how many permits may be used at once, from 1 to 1,000,000. Default: `permits`.
    ///
    /// With fewer than `permits`, also at most `burst` are granted in any `per * burst / permits`: 100 per second with a burst
    /// of 10 means at most 10 in any tenth of a second, and at most 100 in any second. A shorter window that is itself shorter
    /// than about a hundred round trips is kept to within a few of them.
    ///
    /// With more than `permits`, at most `burst` are granted in any `per * burst / permits`: after a pause more than `permits`
    /// may be granted at once, and the rate in the long run is the same.
    ///
    /// # Examples
    /// ```no_run
    /// # use std::time::Duration;
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// // At most 10 in any tenth of a second, and at most 100 in any second.
    /// let limiter = client.rate_limiter("/limits/api", 100, Duration::from_secs(1)).burst(10);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn burst(mut self, burst: u64) -> RateLimiter {
        self.parts = self.parts.and_then(|(path, limit)| Ok((path, limit.with_burst(burst)?)));
        self
    }

    /// Returns the path of the limiter's node, below the client's chroot.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if the given path, `permits`, `per` or `burst` is invalid; `FORKED` in a child of fork(). Every
    /// operation then fails with the same error.
    ///
    /// # Examples
    /// ```no_run
    /// # fn example(limiter: zkcoord::RateLimiter) -> zkcoord::Result<()> {
    /// println!("limited by {}", limiter.path()?);
    /// # Ok(()) }
    /// ```
    pub fn path(&self) -> Result<&str> {
        self.context.get()?;
        self.parts.as_ref().map(|(path, _)| path.as_str()).map_err(Clone::clone)
    }

    /// Acquires `permits` if they are free now, all or none, and returns whether they were. Waits for no other caller; `false`
    /// usually costs no round trip.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if `permits` is 0 or more than can ever be used at once, or the node was created with another
    /// `permits`, `per` or `burst`; `BAD_DATA` if the node is not that of a limiter; `CONNECTION_LOST` if a request is needed and
    /// there is no connection; `TIMEOUT`, `NOT_AUTHORIZED`, `QUOTA`, `CLOSED`, `FORKED`.
    ///
    /// # Cancel safety
    /// Safe: permits that were reserved for the call go to the next caller in this client, or are lost.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(limiter: zkcoord::RateLimiter) -> zkcoord::Result<()> {
    /// if !limiter.try_acquire(1).await? {
    ///     println!("429 Too Many Requests");
    /// }
    /// # Ok(()) }
    /// ```
    pub fn try_acquire(&self, permits: u64) -> Op<bool> {
        self.start(permits, move |driver, context, deadline| {
            let (answer, verdict) = oneshot::channel();
            let waits = driver.enter(&context, permits, WaitLimit::None, Caller::Trying(answer))?;
            if !waits {
                return Ok(verdict);
            }
            let deadline = match deadline {
                Deadline::At(_) => deadline,
                // No longer than the session can last without an answer.
                Deadline::Never | Deadline::Once => Deadline::after(Some(context.options().session_timeout)),
            };
            let message = "the server did not answer within the timeout; no permits were acquired";
            Ok(deadline.race(context.runtime(), verdict, move || Error::new(ErrorCode::Timeout, message)))
        })
    }

    /// Waits until `permits` may be used, all at once.
    ///
    /// A call that cannot succeed before its [`timeout`](Op::timeout) fails as soon as that is known, without any permits: at
    /// once if the earlier waiters will use all permits until then. With a timeout of 0 it acquires them if they are free now.
    ///
    /// # Errors
    /// `TIMEOUT` if they do not become free before the deadline; no permits were acquired. Otherwise as for
    /// [`try_acquire`](RateLimiter::try_acquire), but the call waits for a connection, unless the timeout is 0.
    ///
    /// # Cancel safety
    /// Safe: permits that were reserved for the call go to the next caller in this client, or are lost.
    ///
    /// # Examples
    /// ```no_run
    /// # use std::time::Duration;
    /// # async fn example(limiter: zkcoord::RateLimiter) -> zkcoord::Result<()> {
    /// limiter.acquire(1).timeout(Duration::from_secs(2)).await?;
    /// # Ok(()) }
    /// ```
    pub fn acquire(&self, permits: u64) -> Op<()> {
        let waits = self.waits.clone();
        self.start(permits, move |driver, context, deadline| {
            let wait_limit = match deadline {
                Deadline::Never => WaitLimit::Endless,
                Deadline::At(instant) => WaitLimit::Until(instant),
                Deadline::Once => WaitLimit::None,
            };
            let (answer, verdict) = oneshot::channel();
            let caller = Caller::Waiting { answer, since: Instant::now(), waits: waits.clone() };
            if !driver.enter(&context, permits, wait_limit, caller)? || deadline == Deadline::Never {
                return Ok(verdict);
            }
            let deadline = deadline.once_within(context.options().session_timeout);
            Ok(deadline.race(context.runtime(), verdict, move || {
                waits.timeout();
                timed_out()
            }))
        })
    }

    /// Returns the durations of the waits in [`acquire`](RateLimiter::acquire), of this handle and its clones. Costs no round trip.
    ///
    /// # Examples
    /// ```no_run
    /// # fn example(limiter: zkcoord::RateLimiter) {
    /// println!("99 % waited at most {:?}", limiter.stats().p99);
    /// # }
    /// ```
    pub fn stats(&self) -> WaitStats {
        self.waits.stats()
    }

    fn start<T: Send + 'static>(
        &self,
        permits: u64,
        enter: impl FnOnce(Arc<Driver>, Arc<Context>, Deadline) -> Result<Answer<T>> + Send + 'static,
    ) -> Op<T> {
        Op::attempt(|| {
            let (context, driver) = self.driver(permits)?;
            let runtime = context.runtime().clone();
            Ok(Op::starting(&runtime, move |deadline| {
                context.runtime().process().check()?;
                enter(driver, context, deadline)
            }))
        })
    }

    fn driver(&self, permits: u64) -> Result<(Arc<Context>, Arc<Driver>)> {
        let context = self.context.get()?;
        let (path, limit) = self.parts.as_ref().map_err(Clone::clone)?;
        let max = limit.burst;
        if permits == 0 || permits > max {
            return Err(Error::invalid_argument("permits", permits, format!("must be from 1 to {max}")));
        }
        Ok((context.clone(), context.shared::<RateLimiters>().driver(path, *limit)))
    }
}
