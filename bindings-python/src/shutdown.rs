//! The end of the interpreter while other threads still run.
//!
//! The clients are closed then, and the error would make daemon threads that wait print a traceback, as the last output of
//! a program that ends normally. So such a thread gets the error after a delay, in which the process usually ends. It does
//! get the error, because somebody may wait for the thread to end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pyo3::prelude::*;
use zkcoord::{ErrorCode, Result};

static HAS_BEGUN: AtomicBool = AtomicBool::new(false);

const DELAY: Duration = Duration::from_secs(3);

/// Records that clients are closed from now on because the interpreter exits.
#[pyfunction]
pub(crate) fn begin_shutdown() {
    HAS_BEGUN.store(true, Ordering::Relaxed);
}

/// The delay in seconds before this thread raises the error that its client is closed.
#[pyfunction]
pub(crate) fn closed_error_delay(py: Python<'_>) -> PyResult<f64> {
    let is_delayed = HAS_BEGUN.load(Ordering::Relaxed) && !on_main_thread(py)?;
    Ok(if is_delayed { DELAY.as_secs_f64() } else { 0.0 })
}

/// Sleeps for that delay if the outcome is that error.
pub(crate) fn delay_closed_error<T>(py: Python<'_>, outcome: &Result<T>) -> PyResult<()> {
    let is_closed = matches!(outcome, Err(error) if error.code() == ErrorCode::Closed);
    if is_closed && closed_error_delay(py)? > 0.0 {
        py.detach(|| std::thread::sleep(DELAY));
    }
    Ok(())
}

/// Returns whether this is the main thread, on which signals are handled and the interpreter exits.
pub(crate) fn on_main_thread(py: Python<'_>) -> PyResult<bool> {
    let threading = py.import("threading")?;
    let main = threading.call_method0("main_thread")?.getattr("ident")?;
    threading.call_method0("get_ident")?.eq(main)
}
