//! The number of events within a time window, counted by all clients of the ensemble together.
//!
//! `ledger/writer.rs` describes how the node is written, and why each add is counted exactly once; `events.rs` describes which
//! events are counted at a time, and `bytes.rs` the bytes of the node.

mod bytes;
mod events;

use std::sync::Arc;
use std::time::Duration;

use crate::context::{Context, SharedContext};
use crate::error::{Error, Result};
use crate::ledger::{Ledger, Ledgers};
use crate::op::Op;
use crate::op::{Deadline, Retry};
use crate::path::ZnodePath;

use events::Change;
pub(crate) use events::Window;

/// Counts the events of the last `window`. [`Client::window_counter`](crate::Client::window_counter) returns one without making a
/// request. A missing node has no events; the first add creates it.
///
/// The window is divided into buckets, and events expire one bucket at a time. With a window *W* and *B* buckets:
///
/// - An event counts for at least *W* from the call of its add.
/// - It no longer counts *W + W/B* after its add returned. The uncertainty of the clients about the time may extend this by a
///   millisecond and the round trip of one write, for the client that added and for the client that counts.
///
/// The time is that of the ensemble's leader, which stamps every write. The client learns it from the stamps of its own writes,
/// so the clocks of the machines that run clients do not matter. If a server with another clock becomes the leader, or if the
/// leader's clock is set, older events count longer by as much as the new clock is behind, or shorter by as much as it is ahead,
/// but never for more than *W + W/B* after the first add under the new clock.
///
/// Each add is counted exactly once. See [`Counter`](crate::Counter) for lost replies and sessions, and for adds that share a
/// write.
///
/// The node holds at most *B + 1* numbers, usually of 3 bytes each, and every add writes all of them: 60 buckets are cheap,
/// 10,000 are not. Everyone who shares the path must give the same window and buckets, which are stored in the node.
///
/// # Examples
/// ```no_run
/// # use std::time::Duration;
/// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
/// let failures = client.window_counter("/failures/login", Duration::from_secs(60), 60);
/// if failures.add(1).await? > 100 {
///     println!("more than 100 failures in a minute");
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct WindowCounter {
    context: SharedContext,
    node: Result<(ZnodePath, Window)>,
}

impl WindowCounter {
    pub(crate) fn new(
        context: SharedContext,
        path: Result<ZnodePath>,
        window: Duration,
        buckets: u32,
    ) -> WindowCounter {
        let node = path.and_then(|path| Ok((path, Window::new(window, buckets)?)));
        WindowCounter { context, node }
    }

    /// Returns the path of the counter's node, below the client's chroot.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if the path, the window or the number of buckets is invalid, `FORKED` in a child of fork(). Every
    /// operation then fails with the same error.
    ///
    /// # Examples
    /// ```no_run
    /// # use std::time::Duration;
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let errors = client.window_counter("/errors/api", Duration::from_secs(10), 10);
    /// assert_eq!(errors.path()?, "/errors/api");
    /// # Ok(()) }
    /// ```
    pub fn path(&self) -> Result<&str> {
        self.context.get()?;
        self.node.as_ref().map(|(path, _)| path.as_str()).map_err(Clone::clone)
    }

    /// Records `n` events that happen now, and returns the count with them. With 0 it only counts.
    ///
    /// One round trip if no other client writes. Up to two more if this client has to learn the time first, which is after each
    /// connect and if it has not written for a minute.
    ///
    /// # Errors
    /// - `INVALID_ARGUMENT` if an argument is invalid, or if the node was created with another window or other buckets.
    /// - `BAD_DATA` if the node holds something else than a window counter, `OVERFLOW` if the count would not fit in 64 bits.
    ///   Nothing is written.
    /// - `TIMEOUT` if the deadline passes before the events are recorded. They are not recorded later either.
    /// - `INDETERMINATE` if the deadline passes while the write is in flight, or if the outcome cannot be known because the
    ///   session ended.
    /// - `NOT_AUTHORIZED`, `QUOTA`, `CLOSED`, `FORKED`.
    ///
    /// # Cancel safety
    /// Not safe: a cancelled add may or may not be recorded.
    ///
    /// # Examples
    /// ```no_run
    /// # use std::time::Duration;
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let errors = client.window_counter("/errors/api", Duration::from_secs(10), 10);
    /// if errors.add(1).await? >= 50 {
    ///     println!("50 errors in 10 seconds: stop calling the API");
    /// }
    /// # Ok(()) }
    /// ```
    pub fn add(&self, n: u64) -> Op<u64> {
        Op::attempt(|| {
            let (context, ledger, _) = self.parts()?;
            let runtime = context.runtime().clone();
            Ok(Op::starting(&runtime, move |deadline| {
                ledger.request(&context, deadline, Change::Add(n), |caller| caller)
            }))
        })
    }

    /// Returns the number of events that count now. It sees every add that was acknowledged before the call.
    ///
    /// One round trip. Three more if this client has to learn the time first: see [`add`](WindowCounter::add). To learn it, the
    /// client writes a node of its own below the counter's node, and needs the permission to do so.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` and `BAD_DATA` as for [`add`](WindowCounter::add); `TIMEOUT`, `NOT_AUTHORIZED`, `CLOSED`, `FORKED`.
    ///
    /// # Cancel safety
    /// Safe: it changes nothing.
    ///
    /// # Examples
    /// ```no_run
    /// # use std::time::Duration;
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let logins = client.window_counter("/logins", Duration::from_secs(3600), 60);
    /// println!("{} logins in the last hour", logins.count().await?);
    /// # Ok(()) }
    /// ```
    pub fn count(&self) -> Op<u64> {
        Op::attempt(|| {
            let (context, ledger, window) = self.parts()?;
            let runtime = context.runtime().clone();
            Ok(Op::new(&runtime, move |deadline| async move {
                let bounded = deadline.once_within(context.options().session_timeout);
                let count = count(&context, &ledger, &window, deadline.retry());
                bounded.answer(count).await
            }))
        })
    }

    fn parts(&self) -> Result<(Arc<Context>, Arc<Ledger<Window>>, Window)> {
        let context = self.context.get()?;
        let (path, window) = self.node.as_ref().map_err(Clone::clone)?;
        Ok((context.clone(), context.shared::<Ledgers<Window>>().ledger(path, window), window.clone()))
    }
}

async fn count(
    context: &Arc<Context>,
    ledger: &Arc<Ledger<Window>>,
    window: &Window,
    retry: Retry,
) -> Result<u64> {
    let events = ledger.read(context, retry).await?;
    if events.is_empty() {
        return Ok(0);
    }
    let session = context.session(retry).await?;
    if let Some(now) = context.server_time(&session) {
        return Ok(window.count(&events, now));
    }
    // The ledger learns the time before it evaluates any request.
    let answer = ledger.request(context, Deadline::Never, Change::Count, |caller| caller)?;
    answer.await.unwrap_or_else(|_| Err(Error::internal("a count was dropped unanswered")))
}
