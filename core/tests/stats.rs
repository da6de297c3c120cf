//! What handles tell of their waits and holds, against a real server.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod support;

use std::time::Duration;

use support::{Corner, PATIENCE};
use zkcoord::Guard;
use zkcoord_testkit::shared;

#[test]
fn waits_are_counted() {
    let corner = Corner::new();
    let mutex = corner.client().mutex("/lock");
    for _ in 0..20 {
        mutex.clone().acquire().wait().unwrap().release().wait().unwrap();
    }
    let _guard = mutex.acquire().wait().unwrap();
    assert!(mutex.acquire().timeout(Duration::from_millis(50)).wait().is_err());
    let stats = mutex.stats();
    assert_eq!((stats.count, stats.timeouts), (21, 1));
    assert!(stats.p50 > Duration::ZERO && stats.p50 <= stats.p99);
    let chance = |budget| stats.success_probability(budget).unwrap();
    assert!(chance(PATIENCE) > 0.99 && chance(stats.mean) == 0.5);
}

#[test]
fn holds_are_counted_when_they_end() {
    let corner = Corner::new();
    let client = corner.client();
    let mutex = client.mutex("/lock");
    let first = mutex.acquire().wait().unwrap();
    assert_eq!(mutex.stats().holds.count, 0);
    // Longer than a wait for a free lock by far.
    assert!(mutex.acquire().timeout(Duration::from_millis(300)).wait().is_err());
    first.release().wait().unwrap();
    first.release().wait().unwrap();
    drop(first);
    let stats = mutex.stats();
    let holds = stats.holds;
    assert_eq!((stats.count, holds.count), (1, 1), "once, however often it is released");
    assert!(holds.mean >= Duration::from_millis(300) && holds.mean > stats.mean, "{stats:?}");
    assert_eq!([holds.p50, holds.p99, holds.stddev], [holds.mean, holds.mean, Duration::ZERO]);
    drop(mutex.clone().try_acquire().wait().unwrap().unwrap());
    let stats = mutex.stats();
    assert_eq!((stats.count, stats.holds.count), (1, 2), "to try is not to wait, but to hold");
    assert!(stats.holds.stddev > Duration::ZERO && stats.holds.p50 <= stats.holds.p99);
}

#[test]
fn every_lock_counts_its_guards() {
    let corner = Corner::new();
    let client = corner.client();
    let end = |guards: Vec<Guard>| guards.into_iter().for_each(|guard| guard.release().wait().unwrap());
    let semaphore = client.semaphore("/semaphore", 5);
    end(vec![semaphore.acquire(3).wait().unwrap(), semaphore.try_acquire(2).wait().unwrap().unwrap()]);
    assert_eq!((semaphore.stats().count, semaphore.stats().holds.count), (1, 2));
    let both = client.multi_mutex(["/a", "/b"]);
    end(vec![both.acquire().wait().unwrap()]);
    assert_eq!((both.stats().count, both.stats().holds.count), (1, 1));
    let lock = client.reentrant_mutex("/reentrant");
    end(vec![lock.acquire().wait().unwrap(), lock.acquire().wait().unwrap()]);
    assert_eq!((lock.stats().count, lock.stats().holds.count), (2, 2));
    let rw = client.rw_lock("/rw").owned_by(1);
    end(vec![rw.write().acquire().wait().unwrap(), rw.read().acquire().wait().unwrap()]);
    assert_eq!((rw.write().stats().holds.count, rw.read().stats().holds.count), (1, 1));
    let handed = client.mutex("/handed").handoff(5);
    let first = handed.acquire().wait().unwrap();
    let mut second = handed.acquire();
    assert!(second.wait_for(Duration::ZERO).is_none());
    let mut gone = handed.acquire();
    assert!(gone.wait_for(Duration::ZERO).is_none());
    drop(gone);
    drop(first);
    drop(second.wait().unwrap());
    assert_eq!((handed.stats().count, handed.stats().holds.count), (2, 2));
}

#[test]
fn lost_holds_do_not_count() {
    let corner = Corner::new();
    let client = corner.client();
    let mutex = client.mutex("/lock");
    let guard = mutex.acquire().wait().unwrap();
    shared().expire(client.session_id().unwrap()).unwrap();
    guard.lost().timeout(PATIENCE).wait().unwrap();
    guard.release().wait().unwrap();
    assert_eq!((mutex.stats().count, mutex.stats().holds.count), (1, 0));
}
