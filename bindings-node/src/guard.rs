//! The core's `Guard`, method by method.

use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;

use crate::error::Outcome;
use crate::event::{Listener, notify};
use crate::promise::Pending;

/// One of the core's `Guard::tokens`.
#[napi(object, object_from_js = false)]
pub struct NodeToken {
    /// The path of the node.
    pub node: String,
    /// The fencing token.
    #[napi(ts_type = "bigint")]
    pub token: u64,
}

/// A held lock. It is released when this is garbage collected.
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

    /// Core's `Guard::on_lost`, with the message of the error.
    #[napi(
        catch_unwind,
        ts_args_type = "listener: (message: string) => void",
        ts_return_type = "Outcome<void>"
    )]
    pub fn on_lost(&self, listener: Listener) -> Outcome<()> {
        let node = self.0.node().to_owned();
        Outcome(self.0.on_lost(move |loss| notify(&listener, format!("lock {node}: {loss}"))))
    }

    /// Core's `Guard::is_revoke_requested`.
    #[napi(getter, catch_unwind, ts_return_type = "Outcome<boolean>")]
    pub fn revoke_requested(&self) -> Outcome<bool> {
        Outcome(self.0.is_revoke_requested())
    }

    /// Core's `Guard::on_revoke`.
    #[napi(catch_unwind, ts_args_type = "listener: () => void", ts_return_type = "Outcome<void>")]
    pub fn on_revoke(&self, listener: Listener) -> Outcome<()> {
        Outcome(self.0.on_revoke(move || notify(&listener, "")))
    }

    /// Core's `Guard::set_data`; the version -1 stands for any.
    #[napi(catch_unwind, ts_return_type = "Pending<void>")]
    pub fn set_data(&self, path: String, data: Uint8Array, version: i32, timeout: Option<f64>) -> Pending {
        Pending::new(self.0.set_data(path, data.to_vec(), expected(version)), timeout, |()| ())
    }

    /// Core's `Guard::create`.
    #[napi(catch_unwind, ts_return_type = "Pending<void>")]
    pub fn create(&self, path: String, data: Uint8Array, timeout: Option<f64>) -> Pending {
        Pending::new(self.0.create(path, data.to_vec()), timeout, |()| ())
    }

    /// Core's `Guard::delete`; the version -1 stands for any.
    #[napi(catch_unwind, ts_return_type = "Pending<void>")]
    pub fn delete(&self, path: String, version: i32, timeout: Option<f64>) -> Pending {
        Pending::new(self.0.delete(path, expected(version)), timeout, |()| ())
    }

    /// Core's `Guard::release`.
    #[napi(catch_unwind, ts_return_type = "Pending<void>")]
    pub fn release(&self, timeout: Option<f64>) -> Pending {
        Pending::new(self.0.release(), timeout, |()| ())
    }
}

fn expected(version: i32) -> Option<i32> {
    (version >= 0).then_some(version)
}
