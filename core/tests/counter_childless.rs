//! Counters whose nodes may have no children, and so no dedupe nodes.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod support;

use std::time::Duration;

use support::{Corner, PATIENCE};
use zkcoord::{Counter, ErrorCode};
use zkcoord_testkit::{Op, Proxy, eventually};

/// A counter that everyone may read and write, and nobody may give children.
fn childless(corner: &Corner) -> String {
    corner.observer.create_childless(&corner.path("/c"), &0i64.to_be_bytes()).unwrap();
    corner.path("/c")
}

fn counter_through(corner: &Corner, proxy: &Proxy) -> Counter {
    corner.client_through(proxy).counter("/c").exactly_once(false)
}

#[test]
fn the_error_names_the_way_out() {
    let corner = Corner::new();
    childless(&corner);
    let client = corner.client();
    let error = client.counter("/c").add(1).wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::NotAuthorized);
    assert!(error.message().contains("/c") && error.message().contains("exactly_once"), "{error}");
    let counter = client.counter("/c").exactly_once(false);
    assert_eq!(counter.get().wait().unwrap(), 0, "nothing was written");
    assert_eq!(counter.add(1).wait().unwrap(), 1);
    assert_eq!(counter.reserve(3).wait().unwrap(), 2..=4);
    assert!(counter.compare_and_set(4, 10).wait().unwrap());
    assert_eq!(counter.get_and_set(20).wait().unwrap(), 10);
    assert_eq!(counter.watch().next().wait().unwrap(), 20);
    assert_eq!(corner.children("/c"), [""; 0]);
}

#[test]
fn nodes_are_made_without_children_too() {
    let corner = Corner::new();
    let counter = corner.client().counter("/deep/down/c").exactly_once(false);
    for expected in 1..=5 {
        assert_eq!(counter.increment().wait().unwrap(), expected);
    }
    assert_eq!(corner.children("/deep/down/c"), [""; 0]);
}

#[test]
fn clients_that_compete_lose_nothing() {
    let corner = Corner::new();
    childless(&corner);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let counter = corner.client().counter("/c").exactly_once(false);
                for _ in 0..50 {
                    counter.add(1).timeout(PATIENCE).wait().unwrap();
                }
            });
        }
    });
    assert_eq!(corner.client().counter("/c").get().wait().unwrap(), 150);
}

#[test]
fn a_lost_request_is_known_not_to_be_applied_and_a_lost_reply_is_admitted() {
    let corner = Corner::new();
    childless(&corner);
    let proxy = corner.proxy();
    let counter = counter_through(&corner, &proxy);
    assert_eq!(counter.add(1).wait().unwrap(), 1);
    let rule = proxy.swallow_request(Op::Multi, 1);
    assert_eq!(counter.add(1).timeout(PATIENCE).wait().unwrap(), 2, "the version has not moved");
    assert_eq!(rule.fired(), 1);
    let rule = proxy.swallow_reply(Op::Multi, 1);
    let error = counter.add(1).timeout(PATIENCE).wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::Indeterminate);
    assert!(error.message().contains("exactly_once"), "{error}");
    assert_eq!(rule.fired(), 1);
    assert_eq!(counter.get().timeout(PATIENCE).wait().unwrap(), 3, "applied, and not again");
    assert_eq!(counter.add(1).timeout(PATIENCE).wait().unwrap(), 4);
}

#[test]
fn a_write_of_somebody_else_is_no_proof_unless_it_could_not_be_ours() {
    let corner = Corner::new();
    let path = childless(&corner);
    let proxy = corner.proxy();
    let counter = counter_through(&corner, &proxy);
    assert_eq!(counter.add(1).wait().unwrap(), 1);
    let lose = |others: &[i64]| {
        let rule = proxy.swallow_request(Op::Multi, 1);
        proxy.refuse(false);
        let mut op = counter.add(1);
        assert!(op.wait_for(Duration::ZERO).is_none());
        assert!(rule.wait_fired(PATIENCE));
        proxy.refuse(true);
        for other in others {
            corner.observer.set(&path, &other.to_be_bytes()).unwrap();
        }
        proxy.refuse(false);
        op.wait_for(PATIENCE).unwrap().map_err(|error| error.code())
    };
    assert_eq!(lose(&[100]), Ok(101), "ours would have left 2");
    assert_eq!(lose(&[102]), Err(ErrorCode::Indeterminate), "ours would have left the same");
    assert_eq!(lose(&[7, 8]), Err(ErrorCode::Indeterminate), "the first of the two might be ours");
    assert_eq!(counter.add(1).timeout(PATIENCE).wait().unwrap(), 9);
}

#[test]
fn faults_at_random_leave_the_count_between_what_was_told() {
    let corner = Corner::new();
    childless(&corner);
    let proxy = corner.proxy();
    let counter = counter_through(&corner, &proxy);
    let _replies = proxy.swallow_replies_at_random(Op::Multi, 0.1, 3);
    let _requests = proxy.swallow_requests_at_random(Op::Multi, 0.1, 4);
    let (mut done, mut unknown) = (0, 0);
    for _ in 0..100 {
        match counter.add(1).timeout(PATIENCE).wait().map_err(|error| error.code()) {
            Ok(_) => done += 1,
            Err(ErrorCode::Indeterminate) => unknown += 1,
            Err(code) => panic!("{code}"),
        }
    }
    assert!(unknown > 0, "no reply was lost");
    let value = corner.client().counter("/c").get().wait().unwrap();
    assert!((done..=done + unknown).contains(&value), "{done} <= {value} <= {done} + {unknown}");
    assert!(eventually(PATIENCE, || corner.children("/c").is_empty()));
}
