//! Calls Python functions from the core's callback thread, until the interpreter begins to shut down.
//!
//! Before Python 3.14 a thread that wants the GIL of a finalizing interpreter is unwound by `pthread_exit`, and what
//! that tears down on the way to a Rust thread's start crashes the process. So an `atexit` hook shuts the gate that
//! every call goes through, and waits for the one that is inside, as the executors of `concurrent.futures` do.

use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering};
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::PyDict;

static SHUT: AtomicBool = AtomicBool::new(false);
static INSIDE: AtomicIsize = AtomicIsize::new(0);

/// Runs `call`, which calls Python, on a thread that does not hold the GIL. What it raises is reported as Python does
/// for errors that nobody can catch.
pub(crate) fn call<R>(call: impl FnOnce(Python<'_>) -> PyResult<R>) {
    let Some(_inside) = Inside::enter() else { return };
    Python::try_attach(|py| {
        if let Err(error) = call(py) {
            error.write_unraisable(py, None);
        }
    });
}

/// Has the gate shut when the interpreter begins to end.
pub(crate) fn end_with_interpreter(py: Python<'_>) -> PyResult<()> {
    py.import("atexit")?.call_method1("register", (wrap_pyfunction!(shut, py)?,))?;
    // A call that was under way in the parent never ends in the child.
    let hooks = PyDict::new(py);
    hooks.set_item("after_in_child", wrap_pyfunction!(forget, py)?)?;
    py.import("os")?.call_method("register_at_fork", (), Some(&hooks))?;
    Ok(())
}

#[pyfunction]
fn shut(py: Python<'_>) -> PyResult<()> {
    SHUT.store(true, Ordering::SeqCst);
    while INSIDE.load(Ordering::SeqCst) > 0 {
        py.detach(|| std::thread::sleep(Duration::from_millis(1)));
        py.check_signals()?;
    }
    Ok(())
}

#[pyfunction]
fn forget() {
    INSIDE.store(0, Ordering::SeqCst);
}

struct Inside;

impl Inside {
    fn enter() -> Option<Inside> {
        INSIDE.fetch_add(1, Ordering::SeqCst);
        let inside = Inside;
        (!SHUT.load(Ordering::SeqCst)).then_some(inside)
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.fetch_sub(1, Ordering::SeqCst);
    }
}
