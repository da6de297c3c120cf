//! A read lock for an owner who holds the write lock.
//!
//! 1. Make an ephemeral node with the name of a read lock and the number of the write lock, in one transaction with a check that
//!    the write lock's node is there. It stands at the write lock's place in the queue: whoever queued since then waits for it
//!    too, and nobody gets in between when the write lock is released. Curator does it so from 5.5 (CURATOR-621).
//! 2. The connection was lost: `sync`, and 1 again. If the node is there then, it is ours: its name contains a uuid.
//! 3. The write lock's node is gone: so is its place. The read lock is queued for like any.
//!
//! The token is that of the write lock, because the place is: a writer who waits already has a larger one, but the read lock's
//! node is younger than his.

use std::sync::Arc;

use crate::context::Context;
use crate::error::{Error, ErrorCode, Result};
use crate::locks::held::HeldNode;
use crate::locks::held::hold::Hold;
use crate::locks::queue::node_name::successor;
use crate::op::Retry;
use crate::path::{ZnodePath, name_of};
use crate::session::{Fault, Link, Loss, NodeMode, Refusal, Session, Tenant, Write};

/// An attempt to read on where one writes. Dropping it deletes what it may have made, in the background.
pub(crate) struct Downgrade {
    context: Arc<Context>,
    directory: ZnodePath,
    retry: Retry,
    /// The session and the uuid under which a node was, or may have been, made.
    made: Option<(Arc<Session>, String)>,
}

impl Downgrade {
    pub(crate) fn new(context: Arc<Context>, directory: ZnodePath, retry: Retry) -> Downgrade {
        Downgrade { context, directory, retry, made: None }
    }

    /// The read lock. `None` when the write lock is gone.
    pub(crate) async fn acquire(&mut self, write: &Arc<HeldNode>) -> Result<Option<Arc<Hold>>> {
        let session = write.session().clone();
        let (marker, number) = successor(self.context.uuids().next(), name_of(write.node()))
            .ok_or_else(|| Error::internal(format!("{} is no write lock's node", write.node())))?;
        let node = self.directory.child(&format!("{marker}{number}"));
        let identity = self.context.options().identity.clone();
        let writes = [
            Write::Check { path: write.node() },
            Write::Create { path: &node, data: identity.as_bytes(), mode: NodeMode::Ephemeral },
        ];
        // Before anybody can see it.
        write.expect_successor();
        self.made = Some((session.clone(), marker));
        let mut link = self.link(&session, false).await?;
        while let Some(now) = link {
            let Err(fault) = now.multi(&writes).await else { return Ok(Some(self.grant(write, node))) };
            match (fault.refusal(), &fault.fault) {
                (Some((Refusal::NoNode, 0)), _) => {
                    self.leave().await;
                    // No harm when it was just released: then it is not lost.
                    write.lose(Loss::NodeDeleted);
                    return Ok(None);
                }
                (Some((Refusal::NodeExists, _)), _) => return Ok(Some(self.grant(write, node))),
                (Some((refusal, _)), _) => {
                    return Err(refusal.clone().into_error(&format!("creating {node}")));
                }
                (None, Fault::Gone) => break,
                (None, _) => {
                    session.wait_reconnect(&now).await;
                    link = self.link(&session, true).await?;
                }
            }
        }
        // The session's nodes go with it.
        self.made = None;
        Ok(None)
    }

    /// The link to ask over; after a lost one, when all is settled that was asked over it. `None`: the session is gone.
    async fn link(&self, session: &Arc<Session>, was_lost: bool) -> Result<Option<Arc<Link>>> {
        if self.retry.is_never() {
            let link = session.linked_now().filter(|_| !was_lost);
            let lost =
                || Error::new(ErrorCode::ConnectionLost, "the connection was lost before the lock was had");
            return link.map(Some).ok_or_else(lost);
        }
        Ok(match was_lost {
            true => session.sync_link(self.directory.as_str()).await.ok(),
            false => session.link().await.ok(),
        })
    }

    fn grant(&mut self, write: &Arc<HeldNode>, node: String) -> Arc<Hold> {
        // From here on the guard is responsible for the node.
        self.made = None;
        HeldNode::begin(write.session(), node, write.token())
    }

    /// Returns when nothing of it is left.
    pub(crate) async fn leave(&mut self) {
        if let Some((session, marker)) = &self.made {
            if let Err(fault) = session.delete_marked(&self.directory, marker).await {
                tracing::warn!(directory = self.directory.as_str(), ?fault, "could not undo a downgrade");
            }
            self.made = None;
        }
    }
}

impl Drop for Downgrade {
    fn drop(&mut self) {
        if let Some((session, marker)) = self.made.take() {
            let directory = self.directory.clone();
            self.context.spawn(async move { session.delete_marked(&directory, &marker).await });
        }
    }
}
