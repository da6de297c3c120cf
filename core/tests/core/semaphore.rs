//! The semaphore against a real server.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::support::{Sandbox, TIMEOUT};
use zkcoord::{Client, ErrorCode, Guard, Op as Pending};
use zkcoord_testkit::{Op, eventually};

fn is_waiting(op: &mut Pending<Guard>) -> bool {
    op.wait_for(Duration::from_millis(100)).is_none()
}

#[test]
fn no_more_permits_than_the_maximum_are_granted() {
    let sandbox = Sandbox::new();
    let semaphore = sandbox.client().semaphore("/sem", 3);
    let two = semaphore.acquire(2).wait().unwrap();
    assert_eq!(sandbox.children("/sem/leases").len(), 2);
    let one = sandbox.client().semaphore("/sem", 3).try_acquire(1).wait().unwrap().unwrap();
    assert!(one.token() > two.token());
    assert!(semaphore.try_acquire(1).wait().unwrap().is_none());
    let mut waiting = semaphore.acquire(2);
    assert!(is_waiting(&mut waiting));
    assert_eq!(sandbox.children("/sem/leases").len(), 3, "a waiter holds no permit while it waits for more");
    one.release().wait().unwrap();
    assert!(is_waiting(&mut waiting));
    assert!(
        semaphore.try_acquire(1).wait().unwrap().is_none(),
        "a request for one permit does not overtake a request for two"
    );
    two.release().wait().unwrap();
    let granted = waiting.wait_for(TIMEOUT).unwrap().unwrap();
    assert_eq!(sandbox.children("/sem/leases").len(), 2);
    drop(granted);
    sandbox.await_children("/sem/leases", 0);
    sandbox.await_children("/sem/locks", 0);
}

#[test]
fn many_contenders_never_exceed_the_permits() {
    let sandbox = Sandbox::new();
    let held = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for number in 0..6 {
            let (sandbox, held) = (&sandbox, &held);
            scope.spawn(move || {
                let semaphore = sandbox.client().semaphore("/sem", 4);
                for round in 0..15 {
                    let wanted = 1 + (number + round) % 3;
                    let guard = semaphore.acquire(wanted).timeout(TIMEOUT).wait().unwrap();
                    assert!(held.fetch_add(wanted, Ordering::SeqCst) + wanted <= 4);
                    held.fetch_sub(wanted, Ordering::SeqCst);
                    guard.release().wait().unwrap();
                }
            });
        }
    });
    sandbox.await_children("/sem/leases", 0);
    sandbox.await_children("/sem/locks", 0);
}

#[test]
fn cancelled_acquires_leave_nothing() {
    let sandbox = Sandbox::new();
    let semaphore = sandbox.client().semaphore("/sem", 1);
    let guard = semaphore.acquire(1).wait().unwrap();
    let error = semaphore.acquire(1).timeout(Duration::from_millis(300)).wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::Timeout);
    assert!(error.message().contains("1 of 1 permits of /sem"), "{error}");
    assert_eq!([sandbox.children("/sem/leases").len(), sandbox.children("/sem/locks").len()], [1, 0]);
    let mut waiting = semaphore.acquire(1);
    assert!(is_waiting(&mut waiting));
    drop(waiting);
    sandbox.await_children("/sem/locks", 0);
    assert!(guard.is_held());
    for round in 0..60 {
        let mut op = sandbox.client().semaphore("/dropped", 2).acquire(2);
        let _outcome = op.wait_for(Duration::from_micros(round * 60));
    }
    sandbox.await_children("/dropped/locks", 0);
    sandbox.await_children("/dropped/leases", 0);
}

#[test]
fn a_swallowed_reply_acquires_the_permits_once() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let semaphore = sandbox.client_through(&proxy).semaphore("/sem", 2);
    semaphore.acquire(2).wait().unwrap().release().wait().unwrap();
    for rule in [proxy.swallow_reply(Op::Multi, 1), proxy.swallow_request(Op::Multi, 2)] {
        let guard = semaphore.acquire(2).timeout(TIMEOUT).wait().unwrap();
        assert!(guard.is_held());
        assert_eq!(sandbox.children("/sem/leases").len(), 2);
        guard.release().timeout(TIMEOUT).wait().unwrap();
        assert_eq!(rule.fired(), 1);
        sandbox.await_children("/sem/leases", 0);
    }
}

#[test]
fn a_permit_is_lost_with_its_node() {
    let sandbox = Sandbox::new();
    let guard = sandbox.client().semaphore("/sem", 2).acquire(2).wait().unwrap();
    let name = sandbox.children("/sem/leases").remove(1);
    sandbox.observer.delete(&sandbox.path(&format!("/sem/leases/{name}"))).unwrap();
    guard.lost().timeout(TIMEOUT).wait().unwrap();
    assert!(!guard.is_held());
    drop(guard);
    sandbox.await_children("/sem/leases", 0);
}

#[test]
fn invalid_numbers_of_permits_are_refused() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
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
fn a_waiter_acquires_after_an_outage_longer_than_its_lease() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let hosts = format!("{}{}", proxy.address(), sandbox.root);
    // The lease is 5/8 of this. The session must outlive it by more time than this test needs to notice.
    let client = Client::builder(hosts).session_timeout(Duration::from_secs(5)).connect().wait().unwrap();
    let taken = sandbox.client().semaphore("/sem", 1).acquire(1).wait().unwrap();
    let probe = client.mutex("/probe").acquire().wait().unwrap();
    let mut waiting = client.semaphore("/sem", 1).acquire(1);
    assert!(is_waiting(&mut waiting));
    sandbox.await_children("/sem/locks", 1);
    let queued = sandbox.children("/sem/locks");
    proxy.stall(true);
    assert!(eventually(TIMEOUT, || !probe.is_held()), "the lease has ended");
    proxy.stall(false);
    assert!(eventually(TIMEOUT, || sandbox.children("/sem/locks") != queued), "the waiter queues again");
    taken.release().wait().unwrap();
    assert!(waiting.wait_for(TIMEOUT).unwrap().unwrap().is_held());
}
