//! The locks that known owners hold. An owner acquires again what it may share with itself, and gets an error where it would
//! deadlock.
//!
//! An owner is a number that the caller gives for a thread or a task. Its holds are recorded for each path of a client. Only a
//! lock that is certainly held counts: a lost lock is queued for again.

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

/// Returns the number of the calling thread as an owner. No other thread of the process ever gets the same number, not even
/// after this one has ended. Numbers below 2^63, which callers choose, never equal a thread's.
///
/// # Examples
/// ```no_run
/// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
/// // Fails with `WOULD_DEADLOCK`, instead of waiting forever, if this thread holds the lock already.
/// let mutex = client.mutex("/locks/report").owned_by(zkcoord::thread_owner());
/// let guard = mutex.acquire().wait()?;
/// # Ok(()) }
/// ```
pub fn thread_owner() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1 << 63);
    thread_local! {
        static OWN: u64 = NEXT.fetch_add(1, Ordering::Relaxed);
    }
    OWN.with(|own| *own)
}

/// The holds of one client's owners.
#[derive(Debug, Default)]
pub(crate) struct Owners(WeakMap<(ZnodePath, u64), Entry>);

/// The holds of one owner at one path.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    /// Locked while the owner acquires a lock that it may share with itself: a second attempt waits here for the first, and then
    /// shares its result.
    pub(crate) turn: Arc<AsyncMutex<()>>,
    held: Mutex<Vec<(Role, Weak<Hold>)>>,
}

/// The way in which an owner acquires a lock.
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

/// Checks that the requester of the lock at `path` would not wait for itself, if it cannot share the lock.
///
/// # Errors
/// `WOULD_DEADLOCK` if it would.
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
        // Readers do not exclude each other.
        Verdict::Join if want == Role::Read => Ok(()),
        Verdict::Join | Verdict::Downgrade => Err(would_deadlock(path, "its owner holds it already")),
        Verdict::Refuse(why) => Err(would_deadlock(path, why)),
    }
}

impl Entry {
    /// Returns the way in which the owner acquires the lock in the role `want`.
    ///
    /// # Errors
    /// `WOULD_DEADLOCK` if the owner could only wait for itself.
    pub(crate) fn route(&self, path: &ZnodePath, want: Role) -> Result<Route, Error> {
        let (held, verdict) = self.verdict(want);
        let held_nodes =
            |role| held.iter().filter(move |(held, _)| *held == role).map(|(_, hold)| hold.held_node());
        let route = match verdict {
            Verdict::Queue => None,
            Verdict::Join => held_nodes(want).find_map(HeldNode::join).map(Route::Join),
            Verdict::Downgrade => held_nodes(Role::Write).next().cloned().map(Route::Downgrade),
            Verdict::Refuse(why) => return Err(would_deadlock(path, why)),
        };
        // Since the verdict, the lock may have been lost, or released by another thread.
        Ok(route.unwrap_or(Route::Queue))
    }

    fn verdict(&self, want: Role) -> (Vec<(Role, Arc<Hold>)>, Verdict) {
        let is_certain = |hold: &Hold| !hold.has_ended() && hold.held_node().is_certain();
        let held: Vec<_> = self.holds().into_iter().filter(|(_, hold)| is_certain(hold)).collect();
        let roles: Vec<_> = held.iter().map(|(role, _)| *role).collect();
        (held, verdict(want, &roles))
    }

    /// Records `holds` as the owner's.
    pub(crate) fn record(self: &Arc<Entry>, role: Role, holds: &[Arc<Hold>]) {
        let mut held = self.held.lock();
        held.retain(|(_, hold)| hold.strong_count() > 0);
        for hold in holds {
            hold.set_owner(self.clone());
            held.push((role, Arc::downgrade(hold)));
        }
    }

    /// Returns the nodes that the owner has lost but not released. They may still exist, and a new node of the owner would
    /// queue behind them.
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
    fn every_thread_has_its_own_number() {
        let own = thread_owner();
        assert_eq!(own, thread_owner());
        assert_ne!(own, std::thread::spawn(thread_owner).join().unwrap());
    }
}
