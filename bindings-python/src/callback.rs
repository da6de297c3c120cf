//! Calls Python functions from the core's callback thread, until the interpreter begins to shut down.
//!
//! Before Python 3.14 a thread that requests the GIL of a finalizing interpreter is unwound by `pthread_exit`, and the
//! destructors that run on the way to the start of a Rust thread crash the process. So Python's exit handler closes a gate
//! that every call passes, and waits for the call that is in progress, as the executors of `concurrent.futures` do.

use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering};
use std::time::Duration;

use pyo3::prelude::*;

static CLOSED: AtomicBool = AtomicBool::new(false);
static RUNNING: AtomicIsize = AtomicIsize::new(0);

/// Runs `call`, which calls Python, on a thread that does not hold the GIL. If it raises, the error is reported as
/// unraisable.
pub(crate) fn call<R>(call: impl FnOnce(Python<'_>) -> PyResult<R>) {
    let Some(_running) = Running::enter() else { return };
    Python::try_attach(|py| {
        if let Err(error) = call(py) {
            error.write_unraisable(py, None);
        }
    });
}

/// Refuses all further calls, and waits until the running one has returned.
#[pyfunction]
pub(crate) fn stop_callbacks(py: Python<'_>) -> PyResult<()> {
    CLOSED.store(true, Ordering::SeqCst);
    while RUNNING.load(Ordering::SeqCst) > 0 {
        py.detach(|| std::thread::sleep(Duration::from_millis(1)));
        py.check_signals()?;
    }
    Ok(())
}

/// Forgets the running call in a child of `fork()`, which lacks the thread that runs it.
#[pyfunction]
pub(crate) fn forget_running_callbacks() {
    RUNNING.store(0, Ordering::SeqCst);
}

/// A call in progress.
struct Running;

impl Running {
    fn enter() -> Option<Running> {
        RUNNING.fetch_add(1, Ordering::SeqCst);
        let running = Running;
        (!CLOSED.load(Ordering::SeqCst)).then_some(running)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.fetch_sub(1, Ordering::SeqCst);
    }
}
