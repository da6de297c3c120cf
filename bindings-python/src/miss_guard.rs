//! A guard against lookups of keys that do not exist.

use std::sync::{Mutex, PoisonError};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use zkcoord::Lookup;

use crate::error::OrRaise;
use crate::op::{Op, nothing};

/// A miss guard at a path.
#[pyclass(frozen)]
pub(crate) struct MissGuard {
    core: zkcoord::MissGuard,
}

impl MissGuard {
    /// Refuses a guard whose path or options cannot be.
    pub(crate) fn new(py: Python<'_>, core: zkcoord::MissGuard) -> PyResult<MissGuard> {
        core.path().or_raise(py)?;
        Ok(MissGuard { core })
    }
}

#[pymethods]
impl MissGuard {
    /// The turn to load the key, or `None` when it is absent.
    fn begin(&self, key: &[u8], timeout: Option<f64>) -> Op {
        Op::new(self.core.begin(key), timeout, |lookup| match lookup {
            Lookup::Absent => None,
            Lookup::Load(turn) => Some(LoadTurn { core: Mutex::new(Some(turn)) }),
        })
    }

    fn forget(&self, key: &[u8], timeout: Option<f64>) -> Op {
        Op::new(self.core.forget(key), timeout, nothing)
    }
}

/// A turn to load a key. Dropped without a verdict, it is given on in the background.
#[pyclass(frozen)]
pub(crate) struct LoadTurn {
    core: Mutex<Option<zkcoord::LoadTurn>>,
}

impl LoadTurn {
    fn take(&self) -> Option<zkcoord::LoadTurn> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn conclude(
        &self,
        timeout: Option<f64>,
        verdict: fn(zkcoord::LoadTurn) -> zkcoord::Op<()>,
    ) -> PyResult<Op> {
        let turn = self.take().ok_or_else(|| PyRuntimeError::new_err("this turn is over"))?;
        Ok(Op::new(verdict(turn), timeout, nothing))
    }
}

#[pymethods]
impl LoadTurn {
    fn found(&self, timeout: Option<f64>) -> PyResult<Op> {
        self.conclude(timeout, zkcoord::LoadTurn::found)
    }

    fn missed(&self, timeout: Option<f64>) -> PyResult<Op> {
        self.conclude(timeout, zkcoord::LoadTurn::missed)
    }

    /// Gives the turn on without a verdict, unless it is over.
    fn abandon(&self) {
        drop(self.take());
    }
}
