//! A lock that is held.

use pyo3::prelude::*;
use zkcoord::ErrorCode;

use crate::callback;
use crate::error::OrRaise;
use crate::op::{Op, nothing};

/// A lock that is held. Dropped without a release, it gives the lock back in the background.
#[pyclass(frozen)]
pub(crate) struct Guard {
    core: zkcoord::Guard,
}

impl Guard {
    pub(crate) fn new(core: zkcoord::Guard) -> Guard {
        Guard { core }
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

    fn is_lost(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.core.loss().or_raise(py)?.is_some())
    }

    /// Waits until the lock is lost; for ever when it is released.
    fn wait_lost(&self, timeout: Option<f64>) -> Op {
        Op::new(self.core.lost(), timeout, |_| None::<bool>)
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
