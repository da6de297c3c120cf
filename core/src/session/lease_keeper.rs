//! The lease keeper renews the lease of a session while a node is held or a caller waits, and reports losses in time.
//!
//! Meanwhile it does the following:
//! 1. It sends a `sync` whenever an eighth of the session timeout has passed since the last request was sent whose answer
//!    needed the leader. zookeeper-client sends pings too, but does not report their answers, and a follower that has lost its
//!    leader still answers them.
//! 2. It watches every node that has been held for longer than [`WATCH_AFTER`], because another client may delete it.
//! 3. It declares every node lost when the lease ends or the session ends.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::{BootInstant, Fault, Loss, Refusal, Session, Watch, WatchEvent};

/// The number of released nodes that the keeper remembers. The events of their deletion arrive within a round trip.
const MAX_RELEASED: usize = 64;

/// The data that another client writes into a lock's node to ask for the lock. The first is written by Curator's `Revoker`,
/// the second by the recipe in ZooKeeper's manual.
pub(crate) const REVOCATIONS: [&[u8]; 2] = [b"__REVOKE__", b"unlock"];

/// The age from which a held node is watched, so that a short critical section does not pay for a watch.
const WATCH_AFTER: Duration = Duration::from_secs(1);

/// The longest time between two checks while a node is held or a caller waits.
const MAX_CHECK_INTERVAL: Duration = Duration::from_millis(200);

/// A held node that depends on a session, as the lease keeper sees it.
pub(crate) trait Tenant: fmt::Debug + Send + Sync {
    /// Returns the session that the node depends on.
    fn session(&self) -> &Arc<Session>;

    /// Returns the path of the node.
    fn node(&self) -> &str;

    /// Returns how long the node has been held.
    fn age(&self) -> Duration;

    /// Returns whether the node is held: neither released nor lost.
    fn is_current(&self) -> bool;

    /// Notes that the node is being watched. Returns `false` if it was already.
    fn begin_watch(&self) -> bool;

    /// Returns whether another node may take the place of this one in its queue.
    fn may_have_successor(&self) -> bool;

    /// Declares the node lost, unless it has been released or lost before.
    fn lose(&self, loss: Loss);

    /// Notes that another client asks for the lock.
    fn request_revoke(&self);
}

/// The held nodes and the waiters of one session.
#[derive(Debug, Default)]
pub(crate) struct LeaseKeeper {
    held: Mutex<HashMap<usize, Arc<dyn Tenant>>>,
    /// The nodes released last, except those whose place in the queue another node may have taken.
    released: Mutex<VecDeque<String>>,
    waiting: AtomicUsize,
    /// Wakes the keeper when it is no longer idle.
    wake: Notify,
}

impl LeaseKeeper {
    /// Watches over a held node until it is lost or [removed](LeaseKeeper::remove).
    pub(crate) fn hold(&self, tenant: Arc<dyn Tenant>) {
        let first = {
            let mut held = self.held.lock();
            held.insert(key(&*tenant), tenant.clone());
            held.len() == 1
        };
        if first {
            self.wake.notify_one();
        }
        // The keeper may already have made its last check.
        if tenant.session().is_gone() {
            self.lose_all(Loss::SessionGone);
        }
    }

    /// Forgets a node that has been released or lost.
    pub(crate) fn remove(&self, tenant: &dyn Tenant) {
        let Some(tenant) = self.held.lock().remove(&key(tenant)) else { return };
        if tenant.may_have_successor() {
            return;
        }
        let mut released = self.released.lock();
        if released.len() == MAX_RELEASED {
            released.pop_front();
        }
        released.push_back(tenant.node().to_owned());
    }

    /// Returns whether `node` was held and released a short while ago.
    pub(crate) fn was_held(&self, node: &str) -> bool {
        self.released.lock().iter().rev().any(|released| released == node)
    }

    /// Renews the lease of a session until the returned guard is dropped. A waiter needs this: its lock may be granted by an
    /// event, which is not an answer to a request and does not extend the lease.
    pub(crate) fn renew_leases(self: &LeaseKeeper, session: &Arc<Session>) -> RenewalGuard {
        if self.waiting.fetch_add(1, Ordering::AcqRel) == 0 {
            self.wake.notify_one();
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

    /// Returns the nodes to be watched from now on, and notes them as watched.
    fn begin_watches(&self) -> Vec<Arc<dyn Tenant>> {
        let needs_watch = |tenant: &&Arc<dyn Tenant>| tenant.age() >= WATCH_AFTER && tenant.begin_watch();
        self.held.lock().values().filter(needs_watch).cloned().collect()
    }
}

fn key(tenant: &dyn Tenant) -> usize {
    std::ptr::from_ref(tenant).cast::<()>() as usize
}

/// A waiter for a lock in this session, for which the lease is renewed.
#[derive(Debug)]
pub(crate) struct RenewalGuard(Arc<Session>);

impl Drop for RenewalGuard {
    fn drop(&mut self) {
        self.0.lease_keeper.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Renews the lease of one session and reports its losses, until the session has ended.
pub(super) async fn keep(session: Arc<Session>) {
    let lease_keeper = &session.lease_keeper;
    let gone = session.gone();
    tokio::pin!(gone);
    let mut renewed = BootInstant::now();
    loop {
        // Read every time, because a server may grant another session timeout on a reconnect.
        let heartbeat = session.lease.shortest_timeout() / 8;
        // Half a heartbeat, so that a `sync` leaves at most one heartbeat after the last.
        let interval = (heartbeat / 2).clamp(Duration::from_millis(5), MAX_CHECK_INTERVAL);
        let idle = lease_keeper.is_idle();
        let remaining = session.lease.remaining();
        let pause = if remaining.is_zero() { interval } else { interval.min(remaining) };
        tokio::select! {
            () = &mut gone => break,
            () = lease_keeper.wake.notified(), if idle => {}
            () = tokio::time::sleep(pause), if !idle => {}
        }
        if !session.lease.is_valid() && !lease_keeper.held.lock().is_empty() {
            tracing::warn!(
                session = session.id,
                "no server confirmed the session within its lease; its locks are lost"
            );
            lease_keeper.lose_all(Loss::LeaseEnded);
        }
        // A `sync` goes out even if the last one is unanswered, so that the client is never silent for longer (`lease.rs`).
        let age = session.lease.age().min(renewed.until(BootInstant::now()));
        if age >= heartbeat.saturating_sub(interval)
            && let Some(link) = session.linked_now()
        {
            renewed = BootInstant::now();
            tokio::spawn(async move { link.sync("/").await });
        }
        for tenant in lease_keeper.begin_watches() {
            tokio::spawn(watch_over(tenant, None));
        }
    }
    lease_keeper.lose_all(Loss::SessionGone);
}

/// Watches a held node, and declares it lost when another client deletes it. Starts with `watch`, which may be left from
/// the time when the node waited in its queue.
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
                        tracing::warn!(
                            node = tenant.node(),
                            ?fault,
                            "cannot watch the node of a held lock; its deletion would go unnoticed"
                        );
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
