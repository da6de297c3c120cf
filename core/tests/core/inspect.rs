//! Inspecting queues, requesting a revocation, and weak references to clients, against a real server.

use std::sync::mpsc;
use std::time::{Duration, SystemTime};

use crate::support::{Sandbox, TIMEOUT};
use zkcoord::{Client, ErrorCode, Library};
use zkcoord_testkit::{eventually, shared};

#[test]
fn a_queue_lists_the_holder_and_the_waiters() {
    let sandbox = Sandbox::new();
    let hosts = format!("{}{}", shared().hosts(), sandbox.root);
    let holder = Client::builder(&hosts).identity("the holder").connect().wait().unwrap();
    let waiter = sandbox.client();
    assert!(waiter.mutex("/lock").inspect().wait().unwrap().is_empty());
    let guard = holder.mutex("/lock").acquire().wait().unwrap();
    let mut waiting = waiter.mutex("/lock").acquire();
    assert!(waiting.wait_for(Duration::from_millis(1)).is_none());
    sandbox.await_children("/lock", 2);
    let queue = waiter.mutex("/lock").inspect().wait().unwrap();
    assert_eq!((queue.len(), queue.warnings.len()), (2, 0));
    assert_eq!(queue[0].node, guard.node());
    assert_eq!(queue[0].identity, "the holder");
    assert_eq!(queue[0].session_id, holder.session_id().unwrap());
    assert!(queue[0].is_holder && !queue[1].is_holder && !queue[0].is_reader);
    assert_eq!(queue[0].library, Library::Zkcoord);
    assert!(queue[1].identity.ends_with(&format!(":{}", std::process::id())), "{:?}", queue[1]);
    // The server runs on this machine, so its clock is the same.
    assert!(queue[1].waiting_since.duration_since(SystemTime::UNIX_EPOCH).unwrap() > Duration::ZERO);
    assert!(SystemTime::now().duration_since(queue[0].waiting_since).unwrap() < TIMEOUT);
}

#[test]
fn all_readers_are_holders() {
    let sandbox = Sandbox::new();
    let lock = sandbox.client().rw_lock("/lock");
    let _reading = [lock.read().acquire().wait().unwrap(), lock.read().acquire().wait().unwrap()];
    let mut writer = lock.write().acquire();
    assert!(writer.wait_for(Duration::from_millis(1)).is_none());
    sandbox.await_children("/lock", 3);
    let queue = lock.read().inspect().wait().unwrap();
    let seen: Vec<_> = queue.iter().map(|contender| (contender.is_reader, contender.is_holder)).collect();
    assert_eq!(seen, [(true, true), (true, true), (false, false)]);
}

#[test]
fn a_revocation_can_be_requested() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let guard = client.mutex("/lock").acquire().wait().unwrap();
    let (sender, receiver) = mpsc::channel();
    guard.on_revoke(move || sender.send(()).unwrap()).unwrap();
    assert!(!guard.is_revoke_requested().unwrap());
    assert!(sandbox.client().request_revoke(guard.node()).wait().unwrap());
    receiver.recv_timeout(TIMEOUT).unwrap();
    assert!(guard.is_revoke_requested().unwrap());
    assert!(guard.is_held(), "the holder decides when to release");
    guard.release().wait().unwrap();
    assert!(!client.request_revoke(guard.node()).wait().unwrap());
    for node in ["lock", "/lock", "/counters/hits"] {
        assert_eq!(
            client.request_revoke(node).wait().unwrap_err().code(),
            ErrorCode::InvalidArgument,
            "{node}"
        );
    }
}

#[test]
fn inspect_all_returns_the_locks_below_a_path() {
    let sandbox = Sandbox::new();
    let (client, other) = (sandbox.client(), sandbox.client());
    let all = |path| client.inspect_all(path).wait().unwrap();
    assert!(all("/locks").is_empty(), "a missing path has no locks");
    let _report = client.mutex("/locks/report").acquire().wait().unwrap();
    let _catalogue = other.rw_lock("/locks/catalogue").read().acquire().wait().unwrap();
    let mut waiting = other.mutex("/locks/report").acquire();
    assert!(waiting.wait_for(Duration::from_millis(1)).is_none());
    sandbox.await_children("/locks/report", 2);
    client.mutex("/locks/unused").acquire().wait().unwrap().release().wait().unwrap();
    sandbox.observer.create(&sandbox.path("/locks/config"), b"no lock").unwrap();
    let queues = all("/locks");
    let names: Vec<_> = queues.iter().map(|(name, queue)| (name.as_str(), queue.len())).collect();
    assert_eq!(names, [("catalogue", 1), ("report", 2)]);
    assert!(queues[0].1[0].is_reader && queues[1].1[0].is_holder && !queues[1].1[1].is_holder);
    assert_eq!(queues[1].1[0].session_id, client.session_id().unwrap());
    let error = client.inspect_all("locks").wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::InvalidArgument);
}

#[test]
fn a_weak_reference_does_not_keep_a_client_open() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let weak = client.downgrade().unwrap();
    let guard = client.mutex("/lock").acquire().wait().unwrap();
    drop(client);
    let again = weak.upgrade().expect("the guard keeps the client open");
    assert!(again.session_id().unwrap() != 0);
    drop((again, guard));
    assert!(eventually(TIMEOUT, || weak.upgrade().is_none()));
    sandbox.await_children("/lock", 0);
}
