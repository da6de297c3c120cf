//! The window counter, which counts recent events.

use std::ffi::c_char;

use zkcoord_core::WindowCounter;

use crate::client::zkcoord_client;
use crate::exported::exported;
use crate::number::number;
use crate::op::zkcoord_int64_fn;
use crate::pointer::{free, given, handle};
use crate::text::text;
use crate::time::{duration, timed};

/// A counter of the events in the last so many milliseconds, the window. A missing node counts as no events and is
/// created by the first add.
///
/// The window is divided into buckets, and events are forgotten one bucket at a time. An event counts for at least the
/// length of the window, from the call of its add, and for at most one bucket and some round trips longer. The time is
/// that of the ensemble's leader; the clocks of the machines that run clients do not matter. Adds are as exact as those
/// of a zkcoord_counter.
///
/// Every add writes all buckets: 60 are cheap, 10000 are not. All clients that share the path must use the same window
/// and number of buckets, which are stored in the node.
pub struct zkcoord_window_counter(WindowCounter);

exported! {
    /// Creates a window counter at `path`, an absolute znode path below the client's chroot. Sends no request. Borrows
    /// both for the call. Returns a new window counter; free it with zkcoord_window_counter_free(). A minute in 60
    /// buckets is a good start.
    ///
    /// Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `path` is invalid, if the window is not from 1 ms to 100 years, if
    /// the number of buckets is not from 1 to 10000, and if a bucket would be shorter than 1 ms.
    fn zkcoord_window_counter_new(
        client: Option<&zkcoord_client>,
        path: *const c_char,
        window_ms: i64,
        buckets: i64
    ) -> *mut zkcoord_window_counter {
        let client = given("client", client)?;
        // SAFETY: borrowed for the call.
        let path = unsafe { text("path", path) }?;
        let (window, buckets) = (duration("window", window_ms)?, number("buckets", buckets)?);
        let counter = client.0.window_counter(path, window, buckets);
        counter.path()?;
        handle(zkcoord_window_counter(counter))
    }
}

exported! {
    /// Records `n` events that happen now, and stores in `*out` the number of events in the window including them;
    /// INT64_MAX stands for that and more. With 0 it only counts. Blocks until the server has answered: one round trip
    /// if no other client writes, and one more if this client has to learn the time first.
    ///
    /// Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `n` is negative, and if the node was created with another window
    /// or number of buckets. Otherwise as zkcoord_counter_add().
    fn zkcoord_window_counter_add(
        counter: Option<&zkcoord_window_counter>,
        n: i64,
        timeout_ms: i64
    ) -> i64 {
        timed(given("counter", counter)?.0.add(number("n", n)?), timeout_ms)
    }
    /// `done` receives the number of events in the window.
    async fn zkcoord_window_counter_add_async(done: zkcoord_int64_fn);
}

exported! {
    /// Stores the current number of events in the window in `*out`. It includes every add acknowledged before the call.
    /// Blocks for the server's answer: one round trip, and two more if this client has to learn the time first. For
    /// that it writes a node of its own below the counter's node, and needs the permission to do so.
    ///
    /// Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if the node was created with another window or number of buckets,
    /// with ZKCOORD_STATUS_BAD_DATA if it has another format, and with ZKCOORD_STATUS_NOT_AUTHORIZED if the server
    /// refuses.
    fn zkcoord_window_counter_count(counter: Option<&zkcoord_window_counter>, timeout_ms: i64) -> i64 {
        timed(given("counter", counter)?.0.count(), timeout_ms)
    }
    /// `done` receives the number of events in the window.
    async fn zkcoord_window_counter_count_async(done: zkcoord_int64_fn);
}

/// Takes ownership of the counter and frees it. NULL is allowed. Operations in progress continue.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_window_counter_free(counter: Option<Box<zkcoord_window_counter>>) {
    free(counter);
}
