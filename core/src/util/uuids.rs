//! The uuids in the names of a client's nodes.

use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;

/// A source of uuids: the first is random, and the others count up from it. So there is no system call for each, and yet
/// none is repeated, not in a child of fork() either, where the client cannot be used.
///
/// They are of version 8, "for vendors" (RFC 9562): only that distinguishes our nodes from Curator's, which have the same names.
#[derive(Debug)]
pub(crate) struct Uuids {
    first: u128,
    given: AtomicU64,
}

impl Default for Uuids {
    fn default() -> Uuids {
        Uuids { first: Uuid::new_v4().as_u128(), given: AtomicU64::new(0) }
    }
}

impl Uuids {
    pub(crate) fn next(&self) -> Uuid {
        let number = self.first.wrapping_add(self.given.fetch_add(1, Ordering::Relaxed).into());
        uuid::Builder::from_custom_bytes(number.to_be_bytes()).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn uuids_are_not_repeated() {
        for first in [0, 1, u64::MAX.into(), u128::MAX, Uuid::new_v4().as_u128()] {
            let uuids = Uuids { first, given: AtomicU64::new(0) };
            let given: HashSet<_> = (0..1000).map(|_| uuids.next()).collect();
            assert_eq!(given.len(), 1000);
            assert!(given.iter().all(|uuid| uuid.get_version_num() == 8));
        }
    }
}
