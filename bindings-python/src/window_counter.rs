//! Events within the last so many seconds.

use pyo3::prelude::*;

use crate::error::OrRaise;
use crate::op::Op;

/// A window counter at a path.
#[pyclass(frozen)]
pub(crate) struct WindowCounter {
    core: zkcoord::WindowCounter,
}

impl WindowCounter {
    /// Refuses a counter whose path, window or buckets cannot be.
    pub(crate) fn new(py: Python<'_>, core: zkcoord::WindowCounter) -> PyResult<WindowCounter> {
        core.path().or_raise(py)?;
        Ok(WindowCounter { core })
    }
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
