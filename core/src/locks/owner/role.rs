//! The owner of a lock, the role in which it wants the lock, and what that permits.

use crate::locks::queue::node_name::Kind;

/// Whom a lock is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Requester {
    #[default]
    Unknown,
    /// This owner asks, but whoever has the guard will hold it.
    Asking(u64),
    /// This owner asks and will hold it.
    Owning(u64),
}

/// As what a lock is wanted or held.
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

    /// Whether its owner may have it several times.
    pub(crate) fn is_shared_with_itself(self) -> bool {
        self != Role::Mutex
    }
}

/// What an owner who wants a lock in some role can do, as he holds it already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// He is one among all.
    Queue,
    /// He has it already.
    Join,
    /// He writes, and may read on at the same place.
    Downgrade,
    /// He would wait for himself.
    Refuse(&'static str),
}

pub(super) fn verdict(want: Role, held: &[Role]) -> Verdict {
    let holds = |role| held.contains(&role);
    if want.is_shared_with_itself() && holds(want) {
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
    fn who_holds_nothing_queues() {
        for want in [Role::Mutex, Role::Reentrant, Role::Read, Role::Write] {
            assert_eq!(verdict(want, &[]), Verdict::Queue);
        }
    }

    #[test]
    fn an_owner_shares_with_himself_goes_down_and_is_refused_otherwise() {
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
