//! The mutex against a real server.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod support;

use support::Corner;

#[test]
fn a_free_lock_is_had_and_given_back() {
    let corner = Corner::new();
    let client = corner.client();
    let mutex = client.mutex("/a/lock");
    let guard = mutex.acquire().wait().unwrap();
    assert!(guard.is_held());
    assert_eq!(corner.children("/a/lock").len(), 1);
    assert!(mutex.try_acquire().wait().unwrap().is_none());
    guard.release().wait().unwrap();
    assert!(!guard.is_held());
    assert_eq!(corner.children("/a/lock"), Vec::<String>::new());
    let n = client.counter("/c/x");
    for i in 1..10 {
        assert_eq!(n.add(1).wait().unwrap(), i);
    }
    assert_eq!(n.get().wait().unwrap(), 9);
    let t = std::time::Instant::now();
    for _ in 0..1000 {
        mutex.acquire().wait().unwrap().release().wait().unwrap();
    }
    eprintln!("1000 cycles {:?}", t.elapsed());
    let t = std::time::Instant::now();
    for _ in 0..1000 {
        n.add(1).wait().unwrap();
    }
    eprintln!("1000 adds {:?}", t.elapsed());
    client.close().wait().unwrap();
}
