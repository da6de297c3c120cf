//! Hand-over of a mutex inside the process under faults: lost locks, ended sessions, lost replies.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex as StdMutex};

use crate::support::{Sandbox, TIMEOUT, granted, is_waiting, machine, start_waiting};
use zkcoord::{Guard, Loss};
use zkcoord_testkit::{Op as Request, eventually, shared};

#[test]
fn a_lost_lock_is_not_handed_over() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let mutex = client.mutex("/lock").handoff(100);
    let guard = mutex.acquire().wait().unwrap();
    let mut queue = start_waiting(&mutex, 2);
    shared().expire(client.session_id().unwrap()).unwrap();
    assert_eq!(guard.lost().timeout(TIMEOUT).wait().unwrap(), Loss::SessionGone);
    // The next waiter does not wait until the lost guard is dropped.
    let next = granted(&mut queue[0]);
    assert!(next.is_held() && next.token() > guard.token());
    guard.release().wait().unwrap();
    assert!(next.is_held() && is_waiting(&mut queue[1]), "the lost guard handed nothing over");
    let token = next.token();
    drop(next);
    assert_eq!(granted(&mut queue[1]).token(), token);
    sandbox.await_children("/lock", 0);
}

#[test]
fn a_lock_whose_node_was_deleted_is_not_handed_over() {
    let sandbox = Sandbox::new();
    let mutex = sandbox.client().mutex("/lock").handoff(100);
    let guard = mutex.acquire().wait().unwrap();
    let mut queue = start_waiting(&mutex, 1);
    sandbox.observer.delete(&sandbox.path(guard.node())).unwrap();
    assert_eq!(guard.lost().timeout(TIMEOUT).wait().unwrap(), Loss::NodeDeleted);
    let next = granted(&mut queue[0]);
    assert!(next.is_held() && next.token() > guard.token());
}

#[test]
fn a_lock_whose_lease_has_ended_is_not_handed_over() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let mutex = sandbox.client_through(&proxy).mutex("/lock").handoff(100);
    let guard = mutex.acquire().wait().unwrap();
    let mut queue = start_waiting(&mutex, 1);
    proxy.stall(true);
    assert!(eventually(TIMEOUT, || !guard.is_held()));
    let token = guard.token();
    drop(guard);
    assert!(is_waiting(&mut queue[0]));
    proxy.stall(false);
    let next = granted(&mut queue[0]);
    assert!(next.is_held() && next.token() > token);
    drop(next);
    sandbox.await_children("/lock", 0);
}

#[test]
fn a_waiter_whose_session_expired_keeps_its_place_in_the_local_queue() {
    let sandbox = Sandbox::new();
    let holder = sandbox.client().mutex("/lock").acquire().wait().unwrap();
    let client = sandbox.client();
    let mutex = client.mutex("/lock").handoff(100);
    let mut queue = start_waiting(&mutex, 2);
    sandbox.await_children("/lock", 2);
    let session = client.session_id().unwrap();
    shared().expire(session).unwrap();
    assert!(eventually(TIMEOUT, || client.session_id().unwrap() != session
        && sandbox.children("/lock").len() == 2));
    drop(holder);
    let first = granted(&mut queue[0]);
    assert!(first.is_held() && is_waiting(&mut queue[1]));
    drop(first);
    assert!(granted(&mut queue[1]).is_held());
}

#[test]
fn contenders_whose_session_expires_overlap_only_with_lost_guards() {
    let _busy = machine::busy();
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let inside = StdMutex::new(None::<Arc<Guard>>);
    std::thread::scope(|scope| {
        for number in 0..4 {
            let (client, inside) = (&client, &inside);
            scope.spawn(move || {
                let mutex = client.mutex("/lock").handoff(20);
                for round in 0..60 {
                    let guard = Arc::new(mutex.acquire().timeout(TIMEOUT).wait().unwrap());
                    let before = inside.lock().unwrap().replace(guard.clone());
                    if let Some(before) = before {
                        assert!(!before.is_held(), "two holders");
                        assert!(guard.token() > before.token(), "a lost lock was handed over");
                    }
                    if number == 0 && round % 20 == 10 {
                        // The session may have ended already, and all its locks with it.
                        drop(shared().expire(client.session_id().unwrap()));
                    }
                    inside.lock().unwrap().take_if(|now| Arc::ptr_eq(now, &guard));
                    guard.release().timeout(TIMEOUT).wait().unwrap();
                }
            });
        }
    });
    sandbox.await_children("/lock", 0);
}

#[test]
fn a_swallowed_reply_leaves_no_orphan() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let client = sandbox.client_through(&proxy);
    let mutex = client.mutex("/lock").handoff(2);
    drop(mutex.acquire().wait().unwrap());
    sandbox.await_children("/lock", 0);
    // Any request: a release and the next acquire are sent as they come, one by one or as one multi.
    let rules = [3, 9, 20].map(|number| proxy.swallow_reply(Request::Any, number));
    let inside = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..10 {
                    let guard = mutex.acquire().timeout(TIMEOUT).wait().unwrap();
                    assert!(!inside.swap(true, Ordering::SeqCst), "two holders");
                    assert!(inside.swap(false, Ordering::SeqCst), "two holders");
                    guard.release().timeout(TIMEOUT).wait().unwrap();
                }
            });
        }
    });
    assert!(rules.iter().all(|rule| rule.fired() == 1));
    sandbox.await_children("/lock", 0);
}
