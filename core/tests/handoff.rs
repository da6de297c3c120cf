//! Hand-over of a mutex inside the process, against a real server.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod support;

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex as StdMutex};
use std::time::Duration;

use support::{Corner, PATIENCE, is_waiting};
use zkcoord::{Client, ErrorCode, Guard, Loss, Mutex, Op};
use zkcoord_testkit::{Op as Request, Proxy, eventually, shared};

fn had(op: &mut Op<Guard>) -> Guard {
    op.wait_for(PATIENCE).expect("granted in time").unwrap()
}

/// So many that wait, one after the other.
fn waiting(mutex: &Mutex, count: usize) -> Vec<Op<Guard>> {
    let ask = |_| {
        let mut op = mutex.acquire();
        assert!(op.wait_for(Duration::ZERO).is_none());
        op
    };
    (0..count).map(ask).collect()
}

/// Requests that are not the client's own upkeep.
fn requests(proxy: &Proxy) -> usize {
    let upkeep = [Request::Ping, Request::Sync, Request::Connect];
    let is_ours = |frame: &&zkcoord_testkit::Frame| {
        frame.is_request(Request::Any) && !upkeep.iter().any(|op| frame.is_request(*op))
    };
    proxy.frames().iter().filter(is_ours).count()
}

#[test]
fn it_is_handed_over_in_order_without_a_request() {
    let corner = Corner::new();
    let proxy = corner.proxy();
    let mutex = corner.client_through(&proxy).mutex("/lock").handoff(100);
    let first = mutex.acquire().wait().unwrap();
    let mut queue = waiting(&mutex, 10);
    assert_eq!(corner.children("/lock").len(), 1, "one node stands for all");
    proxy.clear_frames();
    let (token, node) = (first.token(), first.node().to_owned());
    let mut before = first;
    for number in 0..queue.len() {
        assert!(queue[number..].iter_mut().all(|op| op.wait_for(Duration::ZERO).is_none()), "in order");
        // By release and by drop in turn.
        if number % 2 == 0 {
            before.release().wait().unwrap();
            assert_eq!(before.check().unwrap_err().code(), ErrorCode::LockLost);
            assert_eq!(before.loss().unwrap(), None);
        }
        before = {
            drop(before);
            had(&mut queue[number])
        };
        assert_eq!((before.token(), before.node()), (token, node.as_str()));
        assert!(before.is_held());
    }
    assert_eq!(requests(&proxy), 0, "{:?}", proxy.frames());
    before.release().wait().unwrap();
    assert!(corner.children("/lock").is_empty());
    let stats = mutex.stats();
    assert_eq!((stats.count, stats.timeouts), (11, 0));
}

#[test]
fn after_so_many_it_is_the_others_turn() {
    let corner = Corner::new();
    let mutex = corner.client().mutex("/lock").handoff(3);
    let first = mutex.acquire().wait().unwrap();
    let mut ours = waiting(&mutex, 8);
    let stranger = corner.client().mutex("/lock");
    let mut tokens = vec![first.token()];
    let mut before = first;
    for turn in ours.chunks_mut(4) {
        let mut theirs = stranger.acquire();
        assert!(theirs.wait_for(Duration::ZERO).is_none());
        corner.await_children("/lock", 2);
        let (handed_over, last) = turn.split_at_mut(3);
        for op in handed_over {
            drop(before);
            before = had(op);
            assert_eq!(Some(&before.token()), tokens.last(), "handed over");
        }
        drop(before);
        let their_guard = had(&mut theirs);
        assert!(is_waiting(&mut last[0]), "the others' turn");
        tokens.push(their_guard.token());
        drop(their_guard);
        before = had(&mut last[0]);
        tokens.push(before.token());
    }
    assert!(tokens.is_sorted_by(|a, b| a < b), "{tokens:?}");
}

#[test]
fn limits_belong_to_who_gives_and_strict_ones_stand_in_the_servers_queue() {
    let corner = Corner::new();
    let client = corner.client();
    let (few, many) = (client.mutex("/lock").handoff(1), client.mutex("/lock").handoff(100));
    let first = many.acquire().wait().unwrap();
    let mut line = waiting(&many, 1);
    line.extend(waiting(&few, 1));
    line.extend(waiting(&many, 1));
    let mut strict = client.mutex("/lock").acquire();
    assert!(is_waiting(&mut strict));
    assert_eq!(corner.children("/lock").len(), 2);
    let token = first.token();
    drop(first);
    drop(had(&mut line[0]));
    let of_few = had(&mut line[1]);
    assert_eq!(of_few.token(), token);
    drop(of_few);
    let strict = had(&mut strict);
    assert!(strict.token() > token && is_waiting(&mut line[2]));
    drop(strict);
    assert!(had(&mut line[2]).token() > token);
}

#[test]
fn a_crowd_never_overlaps_and_tokens_rise() {
    let corner = Corner::new();
    let clients = [corner.client(), corner.client()];
    let inside = AtomicBool::new(false);
    let last = StdMutex::new(0);
    let handed = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for number in 0..8 {
            let mutex = clients[number % 2].mutex("/lock").handoff(if number < 6 { 5 } else { 0 });
            let (inside, last, handed) = (&inside, &last, &handed);
            scope.spawn(move || {
                for _ in 0..100 {
                    let guard = mutex.acquire().timeout(PATIENCE).wait().unwrap();
                    assert!(!inside.swap(true, Ordering::SeqCst), "two holders");
                    let before = std::mem::replace(&mut *last.lock().unwrap(), guard.token());
                    assert!(guard.token() >= before, "{} after {before}", guard.token());
                    handed.fetch_add(u32::from(guard.token() == before), Ordering::Relaxed);
                    assert!(inside.swap(false, Ordering::SeqCst), "two holders");
                    drop(guard);
                }
            });
        }
    });
    assert!(handed.into_inner() > 0);
    corner.await_children("/lock", 0);
}

#[test]
fn who_gives_up_takes_nobodys_place_with_him() {
    let corner = Corner::new();
    let holder = corner.client().mutex("/lock").acquire().wait().unwrap();
    let mutex = corner.client().mutex("/lock").handoff(100);
    let mut queue = waiting(&mutex, 4);
    corner.await_children("/lock", 2);
    let queued = corner.children("/lock");
    // The first, on whose behalf the node was made, and one in the middle.
    drop(queue.remove(0));
    drop(queue.remove(1));
    let late = mutex.acquire().timeout(Duration::from_millis(100)).wait().unwrap_err();
    assert_eq!(late.code(), ErrorCode::Timeout);
    assert!(
        late.message().contains("/lock") && late.message().contains("before it in this process"),
        "{late}"
    );
    assert_eq!(corner.children("/lock"), queued, "the place in the queue is kept");
    drop(holder);
    let first = had(&mut queue[0]);
    assert!(queued.iter().any(|name| first.node().ends_with(name)));
    drop(first);
    drop(had(&mut queue[1]));
    corner.await_children("/lock", 0);
    assert_eq!((mutex.stats().count, mutex.stats().timeouts), (2, 1));
}

#[test]
fn when_all_give_up_no_node_is_left() {
    let corner = Corner::new();
    let guard = corner.client().mutex("/lock").acquire().wait().unwrap();
    let mutex = corner.client().mutex("/lock").handoff(100);
    let queue = waiting(&mutex, 3);
    corner.await_children("/lock", 2);
    drop(queue);
    corner.await_children("/lock", 1);
    for timeout in [Duration::from_millis(200), Duration::ZERO] {
        let error = mutex.acquire().timeout(timeout).wait().unwrap_err();
        assert_eq!(error.code(), ErrorCode::Timeout);
        assert_eq!(corner.children("/lock").len(), 1, "the node has gone when the call returns");
    }
    // And the line goes on.
    let mut next = mutex.acquire();
    assert!(is_waiting(&mut next));
    drop(guard);
    assert!(had(&mut next).is_held());
}

#[test]
fn who_waits_behind_a_holder_of_his_process_can_give_up() {
    let corner = Corner::new();
    let mutex = corner.client().mutex("/lock").handoff(100);
    let guard = mutex.acquire().wait().unwrap();
    let mut patient = mutex.acquire();
    assert!(is_waiting(&mut patient));
    // An earlier deadline than that of one who came before.
    let mut slow = mutex.acquire().timeout(PATIENCE);
    assert!(is_waiting(&mut slow));
    let error = mutex.acquire().timeout(Duration::from_millis(100)).wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::Timeout);
    drop(patient);
    drop(guard);
    let guard = had(&mut slow);
    drop(guard);
    corner.await_children("/lock", 0);
}

#[test]
fn storms_of_drops_at_any_moment_leave_nothing() {
    let corner = Corner::new();
    let client = corner.client();
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
    corner.await_children("/lock", 0);
    assert!(client.mutex("/lock").handoff(3).try_acquire().timeout(PATIENCE).wait().unwrap().is_some());
}

#[test]
fn trying_gives_way_to_the_line() {
    let corner = Corner::new();
    let client = corner.client();
    let mutex = client.mutex("/lock").handoff(100);
    let guard = mutex.try_acquire().wait().unwrap().unwrap();
    assert!(mutex.try_acquire().wait().unwrap().is_none());
    guard.release().wait().unwrap();
    for _ in 0..20 {
        mutex.acquire().wait().unwrap().release().wait().unwrap();
        mutex.try_acquire().wait().unwrap().expect("nobody has it").release().wait().unwrap();
    }
    let guard = mutex.acquire().wait().unwrap();
    assert!(mutex.try_acquire().wait().unwrap().is_none());
    let error = mutex.acquire().timeout(Duration::ZERO).wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::Timeout);
    let queue = waiting(&mutex, 1);
    drop(guard);
    assert!(mutex.try_acquire().wait().unwrap().is_none(), "another waits, or has it now");
    drop(queue);
}

#[test]
fn a_lost_lock_is_not_handed_over() {
    let corner = Corner::new();
    let client = corner.client();
    let mutex = client.mutex("/lock").handoff(100);
    let guard = mutex.acquire().wait().unwrap();
    let mut queue = waiting(&mutex, 2);
    shared().expire(client.session_id().unwrap()).unwrap();
    assert_eq!(guard.lost().timeout(PATIENCE).wait().unwrap(), Loss::SessionGone);
    // Nobody waits for the lost guard to go.
    let next = had(&mut queue[0]);
    assert!(next.is_held() && next.token() > guard.token());
    guard.release().wait().unwrap();
    assert!(next.is_held() && is_waiting(&mut queue[1]), "the lost guard gave nothing to anybody");
    let token = next.token();
    drop(next);
    assert_eq!(had(&mut queue[1]).token(), token);
    corner.await_children("/lock", 0);
}

#[test]
fn a_lock_whose_node_somebody_deleted_is_not_handed_over() {
    let corner = Corner::new();
    let mutex = corner.client().mutex("/lock").handoff(100);
    let guard = mutex.acquire().wait().unwrap();
    let mut queue = waiting(&mutex, 1);
    corner.observer.delete(&corner.path(guard.node())).unwrap();
    assert_eq!(guard.lost().timeout(PATIENCE).wait().unwrap(), Loss::NodeDeleted);
    let next = had(&mut queue[0]);
    assert!(next.is_held() && next.token() > guard.token());
}

#[test]
fn a_lock_whose_lease_has_ended_is_not_handed_over() {
    let corner = Corner::new();
    let proxy = corner.proxy();
    let mutex = corner.client_through(&proxy).mutex("/lock").handoff(100);
    let guard = mutex.acquire().wait().unwrap();
    let mut queue = waiting(&mutex, 1);
    proxy.stall(true);
    assert!(eventually(PATIENCE, || !guard.is_held()));
    let token = guard.token();
    drop(guard);
    assert!(is_waiting(&mut queue[0]));
    proxy.stall(false);
    let next = had(&mut queue[0]);
    assert!(next.is_held() && next.token() > token);
    drop(next);
    corner.await_children("/lock", 0);
}

#[test]
fn a_waiter_whose_session_expired_keeps_his_place_in_the_line() {
    let corner = Corner::new();
    let holder = corner.client().mutex("/lock").acquire().wait().unwrap();
    let client = corner.client();
    let mutex = client.mutex("/lock").handoff(100);
    let mut queue = waiting(&mutex, 2);
    corner.await_children("/lock", 2);
    let session = client.session_id().unwrap();
    shared().expire(session).unwrap();
    assert!(eventually(PATIENCE, || client.session_id().unwrap() != session
        && corner.children("/lock").len() == 2));
    drop(holder);
    let first = had(&mut queue[0]);
    assert!(first.is_held() && is_waiting(&mut queue[1]));
    drop(first);
    assert!(had(&mut queue[1]).is_held());
}

#[test]
fn a_crowd_whose_session_expires_overlaps_with_lost_guards_only() {
    let corner = Corner::new();
    let client = corner.client();
    let inside = StdMutex::new(None::<Arc<Guard>>);
    std::thread::scope(|scope| {
        for number in 0..4 {
            let (client, inside) = (&client, &inside);
            scope.spawn(move || {
                let mutex = client.mutex("/lock").handoff(20);
                for round in 0..60 {
                    let guard = Arc::new(mutex.acquire().timeout(PATIENCE).wait().unwrap());
                    let before = inside.lock().unwrap().replace(guard.clone());
                    if let Some(before) = before {
                        assert!(!before.is_held(), "two holders");
                        assert!(guard.token() > before.token(), "a lost lock was handed over");
                    }
                    if number == 0 && round % 20 == 10 {
                        // It may have gone already, with all that it held.
                        drop(shared().expire(client.session_id().unwrap()));
                    }
                    inside.lock().unwrap().take_if(|now| Arc::ptr_eq(now, &guard));
                    guard.release().timeout(PATIENCE).wait().unwrap();
                }
            });
        }
    });
    corner.await_children("/lock", 0);
}

#[test]
fn a_lock_that_somebody_asked_for_is_given_back() {
    let corner = Corner::new();
    let mutex = corner.client().mutex("/lock").handoff(100);
    let first = mutex.acquire().wait().unwrap();
    let mut queue = waiting(&mutex, 2);
    let stranger = corner.client();
    let mut theirs = stranger.mutex("/lock").acquire();
    assert!(is_waiting(&mut theirs));
    let (tell, told) = mpsc::channel();
    let of_first = tell.clone();
    first.on_revoke(move || of_first.send("first").unwrap()).unwrap();
    let node = first.node().to_owned();
    drop(first);
    let second = had(&mut queue[0]);
    second.on_revoke(move || tell.send("second").unwrap()).unwrap();
    assert!(stranger.request_revoke(&node).wait().unwrap());
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), "second", "the first guard is over");
    assert!(second.is_held() && second.is_revoke_requested().unwrap());
    drop(second);
    let their_guard = had(&mut theirs);
    assert!(is_waiting(&mut queue[1]));
    drop(their_guard);
    assert!(had(&mut queue[1]).is_held());
    assert!(told.recv_timeout(Duration::from_millis(50)).is_err());
}

#[test]
fn calls_of_a_guard_end_with_it() {
    let corner = Corner::new();
    let client = corner.client();
    let mutex = client.mutex("/lock").handoff(100);
    let first = mutex.acquire().wait().unwrap();
    let mut queue = waiting(&mutex, 1);
    let (tell, told) = mpsc::channel();
    let of_first = tell.clone();
    first.on_lost(move |_| of_first.send("first").unwrap()).unwrap();
    let mut lost = first.lost();
    assert!(is_waiting(&mut lost));
    first.release().wait().unwrap();
    let second = had(&mut queue[0]);
    second.on_lost(move |_| tell.send("second").unwrap()).unwrap();
    assert_eq!(first.create("/x", b"").wait().unwrap_err().code(), ErrorCode::LockLost, "it was given up");
    second.create("/x", b"").wait().unwrap();
    shared().expire(client.session_id().unwrap()).unwrap();
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), "second");
    assert!(is_waiting(&mut lost) && told.recv_timeout(Duration::from_millis(50)).is_err());
    assert_eq!([first.loss().unwrap(), second.loss().unwrap()], [None, Some(Loss::SessionGone)]);
}

#[test]
fn owners_are_known_in_a_line_too() {
    let corner = Corner::new();
    let client = corner.client();
    let mutex = |owner| client.mutex("/lock").handoff(100).owned_by(owner);
    let first = mutex(1).acquire().wait().unwrap();
    let mut second = mutex(2).acquire();
    assert!(is_waiting(&mut second));
    assert_eq!(mutex(1).acquire().wait().unwrap_err().code(), ErrorCode::WouldDeadlock);
    assert!(mutex(1).try_acquire().wait().unwrap().is_none());
    drop(first);
    let second = had(&mut second);
    assert_eq!(mutex(2).acquire().wait().unwrap_err().code(), ErrorCode::WouldDeadlock);
    let mut again = mutex(1).acquire();
    assert!(is_waiting(&mut again), "he holds it no more");
    drop(second);
    drop(had(&mut again));
}

#[test]
fn who_cannot_queue_tells_all_in_the_line() {
    let corner = Corner::new();
    let client = corner.client();
    let mutex = client.mutex("/lock").handoff(100);
    let guard = corner.client().mutex("/lock").acquire().wait().unwrap();
    let mut queue = waiting(&mutex, 3);
    client.close().timeout(PATIENCE).wait().unwrap();
    for op in &mut queue {
        assert_eq!(op.wait_for(PATIENCE).unwrap().unwrap_err().code(), ErrorCode::Closed);
    }
    assert!(guard.is_held());
    let error = client.rw_lock("/lock").write().clone().handoff(3).acquire().wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::InvalidArgument, "{error}");
}

#[test]
fn a_swallowed_reply_leaves_no_orphan() {
    let corner = Corner::new();
    let proxy = corner.proxy();
    let client = corner.client_through(&proxy);
    let mutex = client.mutex("/lock").handoff(2);
    drop(mutex.acquire().wait().unwrap());
    corner.await_children("/lock", 0);
    // Whichever it is: what is given back and queued for anew goes out as it comes, alone or as one multi.
    let rules = [3, 9, 20].map(|number| proxy.swallow_reply(Request::Any, number));
    let inside = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..10 {
                    let guard = mutex.acquire().timeout(PATIENCE).wait().unwrap();
                    assert!(!inside.swap(true, Ordering::SeqCst), "two holders");
                    assert!(inside.swap(false, Ordering::SeqCst), "two holders");
                    guard.release().timeout(PATIENCE).wait().unwrap();
                }
            });
        }
    });
    assert!(rules.iter().all(|rule| rule.fired() == 1));
    corner.await_children("/lock", 0);
}

/// A client that is dropped while somebody waits in its line.
#[test]
fn a_line_keeps_its_client() {
    let corner = Corner::new();
    let guard = corner.client().mutex("/lock").acquire().wait().unwrap();
    let ask = |client: Client| client.mutex("/lock").handoff(5).acquire();
    let mut op = ask(corner.client());
    assert!(is_waiting(&mut op));
    corner.await_children("/lock", 2);
    drop(guard);
    let guard = had(&mut op);
    assert!(guard.is_held());
    drop(guard);
    corner.await_children("/lock", 0);
}
