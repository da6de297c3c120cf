//! Keeps records from being deleted while they matter.
//!
//! The server deletes a container some time after its last child went. So whoever records a miss puts an ephemeral child beside
//! the record, a keep, which no lock's queue takes for a contender:
//!
//! 1. One keep per key and client. A later miss of the same key only makes it last longer.
//! 2. When its time has passed, it is taken out of the list first and deleted then; a miss that is recorded meanwhile makes a new
//!    one with another name. So a miss is never recorded beside a keep that is about to go.
//! 3. A session may have only so many: the server logs the end of a session with the paths of all its ephemeral nodes in one
//!    record, and does not survive one longer than a packet (ZOOKEEPER-4306). The keep with the least time left goes early.
//! 4. The session ends, and its keeps go by themselves.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use parking_lot::Mutex;
use uuid::Uuid;

use crate::context::Core;
use crate::path::ZnodePath;
use crate::session::{NodeMode, Session, Write};

/// The most bytes of keeps' paths in a session: half of what the server can log (`jute.maxbuffer`, 1 MiB). The other half is
/// for locks.
const MOST_BYTES: usize = 512 * 1024;

/// How often the list is looked through.
const ROUND: Duration = Duration::from_secs(1);

/// The keeps of one client.
#[derive(Debug, Default)]
pub(super) struct Keeps {
    list: Mutex<List>,
}

#[derive(Debug, Default)]
struct List {
    session: i64,
    /// By the node of their key.
    keeps: HashMap<String, Keep>,
    bytes: usize,
    swept: bool,
}

/// A child of a key's node that keeps it.
#[derive(Clone, Debug)]
pub(super) struct Keep {
    path: String,
    /// What it adds to the log of the session's end.
    bytes: usize,
    until: Instant,
    made: bool,
}

impl Keep {
    /// Makes it, or makes sure that it is there.
    pub(super) fn write(&self) -> Write<'_> {
        let path = self.path.as_str();
        match self.made {
            true => Write::Check { path },
            false => Write::Create { path, data: b"", mode: NodeMode::Ephemeral },
        }
    }
}

impl Keeps {
    /// The keep of the key at `node`, to last until then at least.
    pub(super) fn keep(
        self: &Arc<Self>,
        core: &Core,
        session: &Arc<Session>,
        node: &ZnodePath,
        until: Instant,
    ) -> Keep {
        let mut list = self.list.lock();
        if list.session != session.id() {
            *list = List { session: session.id(), ..List::default() };
        }
        if let Some(keep) = list.keeps.get_mut(node.as_str()) {
            keep.until = keep.until.max(until);
            return keep.clone();
        }
        let path = node.child(&format!("_keep-{}", Uuid::new_v4().simple()));
        let chroot = core.options().hosts.chroot.as_ref().map_or(0, |chroot| chroot.as_str().len());
        // Each with its length in front.
        let bytes = chroot + path.len() + 4;
        let keep = Keep { path, bytes, until, made: false };
        while list.bytes + keep.bytes > MOST_BYTES
            && let Some(evicted) = list.evict()
        {
            delete_soon(core, session, evicted);
        }
        list.bytes += keep.bytes;
        list.keeps.insert(node.as_str().to_owned(), keep.clone());
        if !list.swept {
            list.swept = true;
            core.spawn(self.clone().sweep(session.clone()));
        }
        keep
    }

    /// To be called when nothing is under way any more that may make this keep. `there` tells whether it is there, if that is
    /// known. One that has been taken out of the list meanwhile may have been made after it was deleted.
    pub(super) fn settle(
        &self,
        core: &Core,
        session: &Arc<Session>,
        node: &ZnodePath,
        keep: Keep,
        there: Option<bool>,
    ) {
        match self.list.lock().keeps.get_mut(node.as_str()) {
            Some(listed) if listed.path == keep.path => listed.made = there.unwrap_or(listed.made),
            _ => delete_soon(core, session, keep),
        }
    }

    /// Deletes what has had its time, until nothing is left or the session is over.
    async fn sweep(self: Arc<Self>, session: Arc<Session>) {
        loop {
            tokio::select! {
                () = session.gone() => return,
                () = tokio::time::sleep(ROUND) => {}
            }
            let over = {
                let mut list = self.list.lock();
                if list.session != session.id() {
                    return;
                }
                if list.keeps.is_empty() {
                    list.swept = false;
                    return;
                }
                list.take_over(Instant::now())
            };
            join_all(over.into_iter().map(|keep| delete(&session, keep))).await;
        }
    }
}

impl List {
    /// Takes out the one with the least time left.
    fn evict(&mut self) -> Option<Keep> {
        let (node, _) = self.keeps.iter().min_by_key(|(_, keep)| keep.until)?;
        let node = node.clone();
        let keep = self.keeps.remove(&node)?;
        self.bytes -= keep.bytes;
        Some(keep)
    }

    /// Takes out those whose time has passed.
    fn take_over(&mut self, now: Instant) -> Vec<Keep> {
        let over: Vec<_> = self.keeps.extract_if(|_, keep| keep.until <= now).map(|(_, keep)| keep).collect();
        self.bytes -= over.iter().map(|keep| keep.bytes).sum::<usize>();
        over
    }
}

fn delete_soon(core: &Core, session: &Arc<Session>, keep: Keep) {
    let session = session.clone();
    core.spawn(async move { delete(&session, keep).await });
}

async fn delete(session: &Session, keep: Keep) {
    if let Err(fault) = session.delete(&keep.path).await {
        tracing::warn!(node = keep.path, ?fault, "could not delete");
    }
}
