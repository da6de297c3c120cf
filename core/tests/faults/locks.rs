//! Locks under real faults: lost replies, lost connections, stopped servers, ended sessions.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::support::{SESSION, Sandbox, TIMEOUT, machine};
use zkcoord::{Client, ErrorCode, Loss, State};
use zkcoord_testkit::{Observer, Op, ZooKeeper, eventually, shared};

#[test]
fn a_swallowed_reply_to_create_leaves_one_holder_and_no_orphan() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let client = sandbox.client_through(&proxy);
    drop(client.mutex("/lock").acquire().wait().unwrap());
    sandbox.await_children("/lock", 0);
    let rule = proxy.swallow_reply(Op::Create, 1);
    let guard = client.mutex("/lock").acquire().timeout(TIMEOUT).wait().unwrap();
    assert_eq!(rule.fired(), 1);
    let names = sandbox.children("/lock");
    assert_eq!(names.len(), 1, "{names:?}");
    assert!(guard.node().ends_with(&names[0]));
    let stat = sandbox.observer.exists(&sandbox.path(guard.node())).unwrap().unwrap();
    assert_eq!(guard.token(), stat.czxid as u64);
    guard.release().wait().unwrap();
    assert!(sandbox.children("/lock").is_empty());
}

#[test]
fn a_swallowed_request_to_create_is_repeated() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let client = sandbox.client_through(&proxy);
    let rule = proxy.swallow_request(Op::Create, 1);
    let guard = client.mutex("/lock").acquire().timeout(TIMEOUT).wait().unwrap();
    assert_eq!(rule.fired(), 1);
    assert_eq!(sandbox.children("/lock").len(), 1);
    assert!(guard.is_held());
}

#[test]
fn a_reply_to_create_swallowed_at_the_deadline_leaves_no_orphan() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let client = sandbox.client_through(&proxy);
    drop(client.mutex("/lock").acquire().wait().unwrap());
    sandbox.await_children("/lock", 0);
    proxy.hold_replies(true);
    let error = client.mutex("/lock").acquire().timeout(Duration::from_millis(200)).wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::Timeout);
    assert_eq!(sandbox.children("/lock").len(), 1, "the create was applied, its reply is held");
    proxy.cut();
    proxy.hold_replies(false);
    sandbox.await_children("/lock", 0);
}

#[test]
fn a_swallowed_reply_to_delete_is_resolved() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let client = sandbox.client_through(&proxy);
    for what in ["reply", "request"] {
        let guard = client.mutex("/lock").acquire().timeout(TIMEOUT).wait().unwrap();
        let rule = match what {
            "reply" => proxy.swallow_reply(Op::Delete, 1),
            _ => proxy.swallow_request(Op::Delete, 1),
        };
        guard.release().timeout(TIMEOUT).wait().unwrap();
        assert_eq!(rule.fired(), 1, "{what}");
        assert!(sandbox.children("/lock").is_empty(), "{what}");
    }
    let guard = sandbox.client().mutex("/lock").try_acquire().wait().unwrap();
    assert!(guard.is_some());
}

#[test]
fn a_lost_connection_keeps_the_place_in_the_queue() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let first = sandbox.client().mutex("/lock").acquire().wait().unwrap();
    let client = sandbox.client_through(&proxy);
    let mut waiting = client.mutex("/lock").acquire();
    assert!(waiting.wait_for(Duration::from_millis(1)).is_none());
    sandbox.await_children("/lock", 2);
    let own =
        sandbox.children("/lock").into_iter().max_by_key(|name| name[name.len() - 10..].to_owned()).unwrap();
    proxy.cut();
    first.release().wait().unwrap();
    let guard = waiting.wait_for(TIMEOUT).unwrap().unwrap();
    assert!(guard.node().ends_with(&own), "the place in the queue was kept");
    assert_eq!(client.state().unwrap(), State::Connected);
}

#[test]
fn a_waiter_whose_node_is_deleted_queues_again() {
    let sandbox = Sandbox::new();
    let first = sandbox.client().mutex("/lock").acquire().wait().unwrap();
    let client = sandbox.client();
    let mut waiting = client.mutex("/lock").acquire();
    assert!(waiting.wait_for(Duration::from_millis(1)).is_none());
    sandbox.await_children("/lock", 2);
    let own = sandbox.children("/lock").into_iter().find(|name| !first.node().ends_with(name)).unwrap();
    assert!(waiting.wait_for(Duration::from_millis(50)).is_none());
    sandbox.observer.delete(&sandbox.path(&format!("/lock/{own}"))).unwrap();
    assert!(eventually(TIMEOUT, || {
        let names = sandbox.children("/lock");
        names.len() == 2 && !names.contains(&own)
    }));
    first.release().wait().unwrap();
    assert!(waiting.wait_for(TIMEOUT).unwrap().unwrap().is_held());
}

#[test]
fn a_guard_whose_node_is_deleted_is_lost() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let guard = client.mutex("/lock").acquire().wait().unwrap();
    let (sender, receiver) = mpsc::channel();
    let second = sender.clone();
    guard.on_lost(move |loss| sender.send(loss).unwrap()).unwrap();
    sandbox.observer.delete(&sandbox.path(guard.node())).unwrap();
    assert_eq!(guard.lost().timeout(TIMEOUT).wait().unwrap(), Loss::NodeDeleted);
    assert_eq!(receiver.recv_timeout(TIMEOUT).unwrap(), Loss::NodeDeleted);
    assert!(!guard.is_held());
    let error = guard.check().unwrap_err();
    assert_eq!(error.code(), ErrorCode::LockLost);
    assert!(error.message().contains("deleted by somebody else"), "{error}");
    guard.on_lost(move |loss| second.send(loss).unwrap()).unwrap();
    assert_eq!(
        receiver.recv_timeout(TIMEOUT).unwrap(),
        Loss::NodeDeleted,
        "reported at once if the lock is already lost"
    );
    guard.release().timeout(TIMEOUT).wait().unwrap();
    assert!(receiver.recv_timeout(Duration::from_millis(50)).is_err(), "reported once");
}

#[test]
fn a_held_lock_survives_a_short_outage() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let client = sandbox.client_through(&proxy);
    let guard = client.mutex("/lock").acquire().wait().unwrap();
    for _ in 0..5 {
        proxy.cut();
        assert!(eventually(TIMEOUT, || client.state().unwrap() == State::Connected));
        assert!(guard.is_held());
    }
    assert_eq!(sandbox.children("/lock").len(), 1);
}

#[test]
fn a_client_acquires_again_after_its_session_expired() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let (sender, states) = mpsc::channel();
    let _subscription = client.on_state(move |state| sender.send(state).unwrap()).unwrap();
    let mutex = client.mutex("/lock");
    let guard = mutex.acquire().wait().unwrap();
    let session = client.session_id().unwrap();
    shared().expire(session).unwrap();
    assert_eq!(guard.lost().timeout(TIMEOUT).wait().unwrap(), Loss::SessionGone);
    let again = mutex.acquire().timeout(TIMEOUT).wait().unwrap();
    assert!(again.token() > guard.token());
    assert_ne!(client.session_id().unwrap(), session);
    assert_eq!(sandbox.children("/lock").len(), 1);
    let seen: Vec<_> = std::iter::from_fn(|| states.recv_timeout(Duration::from_millis(100)).ok()).collect();
    assert_eq!(seen.last(), Some(&State::Connected), "{seen:?}");
}

#[test]
fn a_waiter_whose_session_expired_queues_again() {
    let sandbox = Sandbox::new();
    let first = sandbox.client().mutex("/lock").acquire().wait().unwrap();
    let client = sandbox.client();
    let mut waiting = client.mutex("/lock").acquire();
    assert!(waiting.wait_for(Duration::from_millis(1)).is_none());
    sandbox.await_children("/lock", 2);
    let session = client.session_id().unwrap();
    shared().expire(session).unwrap();
    assert!(eventually(TIMEOUT, || client.session_id().unwrap() != session
        && sandbox.children("/lock").len() == 2));
    assert!(waiting.wait_for(Duration::from_millis(1)).is_none());
    first.release().wait().unwrap();
    assert!(waiting.wait_for(TIMEOUT).unwrap().unwrap().is_held());
}

#[test]
fn a_holder_cut_off_knows_before_its_session_can_end() {
    let _quiet = machine::quiet();
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let client = sandbox.client_through(&proxy);
    let guard = client.mutex("/lock").acquire().wait().unwrap();
    let rival = sandbox.client();
    let mut waiting = rival.mutex("/lock").acquire();
    assert!(waiting.wait_for(Duration::from_millis(1)).is_none());
    sandbox.await_children("/lock", 2);
    // The connection stays open and silent, so nothing informs the client.
    proxy.stall(true);
    let cut_off = Instant::now();
    let loss = guard.lost().timeout(TIMEOUT).wait().unwrap();
    let reported = cut_off.elapsed();
    assert_eq!(loss, Loss::LeaseEnded);
    assert!(reported < client.session_timeout().unwrap(), "reported after {reported:?}");
    let next = waiting.wait_for(TIMEOUT).unwrap().unwrap();
    let acquired = cut_off.elapsed();
    assert!(reported < acquired, "reported after {reported:?}, acquired by the other after {acquired:?}");
    assert!(next.token() > guard.token());
}

#[test]
fn a_holder_whose_server_stops_knows_before_another_acquires_the_lock() {
    let _quiet = machine::quiet();
    let zookeeper = ZooKeeper::start(3).unwrap();
    let leader = zookeeper.leader().unwrap();
    let (stopped, other) = ((leader + 1) % 3, (leader + 2) % 3);
    let connect = |node| {
        let builder = Client::builder(zookeeper.host(node)).session_timeout(SESSION);
        builder.connect().wait().unwrap()
    };
    let (client, rival) = (connect(stopped), connect(other));
    let guard = client.mutex("/lock").acquire().wait().unwrap();
    let mut waiting = rival.mutex("/lock").acquire();
    assert!(waiting.wait_for(Duration::from_millis(1)).is_none());
    let observer = Observer::connect(&zookeeper.host(leader)).unwrap();
    assert!(eventually(TIMEOUT, || observer.children("/lock").unwrap().unwrap_or_default().len() == 2));
    assert!(guard.is_held());
    zookeeper.pause(stopped).unwrap();
    let silent = Instant::now();
    guard.lost().timeout(TIMEOUT).wait().unwrap();
    let reported = silent.elapsed();
    assert!(reported < client.session_timeout().unwrap(), "reported after {reported:?}");
    let next = waiting.wait_for(TIMEOUT).unwrap().unwrap();
    let acquired = silent.elapsed();
    assert!(reported < acquired, "reported after {reported:?}, acquired by the other after {acquired:?}");
    assert!(next.token() > guard.token());
    zookeeper.resume(stopped).unwrap();
    drop(next);
    // The same client continues with a new session.
    assert!(client.mutex("/lock").acquire().timeout(TIMEOUT).wait().unwrap().is_held());
}

#[test]
fn a_killed_leader_loses_no_lock_and_no_waiter() {
    let _busy = machine::busy();
    let zookeeper = ZooKeeper::start(3).unwrap();
    let connect = || {
        let builder = Client::builder(zookeeper.hosts()).session_timeout(Duration::from_secs(10));
        builder.connect().wait().unwrap()
    };
    let (client, rival) = (connect(), connect());
    let guard = client.mutex("/lock").acquire().wait().unwrap();
    let mut waiting = rival.mutex("/lock").acquire();
    assert!(waiting.wait_for(Duration::from_millis(100)).is_none());
    zookeeper.kill(zookeeper.leader().unwrap()).unwrap();
    zookeeper.leader().unwrap();
    assert!(waiting.wait_for(Duration::from_millis(100)).is_none());
    assert!(guard.is_held());
    guard.release().timeout(TIMEOUT).wait().unwrap();
    let next = waiting.wait_for(TIMEOUT).unwrap().unwrap();
    assert!(next.token() > guard.token());
    let observer = Observer::connect(&zookeeper.hosts()).unwrap();
    assert_eq!(observer.children("/lock").unwrap().unwrap().len(), 1);
}

#[test]
fn zero_timeouts_return_at_once_while_no_server_answers() {
    let _quiet = machine::quiet();
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let client = sandbox.client_through(&proxy);
    let guard = client.mutex("/lock").acquire().wait().unwrap();
    assert_eq!(guard.lost().timeout(Duration::ZERO).wait().unwrap_err().code(), ErrorCode::Timeout);
    assert_eq!(guard.loss().unwrap(), None);
    proxy.stall(true);
    let start = Instant::now();
    assert_eq!(guard.release().timeout(Duration::ZERO).wait().unwrap_err().code(), ErrorCode::Timeout);
    assert!(client.mutex("/other").acquire().timeout(Duration::ZERO).wait().is_err());
    assert!(client.counter("/c").get().timeout(Duration::ZERO).wait().is_err());
    assert!(client.counter("/c").add(1).timeout(Duration::ZERO).wait().is_err());
    assert!(start.elapsed() < 2 * SESSION, "{:?}", start.elapsed());
    proxy.stall(false);
    sandbox.await_children("/lock", 0);
    sandbox.await_children("/other", 0);
}
