//! The client.

use std::ffi::{c_char, c_void};

use zkcoord_core::{Client, Error, ErrorCode, State};

use crate::client_options::zkcoord_options;
use crate::error::zkcoord_error;
use crate::exported::exported;
use crate::into_c::IntoC;
use crate::op::{zkcoord_bool_fn, zkcoord_destroy_fn, zkcoord_done_fn};
use crate::pointer::{free, given, given_mut, handle};
use crate::status::zkcoord_status;
use crate::subscription::{subscribe, zkcoord_subscription};
use crate::text::text;
use crate::time::{milliseconds, timed};

/// A connection to a ZooKeeper ensemble, with its own session. If the session expires, its locks are lost; the client
/// then opens a new session and can be used further.
pub struct zkcoord_client(pub(crate) Client);

/// The state of a client's connection and session.
#[derive(Clone, Copy)]
#[repr(C)]
pub enum zkcoord_state {
    /// The client is closed, which is final.
    Closed = 0,
    /// The client is connected and has a live session.
    Connected = 1,
    /// The connection is lost, but the session may still be alive. Locks are held until their lease ends.
    Suspended = 2,
    /// The session is over, and all its locks are lost. The client is opening a new one.
    Expired = 3,
}

/// Called when zkcoord_client_connect_async() has completed. The callee owns the client, which is NULL after a failure.
pub type zkcoord_client_fn = Option<
    unsafe extern "C" fn(
        status: zkcoord_status,
        client: *mut zkcoord_client,
        error: *const zkcoord_error,
        user_data: *mut c_void,
    ),
>;

exported! {
    /// Connects to `hosts`, like "zk1:2181,zk2:2181/app", and blocks until that is done. The chroot after the servers
    /// is created if it does not exist. Borrows `options` for the call; NULL means the defaults. Returns a new client;
    /// free it with zkcoord_client_free().
    ///
    /// Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `hosts` or an option is invalid, with
    /// ZKCOORD_STATUS_CONNECTION_LOST if no server answers within the connect timeout, with
    /// ZKCOORD_STATUS_NOT_AUTHORIZED if the servers refuse the authentication or access to the chroot, and with
    /// ZKCOORD_STATUS_UNSUPPORTED if TLS is requested and this library was built without it.
    fn zkcoord_client_connect(hosts: *const c_char, options: Option<&zkcoord_options>) -> *mut zkcoord_client {
        // SAFETY: borrowed for the call.
        let hosts = unsafe { text("hosts", hosts) }?;
        options.map_or_else(|| Client::builder(hosts), |options| options.builder(hosts)).connect()
    }
    /// `done` receives the new client.
    async fn zkcoord_client_connect_async(done: zkcoord_client_fn);
}

exported! {
    /// Stores the current state of the client in `*out`.
    fn zkcoord_client_state(client: Option<&zkcoord_client>) -> zkcoord_state {
        state_into_c(given("client", client)?.0.state()?)?
    }
}

/// Called with the new state of a client.
pub type zkcoord_state_fn = Option<unsafe extern "C" fn(state: zkcoord_state, user_data: *mut c_void)>;

/// Calls `fn` with every new state, until the subscription is freed or the client is closed, which is the last state.
/// If states change faster than `fn` returns, some are skipped, but never the latest one.
///
/// Returns a new subscription in `*subscription`, which may be NULL; free it with zkcoord_subscription_free(). A
/// subscription does not keep the client open. See "Callbacks" above for `destroy`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_client_on_state(
    client: Option<&zkcoord_client>,
    r#fn: zkcoord_state_fn,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    subscription: *mut *mut zkcoord_subscription,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    subscribe(r#fn, user_data, destroy, subscription, err, |function, listener| {
        given("client", client)?.0.on_state(move |state| {
            if let Ok(state) = state_into_c(state) {
                // SAFETY: the caller passed both, to be called like this on the callback thread.
                unsafe { function(state, listener.user_data()) };
            }
        })
    })
}

exported! {
    /// Stores the id of the current session in `*out`; 0 if there is none.
    fn zkcoord_client_session_id(client: Option<&zkcoord_client>) -> i64 {
        given("client", client)?.0.session_id()?
    }
}

exported! {
    /// Stores the session timeout in `*out`, in milliseconds: the one that the server granted, or the requested one
    /// while there is no session.
    fn zkcoord_client_session_timeout(client: Option<&zkcoord_client>) -> i64 {
        milliseconds(given("client", client)?.0.session_timeout()?)
    }
}

exported! {
    /// Asks the holder of a lock to release it, by writing to the holder's `node` as Curator's Revoker does; see
    /// zkcoord_queue_node(). Replaces the text in the node. The holder decides whether it releases the lock. Blocks
    /// until the server has answered, and stores in `*out` whether the node exists.
    ///
    /// Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `node` is not the path of a contender's node, and with
    /// ZKCOORD_STATUS_NOT_AUTHORIZED if the server refuses.
    fn zkcoord_client_request_revoke(client: Option<&zkcoord_client>, node: *const c_char, timeout_ms: i64) -> bool {
        let client = given("client", client)?;
        // SAFETY: borrowed for the call.
        let node = unsafe { text("node", node) }?;
        timed(client.0.request_revoke(node), timeout_ms)
    }
    /// `done` receives whether the node exists.
    async fn zkcoord_client_request_revoke_async(done: zkcoord_bool_fn);
}

exported! {
    /// Closes the client, and blocks until the server has confirmed it. This ends the session and so releases all its
    /// locks. Operations in progress and all later calls fail with ZKCOORD_STATUS_CLOSED. May be called more than once.
    /// The client must still be freed.
    ///
    /// Fails with ZKCOORD_STATUS_TIMEOUT if the server does not confirm it in time; the client is closed nevertheless.
    fn zkcoord_client_close(client: *mut zkcoord_client, timeout_ms: i64) {
        // SAFETY: borrowed for the call.
        timed(unsafe { given_mut("client", client) }?.0.close(), timeout_ms)
    }
    async fn zkcoord_client_close_async(done: zkcoord_done_fn);
}

/// Takes ownership of the client and frees it. NULL is allowed. The session ends, in the background, when every object
/// that was created from the client has been freed too.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_client_free(client: Option<Box<zkcoord_client>>) {
    free(client);
}

fn state_into_c(state: State) -> Result<zkcoord_state, Error> {
    match state {
        State::Connected => Ok(zkcoord_state::Connected),
        State::Suspended => Ok(zkcoord_state::Suspended),
        State::Expired => Ok(zkcoord_state::Expired),
        State::Closed => Ok(zkcoord_state::Closed),
        other => {
            let message = format!("state {:?} has no zkcoord_state", other.name());
            Err(Error::new(ErrorCode::Internal, message))
        }
    }
}

impl IntoC for Client {
    type C = *mut zkcoord_client;

    fn into_c(self) -> *mut zkcoord_client {
        handle(zkcoord_client(self))
    }
}
