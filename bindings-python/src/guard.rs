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

    fn tokens(&self, py: Python<'_>) -> PyResult<Vec<(String, u64)>> {
        self.core.tokens().or_raise(py)
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

    /// Seconds.
    fn lease_remaining(&self, py: Python<'_>) -> PyResult<f64> {
        Ok(self.core.lease_remaining().or_raise(py)?.as_secs_f64())
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

    /// Calls `tell()` once when somebody asks for the lock.
    fn on_revoke(&self, py: Python<'_>, tell: Py<PyAny>) -> PyResult<()> {
        self.core.on_revoke(move || callback::call(move |py| tell.call0(py))).or_raise(py)
    }

    fn is_revoke_requested(&self, py: Python<'_>) -> PyResult<bool> {
        self.core.is_revoke_requested().or_raise(py)
    }

    /// The version -1 is any.
    fn set_data(&self, path: &str, data: &[u8], version: i32, timeout: Option<f64>) -> Op {
        Op::new(self.core.set_data(path, data, wanted(version)), timeout, nothing)
    }

    fn create(&self, path: &str, data: &[u8], timeout: Option<f64>) -> Op {
        Op::new(self.core.create(path, data), timeout, nothing)
    }

    /// The version -1 is any.
    fn delete(&self, path: &str, version: i32, timeout: Option<f64>) -> Op {
        Op::new(self.core.delete(path, wanted(version)), timeout, nothing)
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

fn wanted(version: i32) -> Option<i32> {
    (version != -1).then_some(version)
}
