//! A counter that all clients of the ensemble share.
//!
//! `ledger/writer.rs` describes how the node is written, and why each change is applied exactly once.

mod change;
mod format;
mod options;
mod watch;

use std::future::Future;
use std::ops::RangeInclusive;
use std::sync::{Arc, OnceLock};

use tokio::sync::oneshot;

use crate::context::{Context, SharedContext};
use crate::error::{Error, ErrorCode, Result};
use crate::ledger::{Ledger, Ledgers};
use crate::op::{Op, Retry};
use crate::path::ZnodePath;
use crate::runtime::Subscription;
use crate::stats::{Recorder, WaitStats};

use change::{Bounds, Change, CounterReply, Update};
pub use format::CounterFormat;
pub use watch::CounterWatch;

/// A counter at a path, shared by all clients of the ensemble. [`Client::counter`](crate::Client::counter) returns one without
/// making a request. A missing node has the [default](Counter::default) value; the first change creates it.
///
/// Every change is applied exactly once, even if the server's reply is lost. If the outcome cannot be known because the
/// session ended too, the change fails with `INDETERMINATE` and is not tried again.
///
/// Changes that are requested while a write is under way share the next write, and each caller still gets its own value:
/// a thousand concurrent adds cost two or three writes.
///
/// Invalid options are not reported by [`format`](Counter::format) and the other methods that set them: every operation on the
/// counter then fails with `INVALID_ARGUMENT`.
///
/// # Examples
/// ```no_run
/// # use std::time::Duration;
/// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
/// let jobs = client.counter("/counters/jobs").min(0);
/// let number = jobs.increment().timeout(Duration::from_secs(5)).await?;
/// println!("{number} jobs are queued");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Counter {
    context: SharedContext,
    path: Result<ZnodePath>,
    format: CounterFormat,
    bounds: Bounds,
    exactly_once: bool,
    updates: Arc<Recorder>,
    /// Found at the first operation.
    ledger: OnceLock<Arc<Ledger<CounterFormat>>>,
}

/// A counter's value, and the version of the node that held it. Returned by [`Counter::versioned`].
///
/// # Examples
/// ```no_run
/// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
/// let jobs = client.counter("/counters/jobs");
/// let before = jobs.versioned().await?;
/// jobs.set(before.value).await?;
/// assert!(jobs.versioned().await?.version > before.version);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Versioned {
    /// The counter's value.
    pub value: i64,
    /// The number of times the node has been written since it was created, or -1 if the node is missing.
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

    /// Returns the path of the counter's node, below the client's chroot.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if the path or an option is invalid, `FORKED` in a child of fork(). Every operation then fails with
    /// the same error.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// assert_eq!(client.counter("/counters/hits").path()?, "/counters/hits");
    /// assert!(client.counter("counters/hits").path().is_err());
    /// # Ok(()) }
    /// ```
    pub fn path(&self) -> Result<&str> {
        self.checked().map(|(_, path)| path.as_str())
    }

    /// Returns the current value. The read is linearizable: it sees every change that was acknowledged before the call. One
    /// round trip.
    ///
    /// # Errors
    /// `BAD_DATA` if the node holds something else than a counter; `TIMEOUT`, `NOT_AUTHORIZED`, `CLOSED`, `FORKED`.
    ///
    /// # Cancel safety
    /// Safe: it only reads.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let hits = client.counter("/counters/hits").get().await?;
    /// println!("{hits} hits so far");
    /// # Ok(()) }
    /// ```
    pub fn get(&self) -> Op<i64> {
        let default = self.bounds.default;
        self.read(move |context, ledger, retry| async move {
            Ok(ledger.read(&context, retry).await?.unwrap_or(default))
        })
    }

    /// Returns the value as the connected server has it, which may lag behind changes that other servers have acknowledged. One
    /// round trip, without the leader. Errors and cancel safety are those of [`get`](Counter::get).
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// // For a dashboard, a value that is some milliseconds old is good enough.
    /// println!("about {} hits", client.counter("/counters/hits").get_stale().await?);
    /// # Ok(()) }
    /// ```
    pub fn get_stale(&self) -> Op<i64> {
        let default = self.bounds.default;
        self.read(move |context, ledger, retry| async move {
            Ok(ledger.read_stale(&context, retry).await?.unwrap_or(default))
        })
    }

    /// Returns the current value with the version of its node. Round trips, errors and cancel safety are those of
    /// [`get`](Counter::get).
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let hits = client.counter("/counters/hits").versioned().await?;
    /// println!("{} at version {}", hits.value, hits.version);
    /// # Ok(()) }
    /// ```
    pub fn versioned(&self) -> Op<Versioned> {
        let default = self.bounds.default;
        self.read(move |context, ledger, retry| async move {
            let (value, version) = ledger.read_versioned(&context, retry).await?;
            Ok(Versioned { value: value.unwrap_or(default), version: version.unwrap_or(-1) })
        })
    }

    /// Adds `n`, which may be negative, and returns the new value. One round trip if no other client writes.
    ///
    /// # Errors
    /// - `OVERFLOW` if the result is outside the bounds or the format's range, and `BAD_DATA` if the node holds something else
    ///   than a counter. Nothing is written.
    /// - `TIMEOUT` if the deadline passes before the change is applied. It is not applied later either.
    /// - `INDETERMINATE` if the deadline passes while the write is in flight, or if the outcome cannot be known because the
    ///   session ended.
    /// - `NOT_AUTHORIZED`, `QUOTA`, `CLOSED`, `FORKED`.
    ///
    /// # Cancel safety
    /// Not safe: a cancelled add may or may not be applied.
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
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let number = client.counter("/counters/invoices").increment().await?;
    /// println!("invoice {number}");
    /// # Ok(()) }
    /// ```
    pub fn increment(&self) -> Op<i64> {
        self.add(1)
    }

    /// Subtracts 1 and returns the new value. See [`add`](Counter::add).
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// if client.counter("/counters/jobs").decrement().await? == 0 {
    ///     println!("that was the last job");
    /// }
    /// # Ok(()) }
    /// ```
    pub fn decrement(&self) -> Op<i64> {
        self.add(-1)
    }

    /// Sets the value. Errors and cancel safety are those of [`add`](Counter::add).
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// client.counter("/counters/hits").set(0).await?;
    /// # Ok(()) }
    /// ```
    pub fn set(&self, value: i64) -> Op<()> {
        self.change(Update::Set(value), CounterReply::Done)
    }

    /// Sets the value and returns the previous one. Errors and cancel safety are those of [`add`](Counter::add).
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let hits = client.counter("/counters/hits");
    /// println!("{} hits since the last report", hits.get_and_set(0).await?);
    /// # Ok(()) }
    /// ```
    pub fn get_and_set(&self, value: i64) -> Op<i64> {
        self.change(Update::Set(value), CounterReply::Before)
    }

    /// Sets the value to `new` if it is `expected`, and returns whether it was. Errors and cancel safety are those of
    /// [`add`](Counter::add).
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let schema = client.counter("/migrations/schema");
    /// if schema.compare_and_set(7, 8).await? {
    ///     println!("this process migrates the schema from 7 to 8");
    /// }
    /// # Ok(()) }
    /// ```
    pub fn compare_and_set(&self, expected: i64, new: i64) -> Op<bool> {
        self.change(Update::CompareAndSet { expected, new }, CounterReply::Written)
    }

    /// Reserves `n` consecutive numbers: raises the value by `n` and returns the numbers from the previous value + 1 to the new
    /// value. No other call of `reserve` or [`increment`](Counter::increment) returns any of them, as long as no
    /// caller lowers or sets the counter.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if `n` is less than 1, and the errors of [`add`](Counter::add).
    ///
    /// # Cancel safety
    /// Not safe: a cancelled call may have reserved its numbers, which are then lost.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// for id in client.counter("/counters/ids").reserve(100).await? {
    ///     println!("{id} is reserved for this process");
    /// }
    /// # Ok(()) }
    /// ```
    pub fn reserve(&self, n: i64) -> Op<RangeInclusive<i64>> {
        if n < 1 {
            return Op::failed(Error::invalid_argument("n", n, "must be 1 or more"));
        }
        self.change(Update::Add(n), CounterReply::Reserved)
    }

    /// Returns a [`CounterWatch`], which follows the value. It makes no request before the first [`next`](CounterWatch::next).
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let hits = client.counter("/counters/hits").watch();
    /// loop {
    ///     println!("{} hits", hits.next().await?);
    /// }
    /// # }
    /// ```
    pub fn watch(&self) -> CounterWatch {
        CounterWatch::new(self.clone())
    }

    /// Calls `callback` with the current value and then with each new one, on the callback thread, until the subscription is
    /// dropped. The subscription keeps the client open until then.
    ///
    /// Values that follow each other faster than `callback` returns are skipped; the latest value never is. `callback` gets
    /// `BAD_DATA` while the node holds something else than a counter, and then the next value, as with [`CounterWatch::next`].
    /// After any other error it is not called again. `callback` must not make waiting calls.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if the path or an option is invalid, `FORKED` in a child of fork().
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let subscription = client.counter("/counters/jobs").on_change(|jobs| match jobs {
    ///     Ok(jobs) => println!("{jobs} jobs"),
    ///     Err(error) => eprintln!("{error}"),
    /// })?;
    /// # drop(subscription);
    /// # Ok(()) }
    /// ```
    pub fn on_change(&self, callback: impl Fn(Result<i64>) + Send + Sync + 'static) -> Result<Subscription> {
        let (context, _) = self.checked()?;
        Subscription::new(context.runtime(), self.watch().into_values(), callback)
    }

    /// Returns how long the changes through this handle and its clones took, each from its start until the caller had the
    /// outcome. Makes no request.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let hits = client.counter("/counters/hits");
    /// for _ in 0..100 {
    ///     hits.increment().await?;
    /// }
    /// println!("half of the changes took at most {:?}", hits.stats().p50);
    /// # Ok(()) }
    /// ```
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
        read: impl FnOnce(Arc<Context>, Arc<Ledger<CounterFormat>>, Retry) -> F + Send + 'static,
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
                deadline.answer(read(context, ledger, deadline.retry())).await
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
