//! Numbers across the boundary: C's are signed and have 64 bits, so that a negative one can be told from a large one.

use zkcoord_core::Error;

/// A number as core has it. What it means and what it must not be is core's to say; here only what core cannot be told.
pub(crate) fn number<T: TryFrom<i64>>(argument: &str, value: i64) -> Result<T, Error> {
    let why = if value < 0 { "must not be negative" } else { "is too large" };
    T::try_from(value).map_err(|_| Error::invalid_argument(argument, value, why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_do_not_fit_are_named() {
        assert_eq!(number::<u32>("n", i64::from(u32::MAX)).unwrap(), u32::MAX);
        let said = |value| number::<u32>("n", value).unwrap_err().message().to_owned();
        assert_eq!(said(-1), "n \"-1\": must not be negative");
        assert_eq!(said(1 << 32), "n \"4294967296\": is too large");
    }
}
