//! The core's `WaitStats` and `HoldStats`.

use std::time::Duration;

use napi_derive::napi;

use crate::promise::milliseconds;

/// Core's `HoldStats`, times in milliseconds.
#[napi(object, object_from_js = false)]
pub struct HoldStats {
    /// The number of holds.
    pub count: f64,
    /// The mean.
    pub mean: f64,
    /// The standard deviation.
    pub stddev: f64,
    /// The median.
    pub p50: f64,
    /// The 99th percentile.
    pub p99: f64,
}

/// Core's `WaitStats`, times in milliseconds.
#[napi]
pub struct WaitStats(pub(crate) zkcoord::WaitStats);

#[napi]
impl WaitStats {
    /// The number of waits that succeeded.
    #[napi(getter)]
    pub fn count(&self) -> f64 {
        self.0.count as f64
    }

    /// The number of waits that timed out.
    #[napi(getter)]
    pub fn timeouts(&self) -> f64 {
        self.0.timeouts as f64
    }

    /// The mean.
    #[napi(getter)]
    pub fn mean(&self) -> f64 {
        in_milliseconds(self.0.mean)
    }

    /// The standard deviation.
    #[napi(getter)]
    pub fn stddev(&self) -> f64 {
        in_milliseconds(self.0.stddev)
    }

    /// The median.
    #[napi(getter)]
    pub fn p50(&self) -> f64 {
        in_milliseconds(self.0.p50)
    }

    /// The 99th percentile.
    #[napi(getter)]
    pub fn p99(&self) -> f64 {
        in_milliseconds(self.0.p99)
    }

    /// The statistics of the holds.
    #[napi(getter)]
    pub fn holds(&self) -> HoldStats {
        let holds = &self.0.holds;
        HoldStats {
            count: holds.count as f64,
            mean: in_milliseconds(holds.mean),
            stddev: in_milliseconds(holds.stddev),
            p50: in_milliseconds(holds.p50),
            p99: in_milliseconds(holds.p99),
        }
    }

    /// Core's `WaitStats::success_probability`, NaN for `None`.
    #[napi]
    pub fn success_probability(&self, budget: f64) -> f64 {
        self.0.success_probability(milliseconds(budget)).unwrap_or(f64::NAN)
    }
}

fn in_milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
