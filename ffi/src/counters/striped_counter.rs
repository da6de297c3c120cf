//! The striped counter, for frequent adds by many clients.

use std::ffi::c_char;

use zkcoord_core::StripedCounter;

use super::striped_counter_options::zkcoord_striped_counter_options;
use crate::client::zkcoord_client;
use crate::exported::exported;
use crate::op::{zkcoord_done_fn, zkcoord_int64_fn};
use crate::pointer::{free, given, handle};
use crate::text::text;
use crate::time::timed;

/// A sum to which many clients add often. An add is only made in memory. The client writes the accumulated adds from
/// time to time into a node of its own, so that clients do not compete. The price is that an add does not return the
/// value, for which there is zkcoord_striped_counter_sum(), and that adds which are not yet flushed are lost if the
/// process dies.
///
/// Adds that zkcoord_striped_counter_flush() has acknowledged are in every later sum, exactly once.
/// zkcoord_client_close() flushes first, and freeing the counter flushes in the background. The adds of clients that
/// are gone are merged into the node at the path, which a zkcoord_counter can read.
pub struct zkcoord_striped_counter(StripedCounter);

exported! {
    /// Creates a striped counter at `path`, an absolute znode path below the client's chroot. Sends no request. Borrows
    /// both for the call. Returns a new striped counter; free it with zkcoord_striped_counter_free().
    ///
    /// Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `path` is invalid.
    fn zkcoord_striped_counter_new(
        client: Option<&zkcoord_client>,
        path: *const c_char
    ) -> *mut zkcoord_striped_counter;

    /// Creates a striped counter as zkcoord_striped_counter_new() does, with options, which it borrows for the call;
    /// NULL means the defaults.
    fn zkcoord_striped_counter_new_with_options(options: Option<&zkcoord_striped_counter_options>) {
        let client = given("client", client)?;
        // SAFETY: borrowed for the call.
        let counter = client.0.striped_counter(unsafe { text("path", path) }?);
        let counter = zkcoord_striped_counter_options::apply(options, counter);
        counter.path()?;
        handle(zkcoord_striped_counter(counter))
    }
}

exported! {
    /// Adds `n`, which may be negative, in memory. It is written within the flush interval. Does not block and sends no
    /// request. A write that fails is retried until it succeeds; zkcoord_striped_counter_flush() reports the failure.
    ///
    /// Fails with ZKCOORD_STATUS_OVERFLOW if the sum of the adds that are waiting to be written would not fit into
    /// int64_t; nothing is added then. Fails with ZKCOORD_STATUS_CLOSED after zkcoord_client_close().
    fn zkcoord_striped_counter_add(counter: Option<&zkcoord_striped_counter>, n: i64) {
        given("counter", counter)?.0.add(n)?;
    }
}

exported! {
    /// Writes everything that this client has added so far, and blocks until the server has confirmed it. Takes one
    /// round trip, or none if nothing is waiting to be written.
    ///
    /// Fails with ZKCOORD_STATUS_INDETERMINATE if the session ended while a write was in flight and its outcome cannot
    /// be found out. That write is not retried, and is reported once, by the next flush if it was made in the
    /// background. After all other failures the adds keep waiting and are retried: ZKCOORD_STATUS_TIMEOUT,
    /// ZKCOORD_STATUS_CONNECTION_LOST, ZKCOORD_STATUS_BAD_DATA if the node has another format, ZKCOORD_STATUS_OVERFLOW
    /// if this client's part of the sum would not fit into int64_t, ZKCOORD_STATUS_INVALID_ARGUMENT if the node is
    /// empty and has children, and ZKCOORD_STATUS_NOT_AUTHORIZED or ZKCOORD_STATUS_QUOTA if the server refuses.
    fn zkcoord_striped_counter_flush(counter: Option<&zkcoord_striped_counter>, timeout_ms: i64) {
        timed(given("counter", counter)?.0.flush(), timeout_ms)
    }
    async fn zkcoord_striped_counter_flush_async(done: zkcoord_done_fn);
}

exported! {
    /// Reads the sum of everything that all clients have flushed, and blocks for the server's answer. Stores it in
    /// `*out`. It includes every add acknowledged before the call, but not the adds of this client that are not yet
    /// flushed. Takes one round trip, in which the server reads one node per client, and some more if clients have come
    /// or gone.
    ///
    /// Fails with ZKCOORD_STATUS_OVERFLOW if the sum does not fit into int64_t, with ZKCOORD_STATUS_BAD_DATA if a node
    /// has another format, with ZKCOORD_STATUS_UNSUPPORTED if the server is older than 3.6, and with
    /// ZKCOORD_STATUS_NOT_AUTHORIZED if it refuses.
    fn zkcoord_striped_counter_sum(counter: Option<&zkcoord_striped_counter>, timeout_ms: i64) -> i64 {
        timed(given("counter", counter)?.0.sum(), timeout_ms)
    }
    /// `done` receives the sum.
    async fn zkcoord_striped_counter_sum_async(done: zkcoord_int64_fn);
}

/// Takes ownership of the counter and frees it. NULL is allowed. Its adds are written in the background.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_striped_counter_free(counter: Option<Box<zkcoord_striped_counter>>) {
    free(counter);
}
