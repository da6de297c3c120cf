//! The core's `RwLock`, which consists of two mutexes.

use napi_derive::napi;

use crate::mutex::Mutex;

/// A read/write lock.
#[napi]
pub struct RwLock(pub(crate) zkcoord::RwLock);

#[napi]
impl RwLock {
    /// Core's `RwLock::read`.
    #[napi]
    pub fn read(&self) -> Mutex {
        Mutex::side(self.0.read().clone())
    }

    /// Core's `RwLock::write`.
    #[napi]
    pub fn write(&self) -> Mutex {
        Mutex::side(self.0.write().clone())
    }
}
