//! A guard against lookups of keys that do not exist.

use std::sync::{Mutex, PoisonError};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use zkcoord::Lookup;

use crate::op::{Op, none};

/// A miss guard at a path.
#[pyclass(frozen)]
pub(crate) struct MissGuard {
    pub(crate) core: zkcoord::MissGuard,
}

#[pymethods]
impl MissGuard {
    /// The turn to load the key, or `None` if it is absent.
    fn begin(&self, key: &[u8], timeout: Option<f64>) -> Op {
        Op::new(self.core.begin(key), timeout, |lookup| match lookup {
            Lookup::Absent => None,
            Lookup::Load(turn) => Some(LoadTurn { core: Mutex::new(Some(turn)) }),
        })
    }

    fn forget(&self, key: &[u8], timeout: Option<f64>) -> Op {
        Op::new(self.core.forget(key), timeout, none)
    }
}

/// A turn to load a key. If it is dropped without a report, the next waiter gets the turn, in the background.
#[pyclass(frozen)]
pub(crate) struct LoadTurn {
    core: Mutex<Option<zkcoord::LoadTurn>>,
}

impl LoadTurn {
    fn take(&self) -> Option<zkcoord::LoadTurn> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn finish(&self, timeout: Option<f64>, report: fn(zkcoord::LoadTurn) -> zkcoord::Op<()>) -> PyResult<Op> {
        let turn = self.take().ok_or_else(|| PyRuntimeError::new_err("this turn is over"))?;
        Ok(Op::new(report(turn), timeout, none))
    }
}

#[pymethods]
impl LoadTurn {
    fn found(&self, timeout: Option<f64>) -> PyResult<Op> {
        self.finish(timeout, zkcoord::LoadTurn::found)
    }

    fn missed(&self, timeout: Option<f64>) -> PyResult<Op> {
        self.finish(timeout, zkcoord::LoadTurn::missed)
    }

    /// Ends the turn without a report, unless it is over.
    fn abandon(&self) {
        drop(self.take());
    }
}
