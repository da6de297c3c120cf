//! Helpers that the tests against a real server share.

#![allow(dead_code, reason = "every test program uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

pub(crate) mod grants;
pub(crate) mod machine;
pub(crate) mod misses;
pub(crate) mod peer;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use zkcoord::{Client, Guard, Mutex, Op};
use zkcoord_testkit::{Observer, Proxy, eventually, shared};

/// The longest wait for anything that must happen: longer than it ever takes, short enough to notice a hang.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(20);

/// A session timeout that the kit's ticks of 250 ms allow, short enough to wait for its end.
pub(crate) const SESSION: Duration = Duration::from_secs(2);

/// Returns a path that no other test uses.
pub(crate) fn fresh_root() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!("/t{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// One test's part of the shared server: a chroot of its own, and an observer from outside.
pub(crate) struct Sandbox {
    pub(crate) root: String,
    pub(crate) observer: Observer,
}

impl Sandbox {
    pub(crate) fn new() -> Sandbox {
        let root = fresh_root();
        let observer = Observer::connect(&shared().hosts()).unwrap();
        observer.create_all(&root).unwrap();
        Sandbox { root, observer }
    }

    /// A client of this sandbox, connected directly to the server.
    pub(crate) fn client(&self) -> Client {
        self.client_at(&shared().hosts())
    }

    /// A client of this sandbox that connects through `proxy`.
    pub(crate) fn client_through(&self, proxy: &Proxy) -> Client {
        self.client_at(&proxy.address())
    }

    pub(crate) fn client_at(&self, address: &str) -> Client {
        let hosts = format!("{address}{}", self.root);
        Client::builder(hosts).session_timeout(SESSION).connect().wait().unwrap()
    }

    pub(crate) fn proxy(&self) -> Proxy {
        Proxy::start(&shared().host(0)).unwrap()
    }

    /// The full path of a node of this sandbox.
    pub(crate) fn path(&self, path: &str) -> String {
        format!("{}{path}", self.root)
    }

    /// The children of a node of this sandbox; none if the node is missing.
    pub(crate) fn children(&self, path: &str) -> Vec<String> {
        self.observer.children(&self.path(path)).unwrap().unwrap_or_default()
    }

    /// Waits until a node of this sandbox has `count` children.
    pub(crate) fn await_children(&self, path: &str, count: usize) {
        let reached = eventually(TIMEOUT, || self.children(path).len() == count);
        assert!(reached, "{path} has {:?}, not {count}", self.children(path));
    }
}

/// Returns whether an operation is still pending. Starts the operation if necessary.
pub(crate) fn is_waiting<T: Send + 'static>(op: &mut Op<T>) -> bool {
    op.wait_for(Duration::from_millis(100)).is_none()
}

/// Waits until a lock is granted.
pub(crate) fn granted(op: &mut Op<Guard>) -> Guard {
    op.wait_for(TIMEOUT).expect("granted in time").unwrap()
}

/// Starts to acquire a mutex `count` times, one after the other.
pub(crate) fn start_waiting(mutex: &Mutex, count: usize) -> Vec<Op<Guard>> {
    let acquire = |_| {
        let mut op = mutex.acquire();
        assert!(op.wait_for(Duration::ZERO).is_none());
        op
    };
    (0..count).map(acquire).collect()
}

/// Ends the session of a client that connects through `proxy`, and its connection together with the messages that are held
/// on it. The client cannot reconnect before `meanwhile` has returned.
pub(crate) fn expire_while_cut_off(client: &Client, proxy: &Proxy, meanwhile: impl FnOnce()) {
    let session = client.session_id().unwrap();
    proxy.refuse(true);
    shared().expire(session).unwrap();
    meanwhile();
    proxy.hold_requests(false);
    proxy.hold_replies(false);
    proxy.refuse(false);
}

/// The command that runs one of the examples. Builds the example first if necessary.
pub(crate) fn example(name: &str) -> std::process::Command {
    let mut build = std::process::Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--package", "zkcoord", "--example", name]);
    if !cfg!(debug_assertions) {
        build.arg("--release");
    }
    assert!(build.status().unwrap().success());
    let tests = std::env::current_exe().unwrap();
    std::process::Command::new(tests.parent().unwrap().with_file_name("examples").join(name))
}

/// Starts all operations before it waits for the first, and returns their results.
pub(crate) fn all_at_once<T: Send + 'static>(mut ops: Vec<Op<T>>) -> Vec<T> {
    // An operation may complete as soon as it has been started, and then returns its result here.
    let early: Vec<_> = ops.iter_mut().map(|op| op.wait_for(Duration::ZERO)).collect();
    let outcome = |(op, early): (&mut Op<T>, Option<_>)| early.or_else(|| op.wait_for(TIMEOUT));
    ops.iter_mut().zip(early).map(outcome).map(|outcome| outcome.unwrap().unwrap()).collect()
}
