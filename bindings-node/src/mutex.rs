//! A mutex, method by method.

use napi::bindgen_prelude::{Env, Object};
use napi_derive::napi;

use crate::guard::Guard;
use crate::inspect::Queue;
use crate::promise::promise;
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

    /// The guard of a plain mutex may be handed on to anybody; a side of a read/write lock is the owner's.
    fn wanted_by(&self, owner: Option<f64>) -> zkcoord::Mutex {
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
    pub fn acquire<'env>(
        &self,
        env: &'env Env,
        timeout: Option<f64>,
        owner: Option<f64>,
    ) -> napi::Result<Object<'env>> {
        promise(env, self.wanted_by(owner).acquire(), timeout, Guard)
    }

    /// Core's `Mutex::try_acquire`.
    #[napi(catch_unwind, ts_return_type = "Pending<Guard | null>")]
    pub fn try_acquire<'env>(
        &self,
        env: &'env Env,
        timeout: Option<f64>,
        owner: Option<f64>,
    ) -> napi::Result<Object<'env>> {
        promise(env, self.wanted_by(owner).try_acquire(), timeout, |guard| guard.map(Guard))
    }

    /// Core's `Mutex::inspect`.
    #[napi(catch_unwind, ts_return_type = "Pending<Queue>")]
    pub fn inspect<'env>(&self, env: &'env Env, timeout: Option<f64>) -> napi::Result<Object<'env>> {
        promise(env, self.mutex.inspect(), timeout, Queue::from)
    }

    /// Core's `Mutex::stats`.
    #[napi]
    pub fn stats(&self) -> WaitStats {
        WaitStats(self.mutex.stats())
    }
}
