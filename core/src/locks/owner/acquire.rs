//! Acquiring a lock for an owner that may hold it already:
//!
//! 1. An owner that may share the lock with itself runs one attempt at a time. Further attempts wait for that one.
//! 2. If it holds the lock in a role that it can share, it gets one more hold, without any request.
//! 3. If it holds the write lock and asks for the read lock, the write lock is downgraded at its position in the queue
//!    (`downgrade.rs`).
//! 4. If it holds the lock in another role, the attempt fails with `WOULD_DEADLOCK`.
//! 5. If it has lost the lock, the lost node is deleted, because it may still exist and would be ahead of the new one.
//! 6. Otherwise it queues like any other contender (`queue/`), and the new hold is recorded.

use std::sync::Arc;

use tokio::sync::OwnedMutexGuard;

use super::downgrade::Downgrade;
use super::role::{Requester, Role};
use super::{Entry, Owners, Route};
use crate::context::Context;
use crate::error::Result;
use crate::locks::acquire::Attempt;
use crate::locks::guard::{self, Guard};
use crate::locks::handoff::{HELD_IN_PROCESS, LocalQueues};
use crate::locks::owner;
use crate::locks::queue::LockAttempt;
use crate::locks::queue::node_name::Scheme;
use crate::op::Retry;
use crate::path::ZnodePath;
use crate::session::Tenant;

/// One attempt to acquire a lock for an owner, or for an unknown caller.
pub(crate) struct OwnedLockAttempt {
    context: Arc<Context>,
    path: ZnodePath,
    role: Role,
    requester: Requester,
    retry: Retry,
    /// `true` if the attempt fails while tasks of this client hold the lock by hand-over, or wait for it.
    behind_local_queue: bool,
    scheme: Scheme,
    attempt: LockAttempt,
    /// Allocated only if needed, which is rare.
    downgrade: Option<Box<Downgrade>>,
    turn: Option<OwnedMutexGuard<()>>,
}

impl OwnedLockAttempt {
    pub(crate) fn new(
        context: Arc<Context>,
        path: ZnodePath,
        scheme: Scheme,
        role: Role,
        requester: Requester,
        retry: Retry,
    ) -> OwnedLockAttempt {
        let attempt = LockAttempt::new(context.clone(), path.clone(), scheme, role.kind()).retry(retry);
        let (behind_local_queue, downgrade, turn) = (false, None, None);
        OwnedLockAttempt {
            context,
            path,
            role,
            requester,
            retry,
            behind_local_queue,
            scheme,
            attempt,
            downgrade,
            turn,
        }
    }

    /// Sets whether the attempt fails while tasks of this client hold the lock by hand-over, or wait for it (`handoff/`).
    pub(crate) fn behind_local_queue(mut self, behind_local_queue: bool) -> OwnedLockAttempt {
        self.behind_local_queue = behind_local_queue;
        self
    }

    fn is_behind_local_queue(&self) -> bool {
        self.behind_local_queue && self.context.shared::<LocalQueues>().is_in_use(&self.path, self.scheme)
    }

    /// Step 1. Returns `false` if the attempt would have to wait and tries only once.
    async fn take_turn(&mut self, entry: &Entry) -> bool {
        let turn = entry.turn.clone();
        self.turn = match self.retry.is_never() {
            true => turn.try_lock_owned().ok(),
            false => Some(turn.lock_owned().await),
        };
        self.turn.is_some()
    }

    /// Step 3.
    fn downgrade(&mut self) -> &mut Downgrade {
        let make = || Box::new(Downgrade::new(self.context.clone(), self.path.clone(), self.retry));
        self.downgrade.get_or_insert_with(make)
    }

    /// Step 5.
    fn delete_lost_nodes(&self, entry: &Entry) {
        for held_node in entry.lost() {
            // Before its node is deleted: from then on no guard may report it as held.
            held_node.lose(held_node.likely_loss());
            let _background = guard::delete(&self.context, held_node);
        }
    }
}

impl Attempt for OwnedLockAttempt {
    async fn acquire(&mut self) -> Result<Option<Guard>> {
        if self.role == Role::Mutex || matches!(self.requester, Requester::Asking(_)) {
            owner::check(&self.context, &self.path, self.role, self.requester)?;
        }
        if self.is_behind_local_queue() {
            return Ok(None);
        }
        let Requester::Owning(owner) = self.requester else { return self.attempt.acquire().await };
        let entry = self.context.shared::<Owners>().entry(&self.path, owner);
        if self.role.is_reentrant() && !self.take_turn(&entry).await {
            return Ok(None);
        }
        let guard = loop {
            let hold = match entry.route(&self.path, self.role)? {
                Route::Join(hold) => Some(hold),
                // If there is none, the write lock is lost and does not count as held any more.
                Route::Downgrade(write) => Box::pin(self.downgrade().acquire(&write)).await?,
                Route::Queue => {
                    self.delete_lost_nodes(&entry);
                    break self.attempt.acquire().await?;
                }
            };
            if let Some(hold) = hold {
                break Some(Guard::new(self.context.clone(), hold));
            }
        };
        if let Some(guard) = &guard {
            entry.record(self.role, guard.holds());
        }
        Ok(guard)
    }

    async fn leave(&mut self) {
        if let Some(downgrade) = &mut self.downgrade {
            downgrade.leave().await;
        }
        self.attempt.leave().await;
        self.turn = None;
    }

    fn wait_reason(&self) -> String {
        let waits_for_turn = self.turn.is_none() && self.role.is_reentrant();
        if waits_for_turn && matches!(self.requester, Requester::Owning(_)) {
            return "another attempt of the same owner has not ended".into();
        }
        if self.is_behind_local_queue() {
            return HELD_IN_PROCESS.into();
        }
        self.attempt.wait_reason()
    }
}
