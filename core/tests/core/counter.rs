//! The counter against a real server, with and without faults.

use std::time::Duration;

use crate::support::{Sandbox, TIMEOUT, all_at_once, expire_while_cut_off};
use zkcoord::ErrorCode;
use zkcoord_testkit::{Op, eventually};

#[test]
fn all_operations() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let counter = client.counter("/deep/down/hits");
    assert_eq!(counter.get().wait().unwrap(), 0, "a missing node counts as 0");
    assert_eq!(
        sandbox.observer.exists(&sandbox.path("/deep")).unwrap().map(drop),
        None,
        "reading does not create it"
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
    let (data, _) = sandbox.observer.data(&sandbox.path("/deep/down/hits")).unwrap().unwrap();
    assert_eq!(data, i64::MIN.to_be_bytes());
}

#[test]
fn data_of_other_libraries_is_read_and_invalid_data_is_left_unchanged() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    sandbox.observer.create(&sandbox.path("/curator"), &300i64.to_be_bytes()).unwrap();
    assert_eq!(client.counter("/curator").increment().wait().unwrap(), 301);
    sandbox.observer.create(&sandbox.path("/empty"), b"").unwrap();
    assert_eq!(client.counter("/empty").add(2).wait().unwrap(), 2);
    sandbox.observer.create(&sandbox.path("/foreign"), b"abc").unwrap();
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
    assert_eq!(sandbox.observer.data(&sandbox.path("/foreign")).unwrap().unwrap().0, b"abc");
    sandbox.observer.set(&sandbox.path("/foreign"), &7i64.to_be_bytes()).unwrap();
    assert_eq!(foreign.add(1).wait().unwrap(), 8, "repaired data is counted on");
}

#[test]
fn overflow_is_an_error_and_changes_nothing() {
    let sandbox = Sandbox::new();
    let counter = sandbox.client().counter("/c");
    counter.set(i64::MAX - 1).wait().unwrap();
    assert_eq!(counter.add(2).wait().unwrap_err().code(), ErrorCode::Overflow);
    assert_eq!(counter.add(1).wait().unwrap(), i64::MAX);
    assert_eq!(counter.increment().wait().unwrap_err().code(), ErrorCode::Overflow);
    assert_eq!(counter.get().wait().unwrap(), i64::MAX);
}

#[test]
fn concurrent_adds_share_writes_and_each_gets_its_own_value() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let counter = sandbox.client_through(&proxy).counter("/c");
    counter.set(0).wait().unwrap();
    proxy.clear_frames();
    let writes = || proxy.frames().iter().filter(|frame| frame.is_request(Op::Multi)).count();
    let mut values = all_at_once((0..1000).map(|_| counter.add(1)).collect());
    values.sort_unstable();
    assert!(values.into_iter().eq(1..=1000));
    assert!(writes() < 100, "{} writes for 1000 adds", writes());
}

#[test]
fn competing_clients_lose_no_add() {
    let sandbox = Sandbox::new();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let counter = sandbox.client().counter("/c");
                let values: Vec<_> =
                    (0..100).map(|_| counter.add(1).timeout(TIMEOUT).wait().unwrap()).collect();
                assert!(values.is_sorted_by(|a, b| a < b));
            });
        }
    });
    assert_eq!(sandbox.client().counter("/c").get().wait().unwrap(), 400);
}

#[test]
fn a_swallowed_reply_counts_once() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let counter = sandbox.client_through(&proxy).counter("/c");
    for expected in 1..=6 {
        // The first add creates the node, the others change it. The odd ones were applied, the even ones were not.
        let rule = match expected % 2 {
            1 => proxy.swallow_reply(Op::Multi, 1),
            _ => proxy.swallow_request(Op::Multi, 1),
        };
        assert_eq!(counter.add(1).timeout(TIMEOUT).wait().unwrap(), expected);
        assert!(rule.fired() == 1 || expected == 1, "{expected}");
        proxy.clear_rules();
    }
    assert_eq!(counter.get().wait().unwrap(), 6);
}

#[test]
fn random_loss_of_replies_and_requests_counts_exactly() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let counter = sandbox.client_through(&proxy).counter("/c");
    let replies = proxy.swallow_replies_at_random(Op::Multi, 0.1, 1);
    let requests = proxy.swallow_requests_at_random(Op::Multi, 0.1, 2);
    for expected in 1..=200 {
        assert_eq!(counter.add(1).timeout(TIMEOUT).wait().unwrap(), expected);
    }
    assert!(replies.fired() > 5 && requests.fired() > 5, "{} and {}", replies.fired(), requests.fired());
    assert_eq!(sandbox.client().counter("/c").get().wait().unwrap(), 200);
}

#[test]
fn an_add_under_way_when_the_session_ends_is_resolved_or_indeterminate() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let client = sandbox.client_through(&proxy);
    let counter = client.counter("/c");
    assert_eq!(counter.add(1).wait().unwrap(), 1);
    assert_eq!(counter.add(1).wait().unwrap(), 2);
    // Not applied, and this can be proved: the node has not changed since.
    proxy.hold_requests(true);
    let mut op = counter.add(1);
    assert!(op.wait_for(Duration::from_millis(1)).is_none());
    expire_while_cut_off(&client, &proxy, || {});
    assert_eq!(op.wait_for(TIMEOUT).unwrap().unwrap(), 3);
    // Applied, which nothing can prove.
    proxy.hold_replies(true);
    let mut op = counter.add(1);
    assert!(op.wait_for(Duration::from_millis(1)).is_none());
    assert!(eventually(TIMEOUT, || sandbox.observer.data(&sandbox.path("/c")).unwrap().unwrap().0
        == 4i64.to_be_bytes()));
    expire_while_cut_off(&client, &proxy, || {});
    assert_eq!(op.wait_for(TIMEOUT).unwrap().unwrap_err().code(), ErrorCode::Indeterminate);
    assert_eq!(counter.get().timeout(TIMEOUT).wait().unwrap(), 4);
    assert_eq!(counter.add(1).timeout(TIMEOUT).wait().unwrap(), 5);
}

#[test]
fn a_deadline_withdraws_an_unsent_add_and_reports_a_sent_one_as_indeterminate() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let counter = sandbox.client_through(&proxy).counter("/c");
    assert_eq!(counter.add(1).wait().unwrap(), 1);
    proxy.hold_replies(true);
    let sent = counter.add(10).timeout(Duration::from_millis(200)).wait().unwrap_err();
    assert_eq!(sent.code(), ErrorCode::Indeterminate, "{sent}");
    let queued = counter.add(100).timeout(Duration::from_millis(200)).wait().unwrap_err();
    assert_eq!(queued.code(), ErrorCode::Timeout, "{queued}");
    proxy.hold_replies(false);
    assert_eq!(counter.add(1000).timeout(TIMEOUT).wait().unwrap(), 1011);
}
