//! Several mutexes taken as one.

use pyo3::prelude::*;

use crate::error::OrRaise;
use crate::guard::Guard;
use crate::op::Op;
use crate::stats::{Figures, figures};

/// Mutexes at several paths, taken all or none.
#[pyclass(frozen)]
pub(crate) struct MultiMutex {
    core: zkcoord::MultiMutex,
}

impl MultiMutex {
    /// Refuses paths that are none.
    pub(crate) fn new(py: Python<'_>, core: zkcoord::MultiMutex) -> PyResult<MultiMutex> {
        core.paths().or_raise(py)?;
        Ok(MultiMutex { core })
    }
}

#[pymethods]
impl MultiMutex {
    fn acquire(&self, timeout: Option<f64>) -> Op {
        Op::new(self.core.acquire(), timeout, Guard::new)
    }

    fn try_acquire(&self) -> Op {
        Op::new(self.core.try_acquire(), None, |guard| guard.map(Guard::new))
    }

    fn stats(&self, py: Python<'_>) -> PyResult<Figures> {
        self.core.paths().or_raise(py)?;
        Ok(figures(self.core.stats()))
    }
}
