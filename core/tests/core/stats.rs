//! The statistics of waits and holds, against a real server.

use std::time::Duration;

use crate::support::{Sandbox, TIMEOUT};
use zkcoord::Guard;
use zkcoord_testkit::shared;

#[test]
fn waits_are_counted() {
    let sandbox = Sandbox::new();
    let mutex = sandbox.client().mutex("/lock");
    for _ in 0..20 {
        mutex.clone().acquire().wait().unwrap().release().wait().unwrap();
    }
    let _guard = mutex.acquire().wait().unwrap();
    assert!(mutex.acquire().timeout(Duration::from_millis(50)).wait().is_err());
    let stats = mutex.stats();
    assert_eq!((stats.count, stats.timeouts), (21, 1));
    assert!(stats.p50 > Duration::ZERO && stats.p50 <= stats.p99);
    let chance = |budget| stats.success_probability(budget).unwrap();
    assert!(chance(TIMEOUT) > 0.99 && chance(stats.mean) == 0.5);
}

#[test]
fn holds_are_counted_when_they_end() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let mutex = client.mutex("/lock");
    let first = mutex.acquire().wait().unwrap();
    assert_eq!(mutex.stats().holds.count, 0);
    // Much longer than a wait for a free lock.
    assert!(mutex.acquire().timeout(Duration::from_millis(300)).wait().is_err());
    first.release().wait().unwrap();
    first.release().wait().unwrap();
    drop(first);
    let stats = mutex.stats();
    let holds = stats.holds;
    assert_eq!((stats.count, holds.count), (1, 1), "one hold, although released twice");
    assert!(holds.mean >= Duration::from_millis(300) && holds.mean > stats.mean, "{stats:?}");
    assert_eq!([holds.p50, holds.p99, holds.stddev], [holds.mean, holds.mean, Duration::ZERO]);
    drop(mutex.clone().try_acquire().wait().unwrap().unwrap());
    let stats = mutex.stats();
    assert_eq!((stats.count, stats.holds.count), (1, 2), "a try_acquire counts as a hold, not as a wait");
    assert!(stats.holds.stddev > Duration::ZERO && stats.holds.p50 <= stats.holds.p99);
}

#[test]
fn every_lock_counts_its_guards() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
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
    let handoff = client.mutex("/handoff").handoff(5);
    let first = handoff.acquire().wait().unwrap();
    let mut second = handoff.acquire();
    assert!(second.wait_for(Duration::ZERO).is_none());
    let mut cancelled = handoff.acquire();
    assert!(cancelled.wait_for(Duration::ZERO).is_none());
    drop(cancelled);
    drop(first);
    drop(second.wait().unwrap());
    assert_eq!((handoff.stats().count, handoff.stats().holds.count), (2, 2));
}

#[test]
fn lost_holds_do_not_count() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let mutex = client.mutex("/lock");
    let guard = mutex.acquire().wait().unwrap();
    shared().expire(client.session_id().unwrap()).unwrap();
    guard.lost().timeout(TIMEOUT).wait().unwrap();
    guard.release().wait().unwrap();
    assert_eq!((mutex.stats().count, mutex.stats().holds.count), (1, 0));
}
