//! A mutual exclusion lock.

use pyo3::prelude::*;

use crate::contender::queue;
use crate::error::OrRaise;
use crate::guard::Guard;
use crate::op::Op;
use crate::stats::{Figures, figures};

/// A mutual exclusion lock at a path, or one side of a read/write lock.
#[pyclass(frozen)]
pub(crate) struct Mutex {
    core: zkcoord::Mutex,
    standing: Standing,
}

/// What it means for whoever asks that he gets the lock.
#[derive(Clone, Copy)]
pub(crate) enum Standing {
    /// The guard is nobody's.
    Asks,
    /// He holds it until it is released.
    Owns,
}

impl Mutex {
    /// Refuses a mutex whose path is none.
    pub(crate) fn new(py: Python<'_>, core: zkcoord::Mutex, standing: Standing) -> PyResult<Mutex> {
        core.path().or_raise(py)?;
        Ok(Mutex { core, standing })
    }

    fn of(&self, owner: Option<u64>) -> zkcoord::Mutex {
        let (core, owner) = (self.core.clone(), owner_or_thread(owner));
        match self.standing {
            Standing::Asks => core.asked_by(owner),
            Standing::Owns => core.owned_by(owner),
        }
    }
}

#[pymethods]
impl Mutex {
    fn acquire(&self, timeout: Option<f64>, owner: Option<u64>) -> Op {
        Op::new(self.of(owner).acquire(), timeout, Guard::new)
    }

    fn try_acquire(&self, owner: Option<u64>) -> Op {
        Op::new(self.of(owner).try_acquire(), None, |guard| guard.map(Guard::new))
    }

    fn inspect(&self, timeout: Option<f64>) -> Op {
        Op::new(self.core.inspect(), timeout, queue)
    }

    fn stats(&self, py: Python<'_>) -> PyResult<Figures> {
        // Refuses a child of fork(), where the figures may be locked by a thread that is not there.
        self.core.path().or_raise(py)?;
        Ok(figures(self.core.stats()))
    }
}

/// Who asks, by a number below 2^63 that a task has for example; otherwise the calling thread.
pub(crate) fn owner_or_thread(owner: Option<u64>) -> u64 {
    owner.unwrap_or_else(zkcoord::thread_owner)
}
