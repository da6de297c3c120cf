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

use crate::context::Context;
use crate::path::ZnodePath;
use crate::session::{NodeMode, Session, Write};

/// The most bytes of keeps' paths in a session: half of what the server can log (`jute.maxbuffer`, 1 MiB). The other half is
/// for locks.
const MOST_BYTES: usize = 512 * 1024;

/// How often the list is looked through.
const ROUND: Duration = Duration::from_secs(1);

/// The keeps of one client.
#[derive(Debug, Default)]
pub(super) struct Tombstones {
    list: Mutex<List>,
}

#[derive(Debug, Default)]
struct List {
    session: i64,
    /// By the node of their key.
    tombstones: HashMap<String, Tombstone>,
    bytes: usize,
    swept: bool,
}

/// A child of a key's node that keeps it.
#[derive(Clone, Debug)]
pub(super) struct Tombstone {
    path: String,
    /// What it adds to the log of the session's end.
    bytes: usize,
    until: Instant,
    made: bool,
}

impl Tombstone {
    /// Makes it, or makes sure that it is there.
    pub(super) fn write(&self) -> Write<'_> {
        let path = self.path.as_str();
        match self.made {
            true => Write::Check { path },
            false => Write::Create { path, data: b"", mode: NodeMode::Ephemeral },
        }
    }
}

impl Tombstones {
    /// The keep of the key at `node`, to last until then at least.
    pub(super) fn tombstone(
        self: &Arc<Self>,
        context: &Context,
        session: &Arc<Session>,
        node: &ZnodePath,
        until: Instant,
    ) -> Tombstone {
        let mut list = self.list.lock();
        if list.session != session.id() {
            *list = List { session: session.id(), ..List::default() };
        }
        if let Some(tombstone) = list.tombstones.get_mut(node.as_str()) {
            tombstone.until = tombstone.until.max(until);
            return tombstone.clone();
        }
        let path = node.child(&format!("_keep-{}", Uuid::new_v4().simple()));
        let chroot = context.options().hosts.chroot.as_ref().map_or(0, |chroot| chroot.as_str().len());
        // Each with its length in front.
        let bytes = chroot + path.len() + 4;
        let tombstone = Tombstone { path, bytes, until, made: false };
        while list.bytes + tombstone.bytes > MOST_BYTES
            && let Some(evicted) = list.evict()
        {
            delete_soon(context, session, evicted);
        }
        list.bytes += tombstone.bytes;
        list.tombstones.insert(node.as_str().to_owned(), tombstone.clone());
        if !list.swept {
            list.swept = true;
            context.spawn(self.clone().sweep(session.clone()));
        }
        tombstone
    }

    /// To be called when nothing is under way any more that may make this keep. `there` tells whether it is there, if that is
    /// known. One that has been taken out of the list meanwhile may have been made after it was deleted.
    pub(super) fn settle(
        &self,
        context: &Context,
        session: &Arc<Session>,
        node: &ZnodePath,
        tombstone: Tombstone,
        there: Option<bool>,
    ) {
        match self.list.lock().tombstones.get_mut(node.as_str()) {
            Some(listed) if listed.path == tombstone.path => listed.made = there.unwrap_or(listed.made),
            _ => delete_soon(context, session, tombstone),
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
                if list.tombstones.is_empty() {
                    list.swept = false;
                    return;
                }
                list.take_over(Instant::now())
            };
            join_all(over.into_iter().map(|tombstone| delete(&session, tombstone))).await;
        }
    }
}

impl List {
    /// Takes out the one with the least time left.
    fn evict(&mut self) -> Option<Tombstone> {
        let (node, _) = self.tombstones.iter().min_by_key(|(_, tombstone)| tombstone.until)?;
        let node = node.clone();
        let tombstone = self.tombstones.remove(&node)?;
        self.bytes -= tombstone.bytes;
        Some(tombstone)
    }

    /// Takes out those whose time has passed.
    fn take_over(&mut self, now: Instant) -> Vec<Tombstone> {
        let over: Vec<_> = self
            .tombstones
            .extract_if(|_, tombstone| tombstone.until <= now)
            .map(|(_, tombstone)| tombstone)
            .collect();
        self.bytes -= over.iter().map(|tombstone| tombstone.bytes).sum::<usize>();
        over
    }
}

fn delete_soon(context: &Context, session: &Arc<Session>, tombstone: Tombstone) {
    let session = session.clone();
    context.spawn(async move { delete(&session, tombstone).await });
}

async fn delete(session: &Session, tombstone: Tombstone) {
    if let Err(fault) = session.delete(&tombstone.path).await {
        tracing::warn!(node = tombstone.path, ?fault, "could not delete");
    }
}
