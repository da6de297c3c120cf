//! The multi-mutex, which acquires several mutexes as one, against a real server.

use std::time::Duration;

use crate::support::{Sandbox, TIMEOUT};
use zkcoord::{ErrorCode, Loss};

#[test]
fn all_locks_are_acquired_and_released() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let locks = client.multi_mutex(["/b", "/a", "/b", "/c"]);
    assert_eq!(locks.paths().unwrap(), ["/a", "/b", "/c"]);
    let guard = locks.acquire().wait().unwrap();
    assert!(guard.is_held());
    for path in ["/a", "/b", "/c"] {
        assert_eq!(sandbox.children(path).len(), 1);
        assert!(client.mutex(path).try_acquire().wait().unwrap().is_none());
    }
    guard.release().wait().unwrap();
    for path in ["/a", "/b", "/c"] {
        assert!(sandbox.children(path).is_empty());
    }
}

#[test]
fn no_lock_is_kept_if_one_cannot_be_acquired() {
    let sandbox = Sandbox::new();
    let taken = sandbox.client().mutex("/b").acquire().wait().unwrap();
    let locks = sandbox.client().multi_mutex(["/a", "/b", "/c"]);
    assert!(locks.try_acquire().wait().unwrap().is_none());
    assert_eq!([sandbox.children("/a").len(), sandbox.children("/b").len()], [0, 1]);
    let error = locks.acquire().timeout(Duration::from_millis(300)).wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::Timeout);
    assert!(error.message().contains("/a, /b, /c"), "{error}");
    assert_eq!([sandbox.children("/a").len(), sandbox.children("/b").len()], [0, 1]);
    let mut waiting = locks.acquire();
    assert!(waiting.wait_for(Duration::from_millis(1)).is_none());
    sandbox.await_children("/b", 2);
    drop(waiting);
    sandbox.await_children("/a", 0);
    sandbox.await_children("/b", 1);
    drop(taken);
}

#[test]
fn opposite_orders_of_the_paths_do_not_deadlock() {
    let sandbox = Sandbox::new();
    std::thread::scope(|scope| {
        for paths in [["/a", "/b"], ["/b", "/a"]] {
            let client = sandbox.client();
            scope.spawn(move || {
                for _ in 0..50 {
                    let guard = client.multi_mutex(paths).acquire().timeout(TIMEOUT).wait().unwrap();
                    guard.release().wait().unwrap();
                }
            });
        }
    });
}

#[test]
fn the_loss_of_one_is_the_loss_of_all() {
    let sandbox = Sandbox::new();
    let guard = sandbox.client().multi_mutex(["/a", "/b"]).acquire().wait().unwrap();
    let (sender, receiver) = std::sync::mpsc::channel();
    guard.on_lost(move |loss| sender.send(loss).unwrap()).unwrap();
    let name = sandbox.children("/b").remove(0);
    sandbox.observer.delete(&sandbox.path(&format!("/b/{name}"))).unwrap();
    assert_eq!(guard.lost().timeout(TIMEOUT).wait().unwrap(), Loss::NodeDeleted);
    assert_eq!(receiver.recv_timeout(TIMEOUT).unwrap(), Loss::NodeDeleted);
    assert!(!guard.is_held());
    assert_eq!(guard.create("/x", b"").wait().unwrap_err().code(), ErrorCode::LockLost);
    drop(guard);
    sandbox.await_children("/a", 0);
    assert!(receiver.recv_timeout(Duration::from_millis(100)).is_err(), "reported once");
}

#[test]
fn no_paths_and_invalid_paths_are_refused() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    for locks in [client.multi_mutex(["/a", "b"]), client.multi_mutex(Vec::<String>::new())] {
        let error = locks.acquire().wait().unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidArgument);
        assert!(error.message().starts_with("paths "), "{error}");
    }
}

#[test]
fn tokens_grow_on_every_path() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let of_b = client.mutex("/b").acquire().wait().unwrap();
    let mut both = client.multi_mutex(["/a", "/b"]).acquire();
    assert!(both.wait_for(Duration::from_millis(1)).is_none());
    sandbox.await_children("/b", 2);
    // Queues on /a before the multi-mutex holds /b.
    let mut next = client.mutex("/a").acquire();
    assert!(next.wait_for(Duration::from_millis(1)).is_none());
    sandbox.await_children("/a", 2);
    of_b.release().wait().unwrap();
    let both = both.wait_for(TIMEOUT).unwrap().unwrap();
    let tokens = both.tokens().unwrap();
    assert!(tokens[0].0.starts_with("/a/") && tokens[1].0.starts_with("/b/"), "{tokens:?}");
    assert_eq!(both.token(), tokens[0].1);
    assert!(tokens[1].1 > of_b.token());
    both.release().wait().unwrap();
    assert!(next.wait_for(TIMEOUT).unwrap().unwrap().token() > tokens[0].1);
}
