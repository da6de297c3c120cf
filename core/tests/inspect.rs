//! Looking at a queue, asking for a lock, and the figures of waits, against a real server.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod support;

use std::sync::mpsc;
use std::time::{Duration, SystemTime};

use support::{Corner, PATIENCE};
use zkcoord::{Client, ErrorCode, Library};
use zkcoord_testkit::{eventually, shared};

#[test]
fn a_queue_shows_who_holds_and_who_waits() {
    let corner = Corner::new();
    let hosts = format!("{}{}", shared().hosts(), corner.root);
    let holder = Client::builder(&hosts).identity("the holder").connect().wait().unwrap();
    let waiter = corner.client();
    assert!(waiter.mutex("/lock").inspect().wait().unwrap().is_empty());
    let guard = holder.mutex("/lock").acquire().wait().unwrap();
    let mut waiting = waiter.mutex("/lock").acquire();
    assert!(waiting.wait_for(Duration::from_millis(1)).is_none());
    corner.await_children("/lock", 2);
    let queue = waiter.mutex("/lock").inspect().wait().unwrap();
    assert_eq!((queue.len(), queue.warnings.len()), (2, 0));
    assert_eq!(queue[0].node, guard.node());
    assert_eq!(queue[0].identity, "the holder");
    assert_eq!(queue[0].session_id, holder.session_id().unwrap());
    assert!(queue[0].is_holder && !queue[1].is_holder && !queue[0].is_reader);
    assert_eq!(queue[0].library, Library::Zkcoord);
    assert!(queue[1].identity.ends_with(&format!(":{}", std::process::id())), "{:?}", queue[1]);
    // The server is this machine, so its clock is ours.
    assert!(queue[1].waiting_since.duration_since(SystemTime::UNIX_EPOCH).unwrap() > Duration::ZERO);
    assert!(SystemTime::now().duration_since(queue[0].waiting_since).unwrap() < PATIENCE);
}

#[test]
fn readers_hold_together() {
    let corner = Corner::new();
    let lock = corner.client().rw_lock("/lock");
    let _reading = [lock.read().acquire().wait().unwrap(), lock.read().acquire().wait().unwrap()];
    let mut writer = lock.write().acquire();
    assert!(writer.wait_for(Duration::from_millis(1)).is_none());
    corner.await_children("/lock", 3);
    let queue = lock.read().inspect().wait().unwrap();
    let seen: Vec<_> = queue.iter().map(|contender| (contender.is_reader, contender.is_holder)).collect();
    assert_eq!(seen, [(true, true), (true, true), (false, false)]);
}

#[test]
fn a_lock_can_be_asked_for() {
    let corner = Corner::new();
    let client = corner.client();
    let guard = client.mutex("/lock").acquire().wait().unwrap();
    let (tell, told) = mpsc::channel();
    guard.on_revoke(move || tell.send(()).unwrap()).unwrap();
    assert!(!guard.is_revoke_requested().unwrap());
    assert!(corner.client().request_revoke(guard.node()).wait().unwrap());
    told.recv_timeout(PATIENCE).unwrap();
    assert!(guard.is_revoke_requested().unwrap());
    assert!(guard.is_held(), "the holder decides");
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
fn all_locks_below_a_path() {
    let corner = Corner::new();
    let (client, other) = (corner.client(), corner.client());
    let all = |path| client.inspect_all(path).wait().unwrap();
    assert!(all("/locks").is_empty(), "a path that is not there");
    let _report = client.mutex("/locks/report").acquire().wait().unwrap();
    let _catalogue = other.rw_lock("/locks/catalogue").read().acquire().wait().unwrap();
    let mut waiting = other.mutex("/locks/report").acquire();
    assert!(waiting.wait_for(Duration::from_millis(1)).is_none());
    corner.await_children("/locks/report", 2);
    client.mutex("/locks/unused").acquire().wait().unwrap().release().wait().unwrap();
    corner.observer.create(&corner.path("/locks/config"), b"no lock").unwrap();
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
    let corner = Corner::new();
    let client = corner.client();
    let weak = client.downgrade().unwrap();
    let guard = client.mutex("/lock").acquire().wait().unwrap();
    drop(client);
    let again = weak.upgrade().expect("the guard keeps it open");
    assert!(again.session_id().unwrap() != 0);
    drop((again, guard));
    assert!(eventually(PATIENCE, || weak.upgrade().is_none()));
    corner.await_children("/lock", 0);
}
