//! A lock of several mutexes.

use pyo3::prelude::*;

use crate::guard::Guard;
use crate::mutex::owner_or_thread;
use crate::op::Op;
use crate::recipe::Measured;
use crate::stats::StatsTuple;

/// Mutexes at several paths, of which all or none are held.
#[pyclass(frozen)]
pub(crate) struct MultiMutex {
    pub(crate) core: zkcoord::MultiMutex,
}

impl MultiMutex {
    fn asked_by(&self, owner: Option<u64>) -> zkcoord::MultiMutex {
        self.core.clone().asked_by(owner_or_thread(owner))
    }
}

#[pymethods]
impl MultiMutex {
    fn acquire(&self, timeout: Option<f64>, owner: Option<u64>) -> Op {
        Guard::acquire(self.asked_by(owner).acquire(), timeout)
    }

    fn try_acquire(&self, owner: Option<u64>) -> Op {
        Guard::try_acquire(self.asked_by(owner).try_acquire())
    }

    fn stats(&self, py: Python<'_>) -> PyResult<StatsTuple> {
        self.core.stats_tuple(py)
    }
}
