//! A read lock for an owner that holds the write lock.
//!
//! 1. Create an ephemeral node with the name of a read lock and the number of the write lock, in one transaction with a check
//!    that the write lock's node exists. The new node has the write lock's position in the queue: contenders that queued since
//!    then wait for it too, and none of them gets in between when the write lock is released. Curator does the same from 5.5
//!    (CURATOR-621).
//! 2. If the connection is lost, send `sync` and repeat step 1. If the node exists by then, it is the owner's: its name contains
//!    a uuid.
//! 3. If the write lock's node is gone, so is its position. Queue for the read lock like any other contender.
//!
//! The token is that of the write lock, as the position is: a writer that waits already has a larger token than the write lock,
//! but the read lock's node is younger than that writer's.

use std::sync::Arc;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::locks::acquire;
use crate::locks::held::HeldNode;
use crate::locks::held::hold::Hold;
use crate::locks::queue::node_name::successor;
use crate::op::Retry;
use crate::path::{ZnodePath, name_of};
use crate::session::{Fault, Link, Loss, NodeMode, Refusal, Session, Tenant, Write};

/// One attempt to downgrade a write lock. Dropping it deletes the node that it may have created, in the background.
pub(crate) struct Downgrade {
    context: Arc<Context>,
    directory: ZnodePath,
    retry: Retry,
    /// The session and the unique part of the name of the node that was created, or may have been.
    created: Option<(Arc<Session>, String)>,
}

impl Downgrade {
    pub(crate) fn new(context: Arc<Context>, directory: ZnodePath, retry: Retry) -> Downgrade {
        Downgrade { context, directory, retry, created: None }
    }

    /// Acquires the read lock. Returns `None` if the write lock is gone.
    pub(crate) async fn acquire(&mut self, write: &Arc<HeldNode>) -> Result<Option<Arc<Hold>>> {
        let session = write.session().clone();
        let (marker, number) = successor(self.context.uuids().next(), name_of(write.node()))
            .ok_or_else(|| Error::internal(format!("{} is not the node of a write lock", write.node())))?;
        let node = self.directory.child(&format!("{marker}{number}"));
        let identity = self.context.options().identity.clone();
        let writes = [
            Write::Check { path: write.node() },
            Write::Create { path: &node, data: identity.as_bytes(), mode: NodeMode::Ephemeral },
        ];
        // Before other clients can see the new node.
        write.expect_successor();
        self.created = Some((session.clone(), marker));
        let mut link = self.link(&session, false).await?;
        while let Some(current) = link {
            let Err(fault) = current.multi(&writes).await else { return Ok(Some(self.grant(write, node))) };
            match (fault.refusal(), &fault.fault) {
                (Some((Refusal::NoNode, 0)), _) => {
                    self.leave().await;
                    // Without effect if it was just released: then it does not count as lost.
                    write.lose(Loss::NodeDeleted);
                    return Ok(None);
                }
                (Some((Refusal::NodeExists, _)), _) => return Ok(Some(self.grant(write, node))),
                (Some((refusal, _)), _) => {
                    return Err(refusal.clone().into_error(&format!("creating {node}")));
                }
                (None, Fault::Gone) => break,
                (None, _) => {
                    session.wait_reconnect(&current).await;
                    link = self.link(&session, true).await?;
                }
            }
        }
        // The server deletes the session's nodes.
        self.created = None;
        Ok(None)
    }

    /// Returns the link to send over. After a lost link, waits until all that was sent over it has taken effect or never will.
    /// Returns `None` if the session is gone.
    async fn link(&self, session: &Arc<Session>, was_lost: bool) -> Result<Option<Arc<Link>>> {
        if self.retry.is_never() {
            let link = session.linked_now().filter(|_| !was_lost);
            let lost = || acquire::connection_lost(&acquire::lock_name(&self.directory));
            return link.map(Some).ok_or_else(lost);
        }
        Ok(match was_lost {
            true => session.sync_link(self.directory.as_str()).await.ok(),
            false => session.link().await.ok(),
        })
    }

    fn grant(&mut self, write: &Arc<HeldNode>, node: String) -> Arc<Hold> {
        // From here on the guard is responsible for the node.
        self.created = None;
        HeldNode::begin(write.session(), node, write.token())
    }

    /// Deletes the node, if it was created, and returns when it is gone.
    pub(crate) async fn leave(&mut self) {
        if let Some((session, marker)) = &self.created {
            if let Err(fault) = session.delete_marked(&self.directory, marker).await {
                tracing::warn!(directory = self.directory.as_str(), ?fault, "could not undo a downgrade");
            }
            self.created = None;
        }
    }
}

impl Drop for Downgrade {
    fn drop(&mut self) {
        if let Some((session, marker)) = self.created.take() {
            let directory = self.directory.clone();
            self.context.spawn(async move { session.delete_marked(&directory, &marker).await });
        }
    }
}
