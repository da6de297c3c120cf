//! A pending operation, whatever its result: the one primitive that blocks (`wait`) or calls back.

use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use zkcoord::{Canceller, Error, ErrorCode, Result};

use crate::callback;
use crate::error::OrRaise;

/// A pending operation. It starts when it is waited for or given a callback; when nobody refers to it any more, it is
/// cancelled, and a result that nobody took is dropped: a lock granted at that moment is given back.
#[pyclass(frozen)]
pub(crate) struct Op {
    // Locked only while attached to the interpreter and never while waiting, so that fork() cannot copy a locked one.
    stage: Mutex<Stage>,
    /// Whether a thread that waits sees that it was cancelled.
    is_interruptible: bool,
    is_cancelled: AtomicBool,
}

enum Stage {
    Pending(Box<dyn Pending>),
    CallsBack(Canceller),
    Settled(Result<Value>),
    /// Being waited for, or its result was taken.
    Over,
}

/// A result on its way to Python: dropped where nobody wants it, also without the interpreter.
type Value = Box<dyn FnOnce(Python<'_>) -> PyResult<Py<PyAny>> + Send>;

/// An operation of the core, without its type.
trait Pending: Send {
    fn wait_for(&mut self, slice: Duration) -> Option<Result<Value>>;
    fn on_done(self: Box<Self>, done: Box<dyn FnOnce(Result<Value>) + Send>) -> Canceller;
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
    fn wait_for(&mut self, slice: Duration) -> Option<Result<Value>> {
        let outcome = self.op.wait_for(slice)?;
        Some(outcome.map(|value| boxed((self.convert)(value))))
    }

    fn on_done(self: Box<Self>, done: Box<dyn FnOnce(Result<Value>) + Send>) -> Canceller {
        let convert = self.convert;
        self.op.on_done(move |outcome| done(outcome.map(|value| boxed(convert(value)))))
    }
}

fn boxed<P: for<'py> IntoPyObject<'py> + Send + 'static>(value: P) -> Value {
    Box::new(move |py| value.into_py_any(py))
}

fn deliver(py: Python<'_>, outcome: Result<Value>) -> PyResult<Py<PyAny>> {
    outcome.or_raise(py)?(py)
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
        Op { stage, is_interruptible: false, is_cancelled: AtomicBool::new(false) }
    }

    /// One that can be cancelled while a thread waits for it.
    pub(crate) fn interruptible(self) -> Op {
        Op { is_interruptible: true, ..self }
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Op {
    /// Blocks until the operation is done; raises its error, or what a signal handler raises.
    fn wait(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let stage = mem::replace(&mut *self.stage(), Stage::Over);
        let mut pending = match stage {
            Stage::Pending(pending) => pending,
            Stage::Settled(outcome) => return deliver(py, outcome),
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
                return deliver(py, outcome);
            }
            if self.is_cancelled.load(Ordering::Relaxed) {
                return deliver(py, Err(cancelled()));
            }
            if !self.is_interruptible && !on_main_thread(py)? {
                // Signals are none of its business.
                slice = Duration::MAX;
            }
        }
    }

    /// Starts the operation; calls `callback(op)` once it is done, on zkcoord's callback thread. `result` has the
    /// outcome then.
    fn add_done_callback(slf: &Bound<'_, Op>, callback: Py<PyAny>) -> PyResult<()> {
        let op = slf.clone().unbind();
        let done = move |outcome| {
            zkcoord::callback::dispatch(move || {
                callback::call(move |py| {
                    *op.get().stage() = Stage::Settled(outcome);
                    callback.call1(py, (op,))
                });
            });
        };
        // Held until the canceller is in place: the callback comes on another thread.
        let mut stage = slf.get().stage();
        match mem::replace(&mut *stage, Stage::Over) {
            Stage::Pending(pending) => {
                *stage = Stage::CallsBack(pending.on_done(Box::new(done)));
                Ok(())
            }
            taken => {
                *stage = taken;
                Err(PyRuntimeError::new_err("this operation has been started already"))
            }
        }
    }

    /// What the operation resulted in, once; raises its error.
    fn result(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let stage = mem::replace(&mut *self.stage(), Stage::Over);
        match stage {
            Stage::Settled(outcome) => deliver(py, outcome),
            other => {
                *self.stage() = other;
                Err(PyRuntimeError::new_err("this operation has no result now"))
            }
        }
    }

    /// Cancels the operation, unless it is done, or a thread waits for it and it is not interruptible. A callback still comes.
    fn cancel(&self) {
        let mut stage = self.stage();
        match &*stage {
            Stage::Pending(_) => {
                *stage = Stage::Settled(Err(cancelled()));
            }
            Stage::CallsBack(canceller) => canceller.cancel(),
            Stage::Over if self.is_interruptible => self.is_cancelled.store(true, Ordering::Relaxed),
            Stage::Settled(_) | Stage::Over => {}
        }
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

fn on_main_thread(py: Python<'_>) -> PyResult<bool> {
    let threading = py.import("threading")?;
    let main = threading.call_method0("main_thread")?.getattr("ident")?;
    threading.call_method0("get_ident")?.eq(main)
}
