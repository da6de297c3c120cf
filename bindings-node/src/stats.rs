//! How long waits took.

use napi_derive::napi;

use crate::promise::milliseconds;

/// Core's `WaitStats`, times in milliseconds.
#[napi]
pub struct WaitStats(pub(crate) zkcoord::WaitStats);

#[napi]
impl WaitStats {
    /// See core.
    #[napi(getter)]
    pub fn count(&self) -> f64 {
        self.0.count as f64
    }

    /// See core.
    #[napi(getter)]
    pub fn timeouts(&self) -> f64 {
        self.0.timeouts as f64
    }

    /// See core.
    #[napi(getter)]
    pub fn mean(&self) -> f64 {
        self.0.mean.as_secs_f64() * 1000.0
    }

    /// See core.
    #[napi(getter)]
    pub fn stddev(&self) -> f64 {
        self.0.stddev.as_secs_f64() * 1000.0
    }

    /// See core.
    #[napi(getter)]
    pub fn p50(&self) -> f64 {
        self.0.p50.as_secs_f64() * 1000.0
    }

    /// See core.
    #[napi(getter)]
    pub fn p99(&self) -> f64 {
        self.0.p99.as_secs_f64() * 1000.0
    }

    /// Core's `WaitStats::success_probability`, NaN for `None`.
    #[napi]
    pub fn success_probability(&self, budget: f64) -> f64 {
        self.0.success_probability(milliseconds(budget)).unwrap_or(f64::NAN)
    }
}
