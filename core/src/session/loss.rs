//! The reasons for the loss of a lock: facts of its session.

use std::fmt;

/// Why a lock is not held any more although it was not released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Loss {
    /// No server confirmed the session for so long that it may have ended.
    LeaseEnded,
    /// The session is over.
    SessionGone,
    /// Somebody deleted the lock's node.
    NodeDeleted,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Loss::LeaseEnded => "no server confirmed the session within its lease",
            Loss::SessionGone => "the session is over",
            Loss::NodeDeleted => "its node was deleted by somebody else",
        })
    }
}
