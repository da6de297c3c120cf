//! Numbers from C, which are signed and have 64 bits, so that a negative number is not mistaken for a large one.

use zkcoord_core::Error;

/// Converts a number to core's type, and fails with `INVALID_ARGUMENT` if it does not fit. Core checks the rest.
pub(crate) fn number<T: TryFrom<i64>>(argument: &str, value: i64) -> Result<T, Error> {
    let reason = if value < 0 { "must not be negative" } else { "is too large" };
    T::try_from(value).map_err(|_| Error::invalid_argument(argument, value, reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_number_that_does_not_fit() {
        assert_eq!(number::<u32>("n", i64::from(u32::MAX)).unwrap(), u32::MAX);
        let message = |value| number::<u32>("n", value).unwrap_err().message().to_owned();
        assert_eq!(message(-1), "n \"-1\": must not be negative");
        assert_eq!(message(1 << 32), "n \"4294967296\": is too large");
    }
}
