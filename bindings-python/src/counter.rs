//! A counter, and the iterator over its values.

use pyo3::prelude::*;

use crate::op::{Op, none};
use crate::recipe::Measured;
use crate::stats::StatsTuple;

/// A counter at a path.
#[pyclass(frozen)]
pub(crate) struct Counter {
    pub(crate) core: zkcoord::Counter,
}

#[pymethods]
impl Counter {
    fn add(&self, n: i64, timeout: Option<f64>) -> Op {
        Op::new(self.core.add(n), timeout, |value| value)
    }

    fn get(&self, stale: bool, timeout: Option<f64>) -> Op {
        let get = if stale { self.core.get_stale() } else { self.core.get() };
        Op::new(get, timeout, |value| value)
    }

    fn set(&self, value: i64, timeout: Option<f64>) -> Op {
        Op::new(self.core.set(value), timeout, none)
    }

    fn get_and_set(&self, value: i64, timeout: Option<f64>) -> Op {
        Op::new(self.core.get_and_set(value), timeout, |before| before)
    }

    fn compare_and_set(&self, expected: i64, new: i64, timeout: Option<f64>) -> Op {
        Op::new(self.core.compare_and_set(expected, new), timeout, |written| written)
    }

    /// The value and the version of its node.
    fn versioned(&self, timeout: Option<f64>) -> Op {
        Op::new(self.core.versioned(), timeout, |found| (found.value, found.version))
    }

    /// The first and the last of the reserved numbers.
    fn reserve(&self, n: i64, timeout: Option<f64>) -> Op {
        Op::new(self.core.reserve(n), timeout, |numbers| (*numbers.start(), *numbers.end()))
    }

    fn watch(&self) -> CounterWatch {
        CounterWatch { core: self.core.watch() }
    }

    fn stats(&self, py: Python<'_>) -> PyResult<StatsTuple> {
        self.core.stats_tuple(py)
    }
}

/// An iterator over the values of a counter.
#[pyclass(frozen)]
pub(crate) struct CounterWatch {
    core: zkcoord::CounterWatch,
}

#[pymethods]
impl CounterWatch {
    fn next(&self, timeout: Option<f64>) -> Op {
        Op::new(self.core.next(), timeout, |value| value).interruptible()
    }
}
