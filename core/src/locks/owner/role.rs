//! The owner of a lock, the role in which it asks for the lock, and the locks that it may acquire.

use crate::locks::queue::node_name::Kind;

/// The caller that a lock is acquired for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Requester {
    #[default]
    Unknown,
    /// This owner asks. The holder will be any thread that has the guard.
    Asking(u64),
    /// This owner asks, and will hold the lock.
    Owning(u64),
}

/// The role in which a lock is asked for or held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Mutex,
    Reentrant,
    Read,
    Write,
}

impl Role {
    pub(crate) fn kind(self) -> Kind {
        match self {
            Role::Mutex | Role::Reentrant => Kind::Mutex,
            Role::Read => Kind::Read,
            Role::Write => Kind::Write,
        }
    }

    /// Returns whether an owner may hold the lock several times.
    pub(crate) fn is_reentrant(self) -> bool {
        self != Role::Mutex
    }
}

/// The decision on a request of an owner, given the roles in which it holds the lock already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It queues like any other contender.
    Queue,
    /// It shares the lock that it holds.
    Join,
    /// It holds the write lock, and adds a read lock at the same position.
    Downgrade,
    /// It would wait for itself, for the reason in the text.
    Refuse(&'static str),
}

pub(super) fn verdict(want: Role, held: &[Role]) -> Verdict {
    let holds = |role| held.contains(&role);
    if want.is_reentrant() && holds(want) {
        return Verdict::Join;
    }
    match held.first() {
        None => Verdict::Queue,
        _ if want == Role::Read && holds(Role::Write) => Verdict::Downgrade,
        _ if holds(Role::Mutex) => Verdict::Refuse("its owner holds it already, as a plain mutex"),
        _ if holds(Role::Reentrant) => Verdict::Refuse("its owner holds it already, as a reentrant mutex"),
        _ if want == Role::Write => {
            Verdict::Refuse("its owner holds the read lock, which cannot become a write lock")
        }
        _ => Verdict::Refuse("its owner holds it already, as a read/write lock"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_without_a_lock_queues() {
        for want in [Role::Mutex, Role::Reentrant, Role::Read, Role::Write] {
            assert_eq!(verdict(want, &[]), Verdict::Queue);
        }
    }

    #[test]
    fn an_owner_shares_with_itself_or_downgrades_or_is_refused() {
        use Role::{Mutex, Read, Reentrant, Write};
        let cases = [
            (Reentrant, &[Reentrant, Reentrant][..], Verdict::Join),
            (Read, &[Read], Verdict::Join),
            (Write, &[Write], Verdict::Join),
            (Read, &[Write], Verdict::Downgrade),
            (Read, &[Write, Read], Verdict::Join),
            (Write, &[Write, Read], Verdict::Join),
        ];
        for (want, held, expected) in cases {
            assert_eq!(verdict(want, held), expected, "{want:?}, {held:?}");
        }
        let refused = [
            (Mutex, Mutex),
            (Mutex, Reentrant),
            (Mutex, Write),
            (Reentrant, Mutex),
            (Reentrant, Read),
            (Read, Mutex),
            (Write, Reentrant),
            (Write, Read),
        ];
        for (want, held) in refused {
            assert!(matches!(verdict(want, &[held]), Verdict::Refuse(_)), "{want:?}, {held:?}");
        }
    }
}
