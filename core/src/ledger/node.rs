//! A ledger's node as last seen.

use super::fairness::Fairness;
use crate::session::Written;

/// The node as last seen, with its decoded content.
#[derive(Clone, Debug)]
pub(super) enum Node<S> {
    Absent,
    Present {
        state: S,
        version: i32,
        /// The transaction that created the node; it changes if the node is deleted and created again. `None` just after this
        /// client created the node: see [`Written::Created`].
        czxid: Option<i64>,
    },
}

/// The writer's memory between writes.
#[derive(Debug)]
pub(super) struct Memory<S> {
    pub(super) node: Option<Node<S>>,
    /// The session in which the dedupe node was created.
    pub(super) dedupe_session: Option<i64>,
    /// The last number written into the dedupe node.
    pub(super) number: u64,
    pub(super) fairness: Fairness,
}

impl<S> Default for Memory<S> {
    fn default() -> Memory<S> {
        Memory { node: None, dedupe_session: None, number: 0, fairness: Fairness::default() }
    }
}

impl<S> Node<S> {
    /// Returns the version of the node, unless the node is absent.
    pub(super) fn version(&self) -> Option<i32> {
        match self {
            Node::Absent => None,
            Node::Present { version, .. } => Some(*version),
        }
    }

    /// Returns the node after a write of `state` that was conditional on this one. `written` is the server's answer to the write
    /// of the node; it is empty if the reply was lost.
    pub(super) fn after(&self, state: S, written: &[Written]) -> Node<S> {
        let answered = written.iter().rev().find_map(|written| match written {
            Written::Set { version, czxid, .. } => Some((*version, *czxid)),
            _ => None,
        });
        match (answered, self) {
            (Some((version, czxid)), _) => Node::Present { state, version, czxid: Some(czxid) },
            (None, Node::Absent) => Node::Present { state, version: 0, czxid: None },
            (None, Node::Present { version: -2, czxid, .. }) => {
                Node::Present { state, version: 0, czxid: *czxid }
            }
            (None, Node::Present { version, czxid, .. }) => {
                Node::Present { state, version: version.wrapping_add(1), czxid: *czxid }
            }
        }
    }

    /// Returns whether this node proves that nothing was written since `before`.
    pub(super) fn is_unchanged_since(&self, before: &Node<S>) -> bool {
        match (self, before) {
            (Node::Absent, Node::Absent) => true,
            (
                Node::Present { version, czxid: Some(czxid), .. },
                Node::Present { version: version_before, czxid: Some(czxid_before), .. },
            ) => version == version_before && czxid == czxid_before,
            _ => false,
        }
    }

    /// Returns whether exactly one write was made since `before`.
    pub(super) fn is_one_write_after(&self, before: &Node<S>) -> bool {
        match (self, before) {
            (
                Node::Present { version, czxid: Some(czxid), .. },
                Node::Present { version: version_before, czxid: Some(czxid_before), .. },
            ) => *version == version_before.wrapping_add(1) && czxid == czxid_before,
            _ => false,
        }
    }
}
