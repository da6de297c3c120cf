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

use crate::context::{Context, PerClient};
use crate::error::{Error, ErrorCode};
use crate::locks::held::HeldNode;
use crate::locks::held::hold::Hold;
use crate::path::ZnodePath;
use crate::util::weak_map::WeakMap;

use role::{Requester, Role, Verdict, verdict};

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
pub(crate) struct Owners(WeakMap<(ZnodePath, u64), Entry>);

/// What one owner holds at one path.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    /// An owner that shares with himself queues once at a time: what he asks for meanwhile waits here, and then shares.
    pub(crate) turn: Arc<AsyncMutex<()>>,
    held: Mutex<Vec<(Role, Weak<Hold>)>>,
}

/// How an owner gets what he wants.
pub(crate) enum Route {
    Queue,
    Join(Arc<Hold>),
    Downgrade(Arc<HeldNode>),
}

impl PerClient for Owners {
    fn for_client(_: &Context) -> Owners {
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
pub(crate) fn check(
    context: &Context,
    path: &ZnodePath,
    want: Role,
    requester: Requester,
) -> Result<(), Error> {
    let (Requester::Asking(owner) | Requester::Owning(owner)) = requester else { return Ok(()) };
    let Some(entry) = context.shared::<Owners>().0.find(&(path.clone(), owner)) else { return Ok(()) };
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
    pub(crate) fn way(&self, path: &ZnodePath, want: Role) -> Result<Route, Error> {
        let (held, verdict) = self.verdict(want);
        let held_nodes =
            |role| held.iter().filter(move |(held, _)| *held == role).map(|(_, hold)| hold.held_node());
        let way = match verdict {
            Verdict::Queue => None,
            Verdict::Join => held_nodes(want).find_map(HeldNode::join).map(Route::Join),
            Verdict::Downgrade => held_nodes(Role::Write).next().cloned().map(Route::Downgrade),
            Verdict::Refuse(why) => return Err(would_deadlock(path, why)),
        };
        // It may have been lost, or given up by another thread, since we looked.
        Ok(way.unwrap_or(Route::Queue))
    }

    fn verdict(&self, want: Role) -> (Vec<(Role, Arc<Hold>)>, Verdict) {
        let is_certain = |hold: &Hold| !hold.has_ended() && hold.held_node().is_certain();
        let held: Vec<_> = self.holds().into_iter().filter(|(_, hold)| is_certain(hold)).collect();
        let roles: Vec<_> = held.iter().map(|(role, _)| *role).collect();
        (held, verdict(want, &roles))
    }

    /// Notes that the owner holds `guard`.
    pub(crate) fn record(self: &Arc<Entry>, role: Role, holds: &[Arc<Hold>]) {
        let mut held = self.held.lock();
        held.retain(|(_, hold)| hold.strong_count() > 0);
        for hold in holds {
            hold.belongs_to(self.clone());
            held.push((role, Arc::downgrade(hold)));
        }
    }

    /// What the owner has lost but not given up. Its node may be there still, and he would queue behind it.
    pub(crate) fn lost(&self) -> Vec<Arc<HeldNode>> {
        let holds = self.holds().into_iter().filter(|(_, hold)| !hold.has_ended());
        let held_nodes = holds.map(|(_, hold)| hold.held_node().clone());
        held_nodes.filter(|held_node| !held_node.is_certain()).collect()
    }

    fn holds(&self) -> Vec<(Role, Arc<Hold>)> {
        let held = self.held.lock();
        held.iter().filter_map(|(role, hold)| Some((*role, hold.upgrade()?))).collect()
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
