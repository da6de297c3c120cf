//! What a counter tells beside its changes: fresh and stale values, versions, blocks of numbers, waits.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod support;

use std::time::Duration;

use support::{Corner, PATIENCE};
use zkcoord::ErrorCode;
use zkcoord_testkit::Op;

#[test]
fn a_stale_read_asks_no_leader() {
    let corner = Corner::new();
    let proxy = corner.proxy();
    let counter = corner.client_through(&proxy).counter("/c").default(3);
    assert_eq!(counter.get_stale().wait().unwrap(), 3, "a missing node has the default");
    counter.set(7).wait().unwrap();
    let asked = |op| proxy.frames().iter().filter(|frame| frame.is_request(op)).count();
    proxy.clear_frames();
    assert_eq!(counter.get_stale().wait().unwrap(), 7);
    assert_eq!((asked(Op::GetData), asked(Op::Sync)), (1, 0));
    assert_eq!(counter.get().wait().unwrap(), 7);
    assert_eq!((asked(Op::GetData), asked(Op::Sync)), (2, 1));
}

#[test]
fn a_read_with_timeout_zero_needs_a_connection() {
    let corner = Corner::new();
    let proxy = corner.proxy();
    let client = corner.client_through(&proxy);
    let counter = client.counter("/c");
    for op in [counter.get(), counter.get_stale()] {
        assert_eq!(op.timeout(Duration::ZERO).wait().unwrap(), 0);
    }
    proxy.refuse(true);
    assert!(zkcoord_testkit::eventually(PATIENCE, || client.state().unwrap() != zkcoord::State::Connected));
    let error = counter.get_stale().timeout(Duration::ZERO).wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::ConnectionLost);
    let error = counter.versioned().timeout(Duration::from_millis(50)).wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::Timeout);
}

#[test]
fn versions_tell_writes() {
    let corner = Corner::new();
    let counter = corner.client().counter("/c").default(9);
    let versioned = || {
        let versioned = counter.versioned().wait().unwrap();
        (versioned.value, versioned.version)
    };
    assert_eq!(versioned(), (9, -1), "a missing node has no version");
    counter.set(5).wait().unwrap();
    assert_eq!(versioned(), (5, 0));
    counter.set(5).wait().unwrap();
    counter.add(2).wait().unwrap();
    assert_eq!(versioned(), (7, 2));
    assert!(!counter.compare_and_set(5, 6).wait().unwrap());
    assert_eq!(versioned(), (7, 2), "nothing was written");
}

#[test]
fn reserved_numbers_are_nobody_elses() {
    let corner = Corner::new();
    let numbers = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for crew in 0..3 {
            let (corner, numbers) = (&corner, &numbers);
            scope.spawn(move || {
                let counter = corner.client().counter("/ids");
                for n in 1..=40 {
                    let block = match (crew + n) % 2 {
                        0 => {
                            let block = counter.reserve(n).timeout(PATIENCE).wait().unwrap();
                            assert_eq!(block.clone().count(), n as usize);
                            block
                        }
                        _ => {
                            let id = counter.increment().timeout(PATIENCE).wait().unwrap();
                            id..=id
                        }
                    };
                    numbers.lock().unwrap().extend(block);
                }
            });
        }
    });
    let mut numbers = numbers.into_inner().unwrap();
    numbers.sort_unstable();
    let last = corner.client().counter("/ids").get().wait().unwrap();
    assert!(numbers.into_iter().eq(1..=last), "each once, and none left out");
}

#[test]
fn reserve_goes_up_to_the_last_number_and_wants_at_least_one() {
    let corner = Corner::new();
    let counter = corner.client().counter("/c");
    for n in [0, -1, i64::MIN] {
        let error = counter.reserve(n).wait().unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidArgument);
        assert!(error.message().contains(&format!("n \"{n}\"")), "{error}");
    }
    counter.set(i64::MAX - 3).wait().unwrap();
    assert_eq!(counter.reserve(4).wait().unwrap_err().code(), ErrorCode::Overflow);
    assert_eq!(counter.reserve(3).wait().unwrap(), i64::MAX - 2..=i64::MAX);
    assert_eq!(counter.reserve(1).wait().unwrap_err().code(), ErrorCode::Overflow);
}

#[test]
fn the_waits_of_changes_are_counted() {
    let corner = Corner::new();
    let proxy = corner.proxy();
    let counter = corner.client_through(&proxy).counter("/c");
    assert_eq!(counter.stats().count, 0);
    let clone = counter.clone();
    for _ in 0..5 {
        clone.increment().wait().unwrap();
    }
    assert!(!counter.compare_and_set(9, 1).wait().unwrap());
    assert_eq!(counter.get().wait().unwrap(), 5);
    let stats = counter.stats();
    assert_eq!((stats.count, stats.timeouts), (6, 0), "reads and errors are not counted");
    assert!(stats.mean > Duration::ZERO && stats.p50 <= stats.p99);
    proxy.clear_frames();
    proxy.hold_replies(true);
    let mut sent = counter.add(1);
    assert!(sent.wait_for(Duration::ZERO).is_none());
    assert!(proxy.wait_for(PATIENCE, |frames| frames.iter().any(|frame| frame.is_request(Op::Multi))));
    let late = counter.add(1).timeout(Duration::from_millis(50)).wait().unwrap_err();
    assert_eq!(late.code(), ErrorCode::Timeout);
    proxy.hold_replies(false);
    sent.wait_for(PATIENCE).unwrap().unwrap();
    let stats = counter.stats();
    assert_eq!((stats.count, stats.timeouts), (7, 1));
}
