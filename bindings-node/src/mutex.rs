//! The core's `Mutex`, method by method.

use napi_derive::napi;

use crate::guard::Guard;
use crate::inspect::Queue;
use crate::promise::Pending;
use crate::stats::WaitStats;

/// A mutual exclusion lock, or one side of a read/write lock.
#[napi]
pub struct Mutex {
    mutex: zkcoord::Mutex,
    is_side: bool,
}

impl Mutex {
    pub(crate) fn new(mutex: zkcoord::Mutex) -> Mutex {
        Mutex { mutex, is_side: false }
    }

    pub(crate) fn side(mutex: zkcoord::Mutex) -> Mutex {
        Mutex { mutex, is_side: true }
    }

    /// Names the owner to the core. The owner of a plain mutex is only checked for deadlocks, because another task may
    /// release the guard; the owner of a side of a read/write lock holds it and may acquire it again.
    fn for_owner(&self, owner: Option<f64>) -> zkcoord::Mutex {
        let mutex = self.mutex.clone();
        match owner {
            None => mutex,
            Some(owner) if self.is_side => mutex.owned_by(owner as u64),
            Some(owner) => mutex.asked_by(owner as u64),
        }
    }
}

#[napi]
impl Mutex {
    /// Core's `Mutex::acquire`.
    #[napi(catch_unwind, ts_return_type = "Pending<Guard>")]
    pub fn acquire(&self, timeout: Option<f64>, owner: Option<f64>) -> Pending {
        Pending::new(self.for_owner(owner).acquire(), timeout, Guard)
    }

    /// Core's `Mutex::try_acquire`.
    #[napi(catch_unwind, ts_return_type = "Pending<Guard | null>")]
    pub fn try_acquire(&self, timeout: Option<f64>, owner: Option<f64>) -> Pending {
        Pending::new(self.for_owner(owner).try_acquire(), timeout, |guard| guard.map(Guard))
    }

    /// Core's `Mutex::inspect`.
    #[napi(catch_unwind, ts_return_type = "Pending<Queue>")]
    pub fn inspect(&self, timeout: Option<f64>) -> Pending {
        Pending::new(self.mutex.inspect(), timeout, Queue::from)
    }

    /// Core's `Mutex::stats`.
    #[napi]
    pub fn stats(&self) -> WaitStats {
        WaitStats(self.mutex.stats())
    }
}
