//! Reads of a counter, fresh and stale, its versions, reserved blocks of numbers, and its statistics.

use std::time::Duration;

use crate::support::{Sandbox, TIMEOUT};
use zkcoord::ErrorCode;
use zkcoord_testkit::Op;

#[test]
fn a_stale_read_does_not_sync() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let counter = sandbox.client_through(&proxy).counter("/c").default(3);
    assert_eq!(counter.get_stale().wait().unwrap(), 3, "a missing node has the default value");
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
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let client = sandbox.client_through(&proxy);
    let counter = client.counter("/c");
    for op in [counter.get(), counter.get_stale()] {
        assert_eq!(op.timeout(Duration::ZERO).wait().unwrap(), 0);
    }
    proxy.refuse(true);
    assert!(zkcoord_testkit::eventually(TIMEOUT, || client.state().unwrap() != zkcoord::State::Connected));
    let error = counter.get_stale().timeout(Duration::ZERO).wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::ConnectionLost);
    let error = counter.versioned().timeout(Duration::from_millis(50)).wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::Timeout);
}

#[test]
fn the_version_counts_writes() {
    let sandbox = Sandbox::new();
    let counter = sandbox.client().counter("/c").default(9);
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
fn reserved_numbers_are_unique() {
    let sandbox = Sandbox::new();
    let numbers = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for thread in 0..3 {
            let (sandbox, numbers) = (&sandbox, &numbers);
            scope.spawn(move || {
                let counter = sandbox.client().counter("/ids");
                for n in 1..=40 {
                    let block = match (thread + n) % 2 {
                        0 => {
                            let block = counter.reserve(n).timeout(TIMEOUT).wait().unwrap();
                            assert_eq!(block.clone().count(), n as usize);
                            block
                        }
                        _ => {
                            let id = counter.increment().timeout(TIMEOUT).wait().unwrap();
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
    let last = sandbox.client().counter("/ids").get().wait().unwrap();
    assert!(numbers.into_iter().eq(1..=last), "each number exactly once");
}

#[test]
fn reserve_needs_at_least_one_number_and_stops_at_the_largest() {
    let sandbox = Sandbox::new();
    let counter = sandbox.client().counter("/c");
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
fn statistics_count_the_waits_of_changes() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let counter = sandbox.client_through(&proxy).counter("/c");
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
    assert!(proxy.wait_for(TIMEOUT, |frames| frames.iter().any(|frame| frame.is_request(Op::Multi))));
    let late = counter.add(1).timeout(Duration::from_millis(50)).wait().unwrap_err();
    assert_eq!(late.code(), ErrorCode::Timeout);
    proxy.hold_replies(false);
    sent.wait_for(TIMEOUT).unwrap().unwrap();
    let stats = counter.stats();
    assert_eq!((stats.count, stats.timeouts), (7, 1));
}
