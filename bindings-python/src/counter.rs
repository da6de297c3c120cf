//! A counter.

use pyo3::prelude::*;

use crate::error::OrRaise;
use crate::op::{Op, nothing};
use crate::stats::{Figures, figures};

/// A counter at a path.
#[pyclass(frozen)]
pub(crate) struct Counter {
    core: zkcoord::Counter,
}

impl Counter {
    /// Refuses a counter whose path or options cannot be.
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

    fn get(&self, stale: bool, timeout: Option<f64>) -> Op {
        let get = if stale { self.core.get_stale() } else { self.core.get() };
        Op::new(get, timeout, |value| value)
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

    /// The value and the version of its node.
    fn versioned(&self, timeout: Option<f64>) -> Op {
        Op::new(self.core.versioned(), timeout, |found| (found.value, found.version))
    }

    /// The first and the last of the numbers.
    fn reserve(&self, n: i64, timeout: Option<f64>) -> Op {
        Op::new(self.core.reserve(n), timeout, |numbers| (*numbers.start(), *numbers.end()))
    }

    fn watch(&self) -> CounterWatch {
        CounterWatch { core: self.core.watch() }
    }

    fn stats(&self, py: Python<'_>) -> PyResult<Figures> {
        // Refuses a child of fork(), where the figures may be locked by a thread that is not there.
        self.core.path().or_raise(py)?;
        Ok(figures(self.core.stats()))
    }
}

/// Follows a counter's value.
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
