//! The end of a process or a worker: its clients are closed, so that their locks are free at once.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use napi_derive::napi;
use zkcoord::{State, WeakClient};

use crate::promise::milliseconds;

thread_local! {
    /// The clients that were made on this JavaScript thread.
    static CLIENTS: RefCell<Vec<WeakClient>> = const { RefCell::new(Vec::new()) };
}

/// Has [`close_all`] close this client. Called on the JavaScript thread.
pub(crate) fn close_at_exit(client: &zkcoord::Client) {
    if let Ok(weak) = client.downgrade() {
        CLIENTS.with_borrow_mut(|clients| {
            clients.retain(|client| client.upgrade().is_some());
            clients.push(weak);
        });
    }
}

/// Closes the clients of this thread and blocks until that is done, for `timeout` milliseconds at most. For the end of the
/// process, when promises are not settled any more. Clients without a connection are left to their session timeouts.
#[napi(catch_unwind)]
pub fn close_all(timeout: f64) {
    let end = Instant::now() + milliseconds(timeout);
    let is_connected = |client: &zkcoord::Client| matches!(client.state(), Ok(State::Connected));
    let clients = CLIENTS.take().into_iter().filter_map(|client| client.upgrade()).filter(is_connected);
    let mut closing: Vec<_> = clients.map(|client| client.close()).collect();
    // All closes are started before one is waited for.
    closing.retain_mut(|close| close.wait_for(Duration::ZERO).is_none());
    for mut close in closing {
        let _closed = close.wait_for(end.saturating_duration_since(Instant::now()));
    }
}
