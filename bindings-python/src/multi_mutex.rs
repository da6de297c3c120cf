//! Several mutexes taken as one.

use pyo3::prelude::*;

use crate::error::OrRaise;
use crate::guard::Guard;
use crate::mutex::owner_or_thread;
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

    fn asked_by(&self, owner: Option<u64>) -> zkcoord::MultiMutex {
        self.core.clone().asked_by(owner_or_thread(owner))
    }
}

#[pymethods]
impl MultiMutex {
    fn acquire(&self, timeout: Option<f64>, owner: Option<u64>) -> Op {
        Op::new(self.asked_by(owner).acquire(), timeout, Guard::new)
    }

    fn try_acquire(&self, owner: Option<u64>) -> Op {
        Op::new(self.asked_by(owner).try_acquire(), None, |guard| guard.map(Guard::new))
    }

    fn stats(&self, py: Python<'_>) -> PyResult<Figures> {
        self.core.paths().or_raise(py)?;
        Ok(figures(self.core.stats()))
    }
}
