//! The place of a contender in a lock's queue.

use super::node_name::{ContenderName, Kind};

/// Where a contender stands in its queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Position {
    /// Nobody is before it.
    First,
    /// It must wait for the nearest one before it.
    Behind {
        predecessor: String,
        /// How many are before it.
        ahead: usize,
        /// Whether the predecessor's deletion alone makes it first: no need to look again.
        decisive: bool,
    },
    /// It is not in the list.
    Missing,
    /// The order cannot be known; the text says why.
    Ambiguous(String),
}

/// The number at which the server's counter sticks since ZooKeeper 3.6 (ZOOKEEPER-3249). Every later contender gets the
/// same, so it orders nothing.
const STUCK: i32 = i32::MAX;

/// Where the contender called `own`, of this kind, stands among `names`.
pub(crate) fn position(names: &[String], own: &str, kind: Kind) -> Position {
    let contenders: Vec<_> = names.iter().filter_map(|name| ContenderName::parse(name)).collect();
    position_among(&contenders, own, kind)
}

/// As [`position`], among names that have been read already.
pub(crate) fn position_among(contenders: &[ContenderName<'_>], own: &str, kind: Kind) -> Position {
    let Some(me) = contenders.iter().find(|contender| contender.name == own) else {
        return Position::Missing;
    };
    if let Some(odd) = contenders.iter().find(|other| other.sequence < 0 || other.sequence == STUCK) {
        return Position::Ambiguous(format!(
            "the directory's sequence is used up at {:?}; delete the directory while the lock is free",
            odd.name
        ));
    }
    let twin = |other: &&ContenderName<'_>| {
        other.sequence == me.sequence && other.name != own && other.excludes(kind)
    };
    if let Some(twin) = contenders.iter().find(twin) {
        return Position::Ambiguous(format!("{:?} and {own:?} have the same number", twin.name));
    }
    let before = || contenders.iter().filter(|other| other.sequence < me.sequence && other.excludes(kind));
    match before().max_by_key(|other| other.sequence) {
        None => Position::First,
        Some(nearest) => {
            let ahead = before().count();
            let decisive = ahead == 1 && !(kind != Kind::Read && nearest.may_be_succeeded());
            Position::Behind { predecessor: nearest.name.to_owned(), ahead, decisive }
        }
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
    fn the_nearest_before_is_waited_for() {
        let all = names(&["b-lock-0000000005", "junk", "c-lock-0000000009", "a__lock__0000000002"]);
        assert_eq!(position(&all, "a__lock__0000000002", Kind::Mutex), Position::First);
        let second = Position::Behind { predecessor: "a__lock__0000000002".into(), ahead: 1, decisive: true };
        assert_eq!(position(&all, "b-lock-0000000005", Kind::Mutex), second);
        let third = Position::Behind { predecessor: "b-lock-0000000005".into(), ahead: 2, decisive: false };
        assert_eq!(position(&all, "c-lock-0000000009", Kind::Mutex), third);
        assert_eq!(position(&all, "d-lock-0000000001", Kind::Mutex), Position::Missing);
    }

    #[test]
    fn what_cannot_be_ordered_is_refused() {
        for other in ["a-lock-0000000002", "a-lock--2147483648", "a-lock-2147483647"] {
            let all = names(&[other, "b-lock-0000000002"]);
            assert!(
                matches!(position(&all, "b-lock-0000000002", Kind::Mutex), Position::Ambiguous(_)),
                "{other}"
            );
        }
    }

    #[test]
    fn a_downgrade_may_follow_a_write_lock() {
        let all = names(&["a-__WRIT__0000000001", "b-lock-0000000002"]);
        assert!(matches!(
            position(&all, "b-lock-0000000002", Kind::Mutex),
            Position::Behind { decisive: false, .. }
        ));
    }
}
