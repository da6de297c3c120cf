//! The end of the interpreter, while threads still run.
//!
//! The clients are closed then, and daemon threads that wait would complain of it, as the last that a program which ends
//! well has to say. So they are told a while later, when the process is gone as a rule. They are told all the same: somebody
//! may wait for them to end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pyo3::prelude::*;
use zkcoord::{ErrorCode, Result};

/// Whether the clients are closed because the interpreter ends.
static HAS_BEGUN: AtomicBool = AtomicBool::new(false);

const WHILE: Duration = Duration::from_secs(3);

/// Says that clients are closed because the interpreter ends.
#[pyfunction]
pub(crate) fn begin_ending() {
    HAS_BEGUN.store(true, Ordering::Relaxed);
}

/// How many seconds later this thread shall be told that its client was closed.
#[pyfunction]
pub(crate) fn told_later(py: Python<'_>) -> PyResult<f64> {
    let later = HAS_BEGUN.load(Ordering::Relaxed) && !on_main_thread(py)?;
    Ok(if later { WHILE.as_secs_f64() } else { 0.0 })
}

/// Waits so long if that is the outcome.
pub(crate) fn linger<T>(py: Python<'_>, outcome: &Result<T>) -> PyResult<()> {
    let closed = matches!(outcome, Err(error) if error.code() == ErrorCode::Closed);
    if closed && told_later(py)? > 0.0 {
        py.detach(|| std::thread::sleep(WHILE));
    }
    Ok(())
}

/// Whether this is the thread that signals are handled on, and the interpreter ends on.
pub(crate) fn on_main_thread(py: Python<'_>) -> PyResult<bool> {
    let threading = py.import("threading")?;
    let main = threading.call_method0("main_thread")?.getattr("ident")?;
    threading.call_method0("get_ident")?.eq(main)
}
