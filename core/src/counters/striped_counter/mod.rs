//! A sum to which many clients add without waiting for each other, or for the server.
//!
//! 1. `<path>` holds the base, as an ordinary counter. Each client that adds has a stripe below it, `<path>/stripe-<uuid>`: a
//!    persistent node with the sum of what it added in its session. Only this client writes it. An ephemeral child of the
//!    stripe, `live`, made in the same `multi`, tells that the session lasts.
//! 2. `add` adds to a number in memory. A task writes what has come together: `setData` of the stripe, on condition of the
//!    version written last. One round trip, and nobody competes for it.
//! 3. The connection was lost: `sync`, then read the stripe. It holds what was to be written: that was applied. It has the
//!    version still that the write was conditional on: it was not applied and never will be, and 2.
//! 4. The session was lost as well: with a new one, 3. The stripe stays behind, and the next write makes a new one. If the old
//!    one has gone already (6), nobody can know: `INDETERMINATE`, and nothing is tried again.
//! 5. `sum`: `sync`, and one multi-read of the children's names, the base and all stripes, as they are at one moment. One round
//!    trip when the names are those of the last time, otherwise again.
//! 6. Fold: whoever sums or makes a stripe and sees stripes without a child adds them to the base: one `multi` sets the base, on
//!    condition of its version, and deletes the stripes, on condition of theirs. A stripe with a child cannot be deleted, so
//!    nothing is folded behind the back of a client whose session lasts. Whether the reply is lost does not matter: next time
//!    the stripes are gone, or still there.

mod adder;
mod stripe;
mod sum;

use std::sync::Arc;
use std::time::Duration;

use crate::context::{Context, SharedContext};
use crate::error::{Error, ErrorCode, Result};
use crate::ledger::out_of_time;
use crate::op::Op;
use crate::path::ZnodePath;

use adder::Adder;
pub(crate) use adder::Adders;

/// A sum to which many clients add often. Made by [`Client::striped_counter`](crate::Client::striped_counter), without any
/// request.
///
/// [`add`](StripedCounter::add) only adds in memory. What has come together is written every
/// [`flush_interval`](StripedCounter::flush_interval), into a node of this client's own, so that clients do not compete. The
/// price: an add does not tell the value, [`sum`](StripedCounter::sum) does; and what was not flushed when a process dies is
/// lost.
///
/// What [`flush`](StripedCounter::flush) acknowledged is in every later sum, exactly once, whatever becomes of replies,
/// connections and sessions. [`Client::close`](crate::Client::close) flushes first; dropping the last handle flushes in the
/// background, and keeps the client open for that.
///
/// What clients that are gone have added is folded into the node at the path by the next client that sums, or that adds for
/// the first time in its session. A plain [`Counter`](crate::Counter) there reads that part of the sum, and may change it.
///
/// Needs servers from 3.6: a sum reads a node per client at one moment. Meant for up to some hundred clients.
///
/// # Examples
/// ```no_run
/// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
/// let requests = client.striped_counter("/counters/requests");
/// for _ in 0..1000 {
///     requests.add(1)?;
/// }
/// requests.flush().await?;
/// assert!(requests.sum().await? >= 1000);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct StripedCounter {
    handle: Arc<Handle>,
    flush_interval: Duration,
}

/// What clones of a striped counter share.
#[derive(Debug)]
struct Handle {
    context: SharedContext,
    adder: Result<Arc<Adder>>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        if let (Ok(_), Ok(adder)) = (self.context.get(), &self.adder) {
            adder.hasten();
        }
    }
}

const FLUSH_INTERVAL: Duration = Duration::from_millis(100);

impl StripedCounter {
    pub(crate) fn new(context: SharedContext, path: Result<ZnodePath>) -> StripedCounter {
        let adder = context.get().and_then(|context| Ok(context.shared::<Adders>().adder(&path?)));
        StripedCounter { handle: Arc::new(Handle { context, adder }), flush_interval: FLUSH_INTERVAL }
    }

    /// How long an add may wait to be written. Default 100 ms. Zero has it written at once; adds that come in while a write is
    /// under way share the next one.
    #[must_use]
    pub fn flush_interval(mut self, interval: Duration) -> StripedCounter {
        self.flush_interval = interval;
        self
    }

    /// The counter's node, below the client's chroot.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` when the path given was none, `FORKED` in a child of fork(); every operation fails with it too.
    pub fn path(&self) -> Result<&str> {
        self.handle.context.get()?;
        self.handle.adder.as_ref().map(|adder| adder.path()).map_err(Clone::clone)
    }

    /// Adds `n`, which may be negative, and has it written within the flush interval. Does not wait and makes no request.
    ///
    /// What cannot be written (no connection, no right to) is tried again until it can; [`flush`](StripedCounter::flush)
    /// tells.
    ///
    /// # Errors
    /// `OVERFLOW` when what is waiting to be written would leave 64 bits: nothing is added. `CLOSED`, `FORKED`.
    pub fn add(&self, n: i64) -> Result<()> {
        self.parts()?.1.add(&self.handle.context, n, self.flush_interval)
    }

    /// Has everything written that this client has added so far, and waits for the server's acknowledgement. One round trip; none
    /// when nothing is waiting; some more for the first one of a session.
    ///
    /// # Errors
    /// `INDETERMINATE`: the session died while a write was in flight, and somebody folded its stripe meanwhile: that write may
    /// or may not be in the sum, and is not tried again. Told once, by the next flush if the write was in the background. All
    /// others leave what was added waiting, to be tried again: `TIMEOUT`, `CONNECTION_LOST` (timeout 0 without a
    /// connection), `BAD_DATA` when the node at the path holds something else, `INVALID_ARGUMENT` when it is empty and has children,
    /// `OVERFLOW` when this client's part of the sum would leave 64 bits, `NOT_AUTHORIZED`, `QUOTA`, `UNSUPPORTED` by servers
    /// before 3.6. `CLOSED`, `FORKED`.
    ///
    /// # Cancel safety
    /// Safe: a cancelled flush goes on in the background.
    pub fn flush(&self) -> Op<()> {
        Op::attempt(|| {
            let (context, adder) = self.parts()?;
            let runtime = context.runtime().clone();
            Ok(Op::new(&runtime, move |deadline| async move {
                if deadline.is_once() && !adder.is_idle() {
                    context.connected_now()?;
                }
                let bounded = deadline.once_within(context.options().session_timeout);
                let flushed = bounded.run(adder.flush()).await.ok_or_else(|| {
                    let message = "not flushed in time; what was added is still waiting to be written";
                    Error::new(ErrorCode::Timeout, message)
                })?;
                flushed.unwrap_or_else(|_| Err(Error::internal("a flush was dropped unanswered")))
            }))
        })
    }

    /// The sum of all that was flushed, by all clients. Linearizable: what was acknowledged before the call is in it, and no later
    /// sum is without what this one has. What this client has added and not flushed is not in it.
    ///
    /// One round trip, in which the server reads a node per client; two when clients have come or gone since this client's
    /// last sum, and three more when it folds what they left.
    ///
    /// # Errors
    /// `OVERFLOW` when the sum leaves 64 bits; `BAD_DATA` when a node holds something else; `UNSUPPORTED` by servers before
    /// 3.6; `TIMEOUT`, `NOT_AUTHORIZED`, `CLOSED`, `FORKED`.
    ///
    /// # Cancel safety
    /// Safe: it only reads, and folds all or nothing.
    pub fn sum(&self) -> Op<i64> {
        Op::attempt(|| {
            let (context, adder) = self.parts()?;
            let runtime = context.runtime().clone();
            Ok(Op::new(&runtime, move |deadline| async move {
                let retry = deadline.retry();
                let deadline = deadline.once_within(context.options().session_timeout);
                let snapshot = deadline
                    .run(adder.read(&context, retry))
                    .await
                    .unwrap_or_else(|| Err(out_of_time("read")))?;
                if adder.leaves_a_fold(&snapshot)
                    && let Some(folding) = context.spawn(adder.clone().fold(context.clone()))
                {
                    // The sum is known. Whoever has no time to wait for the fold has it done in the background.
                    let _folded = deadline.run(folding).await;
                }
                snapshot.total()
            }))
        })
    }

    fn parts(&self) -> Result<(Arc<Context>, Arc<Adder>)> {
        let context = self.handle.context.get()?;
        let adder = self.handle.adder.as_ref().map_err(Clone::clone)?;
        Ok((context.clone(), adder.clone()))
    }
}
