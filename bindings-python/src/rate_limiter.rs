//! A rate limiter.

use pyo3::prelude::*;

use crate::error::OrRaise;
use crate::op::{Op, nothing};
use crate::stats::{Figures, figures};

/// A rate limiter at a path.
#[pyclass(frozen)]
pub(crate) struct RateLimiter {
    core: zkcoord::RateLimiter,
}

impl RateLimiter {
    /// Refuses a limiter whose path or options cannot be.
    pub(crate) fn new(py: Python<'_>, core: zkcoord::RateLimiter) -> PyResult<RateLimiter> {
        core.path().or_raise(py)?;
        Ok(RateLimiter { core })
    }
}

#[pymethods]
impl RateLimiter {
    fn acquire(&self, permits: u64, timeout: Option<f64>) -> Op {
        Op::new(self.core.acquire(permits), timeout, nothing)
    }

    fn try_acquire(&self, permits: u64) -> Op {
        Op::new(self.core.try_acquire(permits), None, |were_free| were_free)
    }

    fn stats(&self, py: Python<'_>) -> PyResult<Figures> {
        self.core.path().or_raise(py)?;
        Ok(figures(self.core.stats()))
    }
}
