//! `MissGuard::forget`, against a real server.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::support::misses::{KEY, contenders, is_absent, load, misses, strict, turn};
use crate::support::{Sandbox, TIMEOUT, machine};
use zkcoord::{Client, Lookup};
use zkcoord_testkit::eventually;

#[test]
fn a_forgotten_key_is_loaded_at_once() {
    let sandbox = Sandbox::new();
    let (first, second) = (sandbox.client(), sandbox.client());
    strict(&first).forget(KEY).wait().unwrap();
    assert!(sandbox.children("/").iter().all(|name| name != "misses"), "a forget creates nothing");
    turn(&strict(&first), KEY).missed().wait().unwrap();
    assert!(is_absent(&strict(&second), KEY));
    strict(&second).forget(KEY).wait().unwrap();
    // A load that began before a forget does not restore the absence.
    let before = turn(&strict(&first), KEY);
    strict(&second).forget(KEY).wait().unwrap();
    before.missed().wait().unwrap();
    assert_eq!(misses(&sandbox), 0);
    assert!(!is_absent(&strict(&second), KEY));
}

#[test]
fn a_void_miss_answers_no_lookup() {
    let sandbox = Sandbox::new();
    let (first, second, third) = (sandbox.client(), sandbox.client(), sandbox.client());
    let guard = |client: &Client| client.miss_guard("/misses").threshold(100);
    turn(&guard(&first), KEY).missed().wait().unwrap();
    let before = turn(&guard(&first), KEY);
    guard(&second).forget(KEY).wait().unwrap();
    // In another process, and in the same process.
    let mut waiting = [guard(&third).begin(KEY), guard(&first).begin(KEY)];
    for op in &mut waiting {
        assert!(op.wait_for(Duration::from_millis(1)).is_none());
    }
    assert!(eventually(TIMEOUT, || contenders(&sandbox) == 2));
    before.missed().wait().unwrap();
    for op in &mut waiting {
        let answer = op.wait_for(TIMEOUT).unwrap().unwrap();
        assert!(matches!(answer, Lookup::Load(_)), "the lookups began after the forget");
    }
}

#[test]
fn no_lookup_after_a_forget_is_answered_from_before_it() {
    let _busy = machine::busy();
    let sandbox = Sandbox::new();
    let clients: Vec<_> = (0..6).map(|_| sandbox.client()).collect();
    let (exists, ended) = (AtomicBool::new(false), AtomicBool::new(false));
    thread::scope(|scope| {
        for client in &clients {
            scope.spawn(|| {
                while !ended.load(Ordering::SeqCst) {
                    load(&strict(client), || exists.load(Ordering::SeqCst));
                }
            });
        }
        let (writer, reader) = (sandbox.client(), sandbox.client());
        for round in 0..15 {
            assert!(eventually(TIMEOUT, || is_absent(&strict(&reader), KEY)), "{round}");
            exists.store(true, Ordering::SeqCst);
            strict(&writer).forget(KEY).timeout(TIMEOUT).wait().unwrap();
            for client in [&reader, &writer] {
                assert!(load(&strict(client), || exists.load(Ordering::SeqCst)), "{round}");
            }
            exists.store(false, Ordering::SeqCst);
        }
        ended.store(true, Ordering::SeqCst);
    });
}
