//! A mutex that its owner may acquire several times.

use pyo3::prelude::*;

use crate::contender::queue;
use crate::guard::Guard;
use crate::mutex::owner_or_thread;
use crate::op::Op;
use crate::recipe::Measured;
use crate::stats::StatsTuple;

/// A mutual exclusion lock at a path that its owner may acquire several times.
#[pyclass(frozen)]
pub(crate) struct ReentrantMutex {
    pub(crate) core: zkcoord::ReentrantMutex,
}

impl ReentrantMutex {
    fn owned_by(&self, owner: Option<u64>) -> zkcoord::ReentrantMutex {
        self.core.clone().owned_by(owner_or_thread(owner))
    }
}

#[pymethods]
impl ReentrantMutex {
    fn acquire(&self, timeout: Option<f64>, owner: Option<u64>) -> Op {
        Guard::acquire(self.owned_by(owner).acquire(), timeout)
    }

    fn try_acquire(&self, owner: Option<u64>) -> Op {
        Guard::try_acquire(self.owned_by(owner).try_acquire())
    }

    fn inspect(&self, timeout: Option<f64>) -> Op {
        Op::new(self.core.inspect(), timeout, queue)
    }

    fn stats(&self, py: Python<'_>) -> PyResult<StatsTuple> {
        self.core.stats_tuple(py)
    }
}
