//! Looking at a queue, asking for a lock, and the figures of waits, against a real server.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod support;

use std::sync::mpsc;
use std::time::{Duration, SystemTime};

use support::{Corner, PATIENCE};
use zkcoord::{Client, ErrorCode, Library};
use zkcoord_testkit::shared;

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
