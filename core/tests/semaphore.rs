//! The semaphore against a real server.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use support::{Corner, PATIENCE};
use zkcoord::{Client, ErrorCode, Guard, Op as Pending};
use zkcoord_testkit::{Op, eventually};

fn is_waiting(op: &mut Pending<Guard>) -> bool {
    op.wait_for(Duration::from_millis(100)).is_none()
}

#[test]
fn so_many_are_had_and_no_more() {
    let corner = Corner::new();
    let semaphore = corner.client().semaphore("/sem", 3);
    let two = semaphore.acquire(2).wait().unwrap();
    assert_eq!(corner.children("/sem/leases").len(), 2);
    let one = corner.client().semaphore("/sem", 3).try_acquire(1).wait().unwrap().unwrap();
    assert!(one.token() > two.token());
    assert!(semaphore.try_acquire(1).wait().unwrap().is_none());
    let mut waiting = semaphore.acquire(2);
    assert!(is_waiting(&mut waiting));
    assert_eq!(corner.children("/sem/leases").len(), 3, "none is held while waiting for more");
    one.release().wait().unwrap();
    assert!(is_waiting(&mut waiting));
    assert!(semaphore.try_acquire(1).wait().unwrap().is_none(), "who wants few does not overtake");
    two.release().wait().unwrap();
    let granted = waiting.wait_for(PATIENCE).unwrap().unwrap();
    assert_eq!(corner.children("/sem/leases").len(), 2);
    drop(granted);
    corner.await_children("/sem/leases", 0);
    corner.await_children("/sem/locks", 0);
}

#[test]
fn a_crowd_never_exceeds_the_permits() {
    let corner = Corner::new();
    let out = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for number in 0..6 {
            let (corner, out) = (&corner, &out);
            scope.spawn(move || {
                let semaphore = corner.client().semaphore("/sem", 4);
                for round in 0..15 {
                    let wanted = 1 + (number + round) % 3;
                    let guard = semaphore.acquire(wanted).timeout(PATIENCE).wait().unwrap();
                    assert!(out.fetch_add(wanted, Ordering::SeqCst) + wanted <= 4);
                    out.fetch_sub(wanted, Ordering::SeqCst);
                    guard.release().wait().unwrap();
                }
            });
        }
    });
    corner.await_children("/sem/leases", 0);
    corner.await_children("/sem/locks", 0);
}

#[test]
fn giving_up_leaves_nothing() {
    let corner = Corner::new();
    let semaphore = corner.client().semaphore("/sem", 1);
    let guard = semaphore.acquire(1).wait().unwrap();
    let error = semaphore.acquire(1).timeout(Duration::from_millis(300)).wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::Timeout);
    assert!(error.message().contains("1 of 1 permits of /sem"), "{error}");
    assert_eq!([corner.children("/sem/leases").len(), corner.children("/sem/locks").len()], [1, 0]);
    let mut waiting = semaphore.acquire(1);
    assert!(is_waiting(&mut waiting));
    drop(waiting);
    corner.await_children("/sem/locks", 0);
    assert!(guard.is_held());
    for round in 0..60 {
        let mut op = corner.client().semaphore("/storm", 2).acquire(2);
        let _outcome = op.wait_for(Duration::from_micros(round * 60));
    }
    corner.await_children("/storm/locks", 0);
    corner.await_children("/storm/leases", 0);
}

#[test]
fn a_swallowed_reply_takes_the_permits_once() {
    let corner = Corner::new();
    let proxy = corner.proxy();
    let semaphore = corner.client_through(&proxy).semaphore("/sem", 2);
    semaphore.acquire(2).wait().unwrap().release().wait().unwrap();
    for rule in [proxy.swallow_reply(Op::Multi, 1), proxy.swallow_request(Op::Multi, 2)] {
        let guard = semaphore.acquire(2).timeout(PATIENCE).wait().unwrap();
        assert!(guard.is_held());
        assert_eq!(corner.children("/sem/leases").len(), 2);
        guard.release().timeout(PATIENCE).wait().unwrap();
        assert_eq!(rule.fired(), 1);
        corner.await_children("/sem/leases", 0);
    }
}

#[test]
fn a_permit_is_lost_with_its_node() {
    let corner = Corner::new();
    let guard = corner.client().semaphore("/sem", 2).acquire(2).wait().unwrap();
    let name = corner.children("/sem/leases").remove(1);
    corner.observer.delete(&corner.path(&format!("/sem/leases/{name}"))).unwrap();
    guard.lost().timeout(PATIENCE).wait().unwrap();
    assert!(!guard.is_held());
    drop(guard);
    corner.await_children("/sem/leases", 0);
}

#[test]
fn permits_that_cannot_be_are_refused() {
    let corner = Corner::new();
    let client = corner.client();
    for op in [
        client.semaphore("/sem", 0).acquire(1),
        client.semaphore("/sem", 3).acquire(0),
        client.semaphore("/sem", 3).acquire(4),
        client.semaphore("/sem", usize::MAX).acquire(1),
        client.semaphore("sem", 3).acquire(1),
    ] {
        assert_eq!(op.wait().unwrap_err().code(), ErrorCode::InvalidArgument);
    }
}

#[test]
fn who_waits_at_the_gate_gets_through_an_outage_longer_than_its_lease() {
    let corner = Corner::new();
    let proxy = corner.proxy();
    let hosts = format!("{}{}", proxy.address(), corner.root);
    // Long enough for the session to outlive its lease, which is 5/8 of that, by more than this takes to notice.
    let client = Client::builder(hosts).session_timeout(Duration::from_secs(5)).connect().wait().unwrap();
    let taken = corner.client().semaphore("/sem", 1).acquire(1).wait().unwrap();
    let probe = client.mutex("/probe").acquire().wait().unwrap();
    let mut waiting = client.semaphore("/sem", 1).acquire(1);
    assert!(is_waiting(&mut waiting));
    corner.await_children("/sem/locks", 1);
    let gate = corner.children("/sem/locks");
    proxy.stall(true);
    assert!(eventually(PATIENCE, || !probe.is_held()), "the lease has ended");
    proxy.stall(false);
    assert!(eventually(PATIENCE, || corner.children("/sem/locks") != gate), "it queues again");
    taken.release().wait().unwrap();
    assert!(waiting.wait_for(PATIENCE).unwrap().unwrap().is_held());
}
