//! A sum to which many clients add without waiting for each other.

use pyo3::prelude::*;

use crate::error::OrRaise;
use crate::op::{Op, nothing};

/// A striped counter at a path.
#[pyclass(frozen)]
pub(crate) struct StripedCounter {
    core: zkcoord::StripedCounter,
}

impl StripedCounter {
    /// Refuses a counter whose path is none.
    pub(crate) fn new(py: Python<'_>, core: zkcoord::StripedCounter) -> PyResult<StripedCounter> {
        core.path().or_raise(py)?;
        Ok(StripedCounter { core })
    }
}

#[pymethods]
impl StripedCounter {
    /// Does not wait.
    fn add(&self, py: Python<'_>, n: i64) -> PyResult<()> {
        self.core.add(n).or_raise(py)
    }

    fn flush(&self, timeout: Option<f64>) -> Op {
        Op::new(self.core.flush(), timeout, nothing)
    }

    fn sum(&self, timeout: Option<f64>) -> Op {
        Op::new(self.core.sum(), timeout, |sum| sum)
    }
}
