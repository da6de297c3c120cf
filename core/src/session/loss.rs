//! The reasons for which a lock is lost. All of them are facts about its session.

use std::fmt;

/// The reason why a lock is no longer held although it was not released.
///
/// # Examples
/// ```no_run
/// use zkcoord::Loss;
///
/// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
/// let guard = client.mutex("/locks/report").acquire().await?;
/// match guard.lost().await? {
///     Loss::NodeDeleted => println!("another client deleted the lock's node"),
///     loss => println!("the lock is lost: {loss}"),
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Loss {
    /// No server confirmed the session for so long that the servers may have ended it.
    LeaseEnded,
    /// The session has ended.
    SessionGone,
    /// Another client deleted the lock's node.
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
