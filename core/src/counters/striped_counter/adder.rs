//! What one client has added and not written yet, and the task that has it written.

use std::collections::HashMap;
use std::future::pending;
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

/// After how long a write that was refused is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// The adders of one client. They stay for the client's life, as their stripes do.
#[derive(Debug)]
pub(crate) struct Adders {
    shared: Arc<Mutex<ByPath>>,
}

#[derive(Debug, Default)]
struct ByPath {
    closed: bool,
    adders: HashMap<ZnodePath, Arc<Adder>>,
}

impl PerClient for Adders {
    fn for_client(context: &Context) -> Adders {
        let shared = Arc::<Mutex<ByPath>>::default();
        let closing = shared.clone();
        let in_time = context.before_close(move || close(closing.clone()));
        shared.lock().closed = !in_time;
        Adders { shared }
    }
}

impl Adders {
    pub(super) fn adder(&self, path: &ZnodePath) -> Arc<Adder> {
        let mut shared = self.shared.lock();
        let closed = shared.closed;
        shared.adders.entry(path.clone()).or_insert_with(|| Adder::new(path, closed)).clone()
    }
}

/// Takes no more adds, and has written what was added. The first error, if any.
async fn close(shared: Arc<Mutex<ByPath>>) -> Result<()> {
    let adders: Vec<_> = {
        let mut shared = shared.lock();
        shared.closed = true;
        shared.adders.values().cloned().collect()
    };
    let outcomes = join_all(adders.iter().filter_map(|adder| adder.close())).await;
    outcomes.into_iter().try_for_each(|outcome| outcome.unwrap_or_else(|_| Err(Error::closed())))
}

/// What one client adds to one striped counter.
#[derive(Debug)]
pub(super) struct Adder {
    pub(super) path: ZnodePath,
    pending_work: Mutex<Pending>,
    /// Something is due sooner.
    stir: Notify,
    /// The names of the stripes as last seen.
    pub(super) stripes: Mutex<Arc<Vec<String>>>,
}

#[derive(Debug, Default)]
struct Pending {
    /// The sum of what was added and not taken by a write. While it is not 0 the task runs.
    pending: i128,
    /// When the task writes next. `None`: when something happens.
    due: Option<Instant>,
    /// Who waits until it is.
    waiting: Vec<oneshot::Sender<Result<()>>>,
    running: bool,
    /// The stripe as this client wrote it last; the task takes it.
    stripe: Option<Stripe>,
    /// The name of the stripe that is being written.
    writing: Option<String>,
    /// A write whose fate cannot be known, and of which nobody has been told.
    untold: Option<Error>,
    /// The client is being closed.
    closed: bool,
}

/// What one write is about.
pub(super) struct Batch {
    pub(super) delta: i64,
    pub(super) stripe: Option<Stripe>,
    waiting: Vec<oneshot::Sender<Result<()>>>,
}

/// What the task does next.
enum Next {
    Write(Batch),
    WaitUntil(Option<Instant>),
    End,
}

impl Adder {
    fn new(path: &ZnodePath, closed: bool) -> Arc<Adder> {
        let pending_work = Mutex::new(Pending { closed, ..Pending::default() });
        Arc::new(Adder { path: path.clone(), pending_work, stir: Notify::new(), stripes: Mutex::default() })
    }

    pub(super) fn path(&self) -> &str {
        self.path.as_str()
    }

    /// What it is called in messages.
    pub(super) fn name(&self) -> String {
        format!("striped counter {}", self.path())
    }

    pub(super) fn add(self: &Arc<Self>, client: &SharedContext, n: i64, within: Duration) -> Result<()> {
        let context = client.get()?;
        let mut pending_work = self.pending_work.lock();
        if pending_work.closed {
            return Err(Error::closed());
        }
        let sum = pending_work.pending + i128::from(n);
        if i64::try_from(sum).is_err() {
            let message =
                format!("adding {n} to {} that wait to be written leaves 64 bits", pending_work.pending);
            return Err(Error::new(ErrorCode::Overflow, message));
        }
        pending_work.pending = sum;
        let due = Instant::now().checked_add(within);
        if pending_work.running {
            self.make_due(&mut pending_work, due);
        } else if sum != 0 {
            (pending_work.running, pending_work.due) = (true, due);
            let _detached = context.spawn(self.clone().run(context.clone(), Arc::downgrade(client)));
        }
        Ok(())
    }

    /// Whether everything has been written and told.
    pub(super) fn is_idle(&self) -> bool {
        let pending_work = self.pending_work.lock();
        !pending_work.running && pending_work.untold.is_none()
    }

    /// Has everything written; the answer comes when it is.
    pub(super) fn flush(&self) -> Answer<()> {
        let (sender, answer) = oneshot::channel();
        let mut pending_work = self.pending_work.lock();
        let outcome = match pending_work.untold.take() {
            Some(error) => Err(error),
            None if pending_work.running => {
                pending_work.waiting.push(sender);
                self.make_due(&mut pending_work, Some(Instant::now()));
                return answer;
            }
            None if pending_work.closed => Err(Error::closed()),
            None => Ok(()),
        };
        drop(sender.send(outcome));
        answer
    }

    /// Takes no more adds. The answer, if there is something to be written or told.
    fn close(&self) -> Option<Answer<()>> {
        self.pending_work.lock().closed = true;
        (!self.is_idle()).then(|| self.flush())
    }

    /// Has everything written now, for nobody who waits.
    pub(super) fn hasten(&self) {
        let mut pending_work = self.pending_work.lock();
        if pending_work.running {
            self.make_due(&mut pending_work, Some(Instant::now()));
        }
    }

    /// Whether the stripe of this name is being written.
    pub(super) fn is_writing(&self, name: &str) -> bool {
        self.pending_work.lock().writing.as_deref() == Some(name)
    }

    pub(super) fn set_writing(&self, name: &str) {
        self.pending_work.lock().writing = Some(name.to_owned());
    }

    fn make_due(&self, pending_work: &mut Pending, at: Option<Instant>) {
        if at.is_some_and(|at| pending_work.due.is_none_or(|due| at < due)) {
            pending_work.due = at;
            self.stir.notify_one();
        }
    }

    /// The task: write after write until nothing is waiting. It keeps the client open.
    async fn run(self: Arc<Self>, context: Arc<Context>, client: Weak<ProcessBound<Arc<Context>>>) {
        loop {
            let mut batch = match self.next() {
                Next::Write(batch) => batch,
                Next::WaitUntil(due) => {
                    let due = async {
                        match due {
                            Some(due) => tokio::time::sleep_until(due.into()).await,
                            None => pending().await,
                        }
                    };
                    tokio::select! {
                        () = due => {}
                        () = self.stir.notified() => {}
                    }
                    continue;
                }
                Next::End => return,
            };
            let outcome = tokio::select! {
                outcome = self.write(&context, &mut batch) => outcome,
                () = forsaken(&context, &client) => Err(Error::closed()),
            };
            self.conclude(batch, outcome);
        }
    }

    fn next(&self) -> Next {
        let mut pending_work = self.pending_work.lock();
        if pending_work.pending == 0 && pending_work.waiting.is_empty() {
            (pending_work.running, pending_work.due) = (false, None);
            return Next::End;
        }
        if pending_work.due.is_none_or(|due| due > Instant::now()) {
            return Next::WaitUntil(pending_work.due);
        }
        // More than that is pending when a write that failed has given back what it took.
        let delta = pending_work.pending.clamp(i64::MIN.into(), i64::MAX.into());
        pending_work.pending -= delta;
        let (stripe, mut waiting) = (pending_work.stripe.take(), Vec::new());
        if pending_work.pending == 0 {
            pending_work.due = None;
            waiting.append(&mut pending_work.waiting);
        }
        Next::Write(Batch { delta: delta as i64, stripe, waiting })
    }

    /// Takes note of what became of a write, and tells who waits.
    fn conclude(&self, batch: Batch, outcome: Result<()>) {
        let Batch { delta, stripe, mut waiting } = batch;
        let mut pending_work = self.pending_work.lock();
        pending_work.stripe = stripe;
        pending_work.writing = None;
        let code = outcome.as_ref().err().map(Error::code);
        match code {
            None => {}
            Some(ErrorCode::Indeterminate) => waiting.append(&mut pending_work.waiting),
            Some(ErrorCode::Closed) => {
                (pending_work.closed, pending_work.pending) = (true, 0);
                waiting.append(&mut pending_work.waiting);
            }
            Some(_) => {
                pending_work.pending += i128::from(delta);
                self.make_due(&mut pending_work, Some(Instant::now() + RETRY));
            }
        }
        if let Err(error) = &outcome {
            tracing::warn!(path = self.path(), delta, %error, "not flushed");
        }
        let told = waiting.into_iter().filter_map(|caller| caller.send(outcome.clone()).ok()).count();
        if let (Err(error), Some(ErrorCode::Indeterminate), 0) = (outcome, code, told) {
            pending_work.untold = Some(error);
        }
    }
}

/// Waits until nothing of the client has been in anybody's hands for a session timeout at least.
async fn forsaken(context: &Context, client: &Weak<ProcessBound<Arc<Context>>>) {
    let mut alone = false;
    loop {
        sleep(context.options().session_timeout).await;
        if alone {
            return;
        }
        alone = client.strong_count() == 0;
    }
}
