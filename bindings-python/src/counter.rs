//! A counter.

use pyo3::prelude::*;

use crate::error::OrRaise;
use crate::op::{Op, nothing};

/// A counter at a path.
#[pyclass(frozen)]
pub(crate) struct Counter {
    core: zkcoord::Counter,
}

impl Counter {
    /// Refuses a counter whose path is none.
    pub(crate) fn new(py: Python<'_>, core: zkcoord::Counter) -> PyResult<Counter> {
        core.path().or_raise(py)?;
        Ok(Counter { core })
    }
}

#[pymethods]
impl Counter {
    fn add(&self, n: i64, timeout: Option<f64>) -> Op {
        Op::new(self.core.add(n), timeout, |value| value)
    }

    fn get(&self, timeout: Option<f64>) -> Op {
        Op::new(self.core.get(), timeout, |value| value)
    }

    fn set(&self, value: i64, timeout: Option<f64>) -> Op {
        Op::new(self.core.set(value), timeout, nothing)
    }

    fn get_and_set(&self, value: i64, timeout: Option<f64>) -> Op {
        Op::new(self.core.get_and_set(value), timeout, |before| before)
    }

    fn compare_and_set(&self, expected: i64, new: i64, timeout: Option<f64>) -> Op {
        Op::new(self.core.compare_and_set(expected, new), timeout, |written| written)
    }
}
