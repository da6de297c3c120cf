//! The node of an attempt in the queue, from the moment when its creation is sent.

use std::sync::Arc;

use crate::path::ZnodePath;
use crate::session::{Created, Session};

/// The node of an attempt, which may not exist yet.
pub(super) struct OwnNode {
    pub(super) session: Arc<Session>,
    pub(super) state: NodeState,
}

pub(super) enum NodeState {
    /// The create was sent, and its reply has not arrived or was lost. The marker is the part of the node's name that is unique
    /// to the attempt.
    Unconfirmed {
        marker: String,
    },
    Created(Arc<Created>),
}

impl OwnNode {
    /// Deletes the node, if it exists, and returns when it is gone.
    pub(super) async fn delete(&self, directory: &ZnodePath) {
        let outcome = match &self.state {
            NodeState::Created(node) => self.session.delete(&node.path).await,
            NodeState::Unconfirmed { marker } => self.session.delete_marked(directory, marker).await,
        };
        if let Err(fault) = outcome {
            tracing::warn!(directory = directory.as_str(), ?fault, "could not leave the queue");
        }
    }
}
