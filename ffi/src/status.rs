//! The status that functions return.

use std::ffi::{CStr, c_char};

use zkcoord_core::{Error, ErrorCode};

/// The status that a function returns: 0 on success, otherwise the kind of failure, for programs to act on. The numbers
/// never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub enum zkcoord_status {
    /// Success.
    Ok = 0,
    /// The timeout expired. No lock is held, no node is left behind, and nothing was written.
    Timeout = 1,
    /// The caller cancelled the operation.
    Cancelled = 2,
    /// No server could be reached. The operation was not applied.
    ConnectionLost = 3,
    /// A write was sent, but its outcome is unknown, because the session ended or the timeout expired meanwhile. It may
    /// or may not have been applied.
    Indeterminate = 4,
    /// The session that the operation belonged to has expired.
    SessionExpired = 5,
    /// The guard no longer holds its lock.
    LockLost = 6,
    /// The server refused the operation because of an ACL, or refused the authentication.
    NotAuthorized = 7,
    /// An argument is invalid. The message names the argument and its value.
    InvalidArgument = 8,
    /// A node, such as that of a counter, does not have the expected format. Nothing was written.
    BadData = 9,
    /// The result would exceed the range of the format or the bounds of the counter. Nothing was written.
    Overflow = 10,
    /// The 32-bit sequence numbers below the lock's path are used up or ambiguous.
    SequenceExhausted = 11,
    /// The server refused the operation because of a quota.
    Quota = 12,
    /// A blocking function was called in a callback, or the owner would wait for a lock that it holds itself.
    WouldDeadlock = 13,
    /// The client was closed.
    Closed = 14,
    /// The object belongs to the parent of this fork() child. Connect again in the child.
    Forked = 15,
    /// The server or this build of the library does not support the operation.
    Unsupported = 16,
    /// A bug in zkcoord. The message gives the details.
    Internal = 17,
}

/// The names, indexed by status.
const NAMES: [&CStr; 18] = [
    c"OK",
    c"TIMEOUT",
    c"CANCELLED",
    c"CONNECTION_LOST",
    c"INDETERMINATE",
    c"SESSION_EXPIRED",
    c"LOCK_LOST",
    c"NOT_AUTHORIZED",
    c"INVALID_ARGUMENT",
    c"BAD_DATA",
    c"OVERFLOW",
    c"SEQUENCE_EXHAUSTED",
    c"QUOTA",
    c"WOULD_DEADLOCK",
    c"CLOSED",
    c"FORKED",
    c"UNSUPPORTED",
    c"INTERNAL",
];

/// Returns the version of the loaded library, like "1.2.3". ZKCOORD_VERSION is the version of the header. The text is
/// static.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_version() -> *const c_char {
    const VERSION: &CStr =
        match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
            Ok(version) => version,
            Err(_) => c"",
        };
    VERSION.as_ptr()
}

/// Returns the name of a status without its prefix, like "TIMEOUT", for logs; "UNKNOWN" for any other number. The text
/// is static.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_status_name(status: i32) -> *const c_char {
    let name = usize::try_from(status).ok().and_then(|index| NAMES.get(index));
    name.unwrap_or(&c"UNKNOWN").as_ptr()
}

impl From<ErrorCode> for zkcoord_status {
    fn from(code: ErrorCode) -> zkcoord_status {
        match code {
            ErrorCode::Timeout => zkcoord_status::Timeout,
            ErrorCode::Cancelled => zkcoord_status::Cancelled,
            ErrorCode::ConnectionLost => zkcoord_status::ConnectionLost,
            ErrorCode::Indeterminate => zkcoord_status::Indeterminate,
            ErrorCode::SessionExpired => zkcoord_status::SessionExpired,
            ErrorCode::LockLost => zkcoord_status::LockLost,
            ErrorCode::NotAuthorized => zkcoord_status::NotAuthorized,
            ErrorCode::InvalidArgument => zkcoord_status::InvalidArgument,
            ErrorCode::BadData => zkcoord_status::BadData,
            ErrorCode::Overflow => zkcoord_status::Overflow,
            ErrorCode::SequenceExhausted => zkcoord_status::SequenceExhausted,
            ErrorCode::Quota => zkcoord_status::Quota,
            ErrorCode::WouldDeadlock => zkcoord_status::WouldDeadlock,
            ErrorCode::Closed => zkcoord_status::Closed,
            ErrorCode::Forked => zkcoord_status::Forked,
            ErrorCode::Unsupported => zkcoord_status::Unsupported,
            // INTERNAL, and codes that were added to core but not here, which the test below finds.
            _ => zkcoord_status::Internal,
        }
    }
}

impl From<Option<&Error>> for zkcoord_status {
    fn from(error: Option<&Error>) -> zkcoord_status {
        error.map_or(zkcoord_status::Ok, |error| error.code().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(status: i32) -> &'static str {
        // SAFETY: a literal, which ends with NUL.
        unsafe { CStr::from_ptr(zkcoord_status_name(status)) }.to_str().unwrap()
    }

    /// Returns the name that cbindgen gives the status: `LOCK_LOST` for `LockLost`.
    fn header_name(status: zkcoord_status) -> String {
        let mut upper = String::new();
        for letter in format!("{status:?}").chars() {
            if letter.is_uppercase() && !upper.is_empty() {
                upper.push('_');
            }
            upper.push(letter.to_ascii_uppercase());
        }
        upper
    }

    #[test]
    fn statuses_match_the_error_codes_of_core() {
        assert_eq!(NAMES.len(), ErrorCode::ALL.len() + 1);
        assert_eq!((name(0), zkcoord_status::Ok as i32), ("OK", 0));
        for code in ErrorCode::ALL {
            let status = zkcoord_status::from(*code);
            assert_eq!(status as i32, code.value(), "{code}");
            assert_eq!(header_name(status), code.name());
            assert_eq!(name(code.value()), code.name());
        }
    }

    #[test]
    fn other_numbers_are_named_unknown() {
        for status in [-1, 18, i32::MIN, i32::MAX] {
            assert_eq!(name(status), "UNKNOWN");
        }
    }
}
