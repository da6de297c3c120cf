//! The queue of a lock, as it was at one moment.

use std::ffi::{CString, c_char, c_void};
use std::time::SystemTime;

use zkcoord_core::{Contender, Queue};

use crate::error::zkcoord_error;
use crate::into_c::IntoC;
use crate::pointer::{free, handle};
use crate::status::zkcoord_status;
use crate::text::owned;
use crate::time::milliseconds;

/// The result of zkcoord_mutex_inspect(): the contenders, which held a lock or waited for it, and warnings about the
/// queue. It does not change. The functions below return NULL, 0 or false if the index is out of range, and if the
/// queue is NULL.
pub struct zkcoord_queue {
    contenders: Vec<SeenContender>,
    warnings: Vec<CString>,
}

/// A contender with its texts as C gets them.
struct SeenContender {
    contender: Contender,
    node: CString,
    identity: CString,
    library: CString,
}

/// Called when an operation that reads a queue has completed. The callee owns the queue, which is NULL after a failure.
pub type zkcoord_queue_fn = Option<
    unsafe extern "C" fn(
        status: zkcoord_status,
        queue: *mut zkcoord_queue,
        error: *const zkcoord_error,
        user_data: *mut c_void,
    ),
>;

/// Returns the number of contenders, which hold or wait. Their indexes begin with 0, in order of arrival.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_queue_count(queue: Option<&zkcoord_queue>) -> usize {
    queue.map_or(0, |queue| queue.contenders.len())
}

/// Returns the path of the contender's node, below the client's chroot, as zkcoord_client_request_revoke() takes it.
/// Valid until the queue is freed.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_queue_node(queue: Option<&zkcoord_queue>, index: usize) -> *const c_char {
    contender(queue, index).map_or(std::ptr::null(), |seen| seen.node.as_ptr())
}

/// Returns the text in the contender's node, with which it identifies itself; see zkcoord_options_set_identity(). Valid
/// until the queue is freed.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_queue_identity(queue: Option<&zkcoord_queue>, index: usize) -> *const c_char {
    contender(queue, index).map_or(std::ptr::null(), |seen| seen.identity.as_ptr())
}

/// Returns the id of the contender's session; 0 if its node is not ephemeral.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_queue_session_id(queue: Option<&zkcoord_queue>, index: usize) -> i64 {
    contender(queue, index).map_or(0, |seen| seen.contender.session_id)
}

/// Returns whether the contender holds the lock; otherwise it waits for it.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_queue_is_holder(queue: Option<&zkcoord_queue>, index: usize) -> bool {
    contender(queue, index).is_some_and(|seen| seen.contender.is_holder)
}

/// Returns whether the contender is a reader, which can hold the lock together with other readers.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_queue_is_reader(queue: Option<&zkcoord_queue>, index: usize) -> bool {
    contender(queue, index).is_some_and(|seen| seen.contender.is_reader)
}

/// Returns the library that created the contender's node, as far as the node's name shows: "zkcoord", "curator",
/// "kazoo", "go-zookeeper", "zookeeper-recipe" or "other". Valid until the queue is freed.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_queue_library(queue: Option<&zkcoord_queue>, index: usize) -> *const c_char {
    contender(queue, index).map_or(std::ptr::null(), |seen| seen.library.as_ptr())
}

/// Returns the time at which the contender queued, in milliseconds since 1970 by the server's clock.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_queue_waiting_since(queue: Option<&zkcoord_queue>, index: usize) -> i64 {
    let since = contender(queue, index).map(|seen| seen.contender.waiting_since);
    since.and_then(|since| since.duration_since(SystemTime::UNIX_EPOCH).ok()).map_or(0, milliseconds)
}

/// Returns the number of warnings; 0 if all contenders can see each other.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_queue_warning_count(queue: Option<&zkcoord_queue>) -> usize {
    queue.map_or(0, |queue| queue.warnings.len())
}

/// Returns a warning: a text that describes a problem of the queue so that one can act on it, such as libraries that
/// share the queue but do not exclude each other. Valid until the queue is freed.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_queue_warning(queue: Option<&zkcoord_queue>, index: usize) -> *const c_char {
    let warning = queue.and_then(|queue| queue.warnings.get(index));
    warning.map_or(std::ptr::null(), |warning| warning.as_ptr())
}

/// Takes ownership of the queue and frees it. NULL is allowed. The lock is not affected.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_queue_free(queue: Option<Box<zkcoord_queue>>) {
    free(queue);
}

fn contender(queue: Option<&zkcoord_queue>, index: usize) -> Option<&SeenContender> {
    queue.and_then(|queue| queue.contenders.get(index))
}

impl IntoC for Queue {
    type C = *mut zkcoord_queue;

    fn into_c(self) -> *mut zkcoord_queue {
        handle(zkcoord_queue::from(self))
    }
}

impl From<Queue> for zkcoord_queue {
    fn from(queue: Queue) -> zkcoord_queue {
        zkcoord_queue {
            contenders: queue.contenders.into_iter().map(SeenContender::from).collect(),
            warnings: queue.warnings.iter().map(|warning| owned(warning)).collect(),
        }
    }
}

impl From<Contender> for SeenContender {
    fn from(contender: Contender) -> SeenContender {
        SeenContender {
            node: owned(&contender.node),
            identity: owned(&contender.identity),
            library: owned(contender.library.name()),
            contender,
        }
    }
}
