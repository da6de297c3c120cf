//! A rate limiter.

use pyo3::prelude::*;

use crate::op::{Op, none};
use crate::recipe::Measured;
use crate::stats::StatsTuple;

/// A rate limiter at a path.
#[pyclass(frozen)]
pub(crate) struct RateLimiter {
    pub(crate) core: zkcoord::RateLimiter,
}

#[pymethods]
impl RateLimiter {
    fn acquire(&self, permits: u64, timeout: Option<f64>) -> Op {
        Op::new(self.core.acquire(permits), timeout, none)
    }

    fn try_acquire(&self, permits: u64) -> Op {
        Op::new(self.core.try_acquire(permits), None, |granted| granted)
    }

    fn stats(&self, py: Python<'_>) -> PyResult<StatsTuple> {
        self.core.stats_tuple(py)
    }
}
