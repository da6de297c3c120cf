//! A mutual exclusion lock.

use pyo3::prelude::*;

use crate::contender::queue;
use crate::guard::Guard;
use crate::op::Op;
use crate::recipe::Measured;
use crate::stats::StatsTuple;

/// A mutual exclusion lock at a path, or one side of a read/write lock.
#[pyclass(frozen)]
pub(crate) struct Mutex {
    pub(crate) core: zkcoord::Mutex,
    pub(crate) caller: Caller,
}

/// The relation of the caller to the guard.
#[derive(Clone, Copy)]
pub(crate) enum Caller {
    /// The guard has no owner. The caller is known only so that a deadlock with itself can be refused.
    Requester,
    /// The caller owns the guard until it is released, and may acquire again.
    Owner,
}

impl Mutex {
    fn called_by(&self, owner: Option<u64>) -> zkcoord::Mutex {
        let (core, owner) = (self.core.clone(), owner_or_thread(owner));
        match self.caller {
            Caller::Requester => core.asked_by(owner),
            Caller::Owner => core.owned_by(owner),
        }
    }
}

#[pymethods]
impl Mutex {
    fn acquire(&self, timeout: Option<f64>, owner: Option<u64>) -> Op {
        Guard::acquire(self.called_by(owner).acquire(), timeout)
    }

    fn try_acquire(&self, owner: Option<u64>) -> Op {
        Guard::try_acquire(self.called_by(owner).try_acquire())
    }

    fn inspect(&self, timeout: Option<f64>) -> Op {
        Op::new(self.core.inspect(), timeout, queue)
    }

    fn stats(&self, py: Python<'_>) -> PyResult<StatsTuple> {
        self.core.stats_tuple(py)
    }
}

/// The caller's number: one below 2^63 that it gives, for a task for example, and otherwise that of the calling thread.
pub(crate) fn owner_or_thread(owner: Option<u64>) -> u64 {
    owner.unwrap_or_else(zkcoord::thread_owner)
}
