//! The kit's one error type: a sentence for the person reading the failed test.

use std::{fmt, io};

/// What went wrong, in words; with ZooKeeper's error code where a server answered with one.
#[derive(Debug, Clone)]
pub struct Error {
    message: String,
    code: Option<i32>,
}

impl Error {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: None }
    }

    pub(crate) fn from_server(code: i32, what: &str) -> Self {
        Self { message: format!("ZooKeeper answered error {code} to {what}"), code: Some(code) }
    }

    /// ZooKeeper's error code (such as -110, node exists), if this error is a server's answer.
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
