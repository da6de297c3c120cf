//! A counter that is deleted and made again behind a client's back, with the version that it had.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod support;

use support::{Corner, PATIENCE};
use zkcoord::Counter;
use zkcoord_testkit::{eventually, shared};

/// Deletes the counter and makes it anew with the value 100, at version 0.
fn remake(corner: &Corner) {
    let path = corner.path("/c");
    for child in corner.children("/c") {
        corner.observer.delete(&format!("{path}/{child}")).unwrap();
    }
    corner.observer.delete(&path).unwrap();
    corner.observer.create(&path, &100i64.to_be_bytes()).unwrap();
}

fn version(corner: &Corner) -> i32 {
    corner.observer.exists(&corner.path("/c")).unwrap().unwrap().version
}

fn add(counter: &Counter) -> i64 {
    counter.add(1).timeout(PATIENCE).wait().unwrap()
}

#[test]
fn the_new_node_is_added_to() {
    for exactly_once in [true, false] {
        let corner = Corner::new();
        let counter = corner.client().counter("/c").exactly_once(exactly_once);
        assert_eq!(add(&counter), 1);
        assert_eq!(version(&corner), 0);
        remake(&corner);
        assert_eq!(add(&counter), 101, "exactly once: {exactly_once}");
        assert_eq!((add(&counter), version(&corner)), (102, 2));
    }
}

#[test]
fn also_when_the_old_one_was_only_looked_at() {
    let corner = Corner::new();
    corner.observer.create(&corner.path("/c"), &7i64.to_be_bytes()).unwrap();
    let counter = corner.client().counter("/c");
    assert!(!counter.compare_and_set(1, 2).timeout(PATIENCE).wait().unwrap());
    remake(&corner);
    assert_eq!(add(&counter), 101);
}

#[test]
fn also_when_the_session_has_ended_meanwhile() {
    let corner = Corner::new();
    let client = corner.client();
    let counter = client.counter("/c");
    assert_eq!(add(&counter), 1);
    let session = client.session_id().unwrap();
    shared().expire(session).unwrap();
    assert!(eventually(PATIENCE, || ![0, session].contains(&client.session_id().unwrap())));
    remake(&corner);
    assert_eq!(add(&counter), 101);
}
