//! The striped counter under real faults: lost messages, ended sessions, folds in between, servers that do not answer.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread::scope;
use std::time::{Duration, Instant};

use support::{Corner, PATIENCE, SESSION, die};
use zkcoord::{Acl, Client, ErrorCode, StripedCounter};
use zkcoord_testkit::{Observer, Op, Proxy, ZooKeeper, eventually, shared};

fn sum_of(client: &Client) -> i64 {
    client.striped_counter("/hits").sum().timeout(PATIENCE).wait().unwrap()
}

fn flush(striped: &StripedCounter) {
    striped.flush().timeout(PATIENCE).wait().unwrap();
}

/// A client that connects through a proxy and has added 1. What it adds next waits for a flush.
fn one_added(corner: &Corner) -> (Proxy, Client, StripedCounter) {
    let proxy = corner.proxy();
    let client = corner.client_through(&proxy);
    let striped = client.striped_counter("/hits").flush_interval(Duration::MAX);
    striped.add(1).unwrap();
    flush(&striped);
    (proxy, client, striped)
}

/// The sums of the stripes that there are, by their names.
fn stripes(corner: &Corner) -> Vec<(String, i64)> {
    let names = corner.children("/hits").into_iter().filter(|name| name.starts_with("stripe-"));
    let value = |name: &str| {
        let (data, _) = corner.observer.data(&corner.path(&format!("/hits/{name}"))).unwrap()?;
        Some(i64::from_be_bytes(data.try_into().unwrap()))
    };
    names.filter_map(|name| value(&name).map(|value| (name, value))).collect()
}

#[test]
fn a_lost_message_counts_once() {
    let corner = Corner::new();
    let proxy = corner.proxy();
    let client = corner.client_through(&proxy);
    let striped = client.striped_counter("/hits").flush_interval(Duration::MAX);
    for number in 1..=8 {
        // The first ones make the base and the stripe.
        let rule = match number % 2 {
            1 => proxy.swallow_reply(Op::Multi, 1),
            _ => proxy.swallow_request(Op::Multi, 1),
        };
        striped.add(1).unwrap();
        flush(&striped);
        assert_eq!((rule.fired(), sum_of(&client)), (1, number));
        proxy.clear_rules();
    }
}

#[test]
fn random_loss_of_replies_and_requests_counts_exactly() {
    let corner = Corner::new();
    scope(|scope| {
        for number in 0..4 {
            let corner = &corner;
            scope.spawn(move || {
                let proxy = corner.proxy();
                let striped = corner.client_through(&proxy).striped_counter("/hits");
                let replies = proxy.swallow_replies_at_random(Op::Multi, 0.1, number);
                let requests = proxy.swallow_requests_at_random(Op::Multi, 0.1, 10 + number);
                for n in 1..=50 {
                    striped.add(n).unwrap();
                    flush(&striped);
                }
                assert!(replies.fired() > 0 && requests.fired() > 0);
            });
        }
    });
    assert_eq!(sum_of(&corner.client()), 4 * 1275);
}

#[test]
fn a_death_of_the_session_is_resolved_by_the_stripe() {
    let corner = Corner::new();
    let (proxy, client, striped) = one_added(&corner);
    let first = stripes(&corner);
    // Not applied: the stripe that is left behind says so.
    proxy.hold_requests(true);
    striped.add(10).unwrap();
    let mut flushing = striped.flush();
    assert!(flushing.wait_for(Duration::from_millis(50)).is_none());
    die(&client, &proxy, || {});
    flushing.wait_for(PATIENCE).unwrap().unwrap();
    assert_eq!(sum_of(&client), 11);
    assert!(eventually(PATIENCE, || matches!(&stripes(&corner)[..], [(name, 10)] if *name != first[0].0)));
    // Applied: the same.
    proxy.hold_replies(true);
    striped.add(100).unwrap();
    let mut flushing = striped.flush();
    assert!(flushing.wait_for(Duration::from_millis(1)).is_none());
    assert!(eventually(PATIENCE, || matches!(&stripes(&corner)[..], [(_, 110)])));
    die(&client, &proxy, || {});
    flushing.wait_for(PATIENCE).unwrap().unwrap();
    assert_eq!(sum_of(&client), 111);
    striped.add(1000).unwrap();
    flush(&striped);
    assert_eq!(sum_of(&client), 1111);
}

#[test]
fn a_death_of_the_session_and_a_fold_before_it_is_resolved_is_admitted_once() {
    let corner = Corner::new();
    let (proxy, client, striped) = one_added(&corner);
    let other = corner.client();
    let fold = |expected: i64| {
        assert_eq!(sum_of(&other), expected);
        assert!(stripes(&corner).is_empty());
    };
    // Not applied, but who can tell.
    proxy.hold_requests(true);
    striped.add(10).unwrap();
    let mut flushing = striped.flush();
    assert!(flushing.wait_for(Duration::from_millis(50)).is_none());
    striped.add(100).unwrap();
    die(&client, &proxy, || fold(1));
    let error = flushing.wait_for(PATIENCE).unwrap().unwrap_err();
    assert_eq!(error.code(), ErrorCode::Indeterminate, "{error}");
    flush(&striped);
    assert_eq!(sum_of(&client), 101, "what was added later was not in that write");
    // Applied, in the background: the next flush tells.
    let hasty = client.striped_counter("/hits").flush_interval(Duration::ZERO);
    proxy.hold_replies(true);
    hasty.add(1000).unwrap();
    assert!(eventually(PATIENCE, || matches!(&stripes(&corner)[..], [(_, 1100)])));
    die(&client, &proxy, || fold(1101));
    let told = |error: zkcoord::Error| assert_eq!(error.code(), ErrorCode::Indeterminate, "{error}");
    told(striped.flush().timeout(PATIENCE).wait().unwrap_err());
    flush(&striped);
    assert_eq!(sum_of(&client), 1101);
}

#[test]
fn a_lost_reply_to_a_fold_folds_once() {
    let corner = Corner::new();
    let gone = corner.client();
    let striped = gone.striped_counter("/hits");
    striped.add(5).unwrap();
    gone.close().timeout(PATIENCE).wait().unwrap();
    assert_eq!(stripes(&corner).len(), 1);
    let proxy = corner.proxy();
    let client = corner.client_through(&proxy);
    let rule = proxy.swallow_reply(Op::Multi, 1);
    assert_eq!(sum_of(&client), 5);
    assert!(rule.wait_fired(PATIENCE));
    assert!(stripes(&corner).is_empty());
    assert_eq!(sum_of(&client), 5);
}

#[test]
fn whoever_is_alive_is_not_folded_while_cut_off() {
    let corner = Corner::new();
    let (proxy, _client, striped) = one_added(&corner);
    let before = stripes(&corner);
    proxy.refuse(true);
    let other = corner.client();
    assert_eq!(sum_of(&other), 1);
    striped.add(1).unwrap();
    assert_eq!(stripes(&corner), before);
    proxy.refuse(false);
    flush(&striped);
    assert_eq!(sum_of(&other), 2);
    assert_eq!(stripes(&corner), [(before[0].0.clone(), 2)], "the session lives, and so does its stripe");
}

#[test]
fn nothing_acknowledged_is_lost_whoever_dies() {
    let corner = Corner::new();
    let until = Instant::now() + Duration::from_secs(4);
    let run = |number: u64| {
        let proxy = corner.proxy();
        let _replies = proxy.swallow_replies_at_random(Op::Multi, 0.02, number);
        let _requests = proxy.swallow_requests_at_random(Op::Multi, 0.02, 10 + number);
        let (mut acknowledged, mut unknown, mut rounds) = (0, 0, 0);
        let connect = || corner.client_through(&proxy);
        let mut client = connect();
        while Instant::now() < until {
            rounds += 1;
            let striped = client.striped_counter("/hits").flush_interval(Duration::from_millis(rounds % 3));
            let mut added = 0;
            for n in 1..=20 {
                striped.add(n).unwrap();
                added += n;
            }
            if rounds % 5 == number % 5 {
                // At any moment: before, during or after a write.
                let session = client.session_id().unwrap();
                scope(|scope| {
                    scope.spawn(|| drop(shared().expire(session)));
                    striped.add(1).unwrap();
                });
                added += 1;
            }
            match striped.flush().timeout(PATIENCE).wait() {
                Ok(()) => acknowledged += added,
                Err(error) => {
                    assert_eq!(error.code(), ErrorCode::Indeterminate, "{error}");
                    unknown += added;
                }
            }
            if rounds % 7 == 0 {
                // Dropped, with what it holds.
                client = connect();
            }
            if rounds % 3 == 0 {
                assert!(sum_of(&client) >= acknowledged);
            }
        }
        flush_at_last(&client);
        (acknowledged, unknown, rounds)
    };
    let outcomes: Vec<(i64, i64, u64)> = scope(|scope| {
        let threads: Vec<_> = (0..4).map(|number| scope.spawn(move || run(number))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let acknowledged: i64 = outcomes.iter().map(|outcome| outcome.0).sum();
    let unknown: i64 = outcomes.iter().map(|outcome| outcome.1).sum();
    let client = corner.client();
    let sum = sum_of(&client);
    assert!(acknowledged <= sum && sum <= acknowledged + unknown, "{acknowledged} <= {sum} <= + {unknown}");
    // Sessions of dropped clients end in the background.
    assert!(eventually(PATIENCE, || {
        assert_eq!(sum_of(&client), sum);
        stripes(&corner).is_empty()
    }));
    let rounds: u64 = outcomes.iter().map(|outcome| outcome.2).sum();
    println!("{rounds} rounds: {acknowledged} acknowledged, {unknown} unknown, {sum} counted");
}

/// Nothing may be left when the last client of a thread is dropped. What cannot be known has been counted as such.
fn flush_at_last(client: &Client) {
    let flushed = client.striped_counter("/hits").flush().timeout(PATIENCE).wait();
    assert!(flushed.is_ok(), "{flushed:?}");
}

#[test]
fn nothing_acknowledged_is_lost_when_the_leader_dies() {
    let zookeeper = ZooKeeper::start(3).unwrap();
    let connect =
        || Client::builder(zookeeper.hosts()).session_timeout(10 * SESSION).connect().wait().unwrap();
    let killed = AtomicUsize::new(0);
    let add = || {
        let client = connect();
        let striped = client.striped_counter("/hits").flush_interval(Duration::MAX);
        let (mut acknowledged, mut rest) = (0, 50);
        while rest > 0 {
            striped.add(1).unwrap();
            flush(&striped);
            acknowledged += 1;
            if acknowledged % 10 == 0 {
                assert!(sum_of(&client) >= acknowledged);
            }
            // Some more after the last leader died.
            rest -= i32::from(killed.load(SeqCst) == 2);
        }
        client.close().timeout(PATIENCE).wait().unwrap();
        acknowledged
    };
    let acknowledged: i64 = scope(|scope| {
        let adders: Vec<_> = (0..3).map(|_| scope.spawn(add)).collect();
        let observer = Observer::connect(&zookeeper.hosts()).unwrap();
        let all_there = || observer.children("/hits").unwrap().is_some_and(|names| names.len() >= 3);
        assert!(eventually(PATIENCE, all_there));
        for number in 1..=2 {
            let leader = zookeeper.leader().unwrap();
            zookeeper.kill(leader).unwrap();
            zookeeper.leader().unwrap();
            zookeeper.start_node(leader).unwrap();
            zookeeper.wait_ready(PATIENCE).unwrap();
            killed.store(number, SeqCst);
        }
        adders.into_iter().map(|adder| adder.join().unwrap()).sum()
    });
    let client = connect();
    assert_eq!(sum_of(&client), acknowledged);
    println!("{acknowledged} adds while two leaders died");
}

#[test]
fn without_the_right_to_write_what_was_added_waits() {
    let corner = Corner::new();
    let hosts = format!("{}{}", shared().hosts(), corner.root);
    let owner =
        Client::builder(&hosts).auth("digest", "owner:secret").acl(Acl::Read).connect().wait().unwrap();
    let striped = owner.striped_counter("/hits");
    striped.add(1).unwrap();
    flush(&striped);
    let stranger = corner.client();
    assert_eq!(sum_of(&stranger), 1);
    let refused = stranger.striped_counter("/hits");
    refused.add(10).unwrap();
    for error in [refused.flush().wait().unwrap_err(), stranger.close().wait().unwrap_err()] {
        assert_eq!(error.code(), ErrorCode::NotAuthorized);
        assert!(error.message().contains("/hits"), "{error}");
    }
    assert_eq!(sum_of(&owner), 1);
}

#[test]
fn a_flush_that_comes_too_late_goes_on() {
    let corner = Corner::new();
    let (proxy, client, striped) = one_added(&corner);
    proxy.hold_replies(true);
    striped.add(1).unwrap();
    let error = striped.flush().timeout(Duration::from_millis(100)).wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::Timeout, "{error}");
    let error = striped.sum().timeout(Duration::from_millis(100)).wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::Timeout, "{error}");
    proxy.hold_replies(false);
    flush(&striped);
    assert_eq!(sum_of(&client), 2);
    proxy.refuse(true);
    assert!(eventually(PATIENCE, || client.state().unwrap() == zkcoord::State::Suspended));
    striped.add(1).unwrap();
    let error = striped.flush().timeout(Duration::ZERO).wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::ConnectionLost, "{error}");
    proxy.refuse(false);
    flush(&striped);
    assert_eq!(sum_of(&client), 3);
}

#[test]
fn a_close_that_cannot_flush_says_so_in_time() {
    let corner = Corner::new();
    for timeout in [None, Some(Duration::from_millis(100)), Some(Duration::ZERO)] {
        let (proxy, client, striped) = one_added(&corner);
        proxy.refuse(true);
        striped.add(1).unwrap();
        let mut closing = client.close();
        if let Some(timeout) = timeout {
            closing = closing.timeout(timeout);
        }
        let error = closing.wait_for(SESSION + PATIENCE).unwrap().unwrap_err();
        assert_eq!(error.code(), ErrorCode::Timeout, "{error}");
        assert!(error.message().contains("striped"), "{error}");
        assert_eq!(striped.add(1).unwrap_err().code(), ErrorCode::Closed);
        // It was told once.
        client.close().timeout(SESSION + PATIENCE).wait().unwrap();
    }
    let proxy = corner.proxy();
    let cancelled = corner.client_through(&proxy);
    proxy.refuse(true);
    cancelled.striped_counter("/hits").add(1).unwrap();
    let mut closing = cancelled.close();
    assert!(closing.wait_for(Duration::from_millis(50)).is_none());
    drop(closing);
    assert!(eventually(PATIENCE, || cancelled.state().unwrap() == zkcoord::State::Closed));
    let client = corner.client();
    assert!(eventually(PATIENCE, || {
        assert_eq!(sum_of(&client), 3);
        stripes(&corner).is_empty()
    }));
}

#[test]
fn what_is_dropped_while_no_server_answers_is_given_up_in_the_end() {
    let corner = Corner::new();
    for patient in [true, false] {
        let (proxy, client, striped) = one_added(&corner);
        let (tell, told) = std::sync::mpsc::channel();
        let _subscription = client.on_state(move |state| tell.send(state).unwrap()).unwrap();
        proxy.refuse(true);
        striped.add(10).unwrap();
        drop(striped);
        drop(client);
        let suspended = told.recv_timeout(PATIENCE).unwrap();
        assert_eq!(suspended, zkcoord::State::Suspended, "it stays open for what was added");
        proxy.refuse(!patient);
        let closed = || told.try_iter().any(|state| state == zkcoord::State::Closed);
        assert!(eventually(PATIENCE, closed));
    }
    let client = corner.client();
    assert!(eventually(PATIENCE, || sum_of(&client) == 12 && stripes(&corner).is_empty()));
}

#[test]
fn a_stripe_deleted_by_hand_is_made_anew() {
    let corner = Corner::new();
    let client = corner.client();
    let striped = client.striped_counter("/hits").flush_interval(Duration::MAX);
    striped.add(1).unwrap();
    flush(&striped);
    let stripe = corner.path(&format!("/hits/{}", stripes(&corner)[0].0));
    corner.observer.delete(&format!("{stripe}/live")).unwrap();
    corner.observer.delete(&stripe).unwrap();
    striped.add(2).unwrap();
    flush(&striped);
    assert_eq!(sum_of(&client), 2, "what was in it has gone with it");
    corner.observer.delete(&corner.path(&format!("/hits/{}/live", stripes(&corner)[0].0))).unwrap();
    assert_eq!(sum_of(&corner.client()), 2, "folded, for it seems to be nobody's");
    assert!(stripes(&corner).is_empty());
    striped.add(3).unwrap();
    flush(&striped);
    assert_eq!(sum_of(&client), 5);
}
