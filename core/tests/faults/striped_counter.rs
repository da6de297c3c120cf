//! The striped counter under lost messages, ended sessions, killed leaders, and merges in between.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread::scope;
use std::time::{Duration, Instant};

use crate::support::{SESSION, Sandbox, TIMEOUT, expire_while_cut_off, machine};
use zkcoord::{Client, ErrorCode, StripedCounter};
use zkcoord_testkit::{Observer, Op, Proxy, ZooKeeper, eventually, shared};

pub(super) fn sum_of(client: &Client) -> i64 {
    client.striped_counter("/hits").sum().timeout(TIMEOUT).wait().unwrap()
}

pub(super) fn flush(striped: &StripedCounter) {
    striped.flush().timeout(TIMEOUT).wait().unwrap();
}

/// Connects a client through a proxy and adds 1. Its later adds wait for a flush.
pub(super) fn one_added(sandbox: &Sandbox) -> (Proxy, Client, StripedCounter) {
    let proxy = sandbox.proxy();
    let client = sandbox.client_through(&proxy);
    let striped = client.striped_counter("/hits").flush_interval(Duration::MAX);
    striped.add(1).unwrap();
    flush(&striped);
    (proxy, client, striped)
}

/// The names and values of all stripes.
pub(super) fn stripes(sandbox: &Sandbox) -> Vec<(String, i64)> {
    let names = sandbox.children("/hits").into_iter().filter(|name| name.starts_with("stripe-"));
    let value = |name: &str| {
        let (data, _) = sandbox.observer.data(&sandbox.path(&format!("/hits/{name}"))).unwrap()?;
        Some(i64::from_be_bytes(data.try_into().unwrap()))
    };
    names.filter_map(|name| value(&name).map(|value| (name, value))).collect()
}

#[test]
fn a_lost_message_counts_once() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let client = sandbox.client_through(&proxy);
    let striped = client.striped_counter("/hits").flush_interval(Duration::MAX);
    for number in 1..=8 {
        // The first messages create the base and the stripe.
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
    let sandbox = Sandbox::new();
    scope(|scope| {
        for number in 0..4 {
            let sandbox = &sandbox;
            scope.spawn(move || {
                let proxy = sandbox.proxy();
                let striped = sandbox.client_through(&proxy).striped_counter("/hits");
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
    assert_eq!(sum_of(&sandbox.client()), 4 * 1275);
}

#[test]
fn a_flush_under_way_when_the_session_ends_is_resolved_by_the_stripe() {
    let sandbox = Sandbox::new();
    let (proxy, client, striped) = one_added(&sandbox);
    let first = stripes(&sandbox);
    // Not applied, which the remaining stripe proves.
    proxy.hold_requests(true);
    striped.add(10).unwrap();
    let mut flushing = striped.flush();
    assert!(flushing.wait_for(Duration::from_millis(50)).is_none());
    expire_while_cut_off(&client, &proxy, || {});
    flushing.wait_for(TIMEOUT).unwrap().unwrap();
    assert_eq!(sum_of(&client), 11);
    assert!(eventually(TIMEOUT, || matches!(&stripes(&sandbox)[..], [(name, 10)] if *name != first[0].0)));
    // Applied, which the remaining stripe proves too.
    proxy.hold_replies(true);
    striped.add(100).unwrap();
    let mut flushing = striped.flush();
    assert!(flushing.wait_for(Duration::from_millis(1)).is_none());
    assert!(eventually(TIMEOUT, || matches!(&stripes(&sandbox)[..], [(_, 110)])));
    expire_while_cut_off(&client, &proxy, || {});
    flushing.wait_for(TIMEOUT).unwrap().unwrap();
    assert_eq!(sum_of(&client), 111);
    striped.add(1000).unwrap();
    flush(&striped);
    assert_eq!(sum_of(&client), 1111);
}

#[test]
fn a_flush_whose_stripe_is_merged_after_the_end_of_the_session_is_indeterminate_once() {
    let sandbox = Sandbox::new();
    let (proxy, client, striped) = one_added(&sandbox);
    let other = sandbox.client();
    let merge = |expected: i64| {
        assert_eq!(sum_of(&other), expected);
        assert!(stripes(&sandbox).is_empty());
    };
    // Not applied, which nothing can prove.
    proxy.hold_requests(true);
    striped.add(10).unwrap();
    let mut flushing = striped.flush();
    assert!(flushing.wait_for(Duration::from_millis(50)).is_none());
    striped.add(100).unwrap();
    expire_while_cut_off(&client, &proxy, || merge(1));
    let error = flushing.wait_for(TIMEOUT).unwrap().unwrap_err();
    assert_eq!(error.code(), ErrorCode::Indeterminate, "{error}");
    flush(&striped);
    assert_eq!(sum_of(&client), 101, "the later adds were not in that write");
    // Applied in the background. The next flush reports the uncertainty.
    let eager = client.striped_counter("/hits").flush_interval(Duration::ZERO);
    proxy.hold_replies(true);
    eager.add(1000).unwrap();
    assert!(eventually(TIMEOUT, || matches!(&stripes(&sandbox)[..], [(_, 1100)])));
    expire_while_cut_off(&client, &proxy, || merge(1101));
    let error = striped.flush().timeout(TIMEOUT).wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::Indeterminate, "{error}");
    flush(&striped);
    assert_eq!(sum_of(&client), 1101);
}

#[test]
fn a_lost_reply_to_a_merge_merges_once() {
    let sandbox = Sandbox::new();
    let former = sandbox.client();
    let striped = former.striped_counter("/hits");
    striped.add(5).unwrap();
    former.close().timeout(TIMEOUT).wait().unwrap();
    assert_eq!(stripes(&sandbox).len(), 1);
    let proxy = sandbox.proxy();
    let client = sandbox.client_through(&proxy);
    let rule = proxy.swallow_reply(Op::Multi, 1);
    assert_eq!(sum_of(&client), 5);
    assert!(rule.wait_fired(TIMEOUT));
    assert!(stripes(&sandbox).is_empty());
    assert_eq!(sum_of(&client), 5);
}

#[test]
fn the_stripe_of_a_live_session_is_not_merged_while_its_client_is_cut_off() {
    let sandbox = Sandbox::new();
    let (proxy, _client, striped) = one_added(&sandbox);
    let before = stripes(&sandbox);
    proxy.refuse(true);
    let other = sandbox.client();
    assert_eq!(sum_of(&other), 1);
    striped.add(1).unwrap();
    assert_eq!(stripes(&sandbox), before);
    proxy.refuse(false);
    flush(&striped);
    assert_eq!(sum_of(&other), 2);
    assert_eq!(stripes(&sandbox), [(before[0].0.clone(), 2)], "a live session keeps its stripe");
}

#[test]
fn no_acknowledged_add_is_lost_when_sessions_and_clients_end() {
    let _busy = machine::busy();
    let sandbox = Sandbox::new();
    let until = Instant::now() + Duration::from_secs(4);
    let run = |number: u64| {
        let proxy = sandbox.proxy();
        let _replies = proxy.swallow_replies_at_random(Op::Multi, 0.02, number);
        let _requests = proxy.swallow_requests_at_random(Op::Multi, 0.02, 10 + number);
        let (mut acknowledged, mut unknown, mut rounds) = (0, 0, 0);
        let connect = || sandbox.client_through(&proxy);
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
                // At any time: before, during or after a write.
                let session = client.session_id().unwrap();
                scope(|scope| {
                    scope.spawn(|| drop(shared().expire(session)));
                    striped.add(1).unwrap();
                });
                added += 1;
            }
            match striped.flush().timeout(TIMEOUT).wait() {
                Ok(()) => acknowledged += added,
                Err(error) => {
                    assert_eq!(error.code(), ErrorCode::Indeterminate, "{error}");
                    unknown += added;
                }
            }
            if rounds % 7 == 0 {
                // The old client is dropped, together with its pending adds.
                client = connect();
            }
            if rounds % 3 == 0 {
                assert!(sum_of(&client) >= acknowledged);
            }
        }
        assert_flushed(&client);
        (acknowledged, unknown, rounds)
    };
    let outcomes: Vec<(i64, i64, u64)> = scope(|scope| {
        let threads: Vec<_> = (0..4).map(|number| scope.spawn(move || run(number))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let acknowledged: i64 = outcomes.iter().map(|outcome| outcome.0).sum();
    let unknown: i64 = outcomes.iter().map(|outcome| outcome.1).sum();
    let client = sandbox.client();
    let sum = sum_of(&client);
    assert!(acknowledged <= sum && sum <= acknowledged + unknown, "{acknowledged} <= {sum} <= + {unknown}");
    // The sessions of dropped clients end in the background.
    assert!(eventually(TIMEOUT, || {
        assert_eq!(sum_of(&client), sum);
        stripes(&sandbox).is_empty()
    }));
    let rounds: u64 = outcomes.iter().map(|outcome| outcome.2).sum();
    println!("{rounds} rounds: {acknowledged} acknowledged, {unknown} unknown, {sum} counted");
}

/// Asserts that the last client of a thread has nothing left to report. Uncertain adds have been counted before.
fn assert_flushed(client: &Client) {
    let flushed = client.striped_counter("/hits").flush().timeout(TIMEOUT).wait();
    assert!(flushed.is_ok(), "{flushed:?}");
}

#[test]
fn no_acknowledged_add_is_lost_when_the_leader_is_killed() {
    let _busy = machine::busy();
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
            // Some more adds after the last leader was killed.
            rest -= i32::from(killed.load(SeqCst) == 2);
        }
        client.close().timeout(TIMEOUT).wait().unwrap();
        acknowledged
    };
    let acknowledged: i64 = scope(|scope| {
        let adders: Vec<_> = (0..3).map(|_| scope.spawn(add)).collect();
        let observer = Observer::connect(&zookeeper.hosts()).unwrap();
        let all_added = || observer.children("/hits").unwrap().is_some_and(|names| names.len() >= 3);
        assert!(eventually(TIMEOUT, all_added));
        for number in 1..=2 {
            let leader = zookeeper.leader().unwrap();
            zookeeper.kill(leader).unwrap();
            zookeeper.leader().unwrap();
            zookeeper.start_node(leader).unwrap();
            zookeeper.wait_ready(TIMEOUT).unwrap();
            killed.store(number, SeqCst);
        }
        adders.into_iter().map(|adder| adder.join().unwrap()).sum()
    });
    let client = connect();
    assert_eq!(sum_of(&client), acknowledged);
    println!("{acknowledged} adds while two leaders were killed");
}

#[test]
fn a_deleted_stripe_is_recreated() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let striped = client.striped_counter("/hits").flush_interval(Duration::MAX);
    striped.add(1).unwrap();
    flush(&striped);
    let stripe = sandbox.path(&format!("/hits/{}", stripes(&sandbox)[0].0));
    sandbox.observer.delete(&format!("{stripe}/live")).unwrap();
    sandbox.observer.delete(&stripe).unwrap();
    striped.add(2).unwrap();
    flush(&striped);
    assert_eq!(sum_of(&client), 2, "the deleted stripe's value is lost");
    sandbox.observer.delete(&sandbox.path(&format!("/hits/{}/live", stripes(&sandbox)[0].0))).unwrap();
    assert_eq!(sum_of(&sandbox.client()), 2, "a stripe without a live node is merged");
    assert!(stripes(&sandbox).is_empty());
    striped.add(3).unwrap();
    flush(&striped);
    assert_eq!(sum_of(&client), 5);
}
