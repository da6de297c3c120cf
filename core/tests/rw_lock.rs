//! The read/write lock against a real server.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod support;

use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use support::{Corner, PATIENCE};
use zkcoord::{Op, Scheme};

const SCHEMES: [Scheme; 2] = [Scheme::Curator, Scheme::Kazoo];

fn is_waiting<T: Send + 'static>(op: &mut Op<T>) -> bool {
    op.wait_for(Duration::from_millis(100)).is_none()
}

#[test]
fn readers_share_and_writers_do_not() {
    for scheme in SCHEMES {
        let corner = Corner::new();
        let lock = corner.client().rw_lock("/lock").scheme(scheme);
        let first = lock.read().acquire().timeout(PATIENCE).wait().unwrap();
        let second =
            corner.client().rw_lock("/lock").scheme(scheme).read().try_acquire().wait().unwrap().unwrap();
        assert!(lock.write().try_acquire().wait().unwrap().is_none(), "{scheme:?}");
        let mut writer = lock.write().acquire();
        assert!(is_waiting(&mut writer));
        assert!(
            lock.read().try_acquire().wait().unwrap().is_none(),
            "a reader does not overtake a waiting writer"
        );
        let mut late = lock.read().acquire();
        assert!(is_waiting(&mut late));
        first.release().wait().unwrap();
        assert!(is_waiting(&mut writer), "one reader is still in");
        second.release().wait().unwrap();
        let writing = writer.wait_for(PATIENCE).unwrap().unwrap();
        assert!(is_waiting(&mut late));
        writing.release().wait().unwrap();
        assert!(late.wait_for(PATIENCE).unwrap().unwrap().token() > writing.token());
        corner.await_children("/lock", 0);
    }
}

#[test]
fn a_mixed_crowd_never_overlaps() {
    let corner = Corner::new();
    // Above zero: so many readers. -1: a writer.
    let inside = AtomicI32::new(0);
    std::thread::scope(|scope| {
        for number in 0..6 {
            let (corner, inside) = (&corner, &inside);
            scope.spawn(move || {
                let lock = corner.client().rw_lock("/lock");
                for round in 0..20 {
                    if (number + round) % 3 == 0 {
                        let guard = lock.write().acquire().timeout(PATIENCE).wait().unwrap();
                        assert_eq!(inside.swap(-1, Ordering::SeqCst), 0);
                        assert_eq!(inside.swap(0, Ordering::SeqCst), -1);
                        guard.release().wait().unwrap();
                    } else {
                        let guard = lock.read().acquire().timeout(PATIENCE).wait().unwrap();
                        assert!(inside.fetch_add(1, Ordering::SeqCst) >= 0);
                        assert!(inside.fetch_sub(1, Ordering::SeqCst) > 0);
                        guard.release().wait().unwrap();
                    }
                }
            });
        }
    });
    corner.await_children("/lock", 0);
}
