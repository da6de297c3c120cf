//! One pending operation: the foundation of the API in every language.

mod answer;
mod canceller;
pub(crate) mod deadline;

use std::cell::RefCell;
use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker, ready};
use std::thread::Thread;
use std::time::{Duration, Instant};

use futures_util::FutureExt;

use crate::error::{Error, ErrorCode, Result};
use crate::runtime::{ProcessBound, Runtime, callback};

use answer::Recipe;
pub(crate) use answer::{Answer, answered, spawned};
pub use canceller::Canceller;
pub(crate) use deadline::{Deadline, Retry};

/// A pending operation. Await it on any executor, [`wait`](Op::wait) for it on a thread, or
/// [pass a callback](Op::on_done).
///
/// An operation starts when it is first awaited or waited for, and its [`timeout`](Op::timeout) counts from then.
///
/// # Cancel safety
/// Dropping an operation cancels it and cleans up in the background: a contender leaves the queue, and a lock that is
/// granted at that moment is released. A write that was already sent may be applied or not.
///
/// # Examples
/// ```no_run
/// # use std::time::Duration;
/// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
/// let mutex = client.mutex("/locks/report");
/// let guard = mutex.acquire().timeout(Duration::from_secs(5)).await?;   // on any executor
/// guard.release().wait()?;                                              // or on a plain thread
/// # Ok(()) }
/// ```
#[must_use = "an operation does nothing unless it is awaited or waited for"]
pub struct Op<T> {
    runtime: Option<Runtime>,
    timeout: Option<Duration>,
    stage: Stage<T>,
    observer: Option<Observer<T>>,
}

/// A callback that sees an outcome when the caller takes it.
struct Observer<T> {
    started: Option<Instant>,
    callback: ObserverFn<T>,
}

type ObserverFn<T> = Box<dyn FnOnce(&Result<T>, Duration) + Send>;
type Start<T> = Box<dyn FnOnce(Deadline, PollSite) -> Result<Work<T>> + Send>;

/// The place where a recipe is polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PollSite {
    /// In a task of its own.
    OwnTask,
    /// By the poll of the operation itself, which is in a task of our runtime already.
    Here,
}

/// The work that an operation waits for.
enum Work<T> {
    Recipe(Recipe<T>),
    Answer(Answer<T>),
}

enum Stage<T> {
    Ready(Start<T>),
    Running(ProcessBound<Work<T>>),
    Failed(Error),
    Done,
}

impl<T: Send + 'static> Op<T> {
    /// Returns an operation that runs `recipe` as a task of the runtime. Cancelling drops the recipe's future there.
    pub(crate) fn new<R, F>(runtime: &Runtime, recipe: R) -> Op<T>
    where
        R: FnOnce(Deadline) -> F + Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let spawner = runtime.clone();
        Op::ready(runtime, move |deadline, site| {
            let recipe = recipe(deadline);
            Ok(match site {
                PollSite::OwnTask => Work::Answer(spawned(&spawner, recipe)),
                PollSite::Here => Work::Recipe(Box::pin(recipe)),
            })
        })
    }

    /// Returns an operation whose answer comes from `start`.
    pub(crate) fn starting(
        runtime: &Runtime,
        start: impl FnOnce(Deadline) -> Result<Answer<T>> + Send + 'static,
    ) -> Op<T> {
        Op::ready(runtime, move |deadline, _| start(deadline).map(Work::Answer))
    }

    fn ready(
        runtime: &Runtime,
        start: impl FnOnce(Deadline, PollSite) -> Result<Work<T>> + Send + 'static,
    ) -> Op<T> {
        let stage = Stage::Ready(Box::new(start));
        Op { runtime: Some(runtime.clone()), timeout: None, stage, observer: None }
    }

    /// Returns an operation that fails with `error`.
    pub(crate) fn failed(error: Error) -> Op<T> {
        Op { runtime: None, timeout: None, stage: Stage::Failed(error), observer: None }
    }

    /// Returns the operation made by `make`, or one that fails with its error.
    pub(crate) fn attempt(make: impl FnOnce() -> Result<Op<T>>) -> Op<T> {
        make().unwrap_or_else(Op::failed)
    }

    /// Calls `callback` with the outcome, and the time since the start, at the moment when the caller takes the outcome. It is
    /// not called for an operation that is dropped.
    pub(crate) fn observed(mut self, callback: impl FnOnce(&Result<T>, Duration) + Send + 'static) -> Op<T> {
        self.observer = Some(Observer { started: None, callback: Box::new(callback) });
        self
    }

    /// Limits the operation to `timeout`, counted from its start, also while no server can be reached. Zero tries once.
    /// Without a timeout the operation waits forever. It has no effect on an operation that has been started.
    ///
    /// # Examples
    /// ```no_run
    /// # use std::time::Duration;
    /// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let guard = client.mutex("/locks/report").acquire().timeout(Duration::from_secs(5)).await?;
    /// # Ok(()) }
    /// ```
    pub fn timeout(mut self, timeout: Duration) -> Op<T> {
        self.timeout = Some(timeout);
        self
    }

    /// Starts the operation, unless that has been done.
    fn start(&mut self, site: PollSite) {
        self.stage = match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Ready(start) => {
                if let Some(observer) = &mut self.observer {
                    observer.started = Some(Instant::now());
                }
                match self.check_process().and_then(|()| start(Deadline::after(self.timeout), site)) {
                    Ok(work) => Stage::Running(ProcessBound::new(work)),
                    Err(error) => Stage::Failed(error),
                }
            }
            started => started,
        };
    }

    fn check_process(&self) -> Result<()> {
        self.runtime.as_ref().map_or(Ok(()), |runtime| runtime.process().check())
    }

    fn poll_taken(&mut self, cx: &mut Context<'_>) -> Poll<Result<T>> {
        self.poll_outcome(cx).map(Outcome::take)
    }

    fn poll_outcome(&mut self, cx: &mut Context<'_>) -> Poll<Outcome<T>> {
        self.start(PollSite::OwnTask);
        if let Stage::Running(work) = &mut self.stage {
            let outcome = match work.get_mut() {
                Ok(Work::Recipe(recipe)) => ready!(recipe.as_mut().poll(cx)),
                Ok(Work::Answer(answer)) => {
                    ready!(answer.poll_unpin(cx)).unwrap_or_else(|_| Err(lost_task()))
                }
                Err(forked) => Err(forked),
            };
            self.stage = Stage::Done;
            return Poll::Ready(self.ended(outcome));
        }
        let outcome = match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Failed(error) => Err(error),
            _ => Err(Error::internal("an operation was used again after its end")),
        };
        Poll::Ready(self.ended(outcome))
    }

    fn ended(&mut self, outcome: Result<T>) -> Outcome<T> {
        let observer = self.observer.take();
        let observer =
            observer.and_then(|Observer { started, callback }| Some((callback, started?.elapsed())));
        Outcome { outcome, observer }
    }

    /// Blocks the current thread until the operation is done.
    ///
    /// # Errors
    /// Those of the operation, and `WOULD_DEADLOCK` on a thread that runs zkcoord's callbacks.
    ///
    /// # Examples
    /// ```no_run
    /// # fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let guard = client.mutex("/locks/report").acquire().wait()?;
    /// # Ok(()) }
    /// ```
    pub fn wait(mut self) -> Result<T> {
        callback::check_may_wait()?;
        park_until(None, |cx| self.poll_taken(cx)).unwrap_or_else(|| Err(lost_task()))
    }

    /// Blocks the current thread for at most `slice`. Returns `None` if the operation is still pending. It is meant for
    /// callers that have other work in between, such as handling signals.
    ///
    /// # Examples
    /// ```no_run
    /// # use std::time::Duration;
    /// # fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let mut acquiring = client.mutex("/locks/report").acquire();
    /// let guard = loop {
    ///     match acquiring.wait_for(Duration::from_millis(100)) {
    ///         Some(outcome) => break outcome?,
    ///         None => println!("still waiting"),
    ///     }
    /// };
    /// # Ok(()) }
    /// ```
    pub fn wait_for(&mut self, slice: Duration) -> Option<Result<T>> {
        if let Err(error) = callback::check_may_wait() {
            return Some(Err(error));
        }
        park_until(Instant::now().checked_add(slice), |cx| self.poll_taken(cx))
    }

    /// Returns the operation, unless it is known to fail before it starts: because of an invalid argument, or in a child of
    /// fork().
    ///
    /// # Errors
    /// Those of the operation.
    ///
    /// # Examples
    /// ```no_run
    /// # fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
    /// let mut acquiring = client.mutex("no slash").acquire().checked()?; // INVALID_ARGUMENT
    /// # Ok(()) }
    /// ```
    pub fn checked(self) -> Result<Op<T>> {
        match &self.stage {
            Stage::Failed(error) => Err(error.clone()),
            _ => self.check_process().map(|()| self),
        }
    }

    /// Starts the operation and calls `done` with its outcome: exactly once, never inside this call, on the runtime's
    /// thread. `done` must not block there; [`callback::dispatch`] runs code that does.
    ///
    /// # Examples
    /// ```no_run
    /// # fn example(client: zkcoord::Client) {
    /// client.counter("/counters/runs").add(1).on_done(|outcome| println!("{outcome:?}"));
    /// # }
    /// ```
    pub fn on_done(self, done: impl FnOnce(Result<T>) + Send + 'static) -> Canceller {
        self.on_outcome(move |outcome| done(outcome.take()))
    }

    /// Starts the operation as [`on_done`](Op::on_done) does, with a canceller that exists before `done` can be called.
    ///
    /// # Examples
    /// ```no_run
    /// # fn example(client: zkcoord::Client) {
    /// let canceller = zkcoord::Canceller::new();
    /// let adding = client.counter("/counters/runs").add(1);
    /// adding.on_done_unless(&canceller, |outcome| println!("{outcome:?}"));
    /// # }
    /// ```
    pub fn on_done_unless(self, canceller: &Canceller, done: impl FnOnce(Result<T>) + Send + 'static) {
        self.on_outcome_unless(canceller, move |outcome| done(outcome.take()));
    }

    /// Starts the operation as [`on_done`](Op::on_done) does, for callers that pass the outcome on to a receiver that may be
    /// gone by then. An outcome that is dropped before it is taken counts as never received.
    ///
    /// # Examples
    /// ```no_run
    /// # fn example(client: zkcoord::Client, results: std::sync::mpsc::Sender<zkcoord::Outcome<zkcoord::Guard>>) {
    /// // If the receiver is gone, the outcome is dropped, and a lock in it is released.
    /// client.mutex("/locks/report").acquire().on_outcome(move |outcome| drop(results.send(outcome)));
    /// # }
    /// ```
    pub fn on_outcome(self, done: impl FnOnce(Outcome<T>) + Send + 'static) -> Canceller {
        let canceller = Canceller::new();
        self.on_outcome_unless(&canceller, done);
        canceller
    }

    fn on_outcome_unless(mut self, canceller: &Canceller, done: impl FnOnce(Outcome<T>) + Send + 'static) {
        let cancel = canceller.shared();
        self.start(PollSite::Here);
        let runtime = match self.runtime.take() {
            Some(runtime) if runtime.process().is_current() => runtime,
            _ => {
                let error =
                    if let Stage::Failed(error) = &self.stage { error.clone() } else { Error::forked() };
                callback::dispatch(move || done(Outcome::failed(error)));
                return;
            }
        };
        let _detached = runtime.spawn(async move {
            let cancelled = || Error::new(ErrorCode::Cancelled, "cancelled by the caller");
            let working = poll_fn(|cx| match cancel.get().map(|cancel| cancel.poll_asked(cx)) {
                Ok(Poll::Pending) => self.poll_outcome(cx),
                Ok(Poll::Ready(())) => Poll::Ready(Outcome::failed(cancelled())),
                Err(forked) => Poll::Ready(Outcome::failed(forked)),
            });
            let outcome = AssertUnwindSafe(working).catch_unwind().await;
            let outcome = outcome.unwrap_or_else(|_| Outcome::failed(lost_task()));
            drop(self);
            done(outcome);
        });
    }
}

impl<T: Send + 'static> Future for Op<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T>> {
        self.poll_taken(cx)
    }
}

// Nothing in it is pinned: the answer is the end of a channel, and the start is boxed.
impl<T> Unpin for Op<T> {}

impl<T> fmt::Debug for Op<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match self.stage {
            Stage::Ready(_) => "ready",
            Stage::Running(_) => "running",
            Stage::Failed(_) | Stage::Done => "done",
        };
        f.debug_struct("Op").field("stage", &stage).field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

/// The outcome of an operation, until it is taken. A value that is dropped instead counts as never received: the watch of a
/// counter returns it from the next call, and a lock is released.
///
/// # Examples
/// ```no_run
/// # fn example(client: zkcoord::Client) {
/// client.mutex("/locks/report").acquire().on_outcome(|outcome| match outcome.take() {
///     Ok(guard) => println!("acquired with token {}", guard.token()),
///     Err(error) => println!("{error}"),
/// });
/// # }
/// ```
#[must_use = "an outcome that is not taken counts as never received"]
pub struct Outcome<T> {
    outcome: Result<T>,
    observer: Option<(ObserverFn<T>, Duration)>,
}

impl<T> Outcome<T> {
    /// Takes the result.
    ///
    /// # Errors
    /// Those of the operation.
    ///
    /// # Examples
    /// ```no_run
    /// # fn example(outcome: zkcoord::Outcome<i64>) -> zkcoord::Result<()> {
    /// println!("the counter is at {}", outcome.take()?);
    /// # Ok(()) }
    /// ```
    pub fn take(self) -> Result<T> {
        if let Some((callback, took)) = self.observer {
            callback(&self.outcome, took);
        }
        self.outcome
    }

    fn failed(error: Error) -> Outcome<T> {
        Outcome { outcome: Err(error), observer: None }
    }
}

impl<T: fmt::Debug> fmt::Debug for Outcome<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Outcome").field(&self.outcome).finish()
    }
}

fn lost_task() -> Error {
    Error::internal("the operation's task ended without an answer")
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

thread_local! {
    static WAKER: RefCell<Option<Waker>> = const { RefCell::new(None) };
}

/// Polls on the current thread, parked in between, until there is an outcome or `until` has passed.
fn park_until<T>(until: Option<Instant>, mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> Option<T> {
    let make = || Waker::from(Arc::new(Unpark(std::thread::current())));
    let waker = WAKER.with_borrow_mut(|waker| waker.get_or_insert_with(make).clone());
    let mut cx = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(outcome) = poll(&mut cx) {
            return Some(outcome);
        }
        match until {
            None => std::thread::park(),
            Some(until) => match until.saturating_duration_since(Instant::now()) {
                Duration::ZERO => return None,
                left => std::thread::park_timeout(left),
            },
        }
    }
}

#[cfg(test)]
mod tests;
