//! A sum to which many clients add without waiting for each other.

use pyo3::prelude::*;

use crate::error::OrRaise;
use crate::op::{Op, none};

/// A striped counter at a path.
#[pyclass(frozen)]
pub(crate) struct StripedCounter {
    pub(crate) core: zkcoord::StripedCounter,
}

#[pymethods]
impl StripedCounter {
    /// Adds in memory and does not wait.
    fn add(&self, py: Python<'_>, n: i64) -> PyResult<()> {
        self.core.add(n).or_raise(py)
    }

    fn flush(&self, timeout: Option<f64>) -> Op {
        Op::new(self.core.flush(), timeout, none)
    }

    fn sum(&self, timeout: Option<f64>) -> Op {
        Op::new(self.core.sum(), timeout, |sum| sum)
    }
}
