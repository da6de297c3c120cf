//! Several mutexes as one, against a real server.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod support;

use std::time::Duration;

use support::{Corner, PATIENCE};
use zkcoord::{ErrorCode, Loss};

#[test]
fn all_are_had_and_given_back() {
    let corner = Corner::new();
    let client = corner.client();
    let locks = client.multi_mutex(["/b", "/a", "/b", "/c"]);
    assert_eq!(locks.paths().unwrap(), ["/a", "/b", "/c"]);
    let guard = locks.acquire().wait().unwrap();
    assert!(guard.is_held());
    for path in ["/a", "/b", "/c"] {
        assert_eq!(corner.children(path).len(), 1);
        assert!(client.mutex(path).try_acquire().wait().unwrap().is_none());
    }
    guard.release().wait().unwrap();
    for path in ["/a", "/b", "/c"] {
        assert!(corner.children(path).is_empty());
    }
}

#[test]
fn none_is_kept_when_one_cannot_be_had() {
    let corner = Corner::new();
    let taken = corner.client().mutex("/b").acquire().wait().unwrap();
    let locks = corner.client().multi_mutex(["/a", "/b", "/c"]);
    assert!(locks.try_acquire().wait().unwrap().is_none());
    assert_eq!([corner.children("/a").len(), corner.children("/b").len()], [0, 1]);
    let error = locks.acquire().timeout(Duration::from_millis(300)).wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::Timeout);
    assert!(error.message().contains("/a, /b, /c"), "{error}");
    assert_eq!([corner.children("/a").len(), corner.children("/b").len()], [0, 1]);
    let mut waiting = locks.acquire();
    assert!(waiting.wait_for(Duration::from_millis(1)).is_none());
    corner.await_children("/b", 2);
    drop(waiting);
    corner.await_children("/a", 0);
    corner.await_children("/b", 1);
    drop(taken);
}

#[test]
fn opposite_orders_do_not_wait_for_each_other() {
    let corner = Corner::new();
    std::thread::scope(|scope| {
        for paths in [["/a", "/b"], ["/b", "/a"]] {
            let client = corner.client();
            scope.spawn(move || {
                for _ in 0..50 {
                    let guard = client.multi_mutex(paths).acquire().timeout(PATIENCE).wait().unwrap();
                    guard.release().wait().unwrap();
                }
            });
        }
    });
}

#[test]
fn the_loss_of_one_is_the_loss_of_all() {
    let corner = Corner::new();
    let guard = corner.client().multi_mutex(["/a", "/b"]).acquire().wait().unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    guard.on_lost(move |loss| tell.send(loss).unwrap()).unwrap();
    let name = corner.children("/b").remove(0);
    corner.observer.delete(&corner.path(&format!("/b/{name}"))).unwrap();
    assert_eq!(guard.lost().timeout(PATIENCE).wait().unwrap(), Loss::NodeDeleted);
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), Loss::NodeDeleted);
    assert!(!guard.is_held());
    assert_eq!(guard.create("/x", b"").wait().unwrap_err().code(), ErrorCode::LockLost);
    drop(guard);
    corner.await_children("/a", 0);
    assert!(told.recv_timeout(Duration::from_millis(100)).is_err(), "told once");
}

#[test]
fn no_paths_and_bad_paths_are_refused() {
    let corner = Corner::new();
    let client = corner.client();
    for locks in [client.multi_mutex(["/a", "b"]), client.multi_mutex(Vec::<String>::new())] {
        let error = locks.acquire().wait().unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidArgument);
        assert!(error.message().starts_with("paths "), "{error}");
    }
}

#[test]
fn tokens_grow_on_every_path() {
    let corner = Corner::new();
    let client = corner.client();
    let of_b = client.mutex("/b").acquire().wait().unwrap();
    let mut both = client.multi_mutex(["/a", "/b"]).acquire();
    assert!(both.wait_for(Duration::from_millis(1)).is_none());
    corner.await_children("/b", 2);
    // Queued on /a before the other has /b.
    let mut next = client.mutex("/a").acquire();
    assert!(next.wait_for(Duration::from_millis(1)).is_none());
    corner.await_children("/a", 2);
    of_b.release().wait().unwrap();
    let both = both.wait_for(PATIENCE).unwrap().unwrap();
    let tokens = both.tokens().unwrap();
    assert!(tokens[0].0.starts_with("/a/") && tokens[1].0.starts_with("/b/"), "{tokens:?}");
    assert_eq!(both.token(), tokens[0].1);
    assert!(tokens[1].1 > of_b.token());
    both.release().wait().unwrap();
    assert!(next.wait_for(PATIENCE).unwrap().unwrap().token() > tokens[0].1);
}
