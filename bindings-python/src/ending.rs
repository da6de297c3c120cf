//! The end of the interpreter, while threads still run.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pyo3::prelude::*;
use zkcoord::{ErrorCode, Result};

/// Whether the clients are closed because the interpreter ends.
static HAS_BEGUN: AtomicBool = AtomicBool::new(false);

/// How long a thread that waits is left alone then. The process is gone by that time, as a rule.
const PATIENCE: Duration = Duration::from_secs(3);

/// Says that clients are closed because the interpreter ends.
#[pyfunction]
pub(crate) fn begin_ending() {
    HAS_BEGUN.store(true, Ordering::Relaxed);
}

/// Keeps a daemon thread from complaining, as the last that a program which ends well has to say, that its client was closed.
pub(crate) fn linger<T>(py: Python<'_>, outcome: &Result<T>) -> PyResult<()> {
    let closed = matches!(outcome, Err(error) if error.code() == ErrorCode::Closed);
    if closed && HAS_BEGUN.load(Ordering::Relaxed) && !on_main_thread(py)? {
        py.detach(|| std::thread::sleep(PATIENCE));
    }
    Ok(())
}

/// Whether this is the thread that signals are handled on, and the interpreter ends on.
pub(crate) fn on_main_thread(py: Python<'_>) -> PyResult<bool> {
    let threading = py.import("threading")?;
    let main = threading.call_method0("main_thread")?.getattr("ident")?;
    threading.call_method0("get_ident")?.eq(main)
}
