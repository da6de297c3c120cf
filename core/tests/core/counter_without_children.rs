//! Counters whose nodes may have no children, and so no dedupe nodes.

use std::time::Duration;

use crate::support::{Sandbox, TIMEOUT};
use zkcoord::{Counter, ErrorCode};
use zkcoord_testkit::{Op, Proxy, eventually};

/// Creates a counter that everyone may read and write, but whose ACL does not allow children. Returns its path.
fn create_childless(sandbox: &Sandbox) -> String {
    sandbox.observer.create_childless(&sandbox.path("/c"), &0i64.to_be_bytes()).unwrap();
    sandbox.path("/c")
}

fn counter_through(sandbox: &Sandbox, proxy: &Proxy) -> Counter {
    sandbox.client_through(proxy).counter("/c").exactly_once(false)
}

#[test]
fn the_error_names_the_remedy() {
    let sandbox = Sandbox::new();
    create_childless(&sandbox);
    let client = sandbox.client();
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
    assert_eq!(sandbox.children("/c"), [""; 0]);
}

#[test]
fn nodes_are_created_without_children_too() {
    let sandbox = Sandbox::new();
    let counter = sandbox.client().counter("/deep/down/c").exactly_once(false);
    for expected in 1..=5 {
        assert_eq!(counter.increment().wait().unwrap(), expected);
    }
    assert_eq!(sandbox.children("/deep/down/c"), [""; 0]);
}

#[test]
fn competing_clients_lose_no_add() {
    let sandbox = Sandbox::new();
    create_childless(&sandbox);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let counter = sandbox.client().counter("/c").exactly_once(false);
                for _ in 0..50 {
                    counter.add(1).timeout(TIMEOUT).wait().unwrap();
                }
            });
        }
    });
    assert_eq!(sandbox.client().counter("/c").get().wait().unwrap(), 150);
}

#[test]
fn a_lost_request_is_repeated_and_a_lost_reply_is_indeterminate() {
    let sandbox = Sandbox::new();
    create_childless(&sandbox);
    let proxy = sandbox.proxy();
    let counter = counter_through(&sandbox, &proxy);
    assert_eq!(counter.add(1).wait().unwrap(), 1);
    let rule = proxy.swallow_request(Op::Multi, 1);
    assert_eq!(counter.add(1).timeout(TIMEOUT).wait().unwrap(), 2, "the version has not changed");
    assert_eq!(rule.fired(), 1);
    let rule = proxy.swallow_reply(Op::Multi, 1);
    let error = counter.add(1).timeout(TIMEOUT).wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::Indeterminate);
    assert!(error.message().contains("exactly_once"), "{error}");
    assert_eq!(rule.fired(), 1);
    assert_eq!(counter.get().timeout(TIMEOUT).wait().unwrap(), 3, "applied once");
    assert_eq!(counter.add(1).timeout(TIMEOUT).wait().unwrap(), 4);
}

#[test]
fn a_foreign_write_proves_a_lost_request_only_if_its_value_differs_from_ours() {
    let sandbox = Sandbox::new();
    let path = create_childless(&sandbox);
    let proxy = sandbox.proxy();
    let counter = counter_through(&sandbox, &proxy);
    assert_eq!(counter.add(1).wait().unwrap(), 1);
    let lose = |others: &[i64]| {
        let rule = proxy.swallow_request(Op::Multi, 1);
        proxy.refuse(false);
        let mut op = counter.add(1);
        assert!(op.wait_for(Duration::ZERO).is_none());
        assert!(rule.wait_fired(TIMEOUT));
        proxy.refuse(true);
        for other in others {
            sandbox.observer.set(&path, &other.to_be_bytes()).unwrap();
        }
        proxy.refuse(false);
        op.wait_for(TIMEOUT).unwrap().map_err(|error| error.code())
    };
    assert_eq!(lose(&[100]), Ok(101), "our add would have left 2");
    assert_eq!(lose(&[102]), Err(ErrorCode::Indeterminate), "our add would have left the same value");
    assert_eq!(lose(&[7, 8]), Err(ErrorCode::Indeterminate), "the first of the two writes might be ours");
    assert_eq!(counter.add(1).timeout(TIMEOUT).wait().unwrap(), 9);
}

#[test]
fn random_faults_leave_the_value_within_the_reported_bounds() {
    let sandbox = Sandbox::new();
    create_childless(&sandbox);
    let proxy = sandbox.proxy();
    let counter = counter_through(&sandbox, &proxy);
    let _replies = proxy.swallow_replies_at_random(Op::Multi, 0.1, 3);
    let _requests = proxy.swallow_requests_at_random(Op::Multi, 0.1, 4);
    let (mut done, mut unknown) = (0, 0);
    for _ in 0..100 {
        match counter.add(1).timeout(TIMEOUT).wait().map_err(|error| error.code()) {
            Ok(_) => done += 1,
            Err(ErrorCode::Indeterminate) => unknown += 1,
            Err(code) => panic!("{code}"),
        }
    }
    assert!(unknown > 0, "no reply was lost");
    let value = sandbox.client().counter("/c").get().wait().unwrap();
    assert!((done..=done + unknown).contains(&value), "{done} <= {value} <= {done} + {unknown}");
    assert!(eventually(TIMEOUT, || sandbox.children("/c").is_empty()));
}
