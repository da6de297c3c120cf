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
use super::role::{Role, Who};
use super::{Entry, Owners, Way};
use crate::context::Core;
use crate::error::Result;
use crate::locks::acquire::Attempt;
use crate::locks::guard::{self, Guard};
use crate::locks::handoff::Lines;
use crate::locks::owner;
use crate::locks::queue::Contest;
use crate::locks::queue::node_name::Scheme;
use crate::path::ZnodePath;
use crate::session::Tenant;

/// An attempt to get a lock for somebody.
pub(crate) struct OwnedContest {
    core: Arc<Core>,
    path: ZnodePath,
    role: Role,
    who: Who,
    once: bool,
    /// Gives way to those who stand in its line.
    behind_line: bool,
    scheme: Scheme,
    contest: Contest,
    /// Made when it is needed, which is seldom.
    downgrade: Option<Box<Downgrade>>,
    turn: Option<OwnedMutexGuard<()>>,
}

impl OwnedContest {
    pub(crate) fn new(
        core: Arc<Core>,
        path: ZnodePath,
        scheme: Scheme,
        role: Role,
        who: Who,
        once: bool,
    ) -> OwnedContest {
        let contest = Contest::new(core.clone(), path.clone(), scheme, role.kind()).once(once);
        let (behind_line, downgrade, turn) = (false, None, None);
        OwnedContest { core, path, role, who, once, behind_line, scheme, contest, downgrade, turn }
    }

    /// Whether it gives way to those of this client who hold the lock by its line, or wait for it there (`handoff.rs`).
    pub(crate) fn behind_line(mut self, behind_line: bool) -> OwnedContest {
        self.behind_line = behind_line;
        self
    }

    /// Step 1. `false` when he would have to wait and tries only once.
    async fn take_turn(&mut self, entry: &Entry) -> bool {
        let turn = entry.turn.clone();
        self.turn = match self.once {
            true => turn.try_lock_owned().ok(),
            false => Some(turn.lock_owned().await),
        };
        self.turn.is_some()
    }

    /// Step 3.
    fn downgrade(&mut self) -> &mut Downgrade {
        let make = || Box::new(Downgrade::new(self.core.clone(), self.path.clone(), self.once));
        self.downgrade.get_or_insert_with(make)
    }

    /// Step 5.
    fn bury_the_lost(&self, entry: &Entry) {
        for holding in entry.lost() {
            // Before its node goes: nobody may take it for held any more.
            holding.lose(holding.doubt());
            let _background = guard::delete(&self.core, holding);
        }
    }
}

impl Attempt for OwnedContest {
    async fn win(&mut self) -> Result<Option<Guard>> {
        if self.role == Role::Mutex || matches!(self.who, Who::Asking(_)) {
            owner::check(&self.core, &self.path, self.role, self.who)?;
        }
        if self.behind_line && self.core.shared::<Lines>().is_wanted(&self.path, self.scheme) {
            return Ok(None);
        }
        let Who::Owning(owner) = self.who else { return self.contest.win().await };
        let entry = self.core.shared::<Owners>().entry(&self.path, owner);
        if self.role.is_shared_with_itself() && !self.take_turn(&entry).await {
            return Ok(None);
        }
        let guard = loop {
            let share = match entry.way(&self.path, self.role)? {
                Way::Join(share) => Some(share),
                // Without one the write lock is lost, and counts no more.
                Way::Downgrade(write) => Box::pin(self.downgrade().win(&write)).await?,
                Way::Queue => {
                    self.bury_the_lost(&entry);
                    break self.contest.win().await?;
                }
            };
            if let Some(share) = share {
                break Some(Guard::new(self.core.clone(), share));
            }
        };
        if let Some(guard) = &guard {
            entry.record(self.role, guard.shares());
        }
        Ok(guard)
    }

    async fn leave(&mut self) {
        if let Some(downgrade) = &mut self.downgrade {
            downgrade.leave().await;
        }
        self.contest.leave().await;
        self.turn = None;
    }

    fn waiting_for(&self) -> String {
        match self.turn {
            None if self.role.is_shared_with_itself() && self.who != Who::Unknown => {
                "its owner's earlier attempt".into()
            }
            _ => self.contest.waiting_for(),
        }
    }
}
