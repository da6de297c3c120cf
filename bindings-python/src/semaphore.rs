//! A semaphore.

use pyo3::prelude::*;

use crate::error::OrRaise;
use crate::guard::Guard;
use crate::op::Op;
use crate::stats::{Figures, figures};

/// A semaphore at a path.
#[pyclass(frozen)]
pub(crate) struct Semaphore {
    core: zkcoord::Semaphore,
}

impl Semaphore {
    /// Refuses a semaphore whose path or permits are none.
    pub(crate) fn new(py: Python<'_>, core: zkcoord::Semaphore) -> PyResult<Semaphore> {
        core.path().or_raise(py)?;
        Ok(Semaphore { core })
    }
}

#[pymethods]
impl Semaphore {
    fn acquire(&self, permits: usize, timeout: Option<f64>) -> Op {
        Op::new(self.core.acquire(permits), timeout, Guard::new)
    }

    fn try_acquire(&self, permits: usize) -> Op {
        Op::new(self.core.try_acquire(permits), None, |guard| guard.map(Guard::new))
    }

    fn stats(&self, py: Python<'_>) -> PyResult<Figures> {
        self.core.path().or_raise(py)?;
        Ok(figures(self.core.stats()))
    }
}
