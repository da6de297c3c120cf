//! Finds out whether the server of a link answers multi-reads, which ZooKeeper has from 3.6.
//!
//! A server that does not know an operation refuses it at once, ahead of the requests that it is still working on, and then
//! closes the connection (`UnimplementedRequestProcessor`). The outcome of those requests is then unknown. So the first
//! multi-read of a link goes out alone:
//!
//! 1. Until the answer is known, every request holds a [turn](MultiRead::turn) while it is under way.
//! 2. The first multi-read waits until all turns have ended, and holds back later requests until it is answered.
//! 3. A refusal is remembered for the session, whose later links send no multi-read. The other answer is remembered for the
//!    link only, because the next link may lead to an older server.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The session whose servers refused a multi-read, if any did. The links of a client share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct RefusedIn(Arc<AtomicI64>);

/// Knowledge about the multi-reads of one link.
#[derive(Debug)]
pub(super) struct MultiRead {
    /// `true` if the server answers them, `false` if it refuses them. Empty until that is known.
    works: OnceLock<bool>,
    turns: RwLock<()>,
    session_id: i64,
    refused_in: RefusedIn,
}

impl MultiRead {
    pub(super) fn new(session_id: i64, refused_in: RefusedIn) -> MultiRead {
        let works = OnceLock::new();
        if refused_in.0.load(Ordering::Relaxed) == session_id {
            let _was_empty = works.set(false);
        }
        MultiRead { works, turns: RwLock::new(()), session_id, refused_in }
    }

    /// Returns whether the server answers multi-reads, or `None` if that is not known yet.
    pub(super) fn works(&self) -> Option<bool> {
        self.works.get().copied()
    }

    /// Stores that the server answered a multi-read.
    pub(super) fn set_present(&self) {
        let _known = self.works.set(true);
    }

    /// Stores that the server refused a multi-read as unknown. Returns whether this was not known yet.
    pub(super) fn set_missing(&self) -> bool {
        let is_new = self.works.set(false).is_ok();
        if is_new {
            tracing::info!(
                "the server has no multi-reads (ZooKeeper before 3.6): directories are listed one by one"
            );
            self.refused_in.0.store(self.session_id, Ordering::Relaxed);
        }
        is_new
    }

    /// Returns the turn that a request holds while it is under way (step 1). Waits only while the first multi-read is under way.
    pub(super) async fn turn(&self) -> Option<RwLockReadGuard<'_, ()>> {
        if self.works().is_some() {
            return None;
        }
        // `read` alone would now and then give way to other tasks, and requests must be sent in the order of their first
        // polls.
        match self.turns.try_read() {
            Ok(turn) => Some(turn),
            Err(_) => Some(Box::pin(tokio::task::unconstrained(self.turns.read())).await),
        }
    }

    /// Waits until no request is under way, and holds back all others until the result is dropped (step 2). Returns `None` at
    /// once if the server's answer is known, and otherwise after `limit`: a request counts as being under way until its task
    /// takes the answer.
    pub(super) async fn alone(&self, limit: Duration) -> Option<RwLockWriteGuard<'_, ()>> {
        if self.works().is_some() {
            return None;
        }
        let alone = Box::pin(tokio::time::timeout(limit, self.turns.write())).await.ok();
        // Another multi-read may have been answered meanwhile.
        alone.filter(|_| self.works().is_none())
    }
}
