//! A look at a lock's queue.

use std::ffi::{CString, c_char, c_void};
use std::time::SystemTime;

use zkcoord_core::{Contender, Queue};

use crate::boundary::{free, handle};
use crate::error::zkcoord_error;
use crate::op::ForC;
use crate::status::zkcoord_status;
use crate::text::owned;
use crate::time::milliseconds;

/// What zkcoord_mutex_inspect() has seen: who held a lock and who waited for it, and what is wrong with its queue. It does
/// not change any more. An index that is out of range gives NULL, 0 or false, and so does NULL for the queue.
pub struct zkcoord_queue {
    contenders: Vec<Seen>,
    warnings: Vec<CString>,
}

struct Seen {
    contender: Contender,
    node: CString,
    identity: CString,
    library: CString,
}

/// Called when a look at a queue is done. The queue is the callee's; NULL after a failure.
pub type zkcoord_queue_fn = Option<
    unsafe extern "C" fn(
        status: zkcoord_status,
        queue: *mut zkcoord_queue,
        error: *const zkcoord_error,
        user_data: *mut c_void,
    ),
>;

/// How many hold or wait, first come first: their indexes are those from 0 on.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_queue_count(queue: Option<&zkcoord_queue>) -> usize {
    queue.map_or(0, |queue| queue.contenders.len())
}

/// The path of the contender's node, below the client's chroot, as for zkcoord_client_request_revoke(). Lives as long as
/// the queue.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_queue_node(queue: Option<&zkcoord_queue>, index: usize) -> *const c_char {
    seen(queue, index).map_or(std::ptr::null(), |seen| seen.node.as_ptr())
}

/// The text in the contender's node, by which it wants to be seen; see zkcoord_options_set_identity(). Lives as long as
/// the queue.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_queue_identity(queue: Option<&zkcoord_queue>, index: usize) -> *const c_char {
    seen(queue, index).map_or(std::ptr::null(), |seen| seen.identity.as_ptr())
}

/// The session that the contender belongs to; 0 when its node is not ephemeral.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_queue_session_id(queue: Option<&zkcoord_queue>, index: usize) -> i64 {
    seen(queue, index).map_or(0, |seen| seen.contender.session_id)
}

/// Whether the contender holds the lock; otherwise it waits.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_queue_is_holder(queue: Option<&zkcoord_queue>, index: usize) -> bool {
    seen(queue, index).is_some_and(|seen| seen.contender.is_holder)
}

/// Whether the contender is content with others that read.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_queue_is_reader(queue: Option<&zkcoord_queue>, index: usize) -> bool {
    seen(queue, index).is_some_and(|seen| seen.contender.is_reader)
}

/// Which library wrote the contender's node, as far as its name tells: "zkcoord", "curator", "kazoo", "go-zookeeper",
/// "zookeeper-recipe" or "other". Lives as long as the queue.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_queue_library(queue: Option<&zkcoord_queue>, index: usize) -> *const c_char {
    seen(queue, index).map_or(std::ptr::null(), |seen| seen.library.as_ptr())
}

/// When the contender queued: milliseconds since 1970, by the server's clock.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_queue_waiting_since(queue: Option<&zkcoord_queue>, index: usize) -> i64 {
    let since = seen(queue, index).map(|seen| seen.contender.waiting_since);
    since.and_then(|since| since.duration_since(SystemTime::UNIX_EPOCH).ok()).map_or(0, milliseconds)
}

/// How many warnings there are; 0 when all contenders can see each other.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_queue_warning_count(queue: Option<&zkcoord_queue>) -> usize {
    queue.map_or(0, |queue| queue.warnings.len())
}

/// What is wrong with the queue, in words to act on, as when libraries share it that do not exclude each other. Lives as
/// long as the queue.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_queue_warning(queue: Option<&zkcoord_queue>, index: usize) -> *const c_char {
    let warning = queue.and_then(|queue| queue.warnings.get(index));
    warning.map_or(std::ptr::null(), |warning| warning.as_ptr())
}

/// Takes ownership of the queue. NULL is fine. The lock is not touched.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_queue_free(queue: Option<Box<zkcoord_queue>>) {
    free(queue);
}

fn seen(queue: Option<&zkcoord_queue>, index: usize) -> Option<&Seen> {
    queue.and_then(|queue| queue.contenders.get(index))
}

impl ForC for Queue {
    type C = *mut zkcoord_queue;

    fn for_c(self) -> *mut zkcoord_queue {
        handle(zkcoord_queue::from(self))
    }
}

impl From<Queue> for zkcoord_queue {
    fn from(queue: Queue) -> zkcoord_queue {
        zkcoord_queue {
            contenders: queue.contenders.into_iter().map(Seen::from).collect(),
            warnings: queue.warnings.iter().map(|warning| owned(warning)).collect(),
        }
    }
}

impl From<Contender> for Seen {
    fn from(contender: Contender) -> Seen {
        Seen {
            node: owned(&contender.node),
            identity: owned(&contender.identity),
            library: owned(contender.library.name()),
            contender,
        }
    }
}
