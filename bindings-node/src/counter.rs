//! The core's `Counter`, method by method.

use std::ops::RangeInclusive;

use napi::bindgen_prelude::{BigInt, i64n};
use napi_derive::napi;
use zkcoord::CounterFormat;

use crate::promise::Pending;
use crate::stats::WaitStats;

/// Options of `Client.counter`.
#[napi(object, object_to_js = false)]
pub struct CounterOptions {
    /// `i64`, `i32` or `text`.
    pub format: String,
    /// Core's `Counter::default`.
    pub default: BigInt,
    /// Core's `Counter::min`.
    pub min: Option<BigInt>,
    /// Core's `Counter::max`.
    pub max: Option<BigInt>,
    /// Core's `Counter::exactly_once`.
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
    /// The value.
    #[napi(ts_type = "bigint")]
    pub value: i64n,
    /// The version of the node; -1 if it is missing.
    pub version: i32,
}

impl From<zkcoord::Versioned> for Versioned {
    fn from(versioned: zkcoord::Versioned) -> Versioned {
        Versioned { value: i64n(versioned.value), version: versioned.version }
    }
}

/// A range of numbers that includes both ends.
#[napi(object, object_from_js = false)]
pub struct Range {
    /// The smallest number.
    #[napi(ts_type = "bigint")]
    pub first: i64n,
    /// The largest number.
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
    pub fn add(&self, n: BigInt, timeout: Option<f64>) -> Pending {
        Pending::new(self.0.add(int(&n)), timeout, i64n)
    }

    /// Core's `Counter::get`.
    #[napi(catch_unwind, ts_return_type = "Pending<bigint>")]
    pub fn get(&self, timeout: Option<f64>) -> Pending {
        Pending::new(self.0.get(), timeout, i64n)
    }

    /// Core's `Counter::get_stale`.
    #[napi(catch_unwind, ts_return_type = "Pending<bigint>")]
    pub fn get_stale(&self, timeout: Option<f64>) -> Pending {
        Pending::new(self.0.get_stale(), timeout, i64n)
    }

    /// Core's `Counter::versioned`.
    #[napi(catch_unwind, ts_return_type = "Pending<Versioned>")]
    pub fn versioned(&self, timeout: Option<f64>) -> Pending {
        Pending::new(self.0.versioned(), timeout, Versioned::from)
    }

    /// Core's `Counter::set`.
    #[napi(catch_unwind, ts_return_type = "Pending<void>")]
    pub fn set(&self, value: BigInt, timeout: Option<f64>) -> Pending {
        Pending::new(self.0.set(int(&value)), timeout, |()| ())
    }

    /// Core's `Counter::get_and_set`.
    #[napi(catch_unwind, ts_return_type = "Pending<bigint>")]
    pub fn get_and_set(&self, value: BigInt, timeout: Option<f64>) -> Pending {
        Pending::new(self.0.get_and_set(int(&value)), timeout, i64n)
    }

    /// Core's `Counter::compare_and_set`.
    #[napi(catch_unwind, ts_return_type = "Pending<boolean>")]
    pub fn compare_and_set(&self, expected: BigInt, value: BigInt, timeout: Option<f64>) -> Pending {
        Pending::new(self.0.compare_and_set(int(&expected), int(&value)), timeout, |written| written)
    }

    /// Core's `Counter::reserve`.
    #[napi(catch_unwind, ts_return_type = "Pending<Range>")]
    pub fn reserve(&self, n: BigInt, timeout: Option<f64>) -> Pending {
        Pending::new(self.0.reserve(int(&n)), timeout, Range::from)
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
    pub fn next(&self) -> napi::Result<Pending> {
        let watch = self.0.as_ref().ok_or_else(|| napi::Error::from_reason("the watch has ended"))?;
        Ok(Pending::new(watch.next(), None, i64n))
    }

    /// Removes the watch from the server. Can be called again.
    #[napi]
    pub fn end(&mut self) {
        self.0 = None;
    }
}

pub(crate) fn int(n: &BigInt) -> i64 {
    n.get_i64().0
}
