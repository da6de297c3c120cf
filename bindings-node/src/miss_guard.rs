//! A miss guard, method by method. TypeScript calls what loads a key.

use napi::bindgen_prelude::{Env, Object, Uint8Array};
use napi_derive::napi;
use zkcoord::{Lookup, Op};

use crate::promise::promise;

/// Stops lookups of keys that do not exist.
#[napi]
pub struct MissGuard(pub(crate) zkcoord::MissGuard);

#[napi]
impl MissGuard {
    /// Core's `MissGuard::begin`; `null` when the key is absent.
    #[napi(catch_unwind, ts_return_type = "Pending<LoadTurn | null>")]
    pub fn begin<'env>(
        &self,
        env: &'env Env,
        key: Uint8Array,
        timeout: Option<f64>,
    ) -> napi::Result<Object<'env>> {
        promise(env, self.0.begin(key), timeout, |lookup| match lookup {
            Lookup::Absent => None,
            Lookup::Load(turn) => Some(LoadTurn(Some(turn))),
        })
    }

    /// Core's `MissGuard::forget`.
    #[napi(catch_unwind, ts_return_type = "Pending<void>")]
    pub fn forget<'env>(
        &self,
        env: &'env Env,
        key: Uint8Array,
        timeout: Option<f64>,
    ) -> napi::Result<Object<'env>> {
        promise(env, self.0.forget(key), timeout, |()| ())
    }
}

/// The caller's turn to load a key. Ends once, by one of its methods, at the latest when it is collected.
#[napi]
pub struct LoadTurn(Option<zkcoord::LoadTurn>);

#[napi]
impl LoadTurn {
    /// Core's `LoadTurn::found`.
    #[napi(catch_unwind, ts_return_type = "Pending<void>")]
    pub fn found<'env>(&mut self, env: &'env Env, timeout: Option<f64>) -> napi::Result<Object<'env>> {
        self.conclude(env, timeout, zkcoord::LoadTurn::found)
    }

    /// Core's `LoadTurn::missed`.
    #[napi(catch_unwind, ts_return_type = "Pending<void>")]
    pub fn missed<'env>(&mut self, env: &'env Env, timeout: Option<f64>) -> napi::Result<Object<'env>> {
        self.conclude(env, timeout, zkcoord::LoadTurn::missed)
    }

    /// Gives the turn on without a verdict. Can be called again.
    #[napi]
    pub fn give_on(&mut self) {
        self.0 = None;
    }
}

impl LoadTurn {
    fn conclude<'env>(
        &mut self,
        env: &'env Env,
        timeout: Option<f64>,
        verdict: impl FnOnce(zkcoord::LoadTurn) -> Op<()>,
    ) -> napi::Result<Object<'env>> {
        let turn = self.0.take().ok_or_else(|| napi::Error::from_reason("the turn has ended"))?;
        promise(env, verdict(turn), timeout, |()| ())
    }
}
