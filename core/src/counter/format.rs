//! The bytes of a counter.

use crate::error::{Error, ErrorCode, Result};

/// How a counter's value stands in its node. Chosen by the caller, never guessed from the bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CounterFormat {
    /// A 64-bit integer in 8 bytes, big-endian: Curator's `DistributedAtomicLong`.
    #[default]
    I64,
}

impl CounterFormat {
    pub(crate) fn encode(self, value: i64) -> Vec<u8> {
        match self {
            CounterFormat::I64 => value.to_be_bytes().to_vec(),
        }
    }

    /// Reads what a node holds. Empty means 0, as for Curator. Anything else of another length is somebody else's data
    /// and stays as it is.
    pub(crate) fn decode(self, path: &str, data: &[u8]) -> Result<i64> {
        match (self, data) {
            (_, []) => Ok(0),
            (CounterFormat::I64, data) => data.try_into().map(i64::from_be_bytes).map_err(|_| {
                let found = format!("counter {path} holds {} bytes, {}", data.len(), data.escape_ascii());
                Error::new(ErrorCode::BadData, format!("{found:.160}; the format i64 has 8"))
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back() {
        for value in [0, 1, -1, i64::MIN, i64::MAX] {
            let bytes = CounterFormat::I64.encode(value);
            assert_eq!(CounterFormat::I64.decode("/c", &bytes).unwrap(), value);
        }
        assert_eq!(CounterFormat::I64.encode(258), [0, 0, 0, 0, 0, 0, 1, 2]);
        assert_eq!(CounterFormat::I64.decode("/c", b"").unwrap(), 0);
    }

    #[test]
    fn other_lengths_are_refused() {
        for data in [&b"abc"[..], b"1234567", b"123456789", &[0; 4000]] {
            let error = CounterFormat::I64.decode("/c", data).unwrap_err();
            assert_eq!(error.code(), ErrorCode::BadData);
            assert!(error.message().contains("/c") && error.message().len() < 200, "{error}");
        }
    }
}
