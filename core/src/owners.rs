//! Who holds what, of those whose owner is known: so that an owner gets in again where he may, and is told where he would wait
//! for himself.
//!
//! An owner is a number that the caller gives: a thread's or a task's. What he holds is noted for each path of a client. Only
//! what is held for certain counts: a lost lock is queued for anew.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::sync::Mutex as AsyncMutex;

use crate::contender::Kind;
use crate::error::{Error, ErrorCode};
use crate::guard::Guard;
use crate::holding::Holding;
use crate::path::ZnodePath;
use crate::registry::Registry;
use crate::share::Share;

/// The number of the calling thread as an owner: no other thread of the process ever has it, also not after this one's end.
/// Callers' own numbers below 2^63 do not meet it.
pub fn thread_owner() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1 << 63);
    thread_local! {
        static OWN: u64 = NEXT.fetch_add(1, Ordering::Relaxed);
    }
    OWN.with(|own| *own)
}

/// Whom a lock is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Who {
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
enum Verdict {
    /// He is one among all.
    Queue,
    /// He has it already, in this role.
    Join(Role),
    /// He would wait for himself.
    Refuse(&'static str),
}

fn verdict(want: Role, held: &[Role]) -> Verdict {
    let holds = |role| held.contains(&role);
    if want.is_shared_with_itself() && holds(want) {
        return Verdict::Join(want);
    }
    match held.first() {
        None => Verdict::Queue,
        _ if holds(Role::Mutex) => Verdict::Refuse("its owner holds it already, as a plain mutex"),
        _ if holds(Role::Reentrant) => Verdict::Refuse("its owner holds it already, as a reentrant mutex"),
        _ if want == Role::Write => {
            Verdict::Refuse("its owner reads; a read lock cannot become a write lock")
        }
        _ => Verdict::Refuse("its owner holds it already, as a read/write lock"),
    }
}

/// What one client's owners hold.
#[derive(Debug, Default)]
pub(crate) struct Owners(Registry<(ZnodePath, u64), Entry>);

/// What one owner holds at one path.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    /// An owner that shares with himself queues once at a time: what he asks for meanwhile waits here, and then shares.
    pub(crate) turn: Arc<AsyncMutex<()>>,
    held: Mutex<Vec<(Role, Weak<Share>)>>,
}

/// How an owner gets what he wants.
pub(crate) enum Way {
    Queue,
    Join(Arc<Share>),
}

impl Owners {
    pub(crate) fn entry(&self, path: &ZnodePath, owner: u64) -> Arc<Entry> {
        self.0.get((path.clone(), owner), |_| Entry::default())
    }

    /// # Errors
    /// `WOULD_DEADLOCK` when who asks for the lock at `path` would wait for himself.
    pub(crate) fn check(&self, path: &ZnodePath, who: Who) -> Result<(), Error> {
        let (Who::Asking(owner) | Who::Owning(owner)) = who else { return Ok(()) };
        match self.0.find(&(path.clone(), owner)) {
            Some(entry) => entry.way(path, Role::Mutex).map(drop),
            None => Ok(()),
        }
    }
}

impl Entry {
    /// # Errors
    /// `WOULD_DEADLOCK` when there is none but to wait for himself.
    pub(crate) fn way(&self, path: &ZnodePath, want: Role) -> Result<Way, Error> {
        let held = self.held_for_certain();
        let roles: Vec<_> = held.iter().map(|(role, _)| *role).collect();
        let refuse = |why| Error::new(ErrorCode::WouldDeadlock, format!("lock {}: {why}", path.as_str()));
        match verdict(want, &roles) {
            Verdict::Queue => Ok(Way::Queue),
            Verdict::Refuse(why) => Err(refuse(why)),
            Verdict::Join(role) => {
                let shares = held.iter().filter(|(held, _)| *held == role);
                // None: it was lost, or given up by another thread, since we looked.
                let joined = shares.filter_map(|(_, share)| share.holding().join()).next();
                Ok(joined.map_or(Way::Queue, Way::Join))
            }
        }
    }

    /// Notes that the owner holds `guard`.
    pub(crate) fn record(self: &Arc<Entry>, role: Role, guard: &Guard) {
        let mut held = self.held.lock();
        held.retain(|(_, share)| share.strong_count() > 0);
        for share in guard.shares() {
            share.belongs_to(self.clone());
            held.push((role, Arc::downgrade(share)));
        }
    }

    fn held_for_certain(&self) -> Vec<(Role, Arc<Share>)> {
        let shares = self.shares();
        shares.into_iter().filter(|(_, share)| !share.has_ended() && share.holding().is_certain()).collect()
    }

    /// What the owner has lost but not given up. Its node may be there still, and he would queue behind it.
    pub(crate) fn lost(&self) -> Vec<Arc<Holding>> {
        let shares = self.shares().into_iter().filter(|(_, share)| !share.has_ended());
        let holdings = shares.map(|(_, share)| share.holding().clone());
        holdings.filter(|holding| !holding.is_certain()).collect()
    }

    fn shares(&self) -> Vec<(Role, Arc<Share>)> {
        let held = self.held.lock();
        held.iter().filter_map(|(role, share)| Some((*role, share.upgrade()?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_have_numbers_of_their_own() {
        let own = thread_owner();
        assert_eq!(own, thread_owner());
        assert_ne!(own, std::thread::spawn(thread_owner).join().unwrap());
    }

    #[test]
    fn who_holds_nothing_queues() {
        for want in [Role::Mutex, Role::Reentrant, Role::Read, Role::Write] {
            assert_eq!(verdict(want, &[]), Verdict::Queue);
        }
    }

    #[test]
    fn a_reentrant_lock_is_shared_with_its_owner_and_nothing_else_is() {
        assert_eq!(
            verdict(Role::Reentrant, &[Role::Reentrant, Role::Reentrant]),
            Verdict::Join(Role::Reentrant)
        );
        for (want, held) in
            [(Role::Mutex, Role::Mutex), (Role::Mutex, Role::Reentrant), (Role::Reentrant, Role::Mutex)]
        {
            assert!(matches!(verdict(want, &[held]), Verdict::Refuse(_)), "{want:?}, {held:?}");
        }
    }
}
