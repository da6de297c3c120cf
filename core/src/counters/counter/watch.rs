//! Follows a counter's value.
//!
//! 1. Read the node and set a watch on it, in one request. If the node is missing, watch for its creation. The first read on a
//!    connection follows a `sync`, because another server may lag behind the previous one.
//! 2. Return the value unless it is the one delivered last.
//! 3. Wait until the watch fires or the connection ends, and go to 1.
//!
//! The watch stays set when a call is cancelled, and the next call goes on with it. A value counts as delivered only when the
//! caller has taken it; a value that no caller took is returned again.

use std::fmt;
use std::sync::{Arc, Weak};

use futures_util::future::join;
use futures_util::{FutureExt, Stream, stream};

use super::{Counter, CounterFormat};
use crate::context::Context;
use crate::error::{Error, ErrorCode, Result};
use crate::op::Op;
use crate::op::deadline::ONE_ANSWER;
use crate::op::{Deadline, Retry};
use crate::path::ZnodePath;
use crate::runtime::ProcessBound;
use crate::session::{Fault, Link, Refusal, Watch};

/// Follows the value of a counter. Returned by [`Counter::watch`].
///
/// It has at most one watch on the server, which is removed when the `CounterWatch` is dropped.
///
/// # Examples
/// ```no_run
/// # use std::time::Duration;
/// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
/// let phase = client.counter("/deployment/phase").watch();
/// println!("phase {}", phase.next().await?);
/// let next = phase.next().timeout(Duration::from_secs(60)).await?;   // fails with `TIMEOUT` if the phase stays the same
/// println!("now phase {next}");
/// # Ok(()) }
/// ```
pub struct CounterWatch {
    counter: Counter,
    watcher: ProcessBound<Arc<Watcher>>,
}

#[derive(Default)]
struct Watcher {
    last_read: tokio::sync::Mutex<LastRead>,
    delivered: parking_lot::Mutex<Option<Result<i64>>>,
}

/// The counter that is followed.
struct Target {
    context: Arc<Context>,
    path: ZnodePath,
    format: CounterFormat,
    default: i64,
}

/// The latest read of the node.
#[derive(Default)]
struct LastRead {
    seen: Option<Seen>,
    /// The connection of the latest read. Later reads over the same connection never return older data.
    link: Weak<Link>,
}

struct Seen {
    /// The value of the node, or `BAD_DATA`.
    value: Result<i64>,
    /// Fires when the value may have changed.
    watch: Watch,
}

impl CounterWatch {
    pub(super) fn new(counter: Counter) -> CounterWatch {
        CounterWatch { counter, watcher: ProcessBound::new(Arc::default()) }
    }

    /// Returns the path of the counter's node, below the client's chroot.
    ///
    /// # Errors
    /// Those of [`Counter::path`].
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let watch = client.counter("/counters/jobs").watch();
    /// println!("{} is now {}", watch.path()?, watch.next().await?);
    /// # Ok(()) }
    /// ```
    pub fn path(&self) -> Result<&str> {
        self.counter.path()
    }

    /// Waits until the value differs from the one returned before, and returns it. The first call returns the current value at
    /// once.
    ///
    /// Values that follow each other faster than the calls are skipped; the latest value never is. A missing or deleted node has
    /// the counter's default value. The watch continues across lost connections and expired sessions.
    ///
    /// # Errors
    /// - `BAD_DATA` if the node holds something else than a counter. The next call waits until the node has changed.
    /// - `TIMEOUT` if the value does not change before the deadline.
    /// - `NOT_AUTHORIZED`, `CLOSED`, `FORKED`.
    ///
    /// # Cancel safety
    /// Safe: the next call returns a value that a cancelled call did not deliver.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let jobs = client.counter("/counters/jobs").watch();
    /// while jobs.next().await? > 0 {}
    /// println!("all done");
    /// # Ok(()) }
    /// ```
    pub fn next(&self) -> Op<i64> {
        Op::attempt(|| {
            let (target, watcher) = self.target().and_then(|target| Ok((target, self.watcher.get()?)))?;
            let watcher = watcher.clone();
            let (runtime, recipient) = (target.context.runtime().clone(), watcher.clone());
            let follow = move |deadline: Deadline| async move {
                let next =
                    async { watcher.last_read.lock().await.next(&target, &watcher, deadline.retry()).await };
                let outcome = deadline.once_within(ONE_ANSWER).run(next).await;
                outcome.unwrap_or_else(|| Err(target.unchanged()))
            };
            Ok(Op::new(&runtime, follow).observed(move |outcome, _| recipient.mark_delivered(outcome)))
        })
    }

    /// Returns a stream of the values. It ends after the first error other than `BAD_DATA`.
    pub(super) fn into_values(self) -> impl Stream<Item = Result<i64>> + Send + 'static {
        stream::unfold(Some(self), |watch| async {
            let watch = watch?;
            let outcome = watch.next().await;
            let continues = outcome.as_ref().err().is_none_or(|error| error.code() == ErrorCode::BadData);
            Some((outcome, continues.then_some(watch)))
        })
    }

    fn target(&self) -> Result<Target> {
        let (context, path) = self.counter.checked()?;
        let Counter { format, bounds, .. } = self.counter;
        Ok(Target { context: context.clone(), path: path.clone(), format, default: bounds.default })
    }
}

impl fmt::Debug for CounterWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CounterWatch").field("counter", &self.counter).finish_non_exhaustive()
    }
}

impl Target {
    fn unchanged(&self) -> Error {
        let message = format!("timed out waiting for counter {} to change", self.path.as_str());
        Error::new(ErrorCode::Timeout, message)
    }
}

impl Watcher {
    fn mark_delivered(&self, outcome: &Result<i64>) {
        let is_node_content = match outcome {
            Ok(_) => true,
            Err(error) => error.code() == ErrorCode::BadData,
        };
        if is_node_content {
            *self.delivered.lock() = Some(outcome.clone());
        }
    }

    fn has_delivered(&self, seen: &Result<i64>) -> bool {
        match (&*self.delivered.lock(), seen) {
            (Some(Ok(delivered)), Ok(seen)) => delivered == seen,
            // The message contains the bytes, so it differs if they do.
            (Some(Err(delivered)), Err(seen)) => delivered.message() == seen.message(),
            _ => false,
        }
    }
}

impl LastRead {
    async fn next(&mut self, target: &Target, watcher: &Watcher, retry: Retry) -> Result<i64> {
        loop {
            let fired = |seen: &mut Seen| seen.watch.wait().now_or_never().is_some();
            if self.seen.as_mut().is_some_and(fired) {
                self.seen = None;
            }
            let seen = match self.seen.take() {
                Some(seen) => seen,
                None => self.read(target).await?,
            };
            let seen = self.seen.insert(seen);
            if !watcher.has_delivered(&seen.value) {
                return seen.value.clone();
            }
            if retry.is_never() {
                return Err(target.unchanged());
            }
            seen.watch.wait().await;
            self.seen = None;
        }
    }

    /// Reads the node and sets a watch on it.
    async fn read(&mut self, target: &Target) -> Result<Seen> {
        let path = target.path.as_str();
        loop {
            let session = target.context.session(Retry::UntilDone).await?;
            let Ok(link) = session.link().await else { continue };
            match self.read_and_watch(&link, path).await {
                Ok((data, watch)) => {
                    let value = data.map_or(Ok(None), |data| target.format.decode(path, &data));
                    let value = value.map(|value| value.unwrap_or(target.default));
                    return Ok(Seen { value, watch });
                }
                // The node was created between the two requests.
                Err(Fault::Refused(Refusal::NodeExists)) | Err(Fault::Gone) => {}
                Err(Fault::Unknown) => session.wait_reconnect(&link).await,
                Err(fault) => return Err(fault.into_error(&format!("watching counter {path}"))),
            }
        }
    }

    /// Does step 1 over one link. Returns the node's data, or `None` if the node is missing.
    async fn read_and_watch(
        &mut self,
        link: &Arc<Link>,
        path: &str,
    ) -> Result<(Option<Vec<u8>>, Watch), Fault> {
        let same_link = Weak::ptr_eq(&self.link, &Arc::downgrade(link));
        let synced = async { if same_link { Ok(()) } else { link.sync(path).await } };
        let (synced, read) = join(synced, link.watch(path)).await;
        synced?;
        self.link = Arc::downgrade(link);
        match read {
            Ok((data, watch)) => Ok((Some(data), watch)),
            Err(Fault::Refused(Refusal::NoNode)) => match link.watch_existence(path).await? {
                (false, watch) => Ok((None, watch)),
                (true, _) => Err(Fault::Refused(Refusal::NodeExists)),
            },
            Err(fault) => Err(fault),
        }
    }
}
