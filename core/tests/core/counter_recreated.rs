//! A counter that is deleted and recreated while a client uses it, and whose version is the same as before.

use crate::support::{Sandbox, TIMEOUT};
use zkcoord::Counter;
use zkcoord_testkit::{eventually, shared};

/// Deletes the counter and recreates it with the value 100, at version 0.
fn recreate(sandbox: &Sandbox) {
    let path = sandbox.path("/c");
    for child in sandbox.children("/c") {
        sandbox.observer.delete(&format!("{path}/{child}")).unwrap();
    }
    sandbox.observer.delete(&path).unwrap();
    sandbox.observer.create(&path, &100i64.to_be_bytes()).unwrap();
}

fn version(sandbox: &Sandbox) -> i32 {
    sandbox.observer.exists(&sandbox.path("/c")).unwrap().unwrap().version
}

fn add(counter: &Counter) -> i64 {
    counter.add(1).timeout(TIMEOUT).wait().unwrap()
}

#[test]
fn an_add_after_an_add_uses_the_new_node() {
    for exactly_once in [true, false] {
        let sandbox = Sandbox::new();
        let counter = sandbox.client().counter("/c").exactly_once(exactly_once);
        assert_eq!(add(&counter), 1);
        assert_eq!(version(&sandbox), 0);
        recreate(&sandbox);
        assert_eq!(add(&counter), 101, "exactly once: {exactly_once}");
        assert_eq!((add(&counter), version(&sandbox)), (102, 2));
    }
}

#[test]
fn an_add_after_a_read_uses_the_new_node() {
    let sandbox = Sandbox::new();
    sandbox.observer.create(&sandbox.path("/c"), &7i64.to_be_bytes()).unwrap();
    let counter = sandbox.client().counter("/c");
    assert!(!counter.compare_and_set(1, 2).timeout(TIMEOUT).wait().unwrap());
    recreate(&sandbox);
    assert_eq!(add(&counter), 101);
}

#[test]
fn an_add_after_the_end_of_the_session_uses_the_new_node() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let counter = client.counter("/c");
    assert_eq!(add(&counter), 1);
    let session = client.session_id().unwrap();
    shared().expire(session).unwrap();
    assert!(eventually(TIMEOUT, || ![0, session].contains(&client.session_id().unwrap())));
    recreate(&sandbox);
    assert_eq!(add(&counter), 101);
}
