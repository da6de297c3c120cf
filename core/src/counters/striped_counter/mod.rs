//! A sum to which many clients add without waiting for each other or for the server.
//!
//! 1. The node `<path>` holds the base, in the format of an ordinary counter. Each client that adds has a stripe below it,
//!    `<path>/stripe-<uuid>`: a persistent node with the sum of what the client added in its session. Only this client writes it.
//!    An ephemeral child of the stripe, `live`, created in the same `multi`, shows that the session lasts.
//! 2. `add` adds to a number in memory. A task writes the accumulated number: `setData` of the stripe, conditional on the
//!    version of the previous write. This takes one round trip, and no other client competes for the node.
//! 3. If the connection was lost: `sync`, then read the stripe. If it holds the data of the write, the write was applied. If it
//!    still has the version that the write was conditional on, the write was not applied and never will be: go to 2.
//! 4. If the session was lost too: do step 3 with a new session. The stripe is left behind, and the next write creates a new one.
//!    If the old stripe has been merged already (step 6), the outcome cannot be known: fail with `INDETERMINATE`, without
//!    another attempt.
//! 5. `sum`: a `sync`, and one multi-read of the names of the children, the base and all stripes, as they are at one moment. This
//!    takes one round trip if the names are those of the previous read; otherwise it is repeated.
//! 6. Merge: a client that sums or creates a stripe, and sees stripes without a child, adds them to the base. One `multi` sets
//!    the base, conditional on its version, and deletes the stripes, conditional on theirs. A stripe with a child cannot be
//!    deleted, so no stripe of a client whose session lasts is merged. A lost reply does not matter: the next read
//!    shows whether the stripes are gone.

mod adder;
mod stripe;
mod sum;

use std::sync::Arc;
use std::time::Duration;

use crate::context::{Context, SharedContext};
use crate::error::{Error, ErrorCode, Result};
use crate::op::Op;
use crate::path::ZnodePath;

use adder::Adder;
pub(crate) use adder::Adders;

/// A sum to which many clients add often. [`Client::striped_counter`](crate::Client::striped_counter) returns one without
/// making a request.
///
/// [`add`](StripedCounter::add) only adds in memory. The accumulated amount is written every
/// [`flush_interval`](StripedCounter::flush_interval), to a node that only this client writes, so clients do not compete. In
/// return, an add does not return the value, which takes a [`sum`](StripedCounter::sum), and what a process has not flushed when
/// it dies is lost.
///
/// Everything that a [`flush`](StripedCounter::flush) acknowledged is in every later sum exactly once, even if replies,
/// connections and sessions are lost. [`Client::close`](crate::Client::close) flushes first. Dropping the last handle flushes in
/// the background and keeps the client open until that is done.
///
/// The amounts of clients that are gone are merged into the node at the path by the next client that sums, or that adds for the
/// first time in its session. A plain [`Counter`](crate::Counter) at the path reads that part of the sum, and may change it.
///
/// Requires ZooKeeper 3.6 or later. Meant for up to some hundred clients, because a sum reads one node for each.
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

/// The state that clones of a striped counter share.
#[derive(Debug)]
struct Handle {
    context: SharedContext,
    adder: Result<Arc<Adder>>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        if let (Ok(_), Ok(adder)) = (self.context.get(), &self.adder) {
            adder.flush_in_background();
        }
    }
}

const DEFAULT_FLUSH_INTERVAL: Duration = Duration::from_millis(100);

impl StripedCounter {
    pub(crate) fn new(context: SharedContext, path: Result<ZnodePath>) -> StripedCounter {
        let adder = context.get().and_then(|context| Ok(context.shared::<Adders>().adder(&path?)));
        StripedCounter { handle: Arc::new(Handle { context, adder }), flush_interval: DEFAULT_FLUSH_INTERVAL }
    }

    /// Sets how long an add may wait to be written. Default 100 ms. With zero it is written at once; adds that are made while a
    /// write is under way share the next one.
    ///
    /// # Examples
    /// ```no_run
    /// # use std::time::Duration;
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let sent = client.striped_counter("/counters/bytes-sent").flush_interval(Duration::from_secs(1));
    /// sent.add(1460)?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn flush_interval(mut self, interval: Duration) -> StripedCounter {
        self.flush_interval = interval;
        self
    }

    /// Returns the path of the counter's node, below the client's chroot.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if the path is invalid, `FORKED` in a child of fork(). Every operation then fails with the same error.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let requests = client.striped_counter("/counters/requests");
    /// println!("{}: {}", requests.path()?, requests.sum().await?);
    /// # Ok(()) }
    /// ```
    pub fn path(&self) -> Result<&str> {
        self.handle.context.get()?;
        self.handle.adder.as_ref().map(|adder| adder.path()).map_err(Clone::clone)
    }

    /// Adds `n`, which may be negative. It is written within the flush interval. The call does not wait and makes no request.
    ///
    /// If the write fails, for example without a connection or a permission, it is tried again until it succeeds.
    /// [`flush`](StripedCounter::flush) reports the outcome.
    ///
    /// # Errors
    /// `OVERFLOW` if the sum of what is waiting to be written would be outside the 64-bit range; nothing is added then. `CLOSED`,
    /// `FORKED`.
    ///
    /// # Examples
    /// ```no_run
    /// # fn handle_request() {}
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let open = client.striped_counter("/counters/open-requests");
    /// open.add(1)?;
    /// handle_request();
    /// open.add(-1)?;
    /// # Ok(()) }
    /// ```
    pub fn add(&self, n: i64) -> Result<()> {
        self.parts()?.1.add(&self.handle.context, n, self.flush_interval)
    }

    /// Writes everything that this client has added so far, and waits for the server's acknowledgement. One round trip, or none if
    /// nothing is waiting to be written. The first flush of a session takes some more.
    ///
    /// # Errors
    /// - `INDETERMINATE` if the session ended while a write was in flight and another client has merged its stripe since. That
    ///   write may or may not be in the sum, and is not tried again. The error is returned once; after a write in the background
    ///   the next flush returns it.
    /// - `TIMEOUT` if the deadline passes first, and `CONNECTION_LOST` if there is no connection and the timeout is 0.
    /// - `BAD_DATA` if the node at the path holds something else than a counter, `INVALID_ARGUMENT` if it is empty and has
    ///   children.
    /// - `OVERFLOW` if this client's part of the sum would be outside the 64-bit range.
    /// - `NOT_AUTHORIZED`, `QUOTA`; `UNSUPPORTED` if the server is older than ZooKeeper 3.6.
    /// - `CLOSED`, `FORKED`.
    ///
    /// After all errors but `INDETERMINATE`, `CLOSED` and `FORKED`, the added amounts stay waiting and are tried again.
    ///
    /// # Cancel safety
    /// Safe: a cancelled flush goes on in the background.
    ///
    /// # Examples
    /// ```no_run
    /// # use std::time::Duration;
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let imported = client.striped_counter("/counters/imported");
    /// imported.add(5_000)?;
    /// imported.flush().timeout(Duration::from_secs(10)).await?;
    /// println!("5,000 rows are in every sum from now on");
    /// # Ok(()) }
    /// ```
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
                    let problem =
                        "timed out waiting for a flush; the added amounts are still waiting to be written";
                    Error::new(ErrorCode::Timeout, format!("{}: {problem}", adder.name()))
                })?;
                flushed.unwrap_or_else(|_| Err(Error::internal("a flush was dropped unanswered")))
            }))
        })
    }

    /// Returns the sum of what all clients have flushed. The read is linearizable: the sum contains everything that was
    /// acknowledged before the call, and every later sum contains everything that is in this one. It does not contain what this
    /// client has added and not flushed.
    ///
    /// One round trip, in which the server reads a node for each client. Two if clients have come or gone since this client's
    /// previous sum, and three more if it merges the stripes of clients that are gone.
    ///
    /// # Errors
    /// `OVERFLOW` if the sum is outside the 64-bit range, `BAD_DATA` if a node holds something else than a counter, `UNSUPPORTED`
    /// if the server is older than ZooKeeper 3.6; `TIMEOUT`, `NOT_AUTHORIZED`, `CLOSED`, `FORKED`.
    ///
    /// # Cancel safety
    /// Safe: it only reads, and each merge is one transaction.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let total = client.striped_counter("/counters/requests").sum().await?;
    /// println!("{total} requests were served by all clients together");
    /// # Ok(()) }
    /// ```
    pub fn sum(&self) -> Op<i64> {
        Op::attempt(|| {
            let (context, adder) = self.parts()?;
            let runtime = context.runtime().clone();
            Ok(Op::new(&runtime, move |deadline| async move {
                let retry = deadline.retry();
                let deadline = deadline.once_within(context.options().session_timeout);
                let snapshot = deadline.answer(adder.snapshot(&context, retry)).await?;
                if adder.needs_merge(&snapshot)
                    && let Some(merge) = context.spawn(adder.clone().merge(context.clone()))
                {
                    // The sum is known already. If the deadline passes first, the merge goes on in the background.
                    let _merged = deadline.run(merge).await;
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
