//! Locks with a known owner, against a real server.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use crate::support::{Sandbox, TIMEOUT, is_waiting};
use zkcoord::{ErrorCode, Loss, Op, Scheme};
use zkcoord_testkit::{Op as Request, eventually, shared};

#[test]
fn an_owner_acquires_again_and_the_last_guard_releases() {
    for scheme in [Scheme::Curator, Scheme::Kazoo] {
        let sandbox = Sandbox::new();
        let proxy = sandbox.proxy();
        let client = sandbox.client_through(&proxy);
        let first = client.reentrant_mutex("/lock").scheme(scheme).acquire().wait().unwrap();
        proxy.clear_frames();
        // Another handle, the same client, the same thread.
        let lock = client.reentrant_mutex("/lock").scheme(scheme);
        let second = lock.acquire().wait().unwrap();
        let third = lock.try_acquire().wait().unwrap().unwrap();
        let asked = |op| proxy.frames().iter().any(|frame| frame.is_request(op));
        assert!(!asked(Request::Create) && !asked(Request::GetChildren) && !asked(Request::Multi));
        for guard in [&second, &third] {
            assert_eq!((guard.token(), guard.node()), (first.token(), first.node()));
        }
        let mut rival = sandbox.client().mutex("/lock").scheme(scheme).acquire();
        assert!(is_waiting(&mut rival));
        // In any order, released or dropped, one of them twice.
        second.release().wait().unwrap();
        second.release().wait().unwrap();
        assert_eq!(second.check().unwrap_err().code(), ErrorCode::LockLost);
        assert_eq!(second.loss().unwrap(), None);
        drop(first);
        assert!(third.is_held() && is_waiting(&mut rival), "one guard still holds the lock");
        assert!(sandbox.children("/lock").iter().any(|name| third.node().ends_with(name)));
        third.release().wait().unwrap();
        assert!(!sandbox.children("/lock").iter().any(|name| third.node().ends_with(name)));
        assert!(rival.wait_for(TIMEOUT).unwrap().unwrap().token() > third.token());
    }
}

#[test]
fn other_owners_wait() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let lock = client.reentrant_mutex("/lock");
    let guard = lock.acquire().wait().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            assert!(lock.try_acquire().wait().unwrap().is_none());
            let error = lock.acquire().timeout(Duration::from_millis(100)).wait().unwrap_err();
            assert_eq!(error.code(), ErrorCode::Timeout);
        });
    });
    assert!(lock.clone().owned_by(7).try_acquire().wait().unwrap().is_none());
    assert!(
        sandbox.client().reentrant_mutex("/lock").try_acquire().wait().unwrap().is_none(),
        "another client"
    );
    let of_seven = lock.clone().owned_by(7);
    let mut waiting = of_seven.acquire();
    assert!(is_waiting(&mut waiting));
    drop(guard);
    let guard = waiting.wait_for(TIMEOUT).unwrap().unwrap();
    assert!(lock.try_acquire().wait().unwrap().is_none());
    assert_eq!(of_seven.acquire().wait().unwrap().token(), guard.token());
    assert_eq!(sandbox.children("/lock").len(), 1);
}

#[test]
fn owners_never_overlap() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let inside = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let lock = client.reentrant_mutex("/lock");
                for _ in 0..20 {
                    let outer = lock.acquire().timeout(TIMEOUT).wait().unwrap();
                    assert!(!inside.swap(true, Ordering::SeqCst), "two owners");
                    let inner = lock.acquire().timeout(TIMEOUT).wait().unwrap();
                    drop(outer);
                    assert!(inner.is_held() && inside.swap(false, Ordering::SeqCst), "two owners");
                }
            });
        }
    });
    sandbox.await_children("/lock", 0);
}

#[test]
fn concurrent_acquires_of_one_owner_share_a_place_in_the_queue() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let holder = sandbox.client().mutex("/lock").acquire().wait().unwrap();
    let lock = client.reentrant_mutex("/lock").owned_by(1);
    let (mut first, mut second) = (lock.acquire(), lock.acquire());
    assert!(is_waiting(&mut first) && is_waiting(&mut second));
    let queued = sandbox.children("/lock");
    assert_eq!(queued.len(), 2, "the owner queues once");
    let error = lock.acquire().timeout(Duration::from_millis(100)).wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::Timeout);
    assert!(lock.try_acquire().wait().unwrap().is_none());
    // The operation that queued for both is dropped. The other one then queues itself.
    drop(first);
    let queued_again = || {
        let names = sandbox.children("/lock");
        names.len() == 2 && names != queued
    };
    assert!(eventually(TIMEOUT, queued_again), "{queued:?}, then {:?}", sandbox.children("/lock"));
    drop(holder);
    let guard = second.wait_for(TIMEOUT).unwrap().unwrap();
    assert!(guard.is_held());
}

#[test]
fn a_lost_lock_does_not_count_as_held() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let lock = client.reentrant_mutex("/lock");
    let (outer, inner) = (lock.acquire().wait().unwrap(), lock.acquire().wait().unwrap());
    let (sender, receiver) = mpsc::channel();
    for guard in [&outer, &inner] {
        let sender = sender.clone();
        guard.on_lost(move |loss| sender.send(loss).unwrap()).unwrap();
    }
    shared().expire(client.session_id().unwrap()).unwrap();
    for guard in [&outer, &inner] {
        assert_eq!(guard.lost().timeout(TIMEOUT).wait().unwrap(), Loss::SessionGone);
        assert_eq!(receiver.recv_timeout(TIMEOUT).unwrap(), Loss::SessionGone);
    }
    let again = lock.acquire().timeout(TIMEOUT).wait().unwrap();
    assert!(again.is_held() && again.token() > outer.token());
    // The lost guards have no effect any more.
    outer.release().wait().unwrap();
    drop(inner);
    assert!(again.is_held() && lock.try_acquire().wait().unwrap().is_some());
    assert_eq!(sandbox.children("/lock").len(), 1);
}

#[test]
fn a_lost_lock_whose_node_still_exists_is_acquired_with_a_new_node() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let client = sandbox.client_through(&proxy);
    let lock = client.reentrant_mutex("/lock");
    let lost = lock.acquire().wait().unwrap();
    let session = client.session_id().unwrap();
    // The lease ends before the server ends the session.
    proxy.stall(true);
    assert_eq!(lost.lost().timeout(TIMEOUT).wait().unwrap(), Loss::LeaseEnded);
    proxy.stall(false);
    let again = lock.acquire().timeout(TIMEOUT).wait().unwrap();
    assert!(again.is_held() && !lost.is_held() && again.token() > lost.token());
    if client.session_id().unwrap() == session {
        assert!(
            eventually(TIMEOUT, || sandbox.children("/lock").len() == 1),
            "the lost guard's node is deleted"
        );
    }
}

#[test]
fn a_released_guard_gets_no_callbacks() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let lock = client.reentrant_mutex("/lock");
    let (outer, inner) = (lock.acquire().wait().unwrap(), lock.acquire().wait().unwrap());
    let (sender, receiver) = mpsc::channel();
    for (guard, name) in [(&outer, "outer"), (&inner, "inner")] {
        let (lost, revoke) = (sender.clone(), sender.clone());
        guard.on_lost(move |_| lost.send((name, "lost")).unwrap()).unwrap();
        guard.on_revoke(move || revoke.send((name, "revoke")).unwrap()).unwrap();
    }
    let mut lost = inner.lost();
    assert!(is_waiting(&mut lost));
    inner.release().wait().unwrap();
    assert!(sandbox.client().request_revoke(outer.node()).wait().unwrap());
    assert_eq!(receiver.recv_timeout(TIMEOUT).unwrap(), ("outer", "revoke"));
    assert!(!inner.is_held() && outer.is_revoke_requested().unwrap());
    sandbox.observer.delete(&sandbox.path(outer.node())).unwrap();
    assert_eq!(receiver.recv_timeout(TIMEOUT).unwrap(), ("outer", "lost"));
    assert!(is_waiting(&mut lost), "a guard that was released is not lost");
    assert!(receiver.recv_timeout(Duration::from_millis(50)).is_err());
    assert_eq!([outer.loss().unwrap(), inner.loss().unwrap()], [Some(Loss::NodeDeleted), None]);
}

#[test]
fn an_acquire_that_would_deadlock_is_refused_if_the_owner_is_known() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let (lock, plain) = (client.reentrant_mutex("/lock").owned_by(1), client.mutex("/lock"));
    let both = client.multi_mutex(["/a", "/lock"]);
    let deadlock = |op: Op<zkcoord::Guard>| {
        let error = op.wait().unwrap_err();
        assert_eq!(error.code(), ErrorCode::WouldDeadlock, "{error}");
        assert!(error.message().contains("/lock"), "{error}");
    };

    let guard = lock.acquire().wait().unwrap();
    for asking in [plain.clone().asked_by(1), plain.clone().owned_by(1)] {
        deadlock(asking.acquire());
        deadlock(asking.acquire().timeout(Duration::ZERO));
        assert!(asking.try_acquire().wait().unwrap().is_none());
    }
    for asking in [both.clone().asked_by(1), both.clone().owned_by(1)] {
        deadlock(asking.acquire());
        assert!(asking.try_acquire().wait().unwrap().is_none());
    }
    assert!(sandbox.children("/a").is_empty(), "nothing was queued");
    assert!(is_waiting(&mut plain.acquire()), "the caller is not known");
    assert!(is_waiting(&mut plain.clone().asked_by(2).acquire()), "another owner may wait");
    drop(guard);

    let guard = plain.clone().owned_by(1).acquire().wait().unwrap();
    deadlock(lock.acquire());
    deadlock(plain.clone().owned_by(1).acquire());
    deadlock(plain.clone().asked_by(1).acquire());
    deadlock(both.clone().owned_by(1).acquire());
    assert!(lock.try_acquire().wait().unwrap().is_none());
    guard.release().wait().unwrap();

    let guard = both.clone().owned_by(1).acquire().wait().unwrap();
    deadlock(lock.acquire());
    deadlock(client.reentrant_mutex("/lock").owned_by(1).acquire());
    drop(guard);
    drop(lock.acquire().timeout(TIMEOUT).wait().unwrap());
    sandbox.await_children("/lock", 0);
}

#[test]
fn a_plain_guard_may_be_dropped_by_another_thread() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let plain = client.mutex("/lock").asked_by(1);
    let guard = plain.acquire().wait().unwrap();
    let mut next = plain.acquire();
    assert!(is_waiting(&mut next));
    std::thread::spawn(move || drop(guard)).join().unwrap();
    assert!(next.wait_for(TIMEOUT).unwrap().unwrap().is_held());
}

#[test]
fn acquires_dropped_at_any_time_leave_nothing() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let lock = client.reentrant_mutex("/lock");
    for round in 0..100 {
        let (mut first, mut second) = (lock.acquire(), lock.acquire());
        // From "just sent" to "granted long ago". The outcome is not waited for.
        drop(first.wait_for(Duration::from_micros(round * 20)));
        drop(second.wait_for(Duration::from_micros(round * 10)));
    }
    sandbox.await_children("/lock", 0);
    let guard = lock.acquire().timeout(TIMEOUT).wait().unwrap();
    assert!(guard.is_held());
}
