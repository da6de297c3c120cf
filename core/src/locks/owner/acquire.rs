//! Taking a lock for an owner who may hold it already (`owners.rs` knows):
//!
//! 1. An owner who may share with himself does one thing at a time: what he asks for meanwhile waits for that.
//! 2. He holds it already, in a way that he can share: one more share, without any request.
//! 3. He writes and wants to read: he reads on at the same place (`downgrade.rs`).
//! 4. He holds it in a way that he would wait for: `WOULD_DEADLOCK`.
//! 5. He held it, and lost it: the node that may be left is deleted. It is given up for lost, and would stand before us.
//! 6. He queues like everybody (`queue.rs`), and what he gets is noted.

use std::sync::Arc;

use tokio::sync::OwnedMutexGuard;

use super::downgrade::Downgrade;
use super::role::{Requester, Role};
use super::{Entry, Owners, Route};
use crate::context::Context;
use crate::error::Result;
use crate::locks::acquire::Attempt;
use crate::locks::guard::{self, Guard};
use crate::locks::handoff::LocalQueues;
use crate::locks::owner;
use crate::locks::queue::LockAttempt;
use crate::locks::queue::node_name::Scheme;
use crate::op::Retry;
use crate::path::ZnodePath;
use crate::session::Tenant;

/// An attempt to get a lock for somebody.
pub(crate) struct OwnedLockAttempt {
    context: Arc<Context>,
    path: ZnodePath,
    role: Role,
    requester: Requester,
    retry: Retry,
    /// Gives way to those who stand in its line.
    behind_local_queue: bool,
    scheme: Scheme,
    attempt: LockAttempt,
    /// Made when it is needed, which is seldom.
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

    /// Whether it gives way to those of this client who hold the lock by its line, or wait for it there (`handoff.rs`).
    pub(crate) fn behind_local_queue(mut self, behind_local_queue: bool) -> OwnedLockAttempt {
        self.behind_local_queue = behind_local_queue;
        self
    }

    /// Step 1. `false` when he would have to wait and tries only once.
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
            // Before its node goes: nobody may take it for held any more.
            held_node.lose(held_node.doubt());
            let _background = guard::delete(&self.context, held_node);
        }
    }
}

impl Attempt for OwnedLockAttempt {
    async fn acquire(&mut self) -> Result<Option<Guard>> {
        if self.role == Role::Mutex || matches!(self.requester, Requester::Asking(_)) {
            owner::check(&self.context, &self.path, self.role, self.requester)?;
        }
        if self.behind_local_queue && self.context.shared::<LocalQueues>().is_wanted(&self.path, self.scheme)
        {
            return Ok(None);
        }
        let Requester::Owning(owner) = self.requester else { return self.attempt.acquire().await };
        let entry = self.context.shared::<Owners>().entry(&self.path, owner);
        if self.role.is_shared_with_itself() && !self.take_turn(&entry).await {
            return Ok(None);
        }
        let guard = loop {
            let hold = match entry.way(&self.path, self.role)? {
                Route::Join(hold) => Some(hold),
                // Without one the write lock is lost, and counts no more.
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

    fn waiting_for(&self) -> String {
        match self.turn {
            None if self.role.is_shared_with_itself() && self.requester != Requester::Unknown => {
                "its owner's earlier attempt".into()
            }
            _ => self.attempt.waiting_for(),
        }
    }
}
