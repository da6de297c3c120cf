//! `lease_remaining`: how long a guard stays valid if no server answers any more.

use std::time::Duration;

use crate::support::{Sandbox, TIMEOUT, machine};
use zkcoord::Loss;
use zkcoord_testkit::eventually;

#[test]
fn a_lease_is_renewed_while_servers_answer_and_zero_after_a_release() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let longest = client.session_timeout().unwrap() * 5 / 8;
    let guard = client.mutex("/lock").acquire().wait().unwrap();
    let left = guard.lease_remaining().unwrap();
    assert!(left > Duration::ZERO && left <= longest, "{left:?}");
    guard.release().wait().unwrap();
    assert_eq!(guard.lease_remaining().unwrap(), Duration::ZERO);
}

#[test]
fn a_lease_that_is_not_renewed_ends_and_the_lock_is_lost() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let client = sandbox.client_through(&proxy);
    let guard = client.mutex("/lock").acquire().wait().unwrap();
    let little = client.session_timeout().unwrap() / 4;
    proxy.stall(true);
    assert!(eventually(TIMEOUT, || guard.lease_remaining().unwrap() < little));
    // The guard reports the end in advance, unless this process did not run in the meantime.
    let (held, left) = (guard.is_held(), guard.lease_remaining().unwrap());
    assert!(held || left.is_zero());
    assert_eq!(guard.lost().timeout(TIMEOUT).wait().unwrap(), Loss::LeaseEnded);
    assert_eq!(guard.lease_remaining().unwrap(), Duration::ZERO);
}

#[test]
fn a_lease_is_renewed_when_servers_answer_again() {
    // The servers must answer again before the lease ends.
    let _quiet = machine::quiet();
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let client = sandbox.client_through(&proxy);
    let guard = client.mutex("/lock").acquire().wait().unwrap();
    let some = client.session_timeout().unwrap() * 3 / 8;
    proxy.stall(true);
    assert!(eventually(TIMEOUT, || guard.lease_remaining().unwrap() < some));
    proxy.stall(false);
    assert!(eventually(TIMEOUT, || guard.lease_remaining().unwrap() > some));
    guard.check().unwrap();
}

#[test]
fn the_lease_of_a_multi_mutex_ends_with_the_first_lost_lock() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let guard = client.multi_mutex(["/a", "/b"]).acquire().wait().unwrap();
    assert!(guard.lease_remaining().unwrap() > Duration::ZERO);
    let (second, _) = guard.tokens().unwrap().pop().unwrap();
    sandbox.observer.delete(&sandbox.path(&second)).unwrap();
    assert_eq!(guard.lost().timeout(TIMEOUT).wait().unwrap(), Loss::NodeDeleted);
    assert_eq!(guard.lease_remaining().unwrap(), Duration::ZERO);
}
