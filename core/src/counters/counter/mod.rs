//! A counter that all clients of the ensemble share.
//!
//! How it is written, and why an add counts exactly once, is in `ledger/writer.rs`.

mod change;
mod format;
mod watch;

use std::future::Future;
use std::ops::RangeInclusive;
use std::sync::{Arc, OnceLock};

use tokio::sync::oneshot;

use crate::context::{Context, SharedContext};
use crate::error::{Error, ErrorCode, Result};
use crate::ledger::{Ledger, Ledgers, out_of_time};
use crate::op::{Op, Retry};
use crate::path::ZnodePath;
use crate::runtime::Subscription;
use crate::stats::{Recorder, WaitStats};

use change::{Bounds, Change, CounterReply, Update};
pub use format::CounterFormat;
pub use watch::CounterWatch;

/// A counter at a path. Made by [`Client::counter`](crate::Client::counter), without any request. A node that is missing
/// counts as the [default](Counter::default) and is made by the first change.
///
/// Every change is applied exactly once, also when the server's reply is lost. Where that cannot be known, because the
/// session died as well, the caller gets `INDETERMINATE`, and nothing is tried again behind his back.
///
/// Changes that come in while a write is under way share the next one, and each caller still gets the value of its own:
/// a thousand concurrent adds cost two or three writes.
///
/// What [`format`](Counter::format) and the other options say that cannot be makes the counter's operations fail with
/// `INVALID_ARGUMENT`.
#[derive(Clone, Debug)]
pub struct Counter {
    context: SharedContext,
    path: Result<ZnodePath>,
    format: CounterFormat,
    bounds: Bounds,
    exactly_once: bool,
    updates: Arc<Recorder>,
    /// Looked up once.
    ledger: OnceLock<Arc<Ledger<CounterFormat>>>,
}

/// A value, and the version of the node that held it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Versioned {
    /// The counter's value.
    pub value: i64,
    /// How often the node was written since it was made; -1 when it is missing.
    pub version: i32,
}

impl Counter {
    pub(crate) fn new(context: SharedContext, path: Result<ZnodePath>) -> Counter {
        let (format, bounds) = (CounterFormat::default(), Bounds::default());
        Counter {
            context,
            path,
            format,
            bounds,
            exactly_once: true,
            updates: Arc::default(),
            ledger: OnceLock::new(),
        }
    }

    /// The bytes in the node. Everyone who shares the counter must use the same. Default [`CounterFormat::I64`].
    #[must_use]
    pub fn format(mut self, format: CounterFormat) -> Counter {
        self.format = format;
        self.ledger = OnceLock::new();
        self
    }

    /// The value of a node that is missing or empty, and what its first change starts from. Default 0. It must be within
    /// the bounds and the format's range.
    #[must_use]
    pub fn default(mut self, default: i64) -> Counter {
        self.bounds.default = default;
        self
    }

    /// The least value: a change through this handle whose result is less fails with `OVERFLOW`, and changes nothing. Also
    /// one that would bring a value below it nearer. What others wrote is read as it is.
    #[must_use]
    pub fn min(mut self, min: i64) -> Counter {
        self.bounds.min = Some(min);
        self
    }

    /// The greatest value, otherwise as [`min`](Counter::min).
    #[must_use]
    pub fn max(mut self, max: i64) -> Counter {
        self.bounds.max = Some(max);
        self
    }

    /// Whether a lost reply is resolved, for which the client needs an ephemeral child of the counter's node. Default
    /// `true`. `false` is for nodes whose ACL forbids children: a change whose reply is lost is then `INDETERMINATE`, unless
    /// the node's version proves that it was not applied. And a lone change costs a second round trip, as the node is read
    /// first: nothing else tells then of one that was deleted and made again.
    #[must_use]
    pub fn exactly_once(mut self, exactly_once: bool) -> Counter {
        self.exactly_once = exactly_once;
        self.ledger = OnceLock::new();
        self
    }

    /// The counter's node, below the client's chroot.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` when the path or the options given cannot be, `FORKED` in a child of fork(); every operation fails with
    /// it too.
    pub fn path(&self) -> Result<&str> {
        self.checked().map(|(_, path)| path.as_str())
    }

    /// The value now. Linearizable: every change acknowledged before the call is in it. One round trip.
    ///
    /// # Errors
    /// `BAD_DATA` when the node holds something else than a counter; `TIMEOUT`, `NOT_AUTHORIZED`, `CLOSED`, `FORKED`.
    ///
    /// # Cancel safety
    /// Safe: it only reads.
    pub fn get(&self) -> Op<i64> {
        let default = self.bounds.default;
        self.read(move |context, ledger, retry| async move {
            Ok(ledger.read(&context, retry).await?.unwrap_or(default))
        })
    }

    /// The value as the connected server has it, which may lag behind what the others have acknowledged. One round trip, which
    /// the leader has no part in. Errors and cancel safety as for [`get`](Counter::get).
    pub fn get_stale(&self) -> Op<i64> {
        let default = self.bounds.default;
        self.read(move |context, ledger, retry| async move {
            Ok(ledger.read_stale(&context, retry).await?.unwrap_or(default))
        })
    }

    /// The value now, with the version of its node. Otherwise as [`get`](Counter::get).
    pub fn versioned(&self) -> Op<Versioned> {
        let default = self.bounds.default;
        self.read(move |context, ledger, retry| async move {
            let (value, version) = ledger.read_versioned(&context, retry).await?;
            Ok(Versioned { value: value.unwrap_or(default), version: version.unwrap_or(-1) })
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
        self.change(Update::Add(n), CounterReply::After)
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
        self.change(Update::Set(value), CounterReply::Done)
    }

    /// Sets the value and returns the one before. Errors and cancel safety as for [`add`](Counter::add).
    pub fn get_and_set(&self, value: i64) -> Op<i64> {
        self.change(Update::Set(value), CounterReply::Before)
    }

    /// Sets the value to `new` if it is `expected`, and says whether it was. Errors and cancel safety as for
    /// [`add`](Counter::add).
    pub fn compare_and_set(&self, expected: i64, new: i64) -> Op<bool> {
        self.change(Update::CompareAndSet { expected, new }, CounterReply::Written)
    }

    /// Takes `n` consecutive numbers that nobody else gets, neither here nor from [`increment`](Counter::increment): the
    /// value goes up by `n`, and the numbers are those that it went through, the new value included. They are unique
    /// as long as nobody lowers or sets the counter.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` when `n` is less than 1; otherwise as [`add`](Counter::add).
    ///
    /// # Cancel safety
    /// Not safe: the numbers of a cancelled call may be taken, and are lost then.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// for id in client.counter("/counters/ids").reserve(100).await? {
    ///     println!("{id} is ours");
    /// }
    /// # Ok(()) }
    /// ```
    pub fn reserve(&self, n: i64) -> Op<RangeInclusive<i64>> {
        if n < 1 {
            return Op::failed(Error::invalid_argument("n", n, "must be 1 or more"));
        }
        self.change(Update::Add(n), CounterReply::Passed)
    }

    /// Follows the value. No request is made before the first [`next`](CounterWatch::next).
    pub fn watch(&self) -> CounterWatch {
        CounterWatch::new(self.clone())
    }

    /// Calls `tell` with the current value, and then with each new one, on the callback thread, until the subscription is
    /// dropped, which keeps the client open until then. As with [`CounterWatch::next`], values that follow each other faster
    /// than `tell` returns are left out, the latest never is; and `BAD_DATA` is told until the node has changed. Any other error
    /// is the last that is told. `tell` must not make waiting calls.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for a counter that cannot be, `FORKED` in a child of fork().
    pub fn on_change(&self, tell: impl Fn(Result<i64>) + Send + Sync + 'static) -> Result<Subscription> {
        let (context, _) = self.checked()?;
        Subscription::new(context.runtime(), self.watch().news(), tell)
    }

    /// How long the changes through this handle and its clones took, from their start until the caller had the outcome. Costs
    /// no round trip.
    pub fn stats(&self) -> WaitStats {
        self.updates.stats()
    }

    fn change<T: Send + 'static>(
        &self,
        update: Update,
        reply: impl FnOnce(oneshot::Sender<Result<T>>) -> CounterReply + Send + 'static,
    ) -> Op<T> {
        Op::attempt(|| {
            let (context, ledger) = self.parts()?;
            let (context, ledger, updates) = (context.clone(), ledger.clone(), self.updates.clone());
            let change = Change { update, bounds: self.bounds };
            let runtime = context.runtime().clone();
            Ok(Op::starting(&runtime, move |deadline| ledger.request(&context, deadline, change, reply))
                .observed(move |outcome, took| match outcome {
                    Ok(_) => updates.success(took),
                    Err(error) if error.code() == ErrorCode::Timeout => updates.timeout(),
                    Err(_) => {}
                }))
        })
    }

    fn read<T, F>(
        &self,
        look: impl FnOnce(Arc<Context>, Arc<Ledger<CounterFormat>>, Retry) -> F + Send + 'static,
    ) -> Op<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        Op::attempt(|| {
            let (context, ledger) = self.parts()?;
            let (context, ledger) = (context.clone(), ledger.clone());
            let runtime = context.runtime().clone();
            Ok(Op::new(&runtime, move |deadline| async move {
                let looked = deadline.run(look(context, ledger, deadline.retry())).await;
                looked.unwrap_or_else(|| Err(out_of_time("read")))
            }))
        })
    }

    fn parts(&self) -> Result<(&Arc<Context>, &Arc<Ledger<CounterFormat>>)> {
        let (context, path) = self.checked()?;
        let ledger = self.ledger.get_or_init(|| match self.exactly_once {
            true => context.shared::<Ledgers<CounterFormat>>().ledger(path, &self.format),
            false => context.shared::<Ledgers<CounterFormat>>().ledger_without_dedupe(path, &self.format),
        });
        Ok((context, ledger))
    }

    fn checked(&self) -> Result<(&Arc<Context>, &ZnodePath)> {
        let context = self.context.get()?;
        let path = self.path.as_ref().map_err(Clone::clone)?;
        self.bounds.check(self.format)?;
        Ok((context, path))
    }
}
