//! Errors of the core as Python exceptions. The classes are defined in Python, in `zkcoord/errors.py`, because a class
//! made by pyo3 can have only one base.

use pyo3::prelude::*;
use zkcoord::{Error, ErrorCode};

/// The exception for `error`, of the class that the core's table names.
pub(crate) fn exception(py: Python<'_>, error: &Error) -> PyErr {
    let made = py
        .import("zkcoord.errors")
        .and_then(|errors| errors.getattr(error.code().class()))
        .and_then(|class| class.call1((error.message(),)));
    match made {
        Ok(exception) => PyErr::from_value(exception),
        Err(failure) => failure,
    }
}

/// Raises the error of a core's result in Python.
pub(crate) trait OrRaise<T> {
    fn or_raise(self, py: Python<'_>) -> PyResult<T>;
}

impl<T> OrRaise<T> for zkcoord::Result<T> {
    fn or_raise(self, py: Python<'_>) -> PyResult<T> {
        self.map_err(|error| exception(py, &error))
    }
}

/// The core's table of errors: code, number in C, Python class, meaning.
#[pyfunction]
pub(crate) fn error_table() -> Vec<(&'static str, i32, &'static str, &'static str)> {
    let row = |code: &ErrorCode| (code.name(), code.value(), code.class(), code.meaning());
    ErrorCode::ALL.iter().map(row).collect()
}
