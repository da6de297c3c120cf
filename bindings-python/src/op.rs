//! A pending operation with a result of any type. It is the only primitive that blocks (`wait`) or reports to an event loop
//! (`start`).

use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use zkcoord::{Canceller, Error, ErrorCode, Result};

use crate::completion_queue::CompletionQueue;
use crate::error::{OrRaise, exception};
use crate::shutdown::{delay_closed_error, on_main_thread};

/// A pending operation. It begins when it is waited for or started. When it becomes unreachable, it is cancelled, and a
/// result that was not taken is dropped: a lock granted at that moment is released.
#[pyclass(frozen)]
pub(crate) struct Op {
    // Locked only while attached to the interpreter and never while waiting, so that fork() cannot copy a locked one.
    stage: Mutex<Stage>,
    /// The function that converts the native result to the caller's.
    convert: OnceLock<Py<PyAny>>,
    /// True if a thread that waits notices a cancellation.
    is_interruptible: bool,
    is_cancelled: AtomicBool,
}

enum Stage {
    Pending(Box<dyn Pending>),
    Started(Started),
    Cancelled,
    /// It is being waited for, its result was taken, or it was abandoned.
    Over,
}

/// An operation that is in progress or done. Dropping it drops the outcome, even one that arrives at that moment, and then
/// cancels the operation: in this order, so that the end of an abandoned operation is not reported.
struct Started {
    outcome: Receiver<Outcome>,
    canceller: CancelOnDrop,
}

struct CancelOnDrop(Canceller);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// A result on its way to Python. It may be dropped on any thread, without the interpreter.
type Value = Box<dyn FnOnce(Python<'_>) -> PyResult<Py<PyAny>> + Send>;

/// The outcome of an operation, taken by the call.
type Outcome = Box<dyn FnOnce() -> Result<Value> + Send>;

/// An operation of the core with its type erased.
trait Pending: Send {
    /// The operation itself, unless it is already known to fail.
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

/// The time for which the main thread waits between two checks for signals. Ctrl-C takes effect within this time, and so
/// does cancelling an interruptible operation.
const SLICE: Duration = Duration::from_millis(50);

impl Op {
    /// `op` with a timeout in seconds, its result converted by `convert`.
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

    /// The operation, such that it can be cancelled while a thread waits for it.
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
    /// The same operation, its result converted by `convert`.
    fn then(slf: Bound<'_, Op>, convert: Py<PyAny>) -> PyResult<Bound<'_, Op>> {
        match slf.get().convert.set(convert) {
            Ok(()) => Ok(slf),
            Err(_) => Err(PyRuntimeError::new_err("the result of this operation is already converted")),
        }
    }

    /// Blocks until the operation is done. Raises its error, or the exception of a signal handler.
    fn wait(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let stage = mem::replace(&mut *self.stage(), Stage::Over);
        let mut pending = match stage {
            Stage::Pending(pending) => pending,
            Stage::Cancelled => return self.deliver(py, Err(cancelled())),
            taken => {
                *self.stage() = taken;
                return Err(PyRuntimeError::new_err("this operation was already waited for or started"));
            }
        };
        let mut slice = SLICE;
        loop {
            let outcome = py.detach(|| pending.wait_for(slice));
            // Before the outcome is used: if a handler raises, a lock granted at this moment is released.
            py.check_signals()?;
            if let Some(outcome) = outcome {
                delay_closed_error(py, &outcome)?;
                return self.deliver(py, outcome);
            }
            if self.is_cancelled.load(Ordering::Relaxed) {
                return self.deliver(py, Err(cancelled()));
            }
            if !self.is_interruptible && !on_main_thread(py)? {
                // Only the main thread handles signals.
                slice = Duration::MAX;
            }
        }
    }

    /// Starts the operation. Once it is done, `queue` contains `number`, and [`result`](Op::result) returns the outcome. An
    /// error that is already known is raised at once.
    fn start(&self, py: Python<'_>, queue: &CompletionQueue, number: u64) -> PyResult<()> {
        let mut stage = self.stage();
        let pending = match mem::replace(&mut *stage, Stage::Over) {
            Stage::Pending(pending) => pending,
            Stage::Cancelled => return Err(exception(py, &cancelled())),
            taken => {
                *stage = taken;
                return Err(PyRuntimeError::new_err("this operation was already waited for or started"));
            }
        };
        let pending = pending.checked().or_raise(py)?;
        let (sender, outcome) = sync_channel(1);
        let notify = queue.notifier(number);
        let canceller = pending.on_outcome(Box::new(move |outcome| {
            // If the operation was abandoned, the outcome is dropped here.
            if sender.try_send(outcome).is_ok() {
                notify();
            }
        }));
        *stage = Stage::Started(Started { outcome, canceller: CancelOnDrop(canceller) });
        Ok(())
    }

    /// Returns the result, once, or raises the error of the operation.
    fn result(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let outcome = match &*self.stage() {
            Stage::Started(started) => started.outcome.try_recv().ok(),
            _ => None,
        };
        match outcome {
            Some(outcome) => self.deliver(py, outcome()),
            None => Err(PyRuntimeError::new_err("this operation has no result, or it was already taken")),
        }
    }

    /// Cancels the operation, unless it is done, or a thread waits for it and it is not interruptible. Its waiter gets
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

    /// Abandons the operation after its start: cancels it, and drops an outcome that was not taken, even one that arrives
    /// later.
    fn abandon(&self) {
        let abandoned = mem::replace(&mut *self.stage(), Stage::Over);
        drop(abandoned);
    }
}

fn cancelled() -> Error {
    Error::new(ErrorCode::Cancelled, "cancelled by the caller")
}

/// The duration of a number of seconds, which Python has checked to be at least 0. A number that is too large becomes the
/// longest duration. One that is too small for the clock does not become 0, which would mean "try once".
pub(crate) fn seconds(seconds: f64) -> Duration {
    let duration = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
    if seconds > 0.0 { duration.max(Duration::from_nanos(1)) } else { duration }
}

/// Converts the result of an operation without one to Python's `None`.
pub(crate) fn none((): ()) -> Option<bool> {
    None
}
