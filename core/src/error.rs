//! The error table of all languages, and the error type of this one.
//!
//! C statuses, Python classes and JavaScript codes are derived from [`ErrorCode`]; `docs/errors.md` is its text.

use std::fmt;
use std::sync::Arc;

/// The result of this crate's operations.
pub type Result<T, E = Error> = std::result::Result<T, E>;

macro_rules! error_codes {
    ($($variant:ident = $value:literal, $name:literal, $class:literal, $meaning:literal;)*) => {
        /// The kind of an error, for programs to decide on. The same table serves all languages.
        ///
        /// # Examples
        /// ```
        /// use zkcoord::ErrorCode;
        ///
        /// assert_eq!(ErrorCode::Timeout.name(), "TIMEOUT");
        /// assert_eq!(ErrorCode::Timeout.value(), 1);
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $(#[doc = $meaning] $variant = $value,)*
        }

        impl ErrorCode {
            /// All codes, in the order of the table.
            pub const ALL: &'static [ErrorCode] = &[$(ErrorCode::$variant,)*];

            /// Returns the name in the table, such as `TIMEOUT`. C prefixes it with `ZKCOORD_STATUS_`, JavaScript with `ERR_ZKCOORD_`.
            ///
            /// # Examples
            /// ```
            /// assert_eq!(zkcoord::ErrorCode::LockLost.name(), "LOCK_LOST");
            /// ```
            pub const fn name(self) -> &'static str {
                match self { $(ErrorCode::$variant => $name,)* }
            }

            /// Returns the class that Python raises for the code. The class in JavaScript ends in `Error`.
            ///
            /// # Examples
            /// ```
            /// assert_eq!(zkcoord::ErrorCode::Timeout.class(), "AcquireTimeout");
            /// ```
            pub const fn class(self) -> &'static str {
                match self { $(ErrorCode::$variant => $class,)* }
            }

            /// Returns the meaning of the code: when it is reported.
            ///
            /// # Examples
            /// ```
            /// assert_eq!(zkcoord::ErrorCode::Closed.meaning(), "the client was closed");
            /// ```
            pub const fn meaning(self) -> &'static str {
                match self { $(ErrorCode::$variant => $meaning,)* }
            }
        }
    };
}

error_codes! {
    Timeout = 1, "TIMEOUT", "AcquireTimeout",
        "the deadline passed; nothing is held, no node is left, nothing was written";
    Cancelled = 2, "CANCELLED", "Cancelled",
        "the caller cancelled";
    ConnectionLost = 3, "CONNECTION_LOST", "ConnectionLost",
        "no server reachable; the operation was not applied";
    Indeterminate = 4, "INDETERMINATE", "Indeterminate",
        "a write was sent and its outcome cannot be learned: the session died or the deadline passed meanwhile; it may or may not have been applied";
    SessionExpired = 5, "SESSION_EXPIRED", "SessionExpired",
        "the operation was bound to a session that is gone";
    LockLost = 6, "LOCK_LOST", "LockLost",
        "the guard is no longer valid";
    NotAuthorized = 7, "NOT_AUTHORIZED", "NotAuthorized",
        "ACL or authentication refused";
    InvalidArgument = 8, "INVALID_ARGUMENT", "InvalidArgument",
        "an argument is not acceptable; the message names it and its value";
    BadData = 9, "BAD_DATA", "BadData",
        "a counter node holds bytes that its format cannot be; nothing is written";
    Overflow = 10, "OVERFLOW", "CounterOverflow",
        "the result leaves the format's range or the counter's bounds; nothing is written";
    SequenceExhausted = 11, "SEQUENCE_EXHAUSTED", "SequenceExhausted",
        "the lock directory's 32-bit sequence is used up or ambiguous";
    Quota = 12, "QUOTA", "QuotaExceeded",
        "the server refused for quota";
    WouldDeadlock = 13, "WOULD_DEADLOCK", "WouldDeadlock",
        "a waiting call from a callback, or from the owner that already holds the lock";
    Closed = 14, "CLOSED", "ClosedError",
        "the client was closed";
    Forked = 15, "FORKED", "ForkedError",
        "used in a child of fork(); connect again there";
    Unsupported = 16, "UNSUPPORTED", "Unsupported",
        "the server or the build lacks it";
    Internal = 17, "INTERNAL", "InternalError",
        "a bug in zkcoord; the message says what";
}

impl ErrorCode {
    /// Returns the number in C. 0 is success there and has no code here.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(zkcoord::ErrorCode::Cancelled.value(), 2);
    /// ```
    pub const fn value(self) -> i32 {
        self as i32
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The reason why an operation failed: a [code](ErrorCode) for programs and a message for people.
///
/// # Examples
/// ```no_run
/// use zkcoord::ErrorCode;
///
/// # async fn example(client: zkcoord::Client) {
/// match client.mutex("/locks/report").acquire().await {
///     Ok(guard) => println!("token {}", guard.token()),
///     Err(error) if error.code() == ErrorCode::Timeout => println!("try again later: {error}"),
///     Err(error) => println!("{error}"),
/// }
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Error {
    code: ErrorCode,
    message: Arc<str>,
}

impl Error {
    /// Returns an error with this code and message.
    ///
    /// # Examples
    /// ```
    /// use zkcoord::{Error, ErrorCode};
    ///
    /// let error = Error::new(ErrorCode::Unsupported, "not in this build");
    /// assert_eq!(error.to_string(), "UNSUPPORTED: not in this build");
    /// ```
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Error {
        Error { code, message: message.into().into() }
    }

    /// Returns the error for an invalid argument: its name, its value, and the problem with it.
    ///
    /// # Examples
    /// ```
    /// use zkcoord::Error;
    ///
    /// let error = Error::invalid_argument("permits", 0, "must be at least 1");
    /// assert_eq!(error.message(), "permits \"0\": must be at least 1");
    /// ```
    pub fn invalid_argument(argument: &str, value: impl fmt::Display, problem: impl fmt::Display) -> Error {
        let value = shorten(&value.to_string());
        Error::new(ErrorCode::InvalidArgument, format!("{argument} {value}: {problem}"))
    }

    /// Returns the code.
    ///
    /// # Examples
    /// ```
    /// use zkcoord::{Error, ErrorCode};
    ///
    /// assert_eq!(Error::new(ErrorCode::Closed, "closed").code(), ErrorCode::Closed);
    /// ```
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// Returns the message for people, without the code.
    ///
    /// # Examples
    /// ```
    /// use zkcoord::{Error, ErrorCode};
    ///
    /// assert_eq!(Error::new(ErrorCode::Closed, "closed").message(), "closed");
    /// ```
    pub fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn closed() -> Error {
        Error::new(ErrorCode::Closed, "the client was closed")
    }

    pub(crate) fn forked() -> Error {
        Error::new(ErrorCode::Forked, "created before fork(); connect again in the child")
    }

    pub(crate) fn internal(what: impl Into<String>) -> Error {
        Error::new(ErrorCode::Internal, what)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Error {}

/// Quotes a text of the caller for a message, and cuts it to a readable length.
fn shorten(value: &str) -> String {
    const SHOWN: usize = 60;
    match value.char_indices().nth(SHOWN) {
        None => format!("{value:?}"),
        Some((cut, _)) => format!("{:?}... ({} bytes)", &value[..cut], value.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_numbered_without_gaps() {
        for (index, code) in ErrorCode::ALL.iter().enumerate() {
            assert_eq!(code.value(), index as i32 + 1, "{code}");
        }
    }

    #[test]
    fn an_invalid_argument_is_named_with_its_value_and_cut_short() {
        let error = Error::invalid_argument("path", "locks", "must start with \"/\"");
        assert_eq!(error.to_string(), "INVALID_ARGUMENT: path \"locks\": must start with \"/\"");
        let long = Error::invalid_argument("path", "ä".repeat(5000), "too long");
        assert!(long.message().len() < 200 && long.message().contains("(10000 bytes)"), "{long}");
    }
}
