//! A counter, method by method.

use napi::bindgen_prelude::{BigInt, Env, Object, i64n};
use napi_derive::napi;

use crate::promise::promise;

/// A counter in the format i64. TypeScript has checked that the numbers fit.
#[napi]
pub struct Counter(pub(crate) zkcoord::Counter);

#[napi]
impl Counter {
    /// Core's `Counter::add`.
    #[napi(catch_unwind, ts_return_type = "Pending<bigint>")]
    pub fn add<'env>(&self, env: &'env Env, n: BigInt, timeout: Option<f64>) -> napi::Result<Object<'env>> {
        promise(env, self.0.add(int(&n)), timeout, i64n)
    }

    /// Core's `Counter::get`.
    #[napi(catch_unwind, ts_return_type = "Pending<bigint>")]
    pub fn get<'env>(&self, env: &'env Env, timeout: Option<f64>) -> napi::Result<Object<'env>> {
        promise(env, self.0.get(), timeout, i64n)
    }

    /// Core's `Counter::set`.
    #[napi(catch_unwind, ts_return_type = "Pending<void>")]
    pub fn set<'env>(
        &self,
        env: &'env Env,
        value: BigInt,
        timeout: Option<f64>,
    ) -> napi::Result<Object<'env>> {
        promise(env, self.0.set(int(&value)), timeout, |()| ())
    }

    /// Core's `Counter::get_and_set`.
    #[napi(catch_unwind, ts_return_type = "Pending<bigint>")]
    pub fn get_and_set<'env>(
        &self,
        env: &'env Env,
        value: BigInt,
        timeout: Option<f64>,
    ) -> napi::Result<Object<'env>> {
        promise(env, self.0.get_and_set(int(&value)), timeout, i64n)
    }

    /// Core's `Counter::compare_and_set`.
    #[napi(catch_unwind, ts_return_type = "Pending<boolean>")]
    pub fn compare_and_set<'env>(
        &self,
        env: &'env Env,
        expected: BigInt,
        value: BigInt,
        timeout: Option<f64>,
    ) -> napi::Result<Object<'env>> {
        let op = self.0.compare_and_set(int(&expected), int(&value));
        promise(env, op, timeout, |written| written)
    }
}

fn int(n: &BigInt) -> i64 {
    n.get_i64().0
}
