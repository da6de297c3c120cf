//! Keeps a session's lease fresh while something is held or waited for, and tells loss in time.
//!
//! While there is anything to look after, the keeper
//! 1. asks the leader for a `sync` whenever an eighth of the session timeout has passed without an answer: zookeeper-
//!    client pings too, but does not tell us of the answers. Not a plain read: a follower that lost its leader goes on
//!    answering those;
//! 2. watches the node of whatever has been held for longer than a moment: somebody may delete it;
//! 3. declares everything lost when the lease ends or the session is over.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::{Fault, Loss, Refusal, Session, Watch, WatchEvent};

/// How many nodes the keeper remembers to have held. Their deletions are told within a round trip.
const PAST: usize = 64;

/// Somebody wants the lock back: what Curator's `Revoker` writes into the lock's node, and what the recipe in ZooKeeper's
/// manual does.
pub(crate) const REVOCATIONS: [&[u8]; 2] = [b"__REVOKE__", b"unlock"];

/// A critical section shorter than this does not pay for a watch of its own node.
const MOMENT: Duration = Duration::from_secs(1);

/// How often the keeper looks around at least, while there is something to look after.
const LONGEST_ROUND: Duration = Duration::from_millis(200);

/// A node that depends on a session, as its keeper sees it.
pub(crate) trait Tenant: fmt::Debug + Send + Sync {
    fn session(&self) -> &Arc<Session>;

    fn node(&self) -> &str;

    fn age(&self) -> Duration;

    /// Returns whether the node is held: neither released nor lost.
    fn is_current(&self) -> bool;

    /// Notes that the node is being watched. Returns whether it was not before.
    fn begin_watch(&self) -> bool;

    /// Returns whether another node may take the place of this one in its queue.
    fn may_have_successor(&self) -> bool;

    /// Declares the node lost, unless it was released or lost before.
    fn lose(&self, loss: Loss);

    /// Notes that somebody asks for the lock.
    fn request_revoke(&self);
}

#[derive(Debug, Default)]
pub(crate) struct LeaseKeeper {
    held: Mutex<HashMap<usize, Arc<dyn Tenant>>>,
    /// The nodes let go last, but for those whose place another may have taken.
    past: Mutex<VecDeque<String>>,
    waiting: AtomicUsize,
    awake: Notify,
}

impl LeaseKeeper {
    /// Takes a holding into care until it is lost or [let go](LeaseLeaseKeeper::remove).
    pub(crate) fn hold(&self, tenant: Arc<dyn Tenant>) {
        let first = {
            let mut held = self.held.lock();
            held.insert(key(&*tenant), tenant.clone());
            held.len() == 1
        };
        if first {
            self.awake.notify_one();
        }
        // The keeper may have made its last round already.
        if tenant.session().is_gone() {
            self.lose_all(Loss::SessionGone);
        }
    }

    pub(crate) fn remove(&self, tenant: &dyn Tenant) {
        let Some(tenant) = self.held.lock().remove(&key(tenant)) else { return };
        if tenant.may_have_successor() {
            return;
        }
        let mut past = self.past.lock();
        if past.len() == PAST {
            past.pop_front();
        }
        past.push_back(tenant.node().to_owned());
    }

    /// Whether `node` was held, and let go, a short while ago.
    pub(crate) fn was_held(&self, node: &str) -> bool {
        self.past.lock().iter().rev().any(|past| past == node)
    }

    /// Keeps the lease fresh for one who waits: a grant may come as an event, which is no answer to a request.
    pub(crate) fn renew_leases(self: &LeaseKeeper, session: &Arc<Session>) -> RenewalGuard {
        if self.waiting.fetch_add(1, Ordering::AcqRel) == 0 {
            self.awake.notify_one();
        }
        RenewalGuard(session.clone())
    }

    fn is_idle(&self) -> bool {
        self.held.lock().is_empty() && self.waiting.load(Ordering::Acquire) == 0
    }

    fn lose_all(&self, loss: Loss) {
        let lost = std::mem::take(&mut *self.held.lock());
        lost.into_values().for_each(|tenant| tenant.lose(loss));
    }

    fn unwatched(&self) -> Vec<Arc<dyn Tenant>> {
        let ripe = |tenant: &&Arc<dyn Tenant>| tenant.age() >= MOMENT && tenant.begin_watch();
        self.held.lock().values().filter(ripe).cloned().collect()
    }
}

fn key(tenant: &dyn Tenant) -> usize {
    std::ptr::from_ref(tenant).cast::<()>() as usize
}

/// Somebody waits for a lock in this session.
#[derive(Debug)]
pub(crate) struct RenewalGuard(Arc<Session>);

impl Drop for RenewalGuard {
    fn drop(&mut self) {
        self.0.lease_keeper.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Looks after one session until it is over.
pub(super) async fn keep(session: Arc<Session>) {
    let lease_keeper = &session.lease_keeper;
    let heartbeat = session.timeout / 8;
    // Half of it, so that a lease is at most one and a half heartbeats old.
    let round = (heartbeat / 2).clamp(Duration::from_millis(5), LONGEST_ROUND);
    let gone = session.gone();
    tokio::pin!(gone);
    let mut beating = None;
    loop {
        let idle = lease_keeper.is_idle();
        let left = session.lease.remaining();
        let pause = if left.is_zero() { round } else { round.min(left) };
        tokio::select! {
            () = &mut gone => break,
            () = lease_keeper.awake.notified(), if idle => {}
            () = tokio::time::sleep(pause), if !idle => {}
        }
        if !session.lease.is_valid() && !lease_keeper.held.lock().is_empty() {
            tracing::warn!(session = session.id, "lease ended; locks are lost");
            lease_keeper.lose_all(Loss::LeaseEnded);
        }
        let stale = session.lease.term().saturating_sub(session.lease.remaining()) >= heartbeat - round;
        let beat_done = beating.as_ref().is_none_or(tokio::task::JoinHandle::is_finished);
        if stale && beat_done {
            beating = session.linked_now().map(|link| tokio::spawn(async move { link.sync("/").await }));
        }
        for tenant in lease_keeper.unwatched() {
            tokio::spawn(watch_over(tenant, None));
        }
    }
    lease_keeper.lose_all(Loss::SessionGone);
}

/// Tells a holding when its node is deleted. Starts from a watch that its waiting already had, if there is one.
pub(crate) async fn watch_over(tenant: Arc<dyn Tenant>, mut watch: Option<Watch>) {
    let session = tenant.session();
    while tenant.is_current() {
        let event = match watch.take() {
            Some(mut watch) => watch.wait().await,
            None => {
                let Ok(link) = session.link().await else { return };
                match link.watch(tenant.node()).await {
                    Ok((data, fresh)) => {
                        if REVOCATIONS.contains(&data.as_slice()) {
                            tenant.request_revoke();
                        }
                        watch = Some(fresh);
                        continue;
                    }
                    Err(Fault::Refused(Refusal::NoNode)) => WatchEvent::Deleted,
                    Err(Fault::Unknown) => {
                        session.wait_reconnect(&link).await;
                        continue;
                    }
                    Err(fault) => {
                        tracing::warn!(node = tenant.node(), ?fault, "cannot watch the own node");
                        return;
                    }
                }
            }
        };
        if event == WatchEvent::Deleted {
            session.lease_keeper.remove(&*tenant);
            tenant.lose(Loss::NodeDeleted);
        }
    }
}
