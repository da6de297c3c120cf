//! A counter of the events within the last seconds.

use pyo3::prelude::*;

use crate::op::Op;

/// A window counter at a path.
#[pyclass(frozen)]
pub(crate) struct WindowCounter {
    pub(crate) core: zkcoord::WindowCounter,
}

#[pymethods]
impl WindowCounter {
    fn add(&self, n: u64, timeout: Option<f64>) -> Op {
        Op::new(self.core.add(n), timeout, |count| count)
    }

    fn count(&self, timeout: Option<f64>) -> Op {
        Op::new(self.core.count(), timeout, |count| count)
    }
}
