//! A guard, which holds a lock.

use pyo3::prelude::*;
use zkcoord::ErrorCode;

use crate::callback;
use crate::error::OrRaise;
use crate::op::{Op, none};

/// A guard, which holds a lock. Dropped without a release, it releases the lock in the background.
#[pyclass(frozen)]
pub(crate) struct Guard {
    core: zkcoord::Guard,
}

impl Guard {
    fn new(core: zkcoord::Guard) -> Guard {
        Guard { core }
    }

    /// The operation of a recipe that acquires.
    pub(crate) fn acquire(op: zkcoord::Op<zkcoord::Guard>, timeout: Option<f64>) -> Op {
        Op::new(op, timeout, Guard::new)
    }

    /// The operation of a recipe that acquires only if it is free.
    pub(crate) fn try_acquire(op: zkcoord::Op<Option<zkcoord::Guard>>) -> Op {
        Op::new(op, None, |guard| guard.map(Guard::new))
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

    /// The remaining lease in seconds.
    fn lease_remaining(&self, py: Python<'_>) -> PyResult<f64> {
        Ok(self.core.lease_remaining().or_raise(py)?.as_secs_f64())
    }

    fn is_lost(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.core.loss().or_raise(py)?.is_some())
    }

    /// Waits until the lock is lost. If it is released, this never completes.
    fn wait_lost(&self, timeout: Option<f64>) -> Op {
        Op::new(self.core.lost(), timeout, |_| None::<bool>)
    }

    /// Calls `callback()` once if the lock is lost.
    fn on_lost(&self, py: Python<'_>, callback: Py<PyAny>) -> PyResult<()> {
        self.core.on_lost(move |_| callback::call(move |py| callback.call0(py))).or_raise(py)
    }

    /// Calls `callback()` once if another client asks for the lock.
    fn on_revoke(&self, py: Python<'_>, callback: Py<PyAny>) -> PyResult<()> {
        self.core.on_revoke(move || callback::call(move |py| callback.call0(py))).or_raise(py)
    }

    fn is_revoke_requested(&self, py: Python<'_>) -> PyResult<bool> {
        self.core.is_revoke_requested().or_raise(py)
    }

    /// Sets the data of a node. The version -1 stands for any version.
    fn set_data(&self, path: &str, data: &[u8], version: i32, timeout: Option<f64>) -> Op {
        Op::new(self.core.set_data(path, data, expected(version)), timeout, none)
    }

    fn create(&self, path: &str, data: &[u8], timeout: Option<f64>) -> Op {
        Op::new(self.core.create(path, data), timeout, none)
    }

    /// Deletes a node. The version -1 stands for any version.
    fn delete(&self, path: &str, version: i32, timeout: Option<f64>) -> Op {
        Op::new(self.core.delete(path, expected(version)), timeout, none)
    }

    fn release(&self, timeout: Option<f64>) -> Op {
        Op::new(self.core.release(), timeout, none)
    }

    /// Releases the lock in the background, except in a child of `fork()`, whose parent holds it.
    fn abandon(&self) {
        let forked = matches!(self.core.check(), Err(error) if error.code() == ErrorCode::Forked);
        if !forked {
            drop(self.core.release().on_done(drop));
        }
    }
}

fn expected(version: i32) -> Option<i32> {
    (version != -1).then_some(version)
}
