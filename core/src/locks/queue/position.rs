//! The position of a contender in a lock's queue.

use super::node_name::{ContenderName, Kind};

/// The position of a contender in its queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Position {
    /// No contender ahead excludes it.
    First,
    /// It must wait for the nearest contender ahead that excludes it.
    Behind {
        predecessor: String,
        /// The number of contenders ahead that exclude it.
        ahead: usize,
        /// `true` if the predecessor's deletion alone makes it first, so that the queue need not be read again.
        decisive: bool,
    },
    /// The contender is not in the list.
    Missing,
    /// The order cannot be known, for the reason in the text.
    Ambiguous(String),
}

/// The number at which the server's counter sticks since ZooKeeper 3.6 (ZOOKEEPER-3249). Every later contender gets the
/// same number, so there is no order.
const MAX_SEQUENCE: i32 = i32::MAX;

/// Returns the position among `names` of the contender that is named `own` and is of this kind.
pub(crate) fn position(names: &[String], own: &str, kind: Kind) -> Position {
    let contenders: Vec<_> = names.iter().filter_map(|name| ContenderName::parse(name)).collect();
    position_among(&contenders, own, kind)
}

/// Returns the same as [`position`], among names that are parsed already.
pub(crate) fn position_among(contenders: &[ContenderName<'_>], own: &str, kind: Kind) -> Position {
    let Some(this) = contenders.iter().find(|contender| contender.name == own) else {
        return Position::Missing;
    };
    if let Some(last) = contenders.iter().find(|other| other.sequence < 0 || other.sequence == MAX_SEQUENCE) {
        return Position::Ambiguous(format!(
            "the directory's sequence is used up at {:?}; delete the directory while the lock is free",
            last.name
        ));
    }
    let same_number = |other: &&ContenderName<'_>| {
        other.sequence == this.sequence && other.name != own && other.excludes(kind)
    };
    if let Some(other) = contenders.iter().find(same_number) {
        return Position::Ambiguous(format!("{:?} and {own:?} have the same number", other.name));
    }
    let ahead = || contenders.iter().filter(|other| other.sequence < this.sequence && other.excludes(kind));
    match ahead().max_by_key(|other| other.sequence) {
        None => Position::First,
        Some(nearest) => {
            let ahead = ahead().count();
            let decisive = ahead == 1 && !(kind != Kind::Read && nearest.may_be_succeeded());
            Position::Behind { predecessor: nearest.name.to_owned(), ahead, decisive }
        }
    }
}

/// Returns whether the contender named `name` holds the lock, as far as the names tell.
pub(super) fn holds_lock(names: &[String], name: &str) -> bool {
    let contenders: Vec<_> = names.iter().filter_map(|name| ContenderName::parse(name)).collect();
    contenders.iter().find(|other| other.name == name).is_some_and(|this| is_holder(this, &contenders))
}

/// Returns whether the contender holds the lock: no other contender ahead excludes it. A write lock and the read lock to which
/// it is being downgraded do not exclude each other.
pub(super) fn is_holder(contender: &ContenderName<'_>, all: &[ContenderName<'_>]) -> bool {
    let is_first =
        |all: &[ContenderName<'_>]| position_among(all, contender.name, contender.kind()) == Position::First;
    match all.iter().position(|other| other.shares_position_with(contender)) {
        None => is_first(all),
        Some(twin) => is_first(&[&all[..twin], &all[twin + 1..]].concat()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn readers_wait_for_writers_only() {
        let all = names(&["a__lock__0000000001", "b-__READ__0000000002", "c__rlock__0000000003"]);
        let behind = Position::Behind { predecessor: "a__lock__0000000001".into(), ahead: 1, decisive: true };
        assert_eq!(position(&all, "c__rlock__0000000003", Kind::Read), behind);
        assert_eq!(position(&all[1..], "c__rlock__0000000003", Kind::Read), Position::First);
        let behind =
            Position::Behind { predecessor: "b-__READ__0000000002".into(), ahead: 1, decisive: true };
        assert_eq!(position(&all[1..], "c__rlock__0000000003", Kind::Write), behind);
    }

    #[test]
    fn a_contender_waits_for_the_nearest_one_ahead() {
        let all = names(&["b-lock-0000000005", "junk", "c-lock-0000000009", "a__lock__0000000002"]);
        assert_eq!(position(&all, "a__lock__0000000002", Kind::Mutex), Position::First);
        let second = Position::Behind { predecessor: "a__lock__0000000002".into(), ahead: 1, decisive: true };
        assert_eq!(position(&all, "b-lock-0000000005", Kind::Mutex), second);
        let third = Position::Behind { predecessor: "b-lock-0000000005".into(), ahead: 2, decisive: false };
        assert_eq!(position(&all, "c-lock-0000000009", Kind::Mutex), third);
        assert_eq!(position(&all, "d-lock-0000000001", Kind::Mutex), Position::Missing);
    }

    #[test]
    fn numbers_without_an_order_are_refused() {
        for other in ["a-lock-0000000002", "a-lock--2147483648", "a-lock-2147483647"] {
            let all = names(&[other, "b-lock-0000000002"]);
            assert!(
                matches!(position(&all, "b-lock-0000000002", Kind::Mutex), Position::Ambiguous(_)),
                "{other}"
            );
        }
    }

    #[test]
    fn a_writer_behind_a_reader_does_not_hold_the_lock() {
        let all = names(&["a-__READ__0000000001", "b-__WRIT__0000000002", "c-__READ__0000000003"]);
        let behind =
            Position::Behind { predecessor: "b-__WRIT__0000000002".into(), ahead: 1, decisive: true };
        assert_eq!(position(&all, "c-__READ__0000000003", Kind::Read), behind);
        assert!(!holds_lock(&all, "b-__WRIT__0000000002"));
        assert!(holds_lock(&all, "a-__READ__0000000001"));
        assert!(holds_lock(&all[1..], "b-__WRIT__0000000002"));
    }

    #[test]
    fn the_deletion_of_a_write_lock_is_not_decisive() {
        let all = names(&["a-__WRIT__0000000001", "b-lock-0000000002"]);
        assert!(matches!(
            position(&all, "b-lock-0000000002", Kind::Mutex),
            Position::Behind { decisive: false, .. }
        ));
    }
}
