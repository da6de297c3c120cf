//! The core's `MissGuard`, method by method. TypeScript calls the function that loads a key.

use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;
use zkcoord::{Lookup, Op};

use crate::promise::Pending;

/// Stops lookups of keys that do not exist.
#[napi]
pub struct MissGuard(pub(crate) zkcoord::MissGuard);

#[napi]
impl MissGuard {
    /// Core's `MissGuard::begin`; `null` if the key is absent.
    #[napi(catch_unwind, ts_return_type = "Pending<LoadTurn | null>")]
    pub fn begin(&self, key: Uint8Array, timeout: Option<f64>) -> Pending {
        Pending::new(self.0.begin(key), timeout, |lookup| match lookup {
            Lookup::Absent => None,
            Lookup::Load(turn) => Some(LoadTurn(Some(turn))),
        })
    }

    /// Core's `MissGuard::forget`.
    #[napi(catch_unwind, ts_return_type = "Pending<void>")]
    pub fn forget(&self, key: Uint8Array, timeout: Option<f64>) -> Pending {
        Pending::new(self.0.forget(key), timeout, |()| ())
    }
}

/// The caller's turn to load a key. Ends once: by one of its methods, or when it is garbage collected.
#[napi]
pub struct LoadTurn(Option<zkcoord::LoadTurn>);

#[napi]
impl LoadTurn {
    /// Core's `LoadTurn::found`.
    #[napi(catch_unwind, ts_return_type = "Pending<void>")]
    pub fn found(&mut self, timeout: Option<f64>) -> napi::Result<Pending> {
        self.conclude(timeout, zkcoord::LoadTurn::found)
    }

    /// Core's `LoadTurn::missed`.
    #[napi(catch_unwind, ts_return_type = "Pending<void>")]
    pub fn missed(&mut self, timeout: Option<f64>) -> napi::Result<Pending> {
        self.conclude(timeout, zkcoord::LoadTurn::missed)
    }

    /// Passes the turn on without a verdict. Can be called again.
    #[napi]
    pub fn give_on(&mut self) {
        self.0 = None;
    }
}

impl LoadTurn {
    fn conclude(
        &mut self,
        timeout: Option<f64>,
        verdict: impl FnOnce(zkcoord::LoadTurn) -> Op<()>,
    ) -> napi::Result<Pending> {
        let turn = self.0.take().ok_or_else(|| napi::Error::from_reason("the turn has ended"))?;
        Ok(Pending::new(verdict(turn), timeout, |()| ()))
    }
}
