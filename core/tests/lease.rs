//! How much longer a guard is good when no server answers any more.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod support;

use std::time::Duration;

use support::{Corner, PATIENCE};
use zkcoord::Loss;
use zkcoord_testkit::eventually;

#[test]
fn a_lease_is_fresh_while_servers_answer_and_over_after_a_release() {
    let corner = Corner::new();
    let client = corner.client();
    let longest = client.session_timeout().unwrap() * 5 / 8;
    let guard = client.mutex("/lock").acquire().wait().unwrap();
    let left = guard.lease_remaining().unwrap();
    assert!(left > Duration::ZERO && left <= longest, "{left:?}");
    guard.release().wait().unwrap();
    assert_eq!(guard.lease_remaining().unwrap(), Duration::ZERO);
}

#[test]
fn a_lease_runs_out_in_silence_and_then_the_lock_is_lost() {
    let corner = Corner::new();
    let proxy = corner.proxy();
    let client = corner.client_through(&proxy);
    let guard = client.mutex("/lock").acquire().wait().unwrap();
    let little = client.session_timeout().unwrap() / 4;
    proxy.stall(true);
    assert!(eventually(PATIENCE, || guard.lease_remaining().unwrap() < little));
    // Told in advance, unless this machine slept through the rest.
    let (held, left) = (guard.is_held(), guard.lease_remaining().unwrap());
    assert!(held || left.is_zero());
    assert_eq!(guard.lost().timeout(PATIENCE).wait().unwrap(), Loss::LeaseEnded);
    assert_eq!(guard.lease_remaining().unwrap(), Duration::ZERO);
}

#[test]
fn a_lease_is_renewed_when_servers_answer_again() {
    let corner = Corner::new();
    let proxy = corner.proxy();
    let client = corner.client_through(&proxy);
    let guard = client.mutex("/lock").acquire().wait().unwrap();
    let some = client.session_timeout().unwrap() * 3 / 8;
    proxy.stall(true);
    assert!(eventually(PATIENCE, || guard.lease_remaining().unwrap() < some));
    proxy.stall(false);
    assert!(eventually(PATIENCE, || guard.lease_remaining().unwrap() > some));
    guard.check().unwrap();
}

#[test]
fn of_several_locks_the_first_that_is_lost_ends_it() {
    let corner = Corner::new();
    let client = corner.client();
    let guard = client.multi_mutex(["/a", "/b"]).acquire().wait().unwrap();
    assert!(guard.lease_remaining().unwrap() > Duration::ZERO);
    let (second, _) = guard.tokens().unwrap().pop().unwrap();
    corner.observer.delete(&corner.path(&second)).unwrap();
    assert_eq!(guard.lost().timeout(PATIENCE).wait().unwrap(), Loss::NodeDeleted);
    assert_eq!(guard.lease_remaining().unwrap(), Duration::ZERO);
}
