//! A counter, method by method.

use std::ops::RangeInclusive;

use napi::bindgen_prelude::{BigInt, Env, Object, i64n};
use napi_derive::napi;
use zkcoord::CounterFormat;

use crate::promise::promise;
use crate::stats::WaitStats;

/// Options of `Client.counter`.
#[napi(object, object_to_js = false)]
pub struct CounterOptions {
    /// `i64`, `i32` or `text`.
    pub format: String,
    /// See core's `Counter`.
    pub default: BigInt,
    /// See core's `Counter`.
    pub min: Option<BigInt>,
    /// See core's `Counter`.
    pub max: Option<BigInt>,
    /// See core's `Counter`.
    pub exactly_once: bool,
}

impl CounterOptions {
    pub(crate) fn apply(&self, counter: zkcoord::Counter) -> zkcoord::Result<zkcoord::Counter> {
        let mut counter = counter
            .format(CounterFormat::from_name(&self.format)?)
            .default(int(&self.default))
            .exactly_once(self.exactly_once);
        if let Some(min) = &self.min {
            counter = counter.min(int(min));
        }
        if let Some(max) = &self.max {
            counter = counter.max(int(max));
        }
        Ok(counter)
    }
}

/// Core's `Versioned`.
#[napi(object, object_from_js = false)]
pub struct Versioned {
    /// See core.
    #[napi(ts_type = "bigint")]
    pub value: i64n,
    /// See core.
    pub version: i32,
}

/// The ends of a range of numbers, both in it.
#[napi(object, object_from_js = false)]
pub struct Range {
    /// The least.
    #[napi(ts_type = "bigint")]
    pub first: i64n,
    /// The greatest.
    #[napi(ts_type = "bigint")]
    pub last: i64n,
}

impl From<RangeInclusive<i64>> for Range {
    fn from(range: RangeInclusive<i64>) -> Range {
        Range { first: i64n(*range.start()), last: i64n(*range.end()) }
    }
}

/// A counter. TypeScript has checked that the numbers fit into 64 bits.
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

    /// Core's `Counter::get_stale`.
    #[napi(catch_unwind, ts_return_type = "Pending<bigint>")]
    pub fn get_stale<'env>(&self, env: &'env Env, timeout: Option<f64>) -> napi::Result<Object<'env>> {
        promise(env, self.0.get_stale(), timeout, i64n)
    }

    /// Core's `Counter::versioned`.
    #[napi(catch_unwind, ts_return_type = "Pending<Versioned>")]
    pub fn versioned<'env>(&self, env: &'env Env, timeout: Option<f64>) -> napi::Result<Object<'env>> {
        promise(env, self.0.versioned(), timeout, |now| Versioned {
            value: i64n(now.value),
            version: now.version,
        })
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

    /// Core's `Counter::reserve`.
    #[napi(catch_unwind, ts_return_type = "Pending<Range>")]
    pub fn reserve<'env>(
        &self,
        env: &'env Env,
        n: BigInt,
        timeout: Option<f64>,
    ) -> napi::Result<Object<'env>> {
        promise(env, self.0.reserve(int(&n)), timeout, Range::from)
    }

    /// Core's `Counter::watch`.
    #[napi]
    pub fn watch(&self) -> CounterWatch {
        CounterWatch(Some(self.0.watch()))
    }

    /// Core's `Counter::stats`.
    #[napi]
    pub fn stats(&self) -> WaitStats {
        WaitStats(self.0.stats())
    }
}

/// The values of a counter, one after another.
#[napi]
pub struct CounterWatch(Option<zkcoord::CounterWatch>);

#[napi]
impl CounterWatch {
    /// Core's `CounterWatch::next`.
    #[napi(catch_unwind, ts_return_type = "Pending<bigint>")]
    pub fn next<'env>(&self, env: &'env Env) -> napi::Result<Object<'env>> {
        let watch = self.0.as_ref().ok_or_else(|| napi::Error::from_reason("the watch has ended"))?;
        promise(env, watch.next(), None, i64n)
    }

    /// Takes the watch off the server. Can be called again.
    #[napi]
    pub fn end(&mut self) {
        self.0 = None;
    }
}

pub(crate) fn int(n: &BigInt) -> i64 {
    n.get_i64().0
}
