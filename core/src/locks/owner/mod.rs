//! Who holds what, of those whose owner is known: so that an owner gets in again where he may, and is told where he would wait
//! for himself.
//!
//! An owner is a number that the caller gives: a thread's or a task's. What he holds is noted for each path of a client. Only
//! what is held for certain counts: a lost lock is queued for anew.

pub(crate) mod acquire;
pub(crate) mod downgrade;
pub(crate) mod role;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::sync::Mutex as AsyncMutex;

use crate::context::{Core, PerClient};
use crate::error::{Error, ErrorCode};
use crate::locks::held::Holding;
use crate::locks::held::share::Share;
use crate::path::ZnodePath;
use crate::util::weak_map::Registry;

use role::{Role, Verdict, Who, verdict};

/// The number of the calling thread as an owner: no other thread of the process ever has it, also not after this one's end.
/// Callers' own numbers below 2^63 do not meet it.
pub fn thread_owner() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1 << 63);
    thread_local! {
        static OWN: u64 = NEXT.fetch_add(1, Ordering::Relaxed);
    }
    OWN.with(|own| *own)
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
    Downgrade(Arc<Holding>),
}

impl PerClient for Owners {
    fn for_client(_: &Core) -> Owners {
        Owners::default()
    }
}

impl Owners {
    pub(crate) fn entry(&self, path: &ZnodePath, owner: u64) -> Arc<Entry> {
        self.0.get((path.clone(), owner), |_| Entry::default())
    }
}

/// # Errors
/// `WOULD_DEADLOCK` when who asks for the lock at `path`, to share with nobody, would wait for himself.
pub(crate) fn check(core: &Core, path: &ZnodePath, want: Role, who: Who) -> Result<(), Error> {
    let (Who::Asking(owner) | Who::Owning(owner)) = who else { return Ok(()) };
    let Some(entry) = core.shared::<Owners>().0.find(&(path.clone(), owner)) else { return Ok(()) };
    match entry.verdict(want).1 {
        Verdict::Queue => Ok(()),
        // Readers are no rivals.
        Verdict::Join if want == Role::Read => Ok(()),
        Verdict::Join | Verdict::Downgrade => Err(would_deadlock(path, "its owner holds it already")),
        Verdict::Refuse(why) => Err(would_deadlock(path, why)),
    }
}

impl Entry {
    /// # Errors
    /// `WOULD_DEADLOCK` when there is none but to wait for himself.
    pub(crate) fn way(&self, path: &ZnodePath, want: Role) -> Result<Way, Error> {
        let (held, verdict) = self.verdict(want);
        let holdings =
            |role| held.iter().filter(move |(held, _)| *held == role).map(|(_, share)| share.holding());
        let way = match verdict {
            Verdict::Queue => None,
            Verdict::Join => holdings(want).find_map(Holding::join).map(Way::Join),
            Verdict::Downgrade => holdings(Role::Write).next().cloned().map(Way::Downgrade),
            Verdict::Refuse(why) => return Err(would_deadlock(path, why)),
        };
        // It may have been lost, or given up by another thread, since we looked.
        Ok(way.unwrap_or(Way::Queue))
    }

    fn verdict(&self, want: Role) -> (Vec<(Role, Arc<Share>)>, Verdict) {
        let is_certain = |share: &Share| !share.has_ended() && share.holding().is_certain();
        let held: Vec<_> = self.shares().into_iter().filter(|(_, share)| is_certain(share)).collect();
        let roles: Vec<_> = held.iter().map(|(role, _)| *role).collect();
        (held, verdict(want, &roles))
    }

    /// Notes that the owner holds `guard`.
    pub(crate) fn record(self: &Arc<Entry>, role: Role, shares: &[Arc<Share>]) {
        let mut held = self.held.lock();
        held.retain(|(_, share)| share.strong_count() > 0);
        for share in shares {
            share.belongs_to(self.clone());
            held.push((role, Arc::downgrade(share)));
        }
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

fn would_deadlock(path: &ZnodePath, why: &str) -> Error {
    Error::new(ErrorCode::WouldDeadlock, format!("lock {}: {why}", path.as_str()))
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
}
