//! A semaphore.

use pyo3::prelude::*;

use crate::guard::Guard;
use crate::op::Op;
use crate::recipe::Measured;
use crate::stats::StatsTuple;

/// A semaphore at a path.
#[pyclass(frozen)]
pub(crate) struct Semaphore {
    pub(crate) core: zkcoord::Semaphore,
}

#[pymethods]
impl Semaphore {
    fn acquire(&self, permits: usize, timeout: Option<f64>) -> Op {
        Guard::acquire(self.core.acquire(permits), timeout)
    }

    fn try_acquire(&self, permits: usize) -> Op {
        Guard::try_acquire(self.core.try_acquire(permits))
    }

    fn stats(&self, py: Python<'_>) -> PyResult<StatsTuple> {
        self.core.stats_tuple(py)
    }
}
