//! Tombstones: children that keep the server from deleting a record while it matters.
//!
//! The server deletes a container some time after its last child was deleted. So a client that records a miss creates an
//! ephemeral child next to it, the key's tombstone. No lock's queue takes its name for that of a contender.
//!
//! 1. There is one tombstone per key and client. A later miss of the same key only extends its life.
//! 2. When it expires, it is taken out of the list first, and deleted then. A miss that is recorded in between creates a new one
//!    with another name. So a miss is never recorded next to a tombstone that is about to be deleted.
//! 3. Their number in a session is bounded: the server logs the end of a session with the paths of all its ephemeral nodes in
//!    one record, and does not survive one longer than a packet (ZOOKEEPER-4306). The tombstone that expires first is deleted
//!    early.
//! 4. When the session ends, the server deletes its tombstones.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use parking_lot::Mutex;
use uuid::Uuid;

use crate::context::Context;
use crate::path::ZnodePath;
use crate::session::{NodeMode, Session, Write};

/// The maximum number of bytes of the tombstones' paths in a session: half of what the server can log (`jute.maxbuffer`,
/// 1 MiB). The other half is for locks.
const MAX_BYTES: usize = 512 * 1024;

/// The time between two searches for expired tombstones.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);

/// The tombstones of one client.
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
    has_sweeper: bool,
}

/// An ephemeral child of a key's node.
#[derive(Clone, Debug)]
pub(super) struct Tombstone {
    path: String,
    /// The number of bytes that it adds to the log of the session's end.
    bytes: usize,
    expires: Instant,
    /// `true` once it is known to exist.
    exists: bool,
}

impl Tombstone {
    /// Returns the write that creates it, or the check that it still exists.
    pub(super) fn write(&self) -> Write<'_> {
        let path = self.path.as_str();
        match self.exists {
            true => Write::Check { path },
            false => Write::Create { path, data: b"", mode: NodeMode::Ephemeral },
        }
    }
}

impl Tombstones {
    /// Returns the tombstone of the key at `node`, which then does not expire before `expires`.
    pub(super) fn tombstone(
        self: &Arc<Self>,
        context: &Context,
        session: &Arc<Session>,
        node: &ZnodePath,
        expires: Instant,
    ) -> Tombstone {
        let mut list = self.list.lock();
        if list.session != session.id() {
            *list = List { session: session.id(), ..List::default() };
        }
        if let Some(tombstone) = list.tombstones.get_mut(node.as_str()) {
            tombstone.expires = tombstone.expires.max(expires);
            return tombstone.clone();
        }
        let path = node.child(&format!("_keep-{}", Uuid::new_v4().simple()));
        let chroot = context.options().hosts.chroot.as_ref().map_or(0, |chroot| chroot.as_str().len());
        // In the log, the length precedes each path.
        let bytes = chroot + path.len() + 4;
        let tombstone = Tombstone { path, bytes, expires, exists: false };
        while list.bytes + tombstone.bytes > MAX_BYTES
            && let Some(evicted) = list.evict()
        {
            delete_in_background(context, session, evicted);
        }
        list.bytes += tombstone.bytes;
        list.tombstones.insert(node.as_str().to_owned(), tombstone.clone());
        if !list.has_sweeper {
            list.has_sweeper = true;
            context.spawn(self.clone().sweep(session.clone()));
        }
        tombstone
    }

    /// Notes whether this tombstone exists, if that is known. To be called when no request under way may create it any more. One
    /// that was taken out of the list meanwhile may have been created after its deletion, and is deleted again.
    pub(super) fn confirm(
        &self,
        context: &Context,
        session: &Arc<Session>,
        node: &ZnodePath,
        tombstone: Tombstone,
        exists: Option<bool>,
    ) {
        match self.list.lock().tombstones.get_mut(node.as_str()) {
            Some(listed) if listed.path == tombstone.path => listed.exists = exists.unwrap_or(listed.exists),
            _ => delete_in_background(context, session, tombstone),
        }
    }

    /// Deletes expired tombstones, until none is left or the session has ended.
    async fn sweep(self: Arc<Self>, session: Arc<Session>) {
        loop {
            tokio::select! {
                () = session.gone() => return,
                () = tokio::time::sleep(SWEEP_INTERVAL) => {}
            }
            let expired = {
                let mut list = self.list.lock();
                if list.session != session.id() {
                    return;
                }
                if list.tombstones.is_empty() {
                    list.has_sweeper = false;
                    return;
                }
                list.take_expired(Instant::now())
            };
            join_all(expired.into_iter().map(|tombstone| delete(&session, tombstone))).await;
        }
    }
}

impl List {
    /// Takes out the tombstone that expires first.
    fn evict(&mut self) -> Option<Tombstone> {
        let (node, _) = self.tombstones.iter().min_by_key(|(_, tombstone)| tombstone.expires)?;
        let node = node.clone();
        let tombstone = self.tombstones.remove(&node)?;
        self.bytes -= tombstone.bytes;
        Some(tombstone)
    }

    /// Takes out the expired tombstones.
    fn take_expired(&mut self, now: Instant) -> Vec<Tombstone> {
        let expired: Vec<_> = self
            .tombstones
            .extract_if(|_, tombstone| tombstone.expires <= now)
            .map(|(_, tombstone)| tombstone)
            .collect();
        self.bytes -= expired.iter().map(|tombstone| tombstone.bytes).sum::<usize>();
        expired
    }
}

fn delete_in_background(context: &Context, session: &Arc<Session>, tombstone: Tombstone) {
    let session = session.clone();
    context.spawn(async move { delete(&session, tombstone).await });
}

async fn delete(session: &Session, tombstone: Tombstone) {
    if let Err(fault) = session.delete(&tombstone.path).await {
        tracing::warn!(node = tombstone.path, ?fault, "could not delete the tombstone of a key");
    }
}
