//! The contender that a waiting attempt is blocked by, for the message of a timeout.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::context::Context;
use crate::session::REVOCATIONS;

/// The number of characters that are kept of an identity: any program may write a node's data, and a thousand attempts may wait.
const MAX_IDENTITY: usize = 60;

/// The reason of a timeout while there is no connection.
pub(crate) const NOT_CONNECTED: &str = "not connected";

/// The nearest predecessor of an attempt, as seen last. Can be read while the attempt runs.
#[derive(Debug, Default)]
pub(crate) struct Blocker(Mutex<Option<Predecessor>>);

#[derive(Debug)]
struct Predecessor {
    /// Its identity, or its node's name while the identity is not known.
    name: Arc<str>,
    /// The number of contenders ahead, itself included.
    ahead: usize,
    is_holder: bool,
}

impl Blocker {
    /// Notes the nearest predecessor by its node's name.
    pub(super) fn set(&self, node_name: &str, ahead: usize, is_holder: bool) {
        *self.0.lock() = Some(Predecessor { name: node_name.into(), ahead, is_holder });
    }

    /// Forgets the predecessor, because the lock is acquired.
    pub(super) fn clear(&self) {
        *self.0.lock() = None;
    }

    /// Notes the identity of the nearest predecessor.
    pub(super) fn set_identity(&self, identity: Arc<str>) {
        if let Some(predecessor) = &mut *self.0.lock() {
            predecessor.name = identity;
        }
    }

    /// Returns why the attempt waits: `held by web-2:4711` if the predecessor is the only contender ahead.
    pub(crate) fn reason(&self, context: &Context) -> String {
        self.describe(context, true)
    }

    /// Returns why the attempt waits, for a lock that only orders the callers that wait for something else, like permits. Its
    /// holder waits too, so it is reported as a contender in the queue.
    pub(crate) fn queue_reason(&self, context: &Context) -> String {
        self.describe(context, false)
    }

    fn describe(&self, context: &Context, name_holder: bool) -> String {
        if !is_connected(context) {
            return NOT_CONNECTED.into();
        }
        match &*self.0.lock() {
            None => "the server did not answer".into(),
            Some(Predecessor { name, is_holder: true, .. }) if name_holder => format!("held by {name}"),
            Some(Predecessor { name, ahead, .. }) => format!("queued behind {name} ({ahead} ahead)"),
        }
    }
}

/// Returns whether the client is connected at this moment.
pub(crate) fn is_connected(context: &Context) -> bool {
    context.supervisor().session_now().is_some_and(|session| session.linked_now().is_some())
}

/// Returns the identity in a node's data, shortened and without control characters. Returns `None` if there is none: if the
/// node is empty, or was overwritten by a request to revoke the lock.
pub(super) fn identity(data: &[u8]) -> Option<Arc<str>> {
    if data.is_empty() || REVOCATIONS.contains(&data) {
        return None;
    }
    // The longest character takes 4 bytes. One more than is shown, to see whether the text goes on.
    let start = &data[..data.len().min(4 * (MAX_IDENTITY + 1))];
    let text = String::from_utf8_lossy(start);
    let printable = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
    let mut identity: String = text.chars().take(MAX_IDENTITY).map(printable).collect();
    if text.chars().nth(MAX_IDENTITY).is_some() {
        identity.push_str("...");
    }
    Some(identity.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_printable_and_short() {
        let cases: &[(&[u8], Option<&str>)] = &[
            (b"", None),
            (b"__REVOKE__", None),
            (b"unlock", None),
            (b"web-2:4711", Some("web-2:4711")),
            (b"a\nb\xff", Some("a\u{fffd}b\u{fffd}")),
        ];
        for (data, expected) in cases {
            assert_eq!(identity(data).as_deref(), *expected, "{data:?}");
        }
        for character in ["x", "ä", "🔒"] {
            let shown = character.repeat(MAX_IDENTITY);
            assert_eq!(identity(shown.as_bytes()).as_deref(), Some(shown.as_str()));
            let long = character.repeat(100_000);
            assert_eq!(identity(long.as_bytes()), Some(format!("{shown}...").into()));
        }
    }
}
