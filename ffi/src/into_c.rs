//! The results of operations, as C gets them.

use std::ops::RangeInclusive;

/// A result of an operation that can be passed to C: stored in `*out`, or as an argument of `done`.
pub(crate) trait IntoC {
    /// The type in C. A value of all zeros must be valid: it stands for the result of a failed operation.
    type C;

    /// Converts the result.
    fn into_c(self) -> Self::C;
}

/// Implements [`IntoC`] for types that are the same in C.
macro_rules! same_in_c {
    ($($type:ty),*) => {$(
        impl IntoC for $type {
            type C = $type;
            fn into_c(self) -> $type {
                self
            }
        }
    )*};
}

same_in_c!((), bool, i64);

impl IntoC for u64 {
    type C = i64;

    fn into_c(self) -> i64 {
        i64::try_from(self).unwrap_or(i64::MAX)
    }
}

/// Reserved numbers: C gets the first one, and knows their count.
impl IntoC for RangeInclusive<i64> {
    type C = i64;

    fn into_c(self) -> i64 {
        *self.start()
    }
}
