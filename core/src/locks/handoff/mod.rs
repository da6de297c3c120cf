//! Hand-over inside the process: the tasks of one client that wait for a mutex form a local queue, and one node stands in the
//! server's queue for all of them.
//!
//! 1. A task that asks joins the local queue. The first one starts a background task that queues at the server.
//! 2. That task queues at the server (`queue/`) for all local waiters, so a waiter that gives up does not lose the position of
//!    the others. If no waiter is left, it leaves the server's queue.
//! 3. When the server grants the lock, the first local waiter gets it.
//! 4. When its guard ends, the next local waiter gets the lock, without any request. All these guards share one node and one
//!    token. The lock is not handed over if it was handed over as often as the guard's mutex allows, if another client asked
//!    for it, or if it is not certainly held.
//! 5. In these cases, and if no waiter is left, the lock is released at the server. For the remaining waiters, go on at step 2:
//!    the new node is behind all contenders that have queued since the first node was created. A lost lock is released by
//!    its guard, and step 2 does not wait for that.

mod waiters;

use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::context::{Context, PerClient};
use crate::error::{Error, Result};
use crate::locks::acquire::{self, Attempt, lock_name};
use crate::locks::guard::{self, Guard};
use crate::locks::held::HeldNode;
use crate::locks::held::hold::Successor;
use crate::locks::owner::Owners;
use crate::locks::owner::role::{Requester, Role};
use crate::locks::queue::LockAttempt;
use crate::locks::queue::node_name::{Kind, Scheme};
use crate::path::ZnodePath;
use crate::session::Tenant;
use crate::util::weak_map::WeakMap;

pub(crate) use waiters::Waiter;
use waiters::{TimedOut, Waiters};

/// The reason of a timeout while the lock is with this client's local queue.
pub(crate) const HELD_IN_PROCESS: &str = "held by another task of this client";

/// The local queues of one client.
#[derive(Debug, Default)]
pub(crate) struct LocalQueues(WeakMap<(ZnodePath, Scheme), LocalQueue>);

impl PerClient for LocalQueues {
    fn for_client(_: &Context) -> LocalQueues {
        LocalQueues::default()
    }
}

impl LocalQueues {
    pub(crate) fn local_queue(&self, path: &ZnodePath, scheme: Scheme) -> Arc<LocalQueue> {
        self.0.get((path.clone(), scheme), |_| LocalQueue {
            path: path.clone(),
            scheme,
            state: Mutex::default(),
            earlier_timeout: Notify::new(),
            handovers: AtomicU32::new(0),
        })
    }

    /// Returns whether a task of this client holds the lock by hand-over, or waits for it.
    pub(crate) fn is_in_use(&self, path: &ZnodePath, scheme: Scheme) -> bool {
        self.0.find(&(path.clone(), scheme)).is_some_and(|local_queue| local_queue.state.lock().is_in_use())
    }
}

/// The tasks of one client that hold or wait for one mutex.
pub(crate) struct LocalQueue {
    path: ZnodePath,
    scheme: Scheme,
    state: Mutex<State>,
    /// Notified when a waiter arrives whose deadline is before all others.
    earlier_timeout: Notify,
    /// The number of hand-overs since the server granted the lock.
    handovers: AtomicU32,
}

#[derive(Default)]
struct State {
    waiters: Waiters,
    /// `true` while the background task runs.
    has_task: bool,
    /// The node that the server granted last.
    held_node: Option<Arc<HeldNode>>,
}

impl State {
    fn is_in_use(&self) -> bool {
        self.waiters.any_waits() || self.held_node.as_ref().is_some_and(|held_node| held_node.is_current())
    }
}

impl LocalQueue {
    /// Step 1.
    pub(crate) fn join(self: &Arc<LocalQueue>, context: &Arc<Context>, waiter: Waiter) {
        let mut state = self.state.lock();
        let is_first_timeout = state.waiters.push(waiter);
        let had_task = std::mem::replace(&mut state.has_task, true);
        drop(state);
        if !had_task {
            context.spawn(self.clone().run(context.clone()));
        } else if is_first_timeout {
            self.earlier_timeout.notify_one();
        }
    }

    /// Grants the lock to the first waiter that was not cancelled. Returns whether there was one.
    fn grant(self: &Arc<LocalQueue>, context: &Arc<Context>, held_node: &Arc<HeldNode>) -> bool {
        while held_node.is_certain() {
            let Some(hold) = held_node.join() else { return false };
            let Some(waiter) = self.state.lock().waiters.pop() else {
                hold.end();
                return false;
            };
            hold.set_successor(self.clone(), waiter.limit);
            let guard = Guard::new(context.clone(), hold);
            if let Requester::Owning(owner) = waiter.requester {
                context.shared::<Owners>().entry(&self.path, owner).record(Role::Mutex, guard.holds());
            }
            // Recorded before the guard is sent, because the waiter may read its statistics at once.
            if !waiter.is_cancelled() {
                waiter.meters.waits.success(waiter.start.elapsed());
            }
            guard.measure(&waiter.meters);
            match waiter.answer.send(Ok(guard)) {
                Ok(()) => return true,
                // The waiter was cancelled. To drop its guard would hand the lock over, and call this function again.
                Err(returned) => drop(returned.map(Guard::into_held_node)),
            }
        }
        false
    }

    /// Steps 2 to 5, as long as there are waiters.
    async fn run(self: Arc<LocalQueue>, context: Arc<Context>) {
        while self.is_needed() {
            match self.queue(&context).await {
                Ok(Some(guard)) => self.serve(&context, guard).await,
                Ok(None) => {}
                Err(error) => self.fail_all(&error),
            }
            // The delete of the released node is then sent before the next create.
            tokio::task::yield_now().await;
        }
    }

    /// Returns whether there are waiters. If not, the next one starts a new background task.
    fn is_needed(&self) -> bool {
        let mut state = self.state.lock();
        state.held_node = None;
        state.waiters.remove_cancelled();
        state.has_task = !state.waiters.is_empty();
        state.has_task
    }

    /// Step 2. Returns `None` if all waiters gave up.
    async fn queue(&self, context: &Arc<Context>) -> Result<Option<Guard>> {
        let mut attempt = LockAttempt::new(context.clone(), self.path.clone(), self.scheme, Kind::Mutex);
        let blocker = attempt.blocker().clone();
        let last_timed_out = {
            let mut acquire = pin!(attempt.acquire());
            loop {
                let timed_out = tokio::select! {
                    biased;
                    acquired = &mut acquire => return acquired,
                    () = poll_fn(|cx| self.state.lock().waiters.poll_abandoned(cx)) => Vec::new(),
                    timed_out = self.next_timed_out() => timed_out,
                };
                if self.state.lock().waiters.is_empty() {
                    break timed_out;
                }
                self.fail_timed_out(timed_out, &blocker.reason(context));
            }
        };
        let reason = blocker.reason(context);
        // Past the limit, the rest of the cleanup goes on in the background.
        let _result = tokio::time::timeout(acquire::LEAVE_LIMIT, attempt.leave()).await;
        self.fail_timed_out(last_timed_out, &reason);
        Ok(None)
    }

    /// Steps 3 to 5. Returns when the lock is not held any more.
    async fn serve(self: &Arc<LocalQueue>, context: &Arc<Context>, guard: Guard) {
        let Some(held_node) = guard.into_held_node() else { return };
        self.state.lock().held_node = Some(held_node.clone());
        self.handovers.store(0, Ordering::Relaxed);
        if !self.grant(context, &held_node) && held_node.close() {
            let _background = guard::delete(context, held_node);
            return;
        }
        let mut ended = pin!(held_node.ended());
        loop {
            tokio::select! {
                _ = &mut ended => return,
                timed_out = self.next_timed_out() => self.fail_timed_out(timed_out, HELD_IN_PROCESS),
            }
        }
    }

    fn fail_all(&self, error: &Error) {
        let waiting = self.state.lock().waiters.take_all();
        waiting.into_iter().for_each(|waiter| waiter.fail(error.clone()));
    }

    fn fail_timed_out(&self, timed_out: Vec<TimedOut>, reason: &str) {
        for TimedOut { waiter, ahead } in timed_out {
            waiter.meters.waits.timeout();
            let reason = match ahead {
                0 => reason.to_owned(),
                1 => format!("{reason}, 1 waiter ahead"),
                _ => format!("{reason}, {ahead} waiters ahead"),
            };
            waiter.fail(acquire::timed_out(&lock_name(&self.path), &reason));
        }
    }

    /// Waits until the deadlines of some waiters have passed, and removes those waiters.
    async fn next_timed_out(&self) -> Vec<TimedOut> {
        loop {
            let next_timeout = self.state.lock().waiters.next_timeout();
            let next_timeout = async {
                match next_timeout {
                    Some(next_timeout) => tokio::time::sleep_until(next_timeout.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = next_timeout => {
                    let timed_out = self.state.lock().waiters.take_timed_out(Instant::now());
                    if !timed_out.is_empty() {
                        return timed_out;
                    }
                }
                () = self.earlier_timeout.notified() => {}
            }
        }
    }
}

impl Successor for LocalQueue {
    /// Step 4.
    fn hand_over(
        self: Arc<LocalQueue>,
        context: &Arc<Context>,
        held_node: &Arc<HeldNode>,
        limit: u32,
    ) -> bool {
        // Only the holder of the lock gets here, so there is no concurrent update.
        let handovers = self.handovers.load(Ordering::Relaxed);
        let may_hand_over = handovers < limit && !held_node.is_revoke_requested();
        may_hand_over && {
            self.handovers.store(handovers + 1, Ordering::Relaxed);
            self.grant(context, held_node)
        }
    }
}

impl fmt::Debug for LocalQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state.lock();
        f.debug_struct("LocalQueue")
            .field("path", &self.path)
            .field("scheme", &self.scheme)
            .field("waiting", &state.waiters.len())
            .field("held_node", &state.held_node)
            .finish_non_exhaustive()
    }
}
