//! The contenders in the queue of a lock.

use std::time::SystemTime;

/// The queue in order, and the warnings.
pub(crate) type Queue = (Vec<Contender>, Vec<String>);

/// Node, identity, session id, role, mode, library, and the time at which it queued.
pub(crate) type Contender = (String, String, i64, &'static str, &'static str, &'static str, SystemTime);

pub(crate) fn queue(queue: zkcoord::Queue) -> Queue {
    (queue.contenders.into_iter().map(contender).collect(), queue.warnings)
}

fn contender(contender: zkcoord::Contender) -> Contender {
    let role = if contender.is_holder { "holder" } else { "waiter" };
    let mode = if contender.is_reader { "read" } else { "write" };
    let library = contender.library.name();
    let zkcoord::Contender { node, identity, session_id, waiting_since, .. } = contender;
    (node, identity, session_id, role, mode, library, waiting_since)
}
