//! Follows a counter's value.
//!
//! 1. Read the node and watch it, in one request. When it is missing, watch for its being made. The first read on a
//!    connection goes behind a `sync`: another server may lag.
//! 2. A value that is not the one taken last is given out.
//! 3. Wait for the watch to fire, or the connection to end, and 1.
//!
//! The watch stays when a call is given up, and the next call goes on with it. What is given out counts as taken only when the
//! caller has it: an outcome that nobody looked at is given out again.

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

/// The values of a counter, one after another. Made by [`Counter::watch`].
///
/// It has at most one watch on the server, which goes when this is dropped.
pub struct CounterWatch {
    counter: Counter,
    watcher: ProcessBound<Arc<Watcher>>,
}

#[derive(Default)]
struct Watcher {
    last_read: tokio::sync::Mutex<LastRead>,
    taken: parking_lot::Mutex<Option<Result<i64>>>,
}

/// Whom the eye is on.
struct Target {
    context: Arc<Context>,
    path: ZnodePath,
    format: CounterFormat,
    default: i64,
}

/// What is known of the node.
#[derive(Default)]
struct LastRead {
    seen: Option<Seen>,
    /// The connection over which it was read last. What that one tells from then on does not lag behind.
    link: Weak<Link>,
}

struct Seen {
    /// What the node said: a value, or `BAD_DATA`.
    value: Result<i64>,
    /// Fires when that may not hold any more.
    watch: Watch,
}

impl CounterWatch {
    pub(super) fn new(counter: Counter) -> CounterWatch {
        CounterWatch { counter, watcher: ProcessBound::new(Arc::default()) }
    }

    /// The counter's node, below the client's chroot.
    ///
    /// # Errors
    /// As for [`Counter::path`].
    pub fn path(&self) -> Result<&str> {
        self.counter.path()
    }

    /// The value, as soon as it is another one than the one before; the first call gives the current value at once. Values
    /// that follow each other faster than that are left out; the latest never is. A node that is missing, or is
    /// deleted, has the counter's default. Goes on through lost connections and the session's expiry.
    ///
    /// # Errors
    /// `BAD_DATA` when the node holds something else than a counter: the next call waits until that has changed. `TIMEOUT`
    /// when there was no other value in time; `NOT_AUTHORIZED`, `CLOSED`, `FORKED`.
    ///
    /// # Cancel safety
    /// Safe: a value that the caller did not get is given to the next call.
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
            let (target, watcher) = (target, watcher.clone());
            let (runtime, taker) = (target.context.runtime().clone(), watcher.clone());
            let follow = move |deadline: Deadline| async move {
                let followed =
                    async { watcher.last_read.lock().await.next(&target, &watcher, deadline.retry()).await };
                deadline.once_within(ONE_ANSWER).run(followed).await.unwrap_or_else(|| Err(unchanged()))
            };
            Ok(Op::new(&runtime, follow).observed(move |outcome, _| taker.take(outcome)))
        })
    }

    /// One value after another, to the first error that does not pass.
    pub(super) fn news(self) -> impl Stream<Item = Result<i64>> + Send + 'static {
        stream::unfold(Some(self), |watch| async {
            let watch = watch?;
            let outcome = watch.next().await;
            let passes = outcome.as_ref().err().is_none_or(|error| error.code() == ErrorCode::BadData);
            Some((outcome, passes.then_some(watch)))
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

impl Watcher {
    fn take(&self, outcome: &Result<i64>) {
        let of_the_node = match outcome {
            Ok(_) => true,
            Err(error) => error.code() == ErrorCode::BadData,
        };
        if of_the_node {
            *self.taken.lock() = Some(outcome.clone());
        }
    }

    fn has_taken(&self, seen: &Result<i64>) -> bool {
        match (&*self.taken.lock(), seen) {
            (Some(Ok(taken)), Ok(seen)) => taken == seen,
            // The message shows the bytes.
            (Some(Err(taken)), Err(seen)) => taken.message() == seen.message(),
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
                None => self.look(target).await?,
            };
            let seen = self.seen.insert(seen);
            if !watcher.has_taken(&seen.value) {
                return seen.value.clone();
            }
            if retry.is_never() {
                return Err(unchanged());
            }
            seen.watch.wait().await;
            self.seen = None;
        }
    }

    /// What the node says now, watched from then on.
    async fn look(&mut self, target: &Target) -> Result<Seen> {
        let path = target.path.as_str();
        loop {
            let session = target.context.session(Retry::UntilDone).await?;
            let Ok(link) = session.link().await else { continue };
            match self.watched(&link, path).await {
                Ok((data, watch)) => {
                    let value = data.map_or(Ok(None), |data| target.format.decode(path, &data));
                    let value = value.map(|value| value.unwrap_or(target.default));
                    return Ok(Seen { value, watch });
                }
                // It was made between two requests.
                Err(Fault::Refused(Refusal::NodeExists)) | Err(Fault::Gone) => {}
                Err(Fault::Unknown) => session.wait_reconnect(&link).await,
                Err(fault) => return Err(fault.into_error(&format!("watching counter {path}"))),
            }
        }
    }

    /// The node's data, `None` when it is missing.
    async fn watched(&mut self, link: &Arc<Link>, path: &str) -> Result<(Option<Vec<u8>>, Watch), Fault> {
        let followed = Weak::ptr_eq(&self.link, &Arc::downgrade(link));
        let synced = async { if followed { Ok(()) } else { link.sync(path).await } };
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

fn unchanged() -> Error {
    Error::new(ErrorCode::Timeout, "the counter did not change in time")
}
