//! The mutex against a real server, without faults.

use std::sync::Mutex as StdMutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::support::{SESSION, Sandbox, TIMEOUT, example, machine};
use zkcoord::ErrorCode;
use zkcoord_testkit::{Op, eventually};

#[test]
fn a_free_lock_is_acquired_and_released() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let mutex = client.mutex("/a/lock");
    let guard = mutex.acquire().wait().unwrap();
    assert!(guard.is_held());
    let names = sandbox.children("/a/lock");
    assert_eq!(guard.node(), format!("/a/lock/{}", names[0]));
    assert!(names[0].starts_with("_c_") && names[0].contains("-lock-"), "{names:?}");
    guard.release().wait().unwrap();
    assert_eq!(guard.check().unwrap_err().code(), ErrorCode::LockLost);
    guard.release().wait().unwrap();
    assert_eq!(sandbox.children("/a/lock"), Vec::<String>::new());
}

#[test]
fn try_acquire_fails_while_the_lock_is_held() {
    let sandbox = Sandbox::new();
    let (first, second) = (sandbox.client(), sandbox.client());
    let guard = first.mutex("/lock").try_acquire().wait().unwrap().unwrap();
    assert!(second.mutex("/lock").try_acquire().wait().unwrap().is_none());
    let error = second.mutex("/lock").acquire().timeout(Duration::ZERO).wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::Timeout);
    assert_eq!(sandbox.children("/lock").len(), 1, "failed attempts leave no node");
    drop(guard);
    sandbox.await_children("/lock", 0);
    assert!(second.mutex("/lock").try_acquire().wait().unwrap().is_some());
}

#[test]
fn eight_contenders_never_overlap_and_are_served_in_order() {
    const ROUNDS: usize = 25;
    let _busy = machine::busy();
    let sandbox = Sandbox::new();
    let inside = AtomicBool::new(false);
    let log = StdMutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let client = sandbox.client();
                let mutex = client.mutex("/lock");
                for _ in 0..ROUNDS {
                    let guard = mutex.acquire().timeout(TIMEOUT).wait().unwrap();
                    assert!(!inside.swap(true, Ordering::SeqCst), "two holders");
                    log.lock().unwrap().push((guard.token(), guard.node().to_owned()));
                    assert!(inside.swap(false, Ordering::SeqCst), "two holders");
                    guard.release().wait().unwrap();
                }
            });
        }
    });
    let log = log.into_inner().unwrap();
    assert_eq!(log.len(), 8 * ROUNDS);
    assert!(log.is_sorted_by(|a, b| a.0 < b.0), "every token is larger than the token before it");
    let sequences: Vec<_> = log.iter().map(|(_, node)| node[node.len() - 10..].to_owned()).collect();
    assert!(sequences.is_sorted(), "served in the order of the queue");
}

#[test]
fn tokens_grow_even_if_the_directory_is_recreated() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let token = || {
        let guard = client.mutex("/lock").acquire().wait().unwrap();
        let token = guard.token();
        guard.release().wait().unwrap();
        token
    };
    let before = token();
    sandbox.observer.delete(&sandbox.path("/lock")).unwrap();
    assert!(token() > before);
}

#[test]
fn an_acquire_times_out_in_time_and_leaves_no_node() {
    let _quiet = machine::quiet();
    let sandbox = Sandbox::new();
    let (holder, waiter) = (sandbox.client(), sandbox.client());
    let guard = holder.mutex("/lock").acquire().wait().unwrap();
    let start = Instant::now();
    let error = waiter.mutex("/lock").acquire().timeout(Duration::from_secs(2)).wait().unwrap_err();
    let took = start.elapsed();
    assert_eq!(error.code(), ErrorCode::Timeout, "{error}");
    let holder = format!(":{}", std::process::id());
    assert!(error.message().starts_with("timed out acquiring lock /lock: held by "), "{error}");
    assert!(error.message().ends_with(&holder), "{error}");
    assert!((2.0..2.5).contains(&took.as_secs_f64()), "{took:?}");
    assert_eq!(sandbox.children("/lock").len(), 1);
    assert!(guard.is_held());
}

#[test]
fn an_acquire_times_out_in_time_while_the_server_does_not_answer() {
    let _quiet = machine::quiet();
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let client = sandbox.client_through(&proxy);
    for (what, stalled) in [("stalled", true), ("unreachable", false)] {
        if stalled {
            proxy.stall(true);
        } else {
            proxy.refuse(true);
        }
        let start = Instant::now();
        let error = client.mutex("/lock").acquire().timeout(Duration::from_secs(2)).wait().unwrap_err();
        let took = start.elapsed();
        assert_eq!(error.code(), ErrorCode::Timeout, "{what}: {error}");
        assert!((2.0..2.5).contains(&took.as_secs_f64()), "{what}: {took:?}");
        proxy.stall(false);
        proxy.refuse(false);
        sandbox.await_children("/lock", 0);
    }
    drop(client.mutex("/lock").acquire().timeout(TIMEOUT).wait().unwrap());
}

#[test]
fn a_dropped_acquire_leaves_no_node() {
    let sandbox = Sandbox::new();
    let (holder, waiter) = (sandbox.client(), sandbox.client());
    let guard = holder.mutex("/lock").acquire().wait().unwrap();
    let mut waiting = waiter.mutex("/lock").acquire();
    assert!(waiting.wait_for(Duration::from_millis(1)).is_none());
    sandbox.await_children("/lock", 2);
    drop(waiting);
    sandbox.await_children("/lock", 1);
    assert!(guard.is_held());
}

#[test]
fn a_cancelled_acquire_leaves_no_node() {
    let sandbox = Sandbox::new();
    let (holder, waiter) = (sandbox.client(), sandbox.client());
    let _guard = holder.mutex("/lock").acquire().wait().unwrap();
    let (sender, receiver) = std::sync::mpsc::channel();
    let canceller = waiter.mutex("/lock").acquire().on_done(move |outcome| {
        sender.send(outcome.map(drop).unwrap_err().code()).unwrap();
    });
    sandbox.await_children("/lock", 2);
    canceller.cancel();
    assert_eq!(receiver.recv_timeout(TIMEOUT).unwrap(), ErrorCode::Cancelled);
    sandbox.await_children("/lock", 1);
}

#[test]
fn acquires_dropped_at_any_time_leave_nothing() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    for round in 0..200 {
        let mut op = client.mutex("/lock").acquire();
        // From "just sent" to "granted long ago". The outcome is not waited for.
        let _outcome = op.wait_for(Duration::from_micros(round * 20));
    }
    sandbox.await_children("/lock", 0);
    assert!(client.mutex("/lock").try_acquire().timeout(TIMEOUT).wait().unwrap().is_some());
}

#[test]
fn a_killed_waiter_leaves_no_node() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let _guard = client.mutex("/examples/lock").acquire().wait().unwrap();
    let hosts = format!("{}{}", zkcoord_testkit::shared().hosts(), sandbox.root);
    let mut waiter = example("lock").env("ZKCOORD_HOSTS", hosts).spawn().unwrap();
    sandbox.await_children("/examples/lock", 2);
    waiter.kill().unwrap();
    waiter.wait().unwrap();
    sandbox.await_children("/examples/lock", 1);
}

#[test]
fn a_panic_releases_the_lock() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let outcome = std::thread::scope(|scope| {
        scope
            .spawn(|| {
                let _guard = client.mutex("/lock").acquire().wait().unwrap();
                panic!("this panic is part of the test");
            })
            .join()
    });
    assert!(outcome.is_err());
    sandbox.await_children("/lock", 0);
}

#[test]
fn an_acquire_sends_create_and_list_before_either_is_answered() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let client = sandbox.client_through(&proxy);
    drop(client.mutex("/lock").acquire().wait().unwrap());
    sandbox.await_children("/lock", 0);
    proxy.clear_frames();
    proxy.hold_replies(true);
    let mut op = client.mutex("/lock").acquire();
    assert!(op.wait_for(Duration::from_millis(1)).is_none());
    let both_sent = proxy.wait_for(TIMEOUT, |frames| {
        frames.iter().any(|frame| frame.is_request(Op::Create))
            && frames.iter().any(|frame| frame.is_request(Op::GetChildren))
    });
    assert!(both_sent, "{:?}", proxy.frames());
    assert!(op.wait_for(Duration::from_millis(1)).is_none(), "no reply has arrived yet");
    proxy.hold_replies(false);
    let guard = op.wait_for(TIMEOUT).unwrap().unwrap();
    assert!(guard.is_held());
}

#[test]
fn a_waiter_watches_only_its_predecessor() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let first = sandbox.client().mutex("/lock").acquire().wait().unwrap();
    let mut second = sandbox.client().mutex("/lock").acquire();
    assert!(second.wait_for(Duration::from_millis(1)).is_none());
    sandbox.await_children("/lock", 2);
    let client = sandbox.client_through(&proxy);
    let mut third = client.mutex("/lock").acquire();
    assert!(third.wait_for(Duration::from_millis(1)).is_none());
    sandbox.await_children("/lock", 3);
    assert!(eventually(TIMEOUT, || count(&proxy, Op::GetData) == 2), "predecessor and own node");
    let own = sandbox.children("/lock").into_iter().max().unwrap();
    first.release().wait().unwrap();
    let second = second.wait().unwrap();
    assert!(third.wait_for(Duration::from_millis(100)).is_none());
    assert_eq!(count(&proxy, Op::GetChildren), 1, "the end of the first does not wake the third: {own}");
    second.release().wait().unwrap();
    assert!(third.wait_for(SESSION).unwrap().unwrap().is_held());
}

fn count(proxy: &zkcoord_testkit::Proxy, op: Op) -> usize {
    proxy.frames().iter().filter(|frame| frame.is_request(op)).count()
}
