//! A counter that all clients of the ensemble share.
//!
//! How it is written, and why an add counts exactly once, is in `ledger/writer.rs`.

mod change;
mod format;

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::client::Core;
use crate::error::Result;
use crate::ledger::{Ledger, out_of_time};
use crate::op::Op;
use crate::path::ZnodePath;
use crate::runtime::ProcessBound;

use change::{Change, CounterReply};
pub use format::CounterFormat;

/// A counter at a path. Made by [`Client::counter`](crate::Client::counter), without any request. A node that is missing
/// counts as 0 and is made by the first change.
///
/// Every change is applied exactly once, also when the server's reply is lost. Where that cannot be known, because the
/// session died as well, the caller gets `INDETERMINATE`, and nothing is tried again behind his back.
///
/// Changes that come in while a write is under way share the next one, and each caller still gets the value of its own:
/// a thousand concurrent adds cost two or three writes.
#[derive(Clone, Debug)]
pub struct Counter {
    core: Arc<ProcessBound<Arc<Core>>>,
    path: Result<ZnodePath>,
    format: CounterFormat,
}

impl Counter {
    pub(crate) fn new(core: Arc<ProcessBound<Arc<Core>>>, path: Result<ZnodePath>) -> Counter {
        Counter { core, path, format: CounterFormat::I64 }
    }

    /// The bytes in the node. Everyone who shares the counter must use the same. Default [`CounterFormat::I64`].
    #[must_use]
    pub fn format(mut self, format: CounterFormat) -> Counter {
        self.format = format;
        self
    }

    /// The counter's node, below the client's chroot.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` when the path given was none, `FORKED` in a child of fork(); every operation fails with it too.
    pub fn path(&self) -> Result<&str> {
        self.core.get()?;
        self.path.as_ref().map(ZnodePath::as_str).map_err(Clone::clone)
    }

    /// The value now. Linearizable: every change acknowledged before the call is in it. One round trip.
    ///
    /// # Errors
    /// `BAD_DATA` when the node holds something else than a counter; `TIMEOUT`, `NOT_AUTHORIZED`, `CLOSED`, `FORKED`.
    ///
    /// # Cancel safety
    /// Safe: it only reads.
    pub fn get(&self) -> Op<i64> {
        let (core, ledger) = match self.parts() {
            Ok(parts) => parts,
            Err(error) => return Op::failed(error),
        };
        let runtime = core.runtime().clone();
        Op::new(&runtime, move |deadline| async move {
            deadline
                .run(ledger.read(&core, deadline.is_once()))
                .await
                .unwrap_or_else(|| Err(out_of_time("read")))
        })
    }

    /// Adds `n`, which may be negative, and returns the new value. One round trip when nobody else writes.
    ///
    /// # Errors
    /// `OVERFLOW` and `BAD_DATA`: nothing is written. `TIMEOUT`: not applied, and will not be. `INDETERMINATE`: sent, and
    /// the outcome was not learnt before the timeout, or cannot be since the session died. `NOT_AUTHORIZED`, `QUOTA`,
    /// `CLOSED`, `FORKED`.
    ///
    /// # Cancel safety
    /// Not safe: a cancelled add may be applied or not.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let hits = client.counter("/counters/hits");
    /// let n = hits.add(3).await?;
    /// assert!(hits.get().await? >= n);
    /// # Ok(()) }
    /// ```
    pub fn add(&self, n: i64) -> Op<i64> {
        self.change(Change::Add(n), CounterReply::After)
    }

    /// Adds 1 and returns the new value. See [`add`](Counter::add).
    pub fn increment(&self) -> Op<i64> {
        self.add(1)
    }

    /// Subtracts 1 and returns the new value. See [`add`](Counter::add).
    pub fn decrement(&self) -> Op<i64> {
        self.add(-1)
    }

    /// Sets the value. Errors and cancel safety as for [`add`](Counter::add).
    pub fn set(&self, value: i64) -> Op<()> {
        self.change(Change::Set(value), CounterReply::Done)
    }

    /// Sets the value and returns the one before. Errors and cancel safety as for [`add`](Counter::add).
    pub fn get_and_set(&self, value: i64) -> Op<i64> {
        self.change(Change::Set(value), CounterReply::Before)
    }

    /// Sets the value to `new` if it is `expected`, and says whether it was. Errors and cancel safety as for
    /// [`add`](Counter::add).
    pub fn compare_and_set(&self, expected: i64, new: i64) -> Op<bool> {
        self.change(Change::CompareAndSet { expected, new }, CounterReply::Written)
    }

    fn change<T: Send + 'static>(
        &self,
        change: Change,
        reply: impl FnOnce(oneshot::Sender<Result<T>>) -> CounterReply + Send + 'static,
    ) -> Op<T> {
        let (core, ledger) = match self.parts() {
            Ok(parts) => parts,
            Err(error) => return Op::failed(error),
        };
        let runtime = core.runtime().clone();
        Op::starting(&runtime, move |deadline| ledger.request(&core, deadline, change, reply))
    }

    fn parts(&self) -> Result<(Arc<Core>, Arc<Ledger<CounterFormat>>)> {
        let core = self.core.get()?;
        let path = self.path.as_ref().map_err(Clone::clone)?;
        Ok((core.clone(), core.counters().ledger(path, &self.format)))
    }
}
