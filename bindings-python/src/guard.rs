//! A lock that is held.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::prelude::*;
use zkcoord::ErrorCode;

use crate::callback;
use crate::error::OrRaise;
use crate::op::{Op, nothing};

/// A lock that is held. Dropped without a release, it gives the lock back in the background.
#[pyclass(frozen)]
pub(crate) struct Guard {
    core: zkcoord::Guard,
    /// Of its own, because the core's `check` does not tell a loss from a release.
    lost: Arc<AtomicBool>,
}

impl Guard {
    pub(crate) fn new(core: zkcoord::Guard) -> Guard {
        let lost = Arc::new(AtomicBool::new(false));
        let told = lost.clone();
        // Refused in a child of fork() only, where every other method says so.
        drop(core.on_lost(move |_| told.store(true, Ordering::Release)));
        Guard { core, lost }
    }
}

#[pymethods]
impl Guard {
    #[getter]
    fn token(&self) -> u64 {
        self.core.token()
    }

    #[getter]
    fn node(&self) -> &str {
        self.core.node()
    }

    fn is_held(&self) -> bool {
        self.core.is_held()
    }

    fn check(&self, py: Python<'_>) -> PyResult<()> {
        self.core.check().or_raise(py)
    }

    fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Acquire)
    }

    /// Waits until the lock is lost; for ever when it is released.
    fn wait_lost(&self, timeout: Option<f64>) -> Op {
        let lost = self.lost.clone();
        Op::new(self.core.lost(), timeout, move |_| {
            // Whoever was told so by waiting finds it set, however late the callback comes.
            lost.store(true, Ordering::Release);
            None::<bool>
        })
    }

    /// Calls `tell()` once when the lock is lost.
    fn on_lost(&self, py: Python<'_>, tell: Py<PyAny>) -> PyResult<()> {
        self.core.on_lost(move |_| callback::call(move |py| tell.call0(py))).or_raise(py)
    }

    fn release(&self, timeout: Option<f64>) -> Op {
        Op::new(self.core.release(), timeout, nothing)
    }

    /// Gives the lock back in the background. Not in a child of fork(), where it is the parent's.
    fn abandon(&self) {
        let forked = matches!(self.core.check(), Err(error) if error.code() == ErrorCode::Forked);
        if !forked {
            drop(self.core.release().on_done(drop));
        }
    }
}
