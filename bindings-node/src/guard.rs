//! A guard, method by method.

use napi::bindgen_prelude::{Env, Object, Uint8Array};
use napi_derive::napi;

use crate::error::Outcome;
use crate::event::{Listener, tell};
use crate::promise::promise;

/// One of core's `Guard::tokens`.
#[napi(object, object_from_js = false)]
pub struct NodeToken {
    /// See core.
    pub node: String,
    /// See core.
    #[napi(ts_type = "bigint")]
    pub token: u64,
}

/// A lock that is held. Given back when it is collected.
#[napi]
pub struct Guard(pub(crate) zkcoord::Guard);

#[napi]
impl Guard {
    /// Core's `Guard::token`.
    #[napi(getter, ts_return_type = "bigint")]
    pub fn token(&self) -> u64 {
        self.0.token()
    }

    /// Core's `Guard::tokens`.
    #[napi(getter, catch_unwind, ts_return_type = "Outcome<NodeToken[]>")]
    pub fn tokens(&self) -> Outcome<Vec<NodeToken>> {
        let named = |(node, token)| NodeToken { node, token };
        Outcome(self.0.tokens().map(|tokens| tokens.into_iter().map(named).collect()))
    }

    /// Core's `Guard::node`.
    #[napi(getter)]
    pub fn node(&self) -> &str {
        self.0.node()
    }

    /// Core's `Guard::check`.
    #[napi(catch_unwind, ts_return_type = "Outcome<void>")]
    pub fn check(&self) -> Outcome<()> {
        Outcome(self.0.check())
    }

    /// Core's `Guard::on_lost`, with the text of the error.
    #[napi(
        catch_unwind,
        ts_args_type = "listener: (message: string) => void",
        ts_return_type = "Outcome<void>"
    )]
    pub fn on_lost(&self, listener: Listener) -> Outcome<()> {
        let node = self.0.node().to_owned();
        Outcome(self.0.on_lost(move |loss| tell(&listener, format!("lock {node}: {loss}"))))
    }

    /// Core's `Guard::is_revoke_requested`.
    #[napi(getter, catch_unwind, ts_return_type = "Outcome<boolean>")]
    pub fn revoke_requested(&self) -> Outcome<bool> {
        Outcome(self.0.is_revoke_requested())
    }

    /// Core's `Guard::on_revoke`.
    #[napi(catch_unwind, ts_args_type = "listener: () => void", ts_return_type = "Outcome<void>")]
    pub fn on_revoke(&self, listener: Listener) -> Outcome<()> {
        Outcome(self.0.on_revoke(move || tell(&listener, "")))
    }

    /// Core's `Guard::set_data`; the version -1 is any.
    #[napi(catch_unwind, ts_return_type = "Pending<void>")]
    pub fn set_data<'env>(
        &self,
        env: &'env Env,
        path: String,
        data: Uint8Array,
        version: i32,
        timeout: Option<f64>,
    ) -> napi::Result<Object<'env>> {
        promise(env, self.0.set_data(path, data.to_vec(), given(version)), timeout, |()| ())
    }

    /// Core's `Guard::create`.
    #[napi(catch_unwind, ts_return_type = "Pending<void>")]
    pub fn create<'env>(
        &self,
        env: &'env Env,
        path: String,
        data: Uint8Array,
        timeout: Option<f64>,
    ) -> napi::Result<Object<'env>> {
        promise(env, self.0.create(path, data.to_vec()), timeout, |()| ())
    }

    /// Core's `Guard::delete`; the version -1 is any.
    #[napi(catch_unwind, ts_return_type = "Pending<void>")]
    pub fn delete<'env>(
        &self,
        env: &'env Env,
        path: String,
        version: i32,
        timeout: Option<f64>,
    ) -> napi::Result<Object<'env>> {
        promise(env, self.0.delete(path, given(version)), timeout, |()| ())
    }

    /// Core's `Guard::release`.
    #[napi(catch_unwind, ts_return_type = "Pending<void>")]
    pub fn release<'env>(&self, env: &'env Env, timeout: Option<f64>) -> napi::Result<Object<'env>> {
        promise(env, self.0.release(), timeout, |()| ())
    }
}

fn given(version: i32) -> Option<i32> {
    (version >= 0).then_some(version)
}
