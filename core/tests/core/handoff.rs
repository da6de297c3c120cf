//! Hand-over of a mutex inside the process, against a real server.

use std::sync::Mutex as StdMutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use crate::support::{Sandbox, TIMEOUT, granted, is_waiting, machine, start_waiting};
use zkcoord::{Client, ErrorCode, Loss};
use zkcoord_testkit::{Op as Request, Proxy, shared};

/// The number of requests, except the requests that keep the session alive.
fn requests(proxy: &Proxy) -> usize {
    let keep_alive = [Request::Ping, Request::Sync, Request::Connect];
    let is_counted = |frame: &&zkcoord_testkit::Frame| {
        frame.is_request(Request::Any) && !keep_alive.iter().any(|op| frame.is_request(*op))
    };
    proxy.frames().iter().filter(is_counted).count()
}

#[test]
fn a_mutex_is_handed_over_in_order_without_a_request() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let mutex = sandbox.client_through(&proxy).mutex("/lock").handoff(100);
    let first = mutex.acquire().wait().unwrap();
    let mut queue = start_waiting(&mutex, 10);
    assert_eq!(sandbox.children("/lock").len(), 1, "one node queues for all");
    proxy.clear_frames();
    let (token, node) = (first.token(), first.node().to_owned());
    let mut before = first;
    for number in 0..queue.len() {
        assert!(queue[number..].iter_mut().all(|op| op.wait_for(Duration::ZERO).is_none()), "in order");
        // Released and dropped alternately.
        if number % 2 == 0 {
            before.release().wait().unwrap();
            assert_eq!(before.check().unwrap_err().code(), ErrorCode::LockLost);
            assert_eq!(before.loss().unwrap(), None);
        }
        before = {
            drop(before);
            granted(&mut queue[number])
        };
        assert_eq!((before.token(), before.node()), (token, node.as_str()));
        assert!(before.is_held());
    }
    assert_eq!(requests(&proxy), 0, "{:?}", proxy.frames());
    before.release().wait().unwrap();
    assert!(sandbox.children("/lock").is_empty());
    let stats = mutex.stats();
    assert_eq!((stats.count, stats.timeouts), (11, 0));
}

#[test]
fn another_client_gets_the_lock_after_max_handovers() {
    let sandbox = Sandbox::new();
    let mutex = sandbox.client().mutex("/lock").handoff(3);
    let first = mutex.acquire().wait().unwrap();
    let mut ours = start_waiting(&mutex, 8);
    let stranger = sandbox.client().mutex("/lock");
    let mut tokens = vec![first.token()];
    let mut before = first;
    for turn in ours.chunks_mut(4) {
        let mut theirs = stranger.acquire();
        assert!(theirs.wait_for(Duration::ZERO).is_none());
        sandbox.await_children("/lock", 2);
        let (handed_over, last) = turn.split_at_mut(3);
        for op in handed_over {
            drop(before);
            before = granted(op);
            assert_eq!(Some(&before.token()), tokens.last(), "handed over");
        }
        drop(before);
        let their_guard = granted(&mut theirs);
        assert!(is_waiting(&mut last[0]), "the other client is next");
        tokens.push(their_guard.token());
        drop(their_guard);
        before = granted(&mut last[0]);
        tokens.push(before.token());
    }
    assert!(tokens.is_sorted_by(|a, b| a < b), "{tokens:?}");
}

#[test]
fn the_limit_is_that_of_the_releasing_handle_and_plain_handles_queue_on_the_server() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let (few, many) = (client.mutex("/lock").handoff(1), client.mutex("/lock").handoff(100));
    let first = many.acquire().wait().unwrap();
    let mut queue = start_waiting(&many, 1);
    queue.extend(start_waiting(&few, 1));
    queue.extend(start_waiting(&many, 1));
    let mut plain = client.mutex("/lock").acquire();
    assert!(is_waiting(&mut plain));
    assert_eq!(sandbox.children("/lock").len(), 2);
    let token = first.token();
    drop(first);
    drop(granted(&mut queue[0]));
    let of_few = granted(&mut queue[1]);
    assert_eq!(of_few.token(), token);
    drop(of_few);
    let plain = granted(&mut plain);
    assert!(plain.token() > token && is_waiting(&mut queue[2]));
    drop(plain);
    assert!(granted(&mut queue[2]).token() > token);
}

#[test]
fn many_contenders_never_overlap_and_tokens_grow() {
    let _busy = machine::busy();
    let sandbox = Sandbox::new();
    let clients = [sandbox.client(), sandbox.client()];
    let inside = AtomicBool::new(false);
    let last = StdMutex::new(0);
    let handovers = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for number in 0..8 {
            let mutex = clients[number % 2].mutex("/lock").handoff(if number < 6 { 5 } else { 0 });
            let (inside, last, handovers) = (&inside, &last, &handovers);
            scope.spawn(move || {
                for _ in 0..100 {
                    let guard = mutex.acquire().timeout(TIMEOUT).wait().unwrap();
                    assert!(!inside.swap(true, Ordering::SeqCst), "two holders");
                    let before = std::mem::replace(&mut *last.lock().unwrap(), guard.token());
                    assert!(guard.token() >= before, "{} after {before}", guard.token());
                    handovers.fetch_add(u32::from(guard.token() == before), Ordering::Relaxed);
                    assert!(inside.swap(false, Ordering::SeqCst), "two holders");
                    drop(guard);
                }
            });
        }
    });
    assert!(handovers.into_inner() > 0);
    sandbox.await_children("/lock", 0);
}

#[test]
fn a_cancelled_waiter_does_not_lose_the_place_of_the_others() {
    let sandbox = Sandbox::new();
    let holder = sandbox.client().mutex("/lock").acquire().wait().unwrap();
    let mutex = sandbox.client().mutex("/lock").handoff(100);
    let mut queue = start_waiting(&mutex, 4);
    sandbox.await_children("/lock", 2);
    let queued = sandbox.children("/lock");
    // The waiter for which the node was created, and one in the middle.
    drop(queue.remove(0));
    drop(queue.remove(1));
    let error = mutex.acquire().timeout(Duration::from_millis(100)).wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::Timeout);
    assert!(error.message().starts_with("timed out acquiring lock /lock: held by "), "{error}");
    assert!(error.message().ends_with(", 2 waiters ahead"), "{error}");
    assert_eq!(sandbox.children("/lock"), queued, "the place in the queue is kept");
    drop(holder);
    let first = granted(&mut queue[0]);
    assert!(queued.iter().any(|name| first.node().ends_with(name)));
    drop(first);
    drop(granted(&mut queue[1]));
    sandbox.await_children("/lock", 0);
    assert_eq!((mutex.stats().count, mutex.stats().timeouts), (2, 1));
}

#[test]
fn no_node_is_left_after_all_waiters_cancelled() {
    let sandbox = Sandbox::new();
    let guard = sandbox.client().mutex("/lock").acquire().wait().unwrap();
    let mutex = sandbox.client().mutex("/lock").handoff(100);
    let queue = start_waiting(&mutex, 3);
    sandbox.await_children("/lock", 2);
    drop(queue);
    sandbox.await_children("/lock", 1);
    for timeout in [Duration::from_millis(200), Duration::ZERO] {
        let error = mutex.acquire().timeout(timeout).wait().unwrap_err();
        assert_eq!(error.code(), ErrorCode::Timeout);
        assert_eq!(sandbox.children("/lock").len(), 1, "the node is deleted before the call returns");
    }
    // The local queue still works.
    let mut next = mutex.acquire();
    assert!(is_waiting(&mut next));
    drop(guard);
    assert!(granted(&mut next).is_held());
}

#[test]
fn a_waiter_behind_a_holder_of_the_same_process_can_cancel() {
    let sandbox = Sandbox::new();
    let mutex = sandbox.client().mutex("/lock").handoff(100);
    let guard = mutex.acquire().wait().unwrap();
    let mut unlimited = mutex.acquire();
    assert!(is_waiting(&mut unlimited));
    // The next waiter has an earlier deadline than the waiter before it.
    let mut slow = mutex.acquire().timeout(TIMEOUT);
    assert!(is_waiting(&mut slow));
    let error = mutex.acquire().timeout(Duration::from_millis(100)).wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::Timeout);
    drop(unlimited);
    drop(guard);
    let guard = granted(&mut slow);
    drop(guard);
    sandbox.await_children("/lock", 0);
}

#[test]
fn acquires_dropped_at_any_time_leave_nothing() {
    let _busy = machine::busy();
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let inside = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for number in 0..4 {
            let (client, inside) = (&client, &inside);
            scope.spawn(move || {
                let mutex = client.mutex("/lock").handoff(3);
                for round in 0..150 {
                    let slice = Duration::from_micros((round * 37 + number * 11) % 1500);
                    let mut op = match round % 3 {
                        0 => mutex.acquire(),
                        _ => mutex.acquire().timeout(Duration::from_micros(round * 20 + 1)),
                    };
                    if let Some(Ok(guard)) = op.wait_for(slice) {
                        assert!(!inside.swap(true, Ordering::SeqCst), "two holders");
                        assert!(inside.swap(false, Ordering::SeqCst), "two holders");
                        drop(guard);
                    }
                }
            });
        }
    });
    sandbox.await_children("/lock", 0);
    assert!(client.mutex("/lock").handoff(3).try_acquire().timeout(TIMEOUT).wait().unwrap().is_some());
}

#[test]
fn try_acquire_does_not_overtake_local_waiters() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let mutex = client.mutex("/lock").handoff(100);
    let guard = mutex.try_acquire().wait().unwrap().unwrap();
    assert!(mutex.try_acquire().wait().unwrap().is_none());
    guard.release().wait().unwrap();
    for _ in 0..20 {
        mutex.acquire().wait().unwrap().release().wait().unwrap();
        mutex.try_acquire().wait().unwrap().expect("the lock is free").release().wait().unwrap();
    }
    let guard = mutex.acquire().wait().unwrap();
    assert!(mutex.try_acquire().wait().unwrap().is_none());
    let error = mutex.acquire().timeout(Duration::ZERO).wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::Timeout);
    let queue = start_waiting(&mutex, 1);
    drop(guard);
    assert!(mutex.try_acquire().wait().unwrap().is_none(), "the waiter is next, or holds the lock");
    drop(queue);
}

#[test]
fn a_lock_whose_revocation_is_requested_is_released_to_the_server() {
    let sandbox = Sandbox::new();
    let mutex = sandbox.client().mutex("/lock").handoff(100);
    let first = mutex.acquire().wait().unwrap();
    let mut queue = start_waiting(&mutex, 2);
    let stranger = sandbox.client();
    let mut theirs = stranger.mutex("/lock").acquire();
    assert!(is_waiting(&mut theirs));
    let (sender, receiver) = mpsc::channel();
    let of_first = sender.clone();
    first.on_revoke(move || of_first.send("first").unwrap()).unwrap();
    let node = first.node().to_owned();
    drop(first);
    let second = granted(&mut queue[0]);
    second.on_revoke(move || sender.send("second").unwrap()).unwrap();
    assert!(stranger.request_revoke(&node).wait().unwrap());
    assert_eq!(receiver.recv_timeout(TIMEOUT).unwrap(), "second", "the first guard has ended");
    assert!(second.is_held() && second.is_revoke_requested().unwrap());
    drop(second);
    let their_guard = granted(&mut theirs);
    assert!(is_waiting(&mut queue[1]));
    drop(their_guard);
    assert!(granted(&mut queue[1]).is_held());
    assert!(receiver.recv_timeout(Duration::from_millis(50)).is_err());
}

#[test]
fn callbacks_of_a_guard_end_with_the_guard() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let mutex = client.mutex("/lock").handoff(100);
    let first = mutex.acquire().wait().unwrap();
    let mut queue = start_waiting(&mutex, 1);
    let (sender, receiver) = mpsc::channel();
    let of_first = sender.clone();
    first.on_lost(move |_| of_first.send("first").unwrap()).unwrap();
    let mut lost = first.lost();
    assert!(is_waiting(&mut lost));
    first.release().wait().unwrap();
    let second = granted(&mut queue[0]);
    second.on_lost(move |_| sender.send("second").unwrap()).unwrap();
    assert_eq!(
        first.create("/x", b"").wait().unwrap_err().code(),
        ErrorCode::LockLost,
        "the guard was released"
    );
    second.create("/x", b"").wait().unwrap();
    shared().expire(client.session_id().unwrap()).unwrap();
    assert_eq!(receiver.recv_timeout(TIMEOUT).unwrap(), "second");
    assert!(is_waiting(&mut lost) && receiver.recv_timeout(Duration::from_millis(50)).is_err());
    assert_eq!([first.loss().unwrap(), second.loss().unwrap()], [None, Some(Loss::SessionGone)]);
}

#[test]
fn a_local_queue_knows_its_owners() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let mutex = |owner| client.mutex("/lock").handoff(100).owned_by(owner);
    let first = mutex(1).acquire().wait().unwrap();
    let mut second = mutex(2).acquire();
    assert!(is_waiting(&mut second));
    assert_eq!(mutex(1).acquire().wait().unwrap_err().code(), ErrorCode::WouldDeadlock);
    assert!(mutex(1).try_acquire().wait().unwrap().is_none());
    drop(first);
    let second = granted(&mut second);
    assert_eq!(mutex(2).acquire().wait().unwrap_err().code(), ErrorCode::WouldDeadlock);
    let mut again = mutex(1).acquire();
    assert!(is_waiting(&mut again), "owner 1 no longer holds it");
    drop(second);
    drop(granted(&mut again));
}

#[test]
fn an_error_while_queueing_reaches_all_local_waiters() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let mutex = client.mutex("/lock").handoff(100);
    let guard = sandbox.client().mutex("/lock").acquire().wait().unwrap();
    let mut queue = start_waiting(&mutex, 3);
    client.close().timeout(TIMEOUT).wait().unwrap();
    for op in &mut queue {
        assert_eq!(op.wait_for(TIMEOUT).unwrap().unwrap_err().code(), ErrorCode::Closed);
    }
    assert!(guard.is_held());
    let error = client.rw_lock("/lock").write().clone().handoff(3).acquire().wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::InvalidArgument, "{error}");
}

#[test]
fn a_client_stays_open_while_its_local_queue_has_a_waiter() {
    let sandbox = Sandbox::new();
    let guard = sandbox.client().mutex("/lock").acquire().wait().unwrap();
    let acquire = |client: Client| client.mutex("/lock").handoff(5).acquire();
    let mut op = acquire(sandbox.client());
    assert!(is_waiting(&mut op));
    sandbox.await_children("/lock", 2);
    drop(guard);
    let guard = granted(&mut op);
    assert!(guard.is_held());
    drop(guard);
    sandbox.await_children("/lock", 0);
}
