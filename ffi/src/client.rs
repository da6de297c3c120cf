//! The client.

use std::ffi::{c_char, c_void};

use zkcoord_core::{Client, Error, ErrorCode, Op, State};

use crate::boundary::{boundary_out, free, given, handle};
use crate::error::zkcoord_error;
use crate::op::{
    ForC, begin, wait, wait_done, zkcoord_bool_fn, zkcoord_destroy_fn, zkcoord_done_fn, zkcoord_op,
};
use crate::options::zkcoord_options;
use crate::status::zkcoord_status;
use crate::subscription::{subscribe, zkcoord_subscription};
use crate::text::text;
use crate::time::{milliseconds, timed};

/// A connection to a ZooKeeper ensemble, with a session of its own. When an expired session takes locks with it, the
/// client opens a new one and goes on.
pub struct zkcoord_client(pub(crate) Client);

/// What a client stands on.
#[derive(Clone, Copy)]
#[repr(C)]
pub enum zkcoord_state {
    /// Closed, for good.
    Closed = 0,
    /// Connected, with a live session.
    Connected = 1,
    /// The connection is lost; the session may live on. Locks are held until their lease ends.
    Suspended = 2,
    /// The session is over, and every lock with it. A new one is being opened.
    Expired = 3,
}

/// Called when zkcoord_client_connect_async() is done. The client is the callee's; NULL after a failure.
pub type zkcoord_client_fn = Option<
    unsafe extern "C" fn(
        status: zkcoord_status,
        client: *mut zkcoord_client,
        error: *const zkcoord_error,
        user_data: *mut c_void,
    ),
>;

/// Connects to `hosts`, like "zk1:2181,zk2:2181/app"; the chroot behind the servers is made when it is missing. Borrows
/// `options` for the call; NULL stands for the defaults. Returns a new client; free with zkcoord_client_free().
///
/// ZKCOORD_STATUS_INVALID_ARGUMENT for hosts or options that cannot be, ZKCOORD_STATUS_CONNECTION_LOST when no server
/// answers within the connect timeout, ZKCOORD_STATUS_NOT_AUTHORIZED when the servers refuse the authentication or the
/// chroot, ZKCOORD_STATUS_UNSUPPORTED for TLS in a build without it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_client_connect(
    hosts: *const c_char,
    options: Option<&zkcoord_options>,
    out: *mut *mut zkcoord_client,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    wait(out, err, || connect(hosts, options))
}

/// As zkcoord_client_connect(), but does not wait: `done` gets the new client.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_client_connect_async(
    hosts: *const c_char,
    options: Option<&zkcoord_options>,
    done: zkcoord_client_fn,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    op: *mut *mut zkcoord_op,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    begin(done, user_data, destroy, op, err, || connect(hosts, options))
}

/// Stores in `*out` what the client stands on right now.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_client_state(
    client: Option<&zkcoord_client>,
    out: *mut zkcoord_state,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary_out(out, err, || for_c(given("client", client)?.0.state()?))
}

/// Called with a client's new state.
pub type zkcoord_state_fn = Option<unsafe extern "C" fn(state: zkcoord_state, user_data: *mut c_void)>;

/// Calls `fn` with every new state, until the subscription is freed or the client is closed, which is the last state. States
/// that follow each other faster than `fn` returns are left out; the latest never is. Returns a new subscription in
/// `*subscription`, which may be NULL; free with zkcoord_subscription_free(). It does not keep the client open. See
/// "Callbacks" above for `destroy`.
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
            if let Ok(state) = for_c(state) {
                // SAFETY: the caller gave both, to be called like this on the callback thread.
                unsafe { function(state, listener.user_data()) };
            }
        })
    })
}

/// Stores in `*out` the id of the current session; 0 when there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_client_session_id(
    client: Option<&zkcoord_client>,
    out: *mut i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary_out(out, err, || given("client", client)?.0.session_id())
}

/// Stores in `*out` the session timeout in milliseconds: what the server granted, or what was asked for while there is
/// no session.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_client_session_timeout(
    client: Option<&zkcoord_client>,
    out: *mut i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    boundary_out(out, err, || Ok(milliseconds(given("client", client)?.0.session_timeout()?)))
}

/// Asks the holder of a lock to give it back, by writing to its `node`, as Curator's Revoker does; see
/// zkcoord_queue_node(). Stores in `*out` whether the node was there. What becomes of it is the holder's decision. The
/// text in the node is replaced.
///
/// ZKCOORD_STATUS_INVALID_ARGUMENT for a path that is no contender's, ZKCOORD_STATUS_NOT_AUTHORIZED when the server refuses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_client_request_revoke(
    client: Option<&zkcoord_client>,
    node: *const c_char,
    timeout_ms: i64,
    out: *mut bool,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    wait(out, err, || request_revoke(client, node, timeout_ms))
}

/// As zkcoord_client_request_revoke(), but does not wait: `done` gets whether the node was there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_client_request_revoke_async(
    client: Option<&zkcoord_client>,
    node: *const c_char,
    timeout_ms: i64,
    done: zkcoord_bool_fn,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    op: *mut *mut zkcoord_op,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    begin(done, user_data, destroy, op, err, || request_revoke(client, node, timeout_ms))
}

/// Closes the client: ends its session, and with that gives back all its locks. What is under way fails with
/// ZKCOORD_STATUS_CLOSED, and so does every later call. Can be called again. The client must still be freed.
///
/// ZKCOORD_STATUS_TIMEOUT when the server does not confirm it in time; the client is closed all the same.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_client_close(
    client: *mut zkcoord_client,
    timeout_ms: i64,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    wait_done(err, || close(client, timeout_ms))
}

/// As zkcoord_client_close(), but does not wait.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zkcoord_client_close_async(
    client: *mut zkcoord_client,
    timeout_ms: i64,
    done: zkcoord_done_fn,
    user_data: *mut c_void,
    destroy: zkcoord_destroy_fn,
    op: *mut *mut zkcoord_op,
    err: *mut *mut zkcoord_error,
) -> zkcoord_status {
    begin(done, user_data, destroy, op, err, || close(client, timeout_ms))
}

/// Takes ownership of the client. NULL is fine. The session ends, in the background, when all that was made from the
/// client has been freed too.
#[unsafe(no_mangle)]
pub extern "C" fn zkcoord_client_free(client: Option<Box<zkcoord_client>>) {
    free(client);
}

fn for_c(state: State) -> Result<zkcoord_state, Error> {
    match state {
        State::Connected => Ok(zkcoord_state::Connected),
        State::Suspended => Ok(zkcoord_state::Suspended),
        State::Expired => Ok(zkcoord_state::Expired),
        State::Closed => Ok(zkcoord_state::Closed),
        other => Err(Error::new(ErrorCode::Internal, format!("state {:?} is unknown to C", other.name()))),
    }
}

fn connect(hosts: *const c_char, options: Option<&zkcoord_options>) -> Result<Op<Client>, Error> {
    // SAFETY: borrowed for the call.
    let hosts = unsafe { text("hosts", hosts) }?;
    let builder = match options {
        Some(options) => options.builder(hosts),
        None => Client::builder(hosts),
    };
    Ok(builder.connect())
}

fn request_revoke(
    client: Option<&zkcoord_client>,
    node: *const c_char,
    timeout_ms: i64,
) -> Result<Op<bool>, Error> {
    let client = given("client", client)?;
    // SAFETY: borrowed for the call.
    let node = unsafe { text("node", node) }?;
    Ok(timed(client.0.request_revoke(node), timeout_ms))
}

fn close(client: *mut zkcoord_client, timeout_ms: i64) -> Result<Op<()>, Error> {
    // SAFETY: borrowed for the call. Not exclusively: other threads may use it too.
    let client = given("client", unsafe { client.as_ref() })?;
    Ok(timed(client.0.close(), timeout_ms))
}

impl ForC for Client {
    type C = *mut zkcoord_client;

    fn for_c(self) -> *mut zkcoord_client {
        handle(zkcoord_client(self))
    }
}
