//! The kit's only error type.

use std::{fmt, io};

/// A message for the reader of a failed test, with ZooKeeper's error code if a server answered with one.
#[derive(Debug, Clone)]
pub struct Error {
    message: String,
    code: Option<i32>,
}

impl Error {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: None }
    }

    pub(crate) fn from_server(code: i32, request: &str) -> Self {
        Self { message: format!("ZooKeeper answered {request} with error {code}"), code: Some(code) }
    }

    /// Returns ZooKeeper's error code (such as -110, node exists), or `None` if this error is not a server's answer.
    #[must_use]
    pub fn code(&self) -> Option<i32> {
        self.code
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::new(error.to_string())
    }
}
