//! The counter against a real server, with and without faults.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod support;

use std::time::Duration;

use support::{Corner, PATIENCE, all_at_once, die};
use zkcoord::ErrorCode;
use zkcoord_testkit::{Op, eventually};

#[test]
fn all_operations() {
    let corner = Corner::new();
    let client = corner.client();
    let counter = client.counter("/deep/down/hits");
    assert_eq!(counter.get().wait().unwrap(), 0, "a missing node counts as 0");
    assert_eq!(
        corner.observer.exists(&corner.path("/deep")).unwrap().map(drop),
        None,
        "and is not made by reading"
    );
    assert_eq!(counter.add(5).wait().unwrap(), 5);
    assert_eq!(counter.increment().wait().unwrap(), 6);
    assert_eq!(counter.decrement().wait().unwrap(), 5);
    assert_eq!(counter.add(-7).wait().unwrap(), -2);
    assert_eq!(counter.get_and_set(40).wait().unwrap(), -2);
    assert!(counter.compare_and_set(40, 41).wait().unwrap());
    assert!(!counter.compare_and_set(40, 42).wait().unwrap());
    assert_eq!(counter.get().wait().unwrap(), 41);
    counter.set(i64::MIN).wait().unwrap();
    assert_eq!(counter.get().wait().unwrap(), i64::MIN);
    let (data, _) = corner.observer.data(&corner.path("/deep/down/hits")).unwrap().unwrap();
    assert_eq!(data, i64::MIN.to_be_bytes());
}

#[test]
fn bytes_of_others_are_read_and_foreign_bytes_are_left_alone() {
    let corner = Corner::new();
    let client = corner.client();
    corner.observer.create(&corner.path("/curator"), &300i64.to_be_bytes()).unwrap();
    assert_eq!(client.counter("/curator").increment().wait().unwrap(), 301);
    corner.observer.create(&corner.path("/empty"), b"").unwrap();
    assert_eq!(client.counter("/empty").add(2).wait().unwrap(), 2);
    corner.observer.create(&corner.path("/foreign"), b"abc").unwrap();
    let foreign = client.counter("/foreign");
    for error in [
        foreign.get().wait().unwrap_err(),
        foreign.add(1).wait().unwrap_err(),
        foreign.set(1).wait().unwrap_err(),
        foreign.compare_and_set(0, 1).wait().unwrap_err(),
    ] {
        assert_eq!(error.code(), ErrorCode::BadData);
        assert!(error.message().contains("/foreign") && error.message().contains("3 bytes"), "{error}");
    }
    assert_eq!(corner.observer.data(&corner.path("/foreign")).unwrap().unwrap().0, b"abc");
    corner.observer.set(&corner.path("/foreign"), &7i64.to_be_bytes()).unwrap();
    assert_eq!(foreign.add(1).wait().unwrap(), 8, "mended, it counts again");
}

#[test]
fn overflow_is_an_error_and_changes_nothing() {
    let corner = Corner::new();
    let counter = corner.client().counter("/c");
    counter.set(i64::MAX - 1).wait().unwrap();
    assert_eq!(counter.add(2).wait().unwrap_err().code(), ErrorCode::Overflow);
    assert_eq!(counter.add(1).wait().unwrap(), i64::MAX);
    assert_eq!(counter.increment().wait().unwrap_err().code(), ErrorCode::Overflow);
    assert_eq!(counter.get().wait().unwrap(), i64::MAX);
}

#[test]
fn concurrent_adds_share_writes_and_each_gets_its_own_value() {
    let corner = Corner::new();
    let proxy = corner.proxy();
    let counter = corner.client_through(&proxy).counter("/c");
    counter.set(0).wait().unwrap();
    proxy.clear_frames();
    let writes = || proxy.frames().iter().filter(|frame| frame.is_request(Op::Multi)).count();
    let mut values = all_at_once((0..1000).map(|_| counter.add(1)).collect());
    values.sort_unstable();
    assert!(values.into_iter().eq(1..=1000));
    assert!(writes() < 100, "{} writes for 1000 adds", writes());
}

#[test]
fn clients_that_compete_lose_nothing() {
    let corner = Corner::new();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let counter = corner.client().counter("/c");
                let values: Vec<_> =
                    (0..100).map(|_| counter.add(1).timeout(PATIENCE).wait().unwrap()).collect();
                assert!(values.is_sorted_by(|a, b| a < b));
            });
        }
    });
    assert_eq!(corner.client().counter("/c").get().wait().unwrap(), 400);
}

#[test]
fn a_swallowed_reply_counts_once() {
    let corner = Corner::new();
    let proxy = corner.proxy();
    let counter = corner.client_through(&proxy).counter("/c");
    for expected in 1..=6 {
        // The first makes the node, the others change it; the odd ones were applied, the even ones were not.
        let rule = match expected % 2 {
            1 => proxy.swallow_reply(Op::Multi, 1),
            _ => proxy.swallow_request(Op::Multi, 1),
        };
        assert_eq!(counter.add(1).timeout(PATIENCE).wait().unwrap(), expected);
        assert!(rule.fired() == 1 || expected == 1, "{expected}");
        proxy.clear_rules();
    }
    assert_eq!(counter.get().wait().unwrap(), 6);
}

#[test]
fn random_loss_of_replies_and_requests_counts_exactly() {
    let corner = Corner::new();
    let proxy = corner.proxy();
    let counter = corner.client_through(&proxy).counter("/c");
    let replies = proxy.swallow_replies_at_random(Op::Multi, 0.1, 1);
    let requests = proxy.swallow_requests_at_random(Op::Multi, 0.1, 2);
    for expected in 1..=200 {
        assert_eq!(counter.add(1).timeout(PATIENCE).wait().unwrap(), expected);
    }
    assert!(replies.fired() > 5 && requests.fired() > 5, "{} and {}", replies.fired(), requests.fired());
    assert_eq!(corner.client().counter("/c").get().wait().unwrap(), 200);
}

#[test]
fn a_death_of_the_session_is_resolved_or_admitted() {
    let corner = Corner::new();
    let proxy = corner.proxy();
    let client = corner.client_through(&proxy);
    let counter = client.counter("/c");
    assert_eq!(counter.add(1).wait().unwrap(), 1);
    assert_eq!(counter.add(1).wait().unwrap(), 2);
    // Not applied, and provably so: the node has not changed since.
    proxy.hold_requests(true);
    let mut op = counter.add(1);
    assert!(op.wait_for(Duration::from_millis(1)).is_none());
    die(&client, &proxy, || {});
    assert_eq!(op.wait_for(PATIENCE).unwrap().unwrap(), 3);
    // Applied, but who can tell.
    proxy.hold_replies(true);
    let mut op = counter.add(1);
    assert!(op.wait_for(Duration::from_millis(1)).is_none());
    assert!(eventually(PATIENCE, || corner.observer.data(&corner.path("/c")).unwrap().unwrap().0
        == 4i64.to_be_bytes()));
    die(&client, &proxy, || {});
    assert_eq!(op.wait_for(PATIENCE).unwrap().unwrap_err().code(), ErrorCode::Indeterminate);
    assert_eq!(counter.get().timeout(PATIENCE).wait().unwrap(), 4);
    assert_eq!(counter.add(1).timeout(PATIENCE).wait().unwrap(), 5);
}

#[test]
fn a_deadline_withdraws_what_was_not_sent_and_admits_what_was() {
    let corner = Corner::new();
    let proxy = corner.proxy();
    let counter = corner.client_through(&proxy).counter("/c");
    assert_eq!(counter.add(1).wait().unwrap(), 1);
    proxy.hold_replies(true);
    let sent = counter.add(10).timeout(Duration::from_millis(200)).wait().unwrap_err();
    assert_eq!(sent.code(), ErrorCode::Indeterminate, "{sent}");
    let queued = counter.add(100).timeout(Duration::from_millis(200)).wait().unwrap_err();
    assert_eq!(queued.code(), ErrorCode::Timeout, "{queued}");
    proxy.hold_replies(false);
    assert_eq!(counter.add(1000).timeout(PATIENCE).wait().unwrap(), 1011);
}
