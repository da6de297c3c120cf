//! A mutex that its owner may take several times.

use pyo3::prelude::*;

use crate::contender::queue;
use crate::error::OrRaise;
use crate::guard::Guard;
use crate::mutex::owner_or_thread;
use crate::op::Op;
use crate::stats::{Figures, figures};

/// A mutual exclusion lock that its owner may take several times.
#[pyclass(frozen)]
pub(crate) struct ReentrantMutex {
    core: zkcoord::ReentrantMutex,
}

impl ReentrantMutex {
    /// Refuses a mutex whose path is none.
    pub(crate) fn new(py: Python<'_>, core: zkcoord::ReentrantMutex) -> PyResult<ReentrantMutex> {
        core.path().or_raise(py)?;
        Ok(ReentrantMutex { core })
    }

    fn owned_by(&self, owner: Option<u64>) -> zkcoord::ReentrantMutex {
        self.core.clone().owned_by(owner_or_thread(owner))
    }
}

#[pymethods]
impl ReentrantMutex {
    fn acquire(&self, timeout: Option<f64>, owner: Option<u64>) -> Op {
        Op::new(self.owned_by(owner).acquire(), timeout, Guard::new)
    }

    fn try_acquire(&self, owner: Option<u64>) -> Op {
        Op::new(self.owned_by(owner).try_acquire(), None, |guard| guard.map(Guard::new))
    }

    fn inspect(&self, timeout: Option<f64>) -> Op {
        Op::new(self.core.inspect(), timeout, queue)
    }

    fn stats(&self, py: Python<'_>) -> PyResult<Figures> {
        self.core.path().or_raise(py)?;
        Ok(figures(self.core.stats()))
    }
}
