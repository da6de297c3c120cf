//! A rate limiter: so many permits in any stretch of time, for all clients together.
//!
//! 1. The node says, of the permits given out last, until when each may be used, in the leader's time (`book.rs`). As many are
//!    remembered as may be used in one window, and those that are a window old are forgotten.
//! 2. A client that wants permits gives them to itself in one conditional write of the node (`ledger/`). Each may be used
//!    from the first moment on at which no window gets too many (`window.rs` proves it), until a fiftieth of the window after
//!    that: a *slot*. When all permits of a window are taken, the moment lies in the future: the line of those who wait, over
//!    all clients, stands in the node.
//! 3. The client lets somebody through when it is certain that the leader's clock is within the slot (`server_clock.rs`).
//!    Nobody is let through for a slot that was missed.
//! 4. Whoever waits in one client goes through in the order of arrival (`line.rs`), with whatever permits that client has
//!    (`purse.rs`). So permits of somebody who has gone are for the next. What all of them lack is asked for in one write,
//!    while others still wait for their moment; a client reserves no more than a quarter of a window's permits at a time.
//! 5. A client of a fast limiter that uses many permits has some in advance (`demand.rs`): most callers are then let through
//!    without asking the server.
//! 6. With its next write a client tells what became of its permits. Those that were not used are free again. A client that
//!    misses slots, or has slow servers, asks for longer ones; it tells that they were used earlier. What it had when it died
//!    stays counted until the end of its slots.
//! 7. While what the node said last shows that nothing is free in time, callers are refused without asking the server.

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

use caller::{Caller, too_late};
use driver::Driver;
pub(crate) use limit::Limit;
use reservations::WaitLimit;

type ByNode = HashMap<(ZnodePath, Limit), Arc<Driver>>;

/// The limiters of one client. All handles of one path share what the client has of permits.
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

/// A rate limiter at a path, for all clients of it together. Made by [`Client::rate_limiter`](crate::Client::rate_limiter),
/// without any request. The node is made by the first who asks.
///
/// **What it allows.** Never more than `permits` are let through in any stretch of time of the length `per`, wherever it begins.
/// A [`burst`](RateLimiter::burst) other than `permits` makes that smoother or coarser, at the same rate in the long run.
/// Time is that of the ensemble's leader; no two machines' clocks are compared. When another server becomes the leader, windows
/// that are open at that moment are shorter or longer by as much as the two servers' clocks differ.
///
/// **What is lost.** A permit counts as used for a fiftieth of `per` (of the shorter window with a small burst, and no more than a
/// second) longer than it was: the caller's thread may take a while to run. So at full load about 2 % of the permits are not
/// used, and more when `per` is shorter than a hundred round trips. Permits that a client had when it died are lost: a few, or
/// up to a quarter of `permits` when many waited in it. None is ever let through twice.
///
/// **What it costs.** A permit that is free: one round trip, which all share who ask at the same time, or none when the client
/// has it in advance. It has some when more than eight permits per second are allowed and it uses many: up to an eighth of a
/// window's, and no more than come free in an eighth of a second. They count as taken for everybody else, and are given back when nobody
/// comes for them. A permit that is not free costs nothing while what the client knows shows that.
///
/// **Who goes first.** Within a client the order of arrival; between clients the order of their writes. Nobody overtakes somebody
/// who waits for many permits, and nobody who only tries overtakes those who wait.
///
/// All who share a path must give the same `permits`, `per` and `burst`; they stand in the node, and others are refused. To
/// change them, delete the node: that forgets what was used lately.
///
/// # Examples
/// ```no_run
/// # use std::time::Duration;
/// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
/// let limiter = client.rate_limiter("/limits/api", 100, Duration::from_secs(1));
/// limiter.acquire(1).timeout(Duration::from_secs(5)).await?; // waits for its turn
/// if limiter.try_acquire(1).await? {
///     // there was one left
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

    /// How many permits may be used at once, from 1 to 1,000,000. Default: as many as in one `per`.
    ///
    /// With fewer, also no more than `burst` are let through in any `per * burst / permits`: 100 per second with a burst of 10 means
    /// at most 10 in any tenth of a second, and at most 100 in any second. That shorter window is kept to within a few
    /// round trips when it is itself shorter than about a hundred of them.
    ///
    /// With more, at most `burst` are let through in any `per * burst / permits`: after a pause more than `permits` may come at
    /// once, and the rate in the long run is the same.
    #[must_use]
    pub fn burst(mut self, burst: u64) -> RateLimiter {
        self.parts = self.parts.and_then(|(path, limit)| Ok((path, limit.with_burst(burst)?)));
        self
    }

    /// The limiter's node, below the client's chroot.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` when the path, `permits`, `per` or `burst` given cannot be, `FORKED` in a child of fork(); every
    /// operation fails with it too.
    pub fn path(&self) -> Result<&str> {
        self.context.get()?;
        self.parts.as_ref().map(|(path, _)| path.as_str()).map_err(Clone::clone)
    }

    /// Takes `permits` if they are free now, all or none, and says whether they were. Does not wait for others; `false` mostly costs
    /// no round trip.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` when it is 0 or more than can ever be used at once, or the node was made for another `permits`, `per`
    /// or `burst`; `BAD_DATA` when the node holds something else than a limiter; `CONNECTION_LOST` when the server has to be
    /// asked and is not connected right now; `TIMEOUT`, `NOT_AUTHORIZED`, `QUOTA`, `CLOSED`, `FORKED`.
    ///
    /// # Cancel safety
    /// Safe: permits that were had for it go to the next caller in this client, or are lost.
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
            let late = "the server did not answer in time; no permits were taken";
            Ok(deadline.race(context.runtime(), verdict, move || Error::new(ErrorCode::Timeout, late)))
        })
    }

    /// Waits until `permits` may be used, all at once.
    ///
    /// A call that cannot get them before its [`timeout`](Op::timeout) fails as soon as that is known, and takes none: at once
    /// when those who wait already will have all there are until then. With a timeout of 0 it takes them if they are free now.
    ///
    /// # Errors
    /// `TIMEOUT` when they do not come free before the deadline; no permits were taken. Otherwise as
    /// [`try_acquire`](RateLimiter::try_acquire); while not connected it waits, unless the timeout is 0.
    ///
    /// # Cancel safety
    /// Safe: permits that were had for it go to the next caller in this client, or are lost.
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
                too_late()
            }))
        })
    }

    /// How long the calls of [`acquire`](RateLimiter::acquire) of this handle and its clones waited. Costs no round trip.
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
        let most = limit.burst;
        if permits == 0 || permits > most {
            return Err(Error::invalid_argument("permits", permits, format!("must be from 1 to {most}")));
        }
        Ok((context.clone(), context.shared::<RateLimiters>().driver(path, *limit)))
    }
}
