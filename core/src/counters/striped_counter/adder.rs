//! The amounts that one client has added and not written yet, and the task that writes them.

use std::collections::HashMap;
use std::future;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};
use tokio::time::sleep;

use super::stripe::Stripe;
use crate::context::{Context, PerClient, SharedContext};
use crate::error::{Error, ErrorCode, Result};
use crate::op::Answer;
use crate::path::ZnodePath;
use crate::runtime::ProcessBound;

/// The time after which a failed write is tried again.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// The adders of one client. They live as long as the client, as their stripes do.
#[derive(Debug)]
pub(crate) struct Adders {
    shared: Arc<Mutex<AddersByPath>>,
}

#[derive(Debug, Default)]
struct AddersByPath {
    /// The client is being closed.
    closed: bool,
    adders: HashMap<ZnodePath, Arc<Adder>>,
}

impl PerClient for Adders {
    fn for_client(context: &Context) -> Adders {
        let shared = Arc::<Mutex<AddersByPath>>::default();
        let closing = shared.clone();
        let registered = context.before_close(move || close(closing.clone()));
        shared.lock().closed = !registered;
        Adders { shared }
    }
}

impl Adders {
    /// Returns the adder of the counter at `path`.
    pub(super) fn adder(&self, path: &ZnodePath) -> Arc<Adder> {
        let mut shared = self.shared.lock();
        let closed = shared.closed;
        shared.adders.entry(path.clone()).or_insert_with(|| Adder::new(path, closed)).clone()
    }
}

/// Refuses further adds, and flushes all adders. Returns the first error.
async fn close(shared: Arc<Mutex<AddersByPath>>) -> Result<()> {
    let adders: Vec<_> = {
        let mut shared = shared.lock();
        shared.closed = true;
        shared.adders.values().cloned().collect()
    };
    let outcomes = join_all(adders.iter().filter_map(|adder| adder.close())).await;
    outcomes.into_iter().try_for_each(|outcome| outcome.unwrap_or_else(|_| Err(Error::closed())))
}

/// One client's part in one striped counter.
#[derive(Debug)]
pub(super) struct Adder {
    pub(super) path: ZnodePath,
    pending: Mutex<Pending>,
    /// Wakes the task when it has to write sooner.
    wake: Notify,
    /// The names of all stripes as last seen.
    pub(super) stripes: Mutex<Arc<Vec<String>>>,
}

#[derive(Debug, Default)]
struct Pending {
    /// The sum of the adds that no write has taken. The task runs while it is not 0.
    unwritten: i128,
    /// When the task writes next. `None` if nothing is due.
    due: Option<Instant>,
    /// The flushes that wait for the write of `unwritten`.
    flushes: Vec<oneshot::Sender<Result<()>>>,
    running: bool,
    /// The stripe as this client wrote it last. A write takes it.
    stripe: Option<Stripe>,
    /// The name of the stripe that is being written.
    writing: Option<String>,
    /// The error of a write with an unknown outcome, which no flush has reported yet.
    unreported: Option<Error>,
    /// The client is being closed.
    closed: bool,
}

/// The content of one write.
pub(super) struct Batch {
    pub(super) delta: i64,
    pub(super) stripe: Option<Stripe>,
    flushes: Vec<oneshot::Sender<Result<()>>>,
}

/// The next step of the task.
enum Next {
    Write(Batch),
    WaitUntil(Option<Instant>),
    End,
}

impl Adder {
    fn new(path: &ZnodePath, closed: bool) -> Arc<Adder> {
        let pending = Mutex::new(Pending { closed, ..Pending::default() });
        Arc::new(Adder { path: path.clone(), pending, wake: Notify::new(), stripes: Mutex::default() })
    }

    pub(super) fn path(&self) -> &str {
        self.path.as_str()
    }

    /// Returns the name of the counter in messages.
    pub(super) fn name(&self) -> String {
        format!("striped counter {}", self.path())
    }

    /// Adds `n`, to be written within the interval.
    ///
    /// # Errors
    /// `OVERFLOW` if the sum of what is waiting to be written is outside the 64-bit range, `CLOSED`, `FORKED`.
    pub(super) fn add(self: &Arc<Self>, client: &SharedContext, n: i64, within: Duration) -> Result<()> {
        let context = client.get()?;
        let mut pending = self.pending.lock();
        if pending.closed {
            return Err(Error::closed());
        }
        let sum = pending.unwritten + i128::from(n);
        if i64::try_from(sum).is_err() {
            let message = format!(
                "{}: adding {n} to the unwritten {} gives a sum outside the 64-bit range",
                self.name(),
                pending.unwritten
            );
            return Err(Error::new(ErrorCode::Overflow, message));
        }
        pending.unwritten = sum;
        let due = Instant::now().checked_add(within);
        if pending.running {
            self.make_due(&mut pending, due);
        } else if sum != 0 {
            (pending.running, pending.due) = (true, due);
            let _detached = context.spawn(self.clone().run(context.clone(), Arc::downgrade(client)));
        }
        Ok(())
    }

    /// Returns whether everything has been written and every error has been reported.
    pub(super) fn is_idle(&self) -> bool {
        let pending = self.pending.lock();
        !pending.running && pending.unreported.is_none()
    }

    /// Starts to write everything now. The answer comes when it has been written, or at once with an unreported error.
    pub(super) fn flush(&self) -> Answer<()> {
        let (sender, answer) = oneshot::channel();
        let mut pending = self.pending.lock();
        let outcome = match pending.unreported.take() {
            Some(error) => Err(error),
            None if pending.running => {
                pending.flushes.push(sender);
                self.make_due(&mut pending, Some(Instant::now()));
                return answer;
            }
            None if pending.closed => Err(Error::closed()),
            None => Ok(()),
        };
        drop(sender.send(outcome));
        answer
    }

    /// Refuses further adds. Returns the answer of a flush unless there is nothing to write or to report.
    fn close(&self) -> Option<Answer<()>> {
        self.pending.lock().closed = true;
        (!self.is_idle()).then(|| self.flush())
    }

    /// Starts to write everything now, without an answer.
    pub(super) fn flush_in_background(&self) {
        let mut pending = self.pending.lock();
        if pending.running {
            self.make_due(&mut pending, Some(Instant::now()));
        }
    }

    /// Returns whether the stripe of this name is being written.
    pub(super) fn is_writing(&self, name: &str) -> bool {
        self.pending.lock().writing.as_deref() == Some(name)
    }

    pub(super) fn set_writing(&self, name: &str) {
        self.pending.lock().writing = Some(name.to_owned());
    }

    fn make_due(&self, pending: &mut Pending, at: Option<Instant>) {
        if at.is_some_and(|at| pending.due.is_none_or(|due| at < due)) {
            pending.due = at;
            self.wake.notify_one();
        }
    }

    /// Runs the task: makes one write after another until nothing is waiting. The task keeps the client open.
    async fn run(self: Arc<Self>, context: Arc<Context>, client: Weak<ProcessBound<Arc<Context>>>) {
        loop {
            let mut batch = match self.next() {
                Next::Write(batch) => batch,
                Next::WaitUntil(due) => {
                    let due = async {
                        match due {
                            Some(due) => tokio::time::sleep_until(due.into()).await,
                            None => future::pending().await,
                        }
                    };
                    tokio::select! {
                        () = due => {}
                        () = self.wake.notified() => {}
                    }
                    continue;
                }
                Next::End => return,
            };
            let outcome = tokio::select! {
                outcome = self.write(&context, &mut batch) => outcome,
                () = wait_until_abandoned(&context, &client) => Err(Error::closed()),
            };
            self.complete(batch, outcome);
        }
    }

    fn next(&self) -> Next {
        let mut pending = self.pending.lock();
        if pending.unwritten == 0 && pending.flushes.is_empty() {
            (pending.running, pending.due) = (false, None);
            return Next::End;
        }
        if pending.due.is_none_or(|due| due > Instant::now()) {
            return Next::WaitUntil(pending.due);
        }
        // The sum can exceed the range of one write: a failed write adds its delta to what was added meanwhile.
        let delta = pending.unwritten.clamp(i64::MIN.into(), i64::MAX.into());
        pending.unwritten -= delta;
        let (stripe, mut flushes) = (pending.stripe.take(), Vec::new());
        if pending.unwritten == 0 {
            pending.due = None;
            flushes.append(&mut pending.flushes);
        }
        Next::Write(Batch { delta: delta as i64, stripe, flushes })
    }

    /// Records the outcome of a write, and answers the flushes that waited for it.
    fn complete(&self, batch: Batch, outcome: Result<()>) {
        let Batch { delta, stripe, mut flushes } = batch;
        let mut pending = self.pending.lock();
        pending.stripe = stripe;
        pending.writing = None;
        let code = outcome.as_ref().err().map(Error::code);
        match code {
            None => {}
            Some(ErrorCode::Indeterminate) => flushes.append(&mut pending.flushes),
            Some(ErrorCode::Closed) => {
                (pending.closed, pending.unwritten) = (true, 0);
                flushes.append(&mut pending.flushes);
            }
            Some(_) => {
                pending.unwritten += i128::from(delta);
                self.make_due(&mut pending, Some(Instant::now() + RETRY_DELAY));
            }
        }
        if let Err(error) = &outcome {
            tracing::warn!(path = self.path(), delta, %error, "flush failed");
        }
        let delivered = flushes.into_iter().filter_map(|caller| caller.send(outcome.clone()).ok()).count();
        if let (Err(error), Some(ErrorCode::Indeterminate), 0) = (outcome, code, delivered) {
            pending.unreported = Some(error);
        }
    }
}

/// Waits until the client has had no handles for at least one session timeout.
async fn wait_until_abandoned(context: &Context, client: &Weak<ProcessBound<Arc<Context>>>) {
    let mut unused = false;
    loop {
        sleep(context.options().session_timeout).await;
        if unused {
            return;
        }
        unused = client.strong_count() == 0;
    }
}
