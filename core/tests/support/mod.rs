//! What the tests against a real server share.

#![allow(dead_code, reason = "every test program uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use zkcoord::{Client, Op};
use zkcoord_testkit::{Observer, Proxy, eventually, shared};

/// Longer than anything here takes, short enough to notice a hang.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A session timeout in which the kit's ticks of 250 ms fit, short enough to wait for its end.
pub(crate) const SESSION: Duration = Duration::from_secs(2);

/// A node that no other test uses.
pub(crate) fn fresh_root() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!("/t{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// One test's corner of the shared server: a chroot of its own, and somebody who looks at it from outside.
pub(crate) struct Corner {
    pub(crate) root: String,
    pub(crate) observer: Observer,
}

impl Corner {
    pub(crate) fn new() -> Corner {
        let root = fresh_root();
        let observer = Observer::connect(&shared().hosts()).unwrap();
        observer.create_all(&root).unwrap();
        Corner { root, observer }
    }

    /// A client of this corner, straight to the server.
    pub(crate) fn client(&self) -> Client {
        self.client_at(&shared().hosts())
    }

    /// A client of this corner through `proxy`.
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

    /// The full path of a node of this corner.
    pub(crate) fn path(&self, path: &str) -> String {
        format!("{}{path}", self.root)
    }

    /// The children of a node of this corner; none when it is missing.
    pub(crate) fn children(&self, path: &str) -> Vec<String> {
        self.observer.children(&self.path(path)).unwrap().unwrap_or_default()
    }

    /// Waits until a node of this corner has `count` children.
    pub(crate) fn await_children(&self, path: &str, count: usize) {
        let reached = eventually(PATIENCE, || self.children(path).len() == count);
        assert!(reached, "{path} has {:?}, not {count}", self.children(path));
    }
}

/// Whether an operation, started if need be, is not done yet.
pub(crate) fn is_waiting<T: Send + 'static>(op: &mut Op<T>) -> bool {
    op.wait_for(Duration::from_millis(100)).is_none()
}

/// Ends the session of a client that connects through `proxy` behind its back, and its connection with what is held on it. The
/// client cannot connect again before `meanwhile` has returned.
pub(crate) fn die(client: &Client, proxy: &Proxy, meanwhile: impl FnOnce()) {
    let session = client.session_id().unwrap();
    proxy.refuse(true);
    shared().expire(session).unwrap();
    meanwhile();
    proxy.hold_requests(false);
    proxy.hold_replies(false);
    proxy.refuse(false);
}

/// The command of one of the examples, built if need be.
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

/// Starts all of them before the first is waited for, and gives what they gave.
pub(crate) fn all_at_once<T: Send + 'static>(mut ops: Vec<Op<T>>) -> Vec<T> {
    // The last ones may be done as soon as they have been started, and then say so now.
    let early: Vec<_> = ops.iter_mut().map(|op| op.wait_for(Duration::ZERO)).collect();
    let outcome = |(op, early): (&mut Op<T>, Option<_>)| early.or_else(|| op.wait_for(PATIENCE));
    ops.iter_mut().zip(early).map(outcome).map(|outcome| outcome.unwrap().unwrap()).collect()
}
