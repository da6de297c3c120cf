//! Who stands in a lock's queue.

use std::time::SystemTime;

/// The queue in order, and the warnings.
pub(crate) type Queue = (Vec<Contender>, Vec<String>);

/// Node, identity, session id, role, mode, library, and since when it waits.
pub(crate) type Contender = (String, String, i64, &'static str, &'static str, &'static str, SystemTime);

pub(crate) fn queue(queue: zkcoord::Queue) -> Queue {
    (queue.contenders.into_iter().map(contender).collect(), queue.warnings)
}

fn contender(one: zkcoord::Contender) -> Contender {
    let role = if one.is_holder { "holder" } else { "waiter" };
    let mode = if one.is_reader { "read" } else { "write" };
    (one.node, one.identity, one.session_id, role, mode, one.library.name(), one.waiting_since)
}
