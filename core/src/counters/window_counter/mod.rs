//! Events within the last so many seconds, counted by all clients of the ensemble together.
//!
//! How the node is written, and why an add counts exactly once, is in `ledger/writer.rs`; which events count when, in
//! `events.rs`; the node's bytes, in `bytes.rs`.

mod bytes;
mod events;

use std::sync::Arc;
use std::time::Duration;

use crate::context::{Context, SharedContext};
use crate::error::{Error, Result};
use crate::ledger::{Ledger, Ledgers, out_of_time};
use crate::op::Op;
use crate::op::{Deadline, Retry};
use crate::path::ZnodePath;

use events::Change;
pub(crate) use events::Window;

/// Counts the events of the last `window`. Made by [`Client::window_counter`](crate::Client::window_counter), without any
/// request. A node that is missing counts as no events and is made by the first add.
///
/// The window is divided into buckets, and events are forgotten a bucket at a time. With window *W* and *B* buckets
///
/// - an event counts for at least *W* from the call of its add on, and
/// - it does not count any more *W + W/B* after its add returned, plus what the clients that added and count do not know of the
///   time: a millisecond and the round trip of one write each.
///
/// The time is that of the ensemble's leader, which stamps every write. The client learns it from the stamps of its own writes,
/// so the clocks of the machines that run clients do not matter. When the lead goes over to a server with another clock, or
/// its clock is set, older events count as much longer or shorter as the new clock is behind or ahead, but never for more than
/// *W + W/B* after the first add under the new one.
///
/// Adds are exact: see [`Counter`](crate::Counter) for what happens when replies or sessions are lost, and for adds that share a
/// write.
///
/// The node holds at most *B + 1* numbers, 3 bytes each as a rule, and all of it is written by each add: 60 buckets are cheap,
/// 10,000 are not. Everyone who shares the path must give the same window and buckets; they are written in the node.
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

    /// The counter's node, below the client's chroot.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` when the path, the window or the buckets given cannot be, `FORKED` in a child of fork(); every
    /// operation fails with it too.
    pub fn path(&self) -> Result<&str> {
        self.context.get()?;
        self.node.as_ref().map(|(path, _)| path.as_str()).map_err(Clone::clone)
    }

    /// Records `n` events that happen now, and returns how many count with them. With 0 it only counts.
    ///
    /// One round trip when nobody else writes. Up to two more when this client has to learn the time first: after each connect,
    /// and when it has not written for a minute.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` also when the node was made with another window or other buckets; `BAD_DATA` when it holds
    /// something else; `OVERFLOW` when the count would not fit in 64 bits: nothing is written. `TIMEOUT`: not recorded, and
    /// will not be. `INDETERMINATE`: sent, and the outcome was not learnt before the timeout, or cannot be since the session
    /// died. `NOT_AUTHORIZED`, `QUOTA`, `CLOSED`, `FORKED`.
    ///
    /// # Cancel safety
    /// Not safe: a cancelled add may be recorded or not.
    pub fn add(&self, n: u64) -> Op<u64> {
        Op::attempt(|| {
            let (context, ledger, _) = self.parts()?;
            let runtime = context.runtime().clone();
            Ok(Op::starting(&runtime, move |deadline| {
                ledger.request(&context, deadline, Change::Add(n), |caller| caller)
            }))
        })
    }

    /// How many events count now. Every add acknowledged before the call is seen.
    ///
    /// One round trip. Three more when this client has to learn the time first: see [`add`](WindowCounter::add). For that it
    /// writes a node of its own below the counter's, and needs the right to.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` and `BAD_DATA` as for [`add`](WindowCounter::add); `TIMEOUT`, `NOT_AUTHORIZED`, `CLOSED`, `FORKED`.
    ///
    /// # Cancel safety
    /// Safe: it changes nothing.
    pub fn count(&self) -> Op<u64> {
        Op::attempt(|| {
            let (context, ledger, window) = self.parts()?;
            let runtime = context.runtime().clone();
            Ok(Op::new(&runtime, move |deadline| async move {
                let bounded = deadline.once_within(context.options().session_timeout);
                let count = count(&context, &ledger, &window, deadline.retry());
                bounded.run(count).await.unwrap_or_else(|| Err(out_of_time("read")))
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
    // The ledger learns the time before it looks at what is asked for.
    let answer = ledger.request(context, Deadline::Never, Change::Count, |caller| caller)?;
    answer.await.unwrap_or_else(|_| Err(Error::internal("a count was dropped unanswered")))
}
