//! The mutex against a real server, without faults.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod support;

use std::sync::Mutex as StdMutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use support::{Corner, PATIENCE, SESSION};
use zkcoord::ErrorCode;
use zkcoord_testkit::{Op, eventually};

#[test]
fn a_free_lock_is_had_and_given_back() {
    let corner = Corner::new();
    let client = corner.client();
    let mutex = client.mutex("/a/lock");
    let guard = mutex.acquire().wait().unwrap();
    assert!(guard.is_held());
    let names = corner.children("/a/lock");
    assert_eq!(guard.node(), format!("/a/lock/{}", names[0]));
    assert!(names[0].starts_with("_c_") && names[0].contains("-lock-"), "{names:?}");
    guard.release().wait().unwrap();
    assert_eq!(guard.check().unwrap_err().code(), ErrorCode::LockLost);
    guard.release().wait().unwrap();
    assert_eq!(corner.children("/a/lock"), Vec::<String>::new());
}

#[test]
fn a_taken_lock_is_not_had_by_trying() {
    let corner = Corner::new();
    let (first, second) = (corner.client(), corner.client());
    let guard = first.mutex("/lock").try_acquire().wait().unwrap().unwrap();
    assert!(second.mutex("/lock").try_acquire().wait().unwrap().is_none());
    let error = second.mutex("/lock").acquire().timeout(Duration::ZERO).wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::Timeout);
    assert_eq!(corner.children("/lock").len(), 1, "those who tried have left");
    drop(guard);
    corner.await_children("/lock", 0);
    assert!(second.mutex("/lock").try_acquire().wait().unwrap().is_some());
}

#[test]
fn eight_contenders_never_overlap_and_are_served_in_order() {
    const ROUNDS: usize = 25;
    let corner = Corner::new();
    let inside = AtomicBool::new(false);
    let log = StdMutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let client = corner.client();
                let mutex = client.mutex("/lock");
                for _ in 0..ROUNDS {
                    let guard = mutex.acquire().timeout(PATIENCE).wait().unwrap();
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
    assert!(log.is_sorted_by(|a, b| a.0 < b.0), "every token is larger than the one before");
    let sequences: Vec<_> = log.iter().map(|(_, node)| node[node.len() - 10..].to_owned()).collect();
    assert!(sequences.is_sorted(), "served in the order of the queue");
}

#[test]
fn a_token_grows_also_when_the_directory_was_made_anew() {
    let corner = Corner::new();
    let client = corner.client();
    let token = || {
        let guard = client.mutex("/lock").acquire().wait().unwrap();
        let token = guard.token();
        guard.release().wait().unwrap();
        token
    };
    let before = token();
    corner.observer.delete(&corner.path("/lock")).unwrap();
    assert!(token() > before);
}

#[test]
fn a_timeout_is_kept_and_leaves_no_node() {
    let corner = Corner::new();
    let (holder, waiter) = (corner.client(), corner.client());
    let guard = holder.mutex("/lock").acquire().wait().unwrap();
    let start = Instant::now();
    let error = waiter.mutex("/lock").acquire().timeout(Duration::from_secs(2)).wait().unwrap_err();
    let took = start.elapsed();
    assert_eq!(error.code(), ErrorCode::Timeout, "{error}");
    assert!(error.message().contains("/lock") && error.message().contains("1 ahead"), "{error}");
    assert!((2.0..2.5).contains(&took.as_secs_f64()), "{took:?}");
    assert_eq!(corner.children("/lock").len(), 1);
    assert!(guard.is_held());
}

#[test]
fn a_timeout_is_kept_while_the_server_does_not_answer() {
    let corner = Corner::new();
    let proxy = corner.proxy();
    let client = corner.client_through(&proxy);
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
        corner.await_children("/lock", 0);
    }
    drop(client.mutex("/lock").acquire().timeout(PATIENCE).wait().unwrap());
}

#[test]
fn a_dropped_wait_leaves_no_node() {
    let corner = Corner::new();
    let (holder, waiter) = (corner.client(), corner.client());
    let guard = holder.mutex("/lock").acquire().wait().unwrap();
    let mut waiting = waiter.mutex("/lock").acquire();
    assert!(waiting.wait_for(Duration::from_millis(1)).is_none());
    corner.await_children("/lock", 2);
    drop(waiting);
    corner.await_children("/lock", 1);
    assert!(guard.is_held());
}

#[test]
fn a_cancelled_wait_leaves_no_node() {
    let corner = Corner::new();
    let (holder, waiter) = (corner.client(), corner.client());
    let _guard = holder.mutex("/lock").acquire().wait().unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    let canceller = waiter.mutex("/lock").acquire().on_done(move |outcome| {
        tell.send(outcome.map(drop).unwrap_err().code()).unwrap();
    });
    corner.await_children("/lock", 2);
    canceller.cancel();
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), ErrorCode::Cancelled);
    corner.await_children("/lock", 1);
}

#[test]
fn storms_of_drops_at_any_moment_leave_nothing() {
    let corner = Corner::new();
    let client = corner.client();
    for round in 0..200 {
        let mut op = client.mutex("/lock").acquire();
        // From "just sent" to "long granted", and never waited for.
        let _outcome = op.wait_for(Duration::from_micros(round * 20));
    }
    corner.await_children("/lock", 0);
    assert!(client.mutex("/lock").try_acquire().timeout(PATIENCE).wait().unwrap().is_some());
}

#[test]
fn a_killed_waiter_leaves_no_node() {
    let corner = Corner::new();
    let client = corner.client();
    let _guard = client.mutex("/examples/lock").acquire().wait().unwrap();
    let hosts = format!("{}{}", zkcoord_testkit::shared().hosts(), corner.root);
    let mut waiter = support::example("lock").env("ZKCOORD_HOSTS", hosts).spawn().unwrap();
    corner.await_children("/examples/lock", 2);
    waiter.kill().unwrap();
    waiter.wait().unwrap();
    corner.await_children("/examples/lock", 1);
}

#[test]
fn a_panic_gives_the_lock_back() {
    let corner = Corner::new();
    let client = corner.client();
    let outcome = std::thread::scope(|scope| {
        scope
            .spawn(|| {
                let _guard = client.mutex("/lock").acquire().wait().unwrap();
                panic!("this panic is part of the test");
            })
            .join()
    });
    assert!(outcome.is_err());
    corner.await_children("/lock", 0);
}

#[test]
fn an_acquire_sends_create_and_list_before_either_is_answered() {
    let corner = Corner::new();
    let proxy = corner.proxy();
    let client = corner.client_through(&proxy);
    drop(client.mutex("/lock").acquire().wait().unwrap());
    corner.await_children("/lock", 0);
    proxy.clear_frames();
    proxy.hold_replies(true);
    let mut op = client.mutex("/lock").acquire();
    assert!(op.wait_for(Duration::from_millis(1)).is_none());
    let both_sent = proxy.wait_for(PATIENCE, |frames| {
        frames.iter().any(|frame| frame.is_request(Op::Create))
            && frames.iter().any(|frame| frame.is_request(Op::GetChildren))
    });
    assert!(both_sent, "{:?}", proxy.frames());
    assert!(op.wait_for(Duration::from_millis(1)).is_none(), "no answer has come through yet");
    proxy.hold_replies(false);
    let guard = op.wait_for(PATIENCE).unwrap().unwrap();
    assert!(guard.is_held());
}

#[test]
fn one_wait_watches_one_predecessor() {
    let corner = Corner::new();
    let proxy = corner.proxy();
    let first = corner.client().mutex("/lock").acquire().wait().unwrap();
    let mut second = corner.client().mutex("/lock").acquire();
    assert!(second.wait_for(Duration::from_millis(1)).is_none());
    corner.await_children("/lock", 2);
    let client = corner.client_through(&proxy);
    let mut third = client.mutex("/lock").acquire();
    assert!(third.wait_for(Duration::from_millis(1)).is_none());
    corner.await_children("/lock", 3);
    assert!(eventually(PATIENCE, || count(&proxy, Op::GetData) == 2), "predecessor and own node");
    let own = corner.children("/lock").into_iter().max().unwrap();
    first.release().wait().unwrap();
    let second = second.wait().unwrap();
    assert!(third.wait_for(Duration::from_millis(100)).is_none());
    assert_eq!(count(&proxy, Op::GetChildren), 1, "the head's end does not concern the third: {own}");
    second.release().wait().unwrap();
    assert!(third.wait_for(SESSION).unwrap().unwrap().is_held());
}

fn count(proxy: &zkcoord_testkit::Proxy, op: Op) -> usize {
    proxy.frames().iter().filter(|frame| frame.is_request(op)).count()
}
