//! A pending operation, whatever its result: the one primitive that blocks (`wait`) or reports to an event loop (`start`).

use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use zkcoord::{Canceller, Error, ErrorCode, Result};

use crate::ending::{self, on_main_thread};
use crate::error::{OrRaise, exception};
use crate::mailbox::Mailbox;

/// A pending operation. It starts when it is waited for or told where to report; when nobody refers to it any more, it is
/// cancelled, and a result that nobody took is dropped: a lock granted at that moment is given back.
#[pyclass(frozen)]
pub(crate) struct Op {
    // Locked only while attached to the interpreter and never while waiting, so that fork() cannot copy a locked one.
    stage: Mutex<Stage>,
    /// What makes the caller's result of the native one.
    convert: OnceLock<Py<PyAny>>,
    /// Whether a thread that waits sees that it was cancelled.
    is_interruptible: bool,
    is_cancelled: AtomicBool,
}

enum Stage {
    Pending(Box<dyn Pending>),
    Started(Started),
    Cancelled,
    /// Being waited for, or its result was taken, or nobody wants it.
    Over,
}

/// An operation under way, or done. Dropping it drops the outcome, whether it is there already or comes in this very moment,
/// and cancels what is under way: in this order, so that nobody is told of the end of what nobody wants.
struct Started {
    outcome: Receiver<Outcome>,
    canceller: CancelledWithIt,
}

struct CancelledWithIt(Canceller);

impl Drop for CancelledWithIt {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// A result on its way to Python: dropped where nobody wants it, also without the interpreter.
type Value = Box<dyn FnOnce(Python<'_>) -> PyResult<Py<PyAny>> + Send>;

/// What an operation ended with, taken by the call.
type Outcome = Box<dyn FnOnce() -> Result<Value> + Send>;

/// An operation of the core, without its type.
trait Pending: Send {
    /// Itself, unless it is known to fail.
    fn checked(self: Box<Self>) -> Result<Box<dyn Pending>>;
    fn wait_for(&mut self, slice: Duration) -> Option<Result<Value>>;
    fn on_outcome(self: Box<Self>, done: Box<dyn FnOnce(Outcome) + Send>) -> Canceller;
}

struct Typed<T, F> {
    op: zkcoord::Op<T>,
    convert: F,
}

impl<T, F, P> Pending for Typed<T, F>
where
    T: Send + 'static,
    F: Fn(T) -> P + Send + 'static,
    P: for<'py> IntoPyObject<'py> + Send + 'static,
{
    fn checked(self: Box<Self>) -> Result<Box<dyn Pending>> {
        let Typed { op, convert } = *self;
        op.checked().map(|op| Box::new(Typed { op, convert }) as Box<dyn Pending>)
    }

    fn wait_for(&mut self, slice: Duration) -> Option<Result<Value>> {
        let outcome = self.op.wait_for(slice)?;
        Some(outcome.map(|value| boxed((self.convert)(value))))
    }

    fn on_outcome(self: Box<Self>, done: Box<dyn FnOnce(Outcome) + Send>) -> Canceller {
        let convert = self.convert;
        self.op.on_outcome(|outcome| {
            done(Box::new(move || outcome.take().map(|value| boxed(convert(value)))));
        })
    }
}

fn boxed<P: for<'py> IntoPyObject<'py> + Send + 'static>(value: P) -> Value {
    Box::new(move |py| value.into_py_any(py))
}

/// How long the main thread waits before it looks for signals. Ctrl-C is answered within this time, and so is the
/// cancelling of an interruptible operation.
const SLICE: Duration = Duration::from_millis(50);

impl Op {
    /// `op` with that many seconds of time, its result made by `convert`.
    pub(crate) fn new<T, P>(
        op: zkcoord::Op<T>,
        timeout: Option<f64>,
        convert: impl Fn(T) -> P + Send + 'static,
    ) -> Op
    where
        T: Send + 'static,
        P: for<'py> IntoPyObject<'py> + Send + 'static,
    {
        let op = match timeout {
            Some(timeout) => op.timeout(seconds(timeout)),
            None => op,
        };
        let stage = Mutex::new(Stage::Pending(Box::new(Typed { op, convert })));
        let convert = OnceLock::new();
        Op { stage, convert, is_interruptible: false, is_cancelled: AtomicBool::new(false) }
    }

    /// One that can be cancelled while a thread waits for it.
    pub(crate) fn interruptible(self) -> Op {
        Op { is_interruptible: true, ..self }
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn deliver(&self, py: Python<'_>, outcome: Result<Value>) -> PyResult<Py<PyAny>> {
        let value = outcome.or_raise(py)?(py)?;
        match self.convert.get() {
            Some(convert) => convert.call1(py, (value,)),
            None => Ok(value),
        }
    }
}

#[pymethods]
impl Op {
    /// The same operation, whose result is what `convert` makes of it.
    fn then(slf: Bound<'_, Op>, convert: Py<PyAny>) -> PyResult<Bound<'_, Op>> {
        match slf.get().convert.set(convert) {
            Ok(()) => Ok(slf),
            Err(_) => Err(PyRuntimeError::new_err("this operation's result is converted already")),
        }
    }

    /// Blocks until the operation is done; raises its error, or what a signal handler raises.
    fn wait(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let stage = mem::replace(&mut *self.stage(), Stage::Over);
        let mut pending = match stage {
            Stage::Pending(pending) => pending,
            Stage::Cancelled => return self.deliver(py, Err(cancelled())),
            taken => {
                *self.stage() = taken;
                return Err(PyRuntimeError::new_err("this operation is not waiting to be waited for"));
            }
        };
        let mut slice = SLICE;
        loop {
            let outcome = py.detach(|| pending.wait_for(slice));
            // Before the outcome is looked at: what was granted in this moment goes back then.
            py.check_signals()?;
            if let Some(outcome) = outcome {
                ending::linger(py, &outcome)?;
                return self.deliver(py, outcome);
            }
            if self.is_cancelled.load(Ordering::Relaxed) {
                return self.deliver(py, Err(cancelled()));
            }
            if !self.is_interruptible && !on_main_thread(py)? {
                // Signals are none of its business.
                slice = Duration::MAX;
            }
        }
    }

    /// Starts the operation; `mailbox` has `number` once it is done, and [`result`](Op::result) the outcome. Raises at once
    /// what is wrong with it already.
    fn start(&self, py: Python<'_>, mailbox: &Mailbox, number: u64) -> PyResult<()> {
        let mut stage = self.stage();
        let pending = match mem::replace(&mut *stage, Stage::Over) {
            Stage::Pending(pending) => pending,
            Stage::Cancelled => return Err(exception(py, &cancelled())),
            taken => {
                *stage = taken;
                return Err(PyRuntimeError::new_err("this operation has been started already"));
            }
        };
        let pending = pending.checked().or_raise(py)?;
        let (tell, outcome) = sync_channel(1);
        let post = mailbox.post(number);
        let canceller = pending.on_outcome(Box::new(move |outcome| {
            // Nobody may be there any more; the outcome is dropped then.
            if tell.try_send(outcome).is_ok() {
                post();
            }
        }));
        *stage = Stage::Started(Started { outcome, canceller: CancelledWithIt(canceller) });
        Ok(())
    }

    /// What the operation resulted in, once; raises its error.
    fn result(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let outcome = match &*self.stage() {
            Stage::Started(started) => started.outcome.try_recv().ok(),
            _ => None,
        };
        match outcome {
            Some(outcome) => self.deliver(py, outcome()),
            None => Err(PyRuntimeError::new_err("this operation has no result now")),
        }
    }

    /// Cancels the operation, unless it is done, or a thread waits for it and it is not interruptible. Who waits for it gets
    /// `Cancelled`.
    fn cancel(&self) {
        let mut stage = self.stage();
        match &*stage {
            Stage::Pending(_) => *stage = Stage::Cancelled,
            Stage::Started(started) => started.canceller.0.cancel(),
            Stage::Over if self.is_interruptible => self.is_cancelled.store(true, Ordering::Relaxed),
            Stage::Cancelled | Stage::Over => {}
        }
    }

    /// Gives up the operation that was started: cancels it, and drops its outcome if nobody took it, now or when it comes.
    fn abandon(&self) {
        let given_up = mem::replace(&mut *self.stage(), Stage::Over);
        drop(given_up);
    }
}

fn cancelled() -> Error {
    Error::new(ErrorCode::Cancelled, "cancelled by the caller")
}

/// Seconds that Python has found to be a number of at least 0. What does not fit is for ever; what is too short for
/// the clock is no "try once".
pub(crate) fn seconds(seconds: f64) -> Duration {
    let duration = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
    if seconds > 0.0 { duration.max(Duration::from_nanos(1)) } else { duration }
}

/// For results that are none.
pub(crate) fn nothing((): ()) -> Option<bool> {
    None
}
