//! Locks under real faults: lost replies, lost connections, stopped servers, ended sessions.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod support;

use std::sync::mpsc;
use std::time::{Duration, Instant};

use support::{Corner, PATIENCE, SESSION};
use zkcoord::{Client, ErrorCode, Loss, State};
use zkcoord_testkit::{Observer, Op, ZooKeeper, eventually, shared};

#[test]
fn a_swallowed_reply_to_create_leaves_one_holder_and_no_orphan() {
    let corner = Corner::new();
    let proxy = corner.proxy();
    let client = corner.client_through(&proxy);
    drop(client.mutex("/lock").acquire().wait().unwrap());
    corner.await_children("/lock", 0);
    let rule = proxy.swallow_reply(Op::Create, 1);
    let guard = client.mutex("/lock").acquire().timeout(PATIENCE).wait().unwrap();
    assert_eq!(rule.fired(), 1);
    let names = corner.children("/lock");
    assert_eq!(names.len(), 1, "{names:?}");
    assert!(guard.node().ends_with(&names[0]));
    let stat = corner.observer.exists(&corner.path(guard.node())).unwrap().unwrap();
    assert_eq!(guard.token(), stat.czxid as u64);
    guard.release().wait().unwrap();
    assert!(corner.children("/lock").is_empty());
}

#[test]
fn a_swallowed_request_to_create_is_made_again() {
    let corner = Corner::new();
    let proxy = corner.proxy();
    let client = corner.client_through(&proxy);
    let rule = proxy.swallow_request(Op::Create, 1);
    let guard = client.mutex("/lock").acquire().timeout(PATIENCE).wait().unwrap();
    assert_eq!(rule.fired(), 1);
    assert_eq!(corner.children("/lock").len(), 1);
    assert!(guard.is_held());
}

#[test]
fn a_reply_to_create_swallowed_at_the_deadline_leaves_no_orphan() {
    let corner = Corner::new();
    let proxy = corner.proxy();
    let client = corner.client_through(&proxy);
    drop(client.mutex("/lock").acquire().wait().unwrap());
    corner.await_children("/lock", 0);
    proxy.hold_replies(true);
    let error = client.mutex("/lock").acquire().timeout(Duration::from_millis(200)).wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::Timeout);
    assert_eq!(corner.children("/lock").len(), 1, "the create was applied, its reply is held");
    proxy.cut();
    proxy.hold_replies(false);
    corner.await_children("/lock", 0);
}

#[test]
fn a_swallowed_reply_to_delete_is_resolved() {
    let corner = Corner::new();
    let proxy = corner.proxy();
    let client = corner.client_through(&proxy);
    for what in ["reply", "request"] {
        let guard = client.mutex("/lock").acquire().timeout(PATIENCE).wait().unwrap();
        let rule = match what {
            "reply" => proxy.swallow_reply(Op::Delete, 1),
            _ => proxy.swallow_request(Op::Delete, 1),
        };
        guard.release().timeout(PATIENCE).wait().unwrap();
        assert_eq!(rule.fired(), 1, "{what}");
        assert!(corner.children("/lock").is_empty(), "{what}");
    }
    let guard = corner.client().mutex("/lock").try_acquire().wait().unwrap();
    assert!(guard.is_some());
}

#[test]
fn a_lost_connection_while_waiting_loses_no_turn() {
    let corner = Corner::new();
    let proxy = corner.proxy();
    let first = corner.client().mutex("/lock").acquire().wait().unwrap();
    let client = corner.client_through(&proxy);
    let mut waiting = client.mutex("/lock").acquire();
    assert!(waiting.wait_for(Duration::from_millis(1)).is_none());
    corner.await_children("/lock", 2);
    let own =
        corner.children("/lock").into_iter().max_by_key(|name| name[name.len() - 10..].to_owned()).unwrap();
    proxy.cut();
    first.release().wait().unwrap();
    let guard = waiting.wait_for(PATIENCE).unwrap().unwrap();
    assert!(guard.node().ends_with(&own), "the place in the queue was kept");
    assert_eq!(client.state().unwrap(), State::Connected);
}

#[test]
fn a_waiter_whose_node_is_deleted_queues_again() {
    let corner = Corner::new();
    let first = corner.client().mutex("/lock").acquire().wait().unwrap();
    let client = corner.client();
    let mut waiting = client.mutex("/lock").acquire();
    assert!(waiting.wait_for(Duration::from_millis(1)).is_none());
    corner.await_children("/lock", 2);
    let own = corner.children("/lock").into_iter().find(|name| !first.node().ends_with(name)).unwrap();
    assert!(waiting.wait_for(Duration::from_millis(50)).is_none());
    corner.observer.delete(&corner.path(&format!("/lock/{own}"))).unwrap();
    assert!(eventually(PATIENCE, || {
        let names = corner.children("/lock");
        names.len() == 2 && !names.contains(&own)
    }));
    first.release().wait().unwrap();
    assert!(waiting.wait_for(PATIENCE).unwrap().unwrap().is_held());
}

#[test]
fn a_guard_whose_node_is_deleted_is_lost() {
    let corner = Corner::new();
    let client = corner.client();
    let guard = client.mutex("/lock").acquire().wait().unwrap();
    let (tell, told) = mpsc::channel();
    let late = tell.clone();
    guard.on_lost(move |loss| tell.send(loss).unwrap()).unwrap();
    corner.observer.delete(&corner.path(guard.node())).unwrap();
    assert_eq!(guard.lost().timeout(PATIENCE).wait().unwrap(), Loss::NodeDeleted);
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), Loss::NodeDeleted);
    assert!(!guard.is_held());
    let error = guard.check().unwrap_err();
    assert_eq!(error.code(), ErrorCode::LockLost);
    assert!(error.message().contains("deleted by somebody else"), "{error}");
    guard.on_lost(move |loss| late.send(loss).unwrap()).unwrap();
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), Loss::NodeDeleted, "told at once when lost already");
    guard.release().timeout(PATIENCE).wait().unwrap();
    assert!(told.recv_timeout(Duration::from_millis(50)).is_err(), "and once only");
}

#[test]
fn a_held_lock_survives_a_short_outage() {
    let corner = Corner::new();
    let proxy = corner.proxy();
    let client = corner.client_through(&proxy);
    let guard = client.mutex("/lock").acquire().wait().unwrap();
    for _ in 0..5 {
        proxy.cut();
        assert!(eventually(PATIENCE, || client.state().unwrap() == State::Connected));
        assert!(guard.is_held());
    }
    assert_eq!(corner.children("/lock").len(), 1);
}

#[test]
fn after_its_session_expired_the_same_client_acquires_again() {
    let corner = Corner::new();
    let client = corner.client();
    let (tell, states) = mpsc::channel();
    let _subscription = client.on_state(move |state| tell.send(state).unwrap()).unwrap();
    let mutex = client.mutex("/lock");
    let guard = mutex.acquire().wait().unwrap();
    let session = client.session_id().unwrap();
    shared().expire(session).unwrap();
    assert_eq!(guard.lost().timeout(PATIENCE).wait().unwrap(), Loss::SessionGone);
    let again = mutex.acquire().timeout(PATIENCE).wait().unwrap();
    assert!(again.token() > guard.token());
    assert_ne!(client.session_id().unwrap(), session);
    assert_eq!(corner.children("/lock").len(), 1);
    let seen: Vec<_> = std::iter::from_fn(|| states.recv_timeout(Duration::from_millis(100)).ok()).collect();
    assert_eq!(seen.last(), Some(&State::Connected), "{seen:?}");
}

#[test]
fn a_waiter_whose_session_expired_queues_again() {
    let corner = Corner::new();
    let first = corner.client().mutex("/lock").acquire().wait().unwrap();
    let client = corner.client();
    let mut waiting = client.mutex("/lock").acquire();
    assert!(waiting.wait_for(Duration::from_millis(1)).is_none());
    corner.await_children("/lock", 2);
    let session = client.session_id().unwrap();
    shared().expire(session).unwrap();
    assert!(eventually(PATIENCE, || client.session_id().unwrap() != session
        && corner.children("/lock").len() == 2));
    assert!(waiting.wait_for(Duration::from_millis(1)).is_none());
    first.release().wait().unwrap();
    assert!(waiting.wait_for(PATIENCE).unwrap().unwrap().is_held());
}

#[test]
fn a_holder_cut_off_knows_before_its_session_can_end() {
    let corner = Corner::new();
    let proxy = corner.proxy();
    let client = corner.client_through(&proxy);
    let guard = client.mutex("/lock").acquire().wait().unwrap();
    let rival = corner.client();
    let mut waiting = rival.mutex("/lock").acquire();
    assert!(waiting.wait_for(Duration::from_millis(1)).is_none());
    corner.await_children("/lock", 2);
    // A silence, not a close: nothing tells the client.
    proxy.stall(true);
    let cut_off = Instant::now();
    let loss = guard.lost().timeout(PATIENCE).wait().unwrap();
    let told = cut_off.elapsed();
    assert_eq!(loss, Loss::LeaseEnded);
    assert!(told < client.session_timeout().unwrap(), "told after {told:?}");
    let next = waiting.wait_for(PATIENCE).unwrap().unwrap();
    let given = cut_off.elapsed();
    assert!(told < given, "told after {told:?}, given away after {given:?}");
    assert!(next.token() > guard.token());
}

#[test]
fn a_holder_whose_server_stops_knows_in_time_and_another_gets_the_lock() {
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
    assert!(eventually(PATIENCE, || observer.children("/lock").unwrap().unwrap_or_default().len() == 2));
    assert!(guard.is_held());
    zookeeper.pause(stopped).unwrap();
    let silent = Instant::now();
    guard.lost().timeout(PATIENCE).wait().unwrap();
    let told = silent.elapsed();
    assert!(told < client.session_timeout().unwrap(), "told after {told:?}");
    let next = waiting.wait_for(PATIENCE).unwrap().unwrap();
    let given = silent.elapsed();
    assert!(told < given, "told after {told:?}, given away after {given:?}");
    assert!(next.token() > guard.token());
    zookeeper.resume(stopped).unwrap();
    drop(next);
    // The same client goes on with a new session.
    assert!(client.mutex("/lock").acquire().timeout(PATIENCE).wait().unwrap().is_held());
}

#[test]
fn a_killed_leader_loses_no_lock_and_no_waiter() {
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
    guard.release().timeout(PATIENCE).wait().unwrap();
    let next = waiting.wait_for(PATIENCE).unwrap().unwrap();
    assert!(next.token() > guard.token());
    let observer = Observer::connect(&zookeeper.hosts()).unwrap();
    assert_eq!(observer.children("/lock").unwrap().unwrap().len(), 1);
}

#[test]
fn zero_timeouts_return_at_once_while_nobody_answers() {
    let corner = Corner::new();
    let proxy = corner.proxy();
    let client = corner.client_through(&proxy);
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
    corner.await_children("/lock", 0);
    corner.await_children("/other", 0);
}
