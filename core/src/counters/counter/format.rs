//! The bytes of a counter, and the numbers that fit into them.

use std::ops::RangeInclusive;

use crate::error::{Error, ErrorCode, Result};

/// The format of a counter's value in its node. The caller chooses it; it is never guessed from the bytes.
///
/// # Examples
/// ```no_run
/// # use zkcoord::CounterFormat;
/// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
/// // Shares the node with Curator's `SharedCount`.
/// let leaders = client.counter("/curator/leaders").format(CounterFormat::I32);
/// println!("{}", leaders.get().await?);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CounterFormat {
    /// A 64-bit integer in 8 bytes, big-endian, as in Curator's `DistributedAtomicLong`.
    #[default]
    I64,
    /// A 32-bit integer in 4 bytes, big-endian, as in Curator's `SharedCount` and `DistributedAtomicInteger`, and in kazoo's
    /// `Counter` with `support_curator`.
    I32,
    /// A 64-bit integer in ASCII decimal digits, as in kazoo's `Counter`, provided that it holds whole numbers.
    Text,
}

impl CounterFormat {
    /// Returns the format that has this name in the bindings: `i64`, `i32` or `text`.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for any other name.
    ///
    /// # Examples
    /// ```
    /// use zkcoord::CounterFormat;
    ///
    /// assert_eq!(CounterFormat::from_name("text")?, CounterFormat::Text);
    /// assert!(CounterFormat::from_name("decimal").is_err());
    /// # Ok::<_, zkcoord::Error>(())
    /// ```
    pub fn from_name(name: &str) -> Result<CounterFormat> {
        match name {
            "i64" => Ok(CounterFormat::I64),
            "i32" => Ok(CounterFormat::I32),
            "text" => Ok(CounterFormat::Text),
            _ => Err(Error::invalid_argument("format", name, "must be \"i64\", \"i32\" or \"text\"")),
        }
    }

    /// Returns the name that [`from_name`](CounterFormat::from_name) accepts.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(zkcoord::CounterFormat::I32.name(), "i32");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            CounterFormat::I64 => "i64",
            CounterFormat::I32 => "i32",
            CounterFormat::Text => "text",
        }
    }

    /// Returns the values that the format can hold.
    pub(crate) fn range(self) -> RangeInclusive<i64> {
        match self {
            CounterFormat::I64 | CounterFormat::Text => i64::MIN..=i64::MAX,
            CounterFormat::I32 => i32::MIN.into()..=i32::MAX.into(),
        }
    }

    /// Encodes a value that is in the format's [range](CounterFormat::range).
    pub(crate) fn encode(self, value: i64) -> Vec<u8> {
        match self {
            CounterFormat::I64 => value.to_be_bytes().to_vec(),
            CounterFormat::I32 => (value as i32).to_be_bytes().to_vec(),
            CounterFormat::Text => value.to_string().into_bytes(),
        }
    }

    /// Decodes the bytes of the node at `path`. Returns `None` for an empty node, which stands for the default in Curator and
    /// kazoo too.
    ///
    /// # Errors
    /// `BAD_DATA` if the bytes are not of this format: they are then other data, and the node is left unchanged.
    pub(crate) fn decode(self, path: &str, data: &[u8]) -> Result<Option<i64>> {
        if data.is_empty() {
            return Ok(None);
        }
        let (value, requirement) = match self {
            CounterFormat::I64 => (data.try_into().ok().map(i64::from_be_bytes), "needs 8 bytes"),
            CounterFormat::I32 => {
                let value = data.try_into().ok().map(i32::from_be_bytes);
                (value.map(i64::from), "needs 4 bytes")
            }
            CounterFormat::Text => (parse(data), "needs a decimal integer of at most 64 bits"),
        };
        value.map(Some).ok_or_else(|| {
            let found = format!("counter {path} holds {} bytes, {}", data.len(), data.escape_ascii());
            Error::new(ErrorCode::BadData, format!("{found:.160}; the format {} {requirement}", self.name()))
        })
    }
}

/// Parses a number as kazoo does, with Python's `int`, which ignores whitespace around the number.
fn parse(data: &[u8]) -> Option<i64> {
    std::str::from_utf8(data.trim_ascii()).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use CounterFormat::{I32, I64, Text};

    #[test]
    fn encoded_values_decode_to_themselves() {
        for format in [I64, I32, Text] {
            let (min, max) = format.range().into_inner();
            for value in [0, 1, -1, 12_345, min, max] {
                let bytes = format.encode(value);
                assert_eq!(format.decode("/c", &bytes).unwrap(), Some(value), "{format:?}");
            }
            assert_eq!(format.decode("/c", b"").unwrap(), None);
            assert_eq!(CounterFormat::from_name(format.name()).unwrap(), format);
        }
        assert_eq!(CounterFormat::from_name("I64").unwrap_err().code(), ErrorCode::InvalidArgument);
    }

    #[test]
    fn bytes_are_compatible_with_curator_and_kazoo() {
        assert_eq!(I64.encode(258), [0, 0, 0, 0, 0, 0, 1, 2]);
        assert_eq!(I64.encode(-2), [255, 255, 255, 255, 255, 255, 255, 254]);
        assert_eq!(I32.encode(258), [0, 0, 1, 2]);
        assert_eq!(I32.encode(-2), [255, 255, 255, 254]);
        assert_eq!(Text.encode(-258), b"-258");
        assert_eq!(Text.decode("/c", b" 258\n").unwrap(), Some(258), "as Python's int");
    }

    #[test]
    fn bytes_of_another_format_are_refused() {
        let check_refused = |format: CounterFormat, data: &[u8]| {
            let error = format.decode("/c", data).unwrap_err();
            assert_eq!(error.code(), ErrorCode::BadData);
            let message = error.message();
            assert!(message.contains("/c") && message.contains(format.name()), "{error}");
            assert!(message.len() < 250, "{error}");
        };
        for data in [&b"abc"[..], b"1234567", b"123456789", &[0; 4], &[0; 4000]] {
            check_refused(I64, data);
        }
        for data in [&b"abc"[..], b"12345", &[0; 8], &[0; 4000]] {
            check_refused(I32, data);
        }
        for data in
            [&b"1.5"[..], b"abc", b" ", b"-", b"1_000", b"0x10", b"9223372036854775808", &[0; 8], b"\xff"]
        {
            check_refused(Text, data);
        }
    }
}
