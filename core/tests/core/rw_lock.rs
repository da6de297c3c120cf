//! The read/write lock against a real server.

use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use crate::support::{Sandbox, TIMEOUT, is_waiting};
use zkcoord::{ErrorCode, Loss, Scheme};
use zkcoord_testkit::{Op as Request, shared};

const SCHEMES: [Scheme; 2] = [Scheme::Curator, Scheme::Kazoo];

#[test]
fn readers_share_and_writers_do_not() {
    for scheme in SCHEMES {
        let sandbox = Sandbox::new();
        let lock = sandbox.client().rw_lock("/lock").scheme(scheme);
        let first = lock.read().acquire().timeout(TIMEOUT).wait().unwrap();
        let second =
            sandbox.client().rw_lock("/lock").scheme(scheme).read().try_acquire().wait().unwrap().unwrap();
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
        assert!(is_waiting(&mut writer), "one reader still holds the lock");
        second.release().wait().unwrap();
        let writing = writer.wait_for(TIMEOUT).unwrap().unwrap();
        assert!(is_waiting(&mut late));
        writing.release().wait().unwrap();
        assert!(late.wait_for(TIMEOUT).unwrap().unwrap().token() > writing.token());
        sandbox.await_children("/lock", 0);
    }
}

#[test]
fn readers_and_writers_never_overlap() {
    let sandbox = Sandbox::new();
    // A positive number counts readers, -1 is a writer.
    let inside = AtomicI32::new(0);
    std::thread::scope(|scope| {
        for number in 0..6 {
            let (sandbox, inside) = (&sandbox, &inside);
            scope.spawn(move || {
                let lock = sandbox.client().rw_lock("/lock");
                for round in 0..20 {
                    if (number + round) % 3 == 0 {
                        let guard = lock.write().acquire().timeout(TIMEOUT).wait().unwrap();
                        assert_eq!(inside.swap(-1, Ordering::SeqCst), 0);
                        assert_eq!(inside.swap(0, Ordering::SeqCst), -1);
                        guard.release().wait().unwrap();
                    } else {
                        let guard = lock.read().acquire().timeout(TIMEOUT).wait().unwrap();
                        assert!(inside.fetch_add(1, Ordering::SeqCst) >= 0);
                        assert!(inside.fetch_sub(1, Ordering::SeqCst) > 0);
                        guard.release().wait().unwrap();
                    }
                }
            });
        }
    });
    sandbox.await_children("/lock", 0);
}

#[test]
fn an_owner_may_acquire_each_side_again() {
    for scheme in SCHEMES {
        let sandbox = Sandbox::new();
        let client = sandbox.client();
        let owned = |owner| client.rw_lock("/lock").scheme(scheme).owned_by(owner);
        for write in [true, false] {
            let of = |owner| if write { owned(owner).write().clone() } else { owned(owner).read().clone() };
            let first = of(1).acquire().wait().unwrap();
            let mut writer = owned(2).write().acquire();
            assert!(is_waiting(&mut writer));
            let second = of(1).acquire().timeout(TIMEOUT).wait().unwrap();
            assert_eq!((second.token(), second.node()), (first.token(), first.node()));
            assert!(of(2).try_acquire().wait().unwrap().is_none(), "{scheme:?}: another owner holds it");
            first.release().wait().unwrap();
            assert!(second.is_held() && is_waiting(&mut writer));
            drop(second);
            assert!(writer.wait_for(TIMEOUT).unwrap().unwrap().is_held());
        }
        sandbox.await_children("/lock", 0);
    }
}

#[test]
fn upgrading_a_read_lock_is_refused() {
    for scheme in SCHEMES {
        let sandbox = Sandbox::new();
        let client = sandbox.client();
        let lock = client.rw_lock("/lock").scheme(scheme).owned_by(1);
        let reading = lock.read().acquire().wait().unwrap();
        let error = lock.write().acquire().wait().unwrap_err();
        assert_eq!(error.code(), ErrorCode::WouldDeadlock);
        assert!(error.message().contains("/lock") && error.message().contains("cannot become"), "{error}");
        assert!(lock.write().try_acquire().wait().unwrap().is_none());
        assert!(client.mutex("/lock").asked_by(1).try_acquire().wait().unwrap().is_none());
        assert_eq!(
            client.rw_lock("/lock").write().clone().asked_by(1).acquire().wait().unwrap_err().code(),
            ErrorCode::WouldDeadlock
        );
        assert!(
            is_waiting(&mut client.rw_lock("/lock").scheme(scheme).write().acquire()),
            "the caller is not known"
        );
        reading.release().wait().unwrap();
        drop(lock.write().acquire().timeout(TIMEOUT).wait().unwrap());
        sandbox.await_children("/lock", 0);
    }
}

#[test]
fn nobody_writes_during_a_downgrade() {
    for scheme in SCHEMES {
        let sandbox = Sandbox::new();
        let client = sandbox.client();
        let lock = client.rw_lock("/lock").scheme(scheme).owned_by(1);
        let writing = lock.write().acquire().wait().unwrap();
        // A writer of the same client, a writer of another client, and a reader behind them.
        let mut ours = client.rw_lock("/lock").scheme(scheme).write().acquire();
        assert!(is_waiting(&mut ours));
        let rival = sandbox.client().rw_lock("/lock").scheme(scheme);
        let mut theirs = rival.write().acquire();
        assert!(is_waiting(&mut theirs));
        let mut late = rival.read().acquire();
        assert!(is_waiting(&mut late));

        let reading = lock.read().acquire().timeout(TIMEOUT).wait().unwrap();
        assert_eq!(reading.token(), writing.token(), "the reader takes the place of the writer");
        assert_ne!(reading.node(), writing.node());
        let queue = lock.read().inspect().wait().unwrap();
        let roles: Vec<_> = queue.iter().map(|it| (it.is_holder, it.is_reader)).collect();
        let waiters = [(false, false), (false, false), (false, true)];
        assert!(roles[..2].contains(&(true, true)) && roles[..2].contains(&(true, false)), "{roles:?}");
        assert_eq!((&roles[2..], queue.warnings.len()), (&waiters[..], 0), "{queue:?}");
        // The owner still holds both sides, and may acquire both again.
        assert_eq!(lock.write().acquire().wait().unwrap().node(), writing.node());
        assert_eq!(lock.read().acquire().wait().unwrap().node(), reading.node());

        writing.release().wait().unwrap();
        assert!(
            reading.is_held() && is_waiting(&mut ours) && is_waiting(&mut theirs) && is_waiting(&mut late)
        );
        assert_eq!(lock.write().acquire().wait().unwrap_err().code(), ErrorCode::WouldDeadlock);
        reading.set_data("/lock", b"guarded", None).wait().unwrap();
        reading.release().wait().unwrap();
        let next = ours.wait_for(TIMEOUT).unwrap().unwrap();
        assert!(next.token() > reading.token() && is_waiting(&mut theirs));
        drop(next);
        drop(theirs.wait_for(TIMEOUT).unwrap().unwrap());
        drop(late.wait_for(TIMEOUT).unwrap().unwrap());
        sandbox.await_children("/lock", 0);
    }
}

#[test]
fn other_readers_join_a_downgraded_reader() {
    for scheme in SCHEMES {
        let sandbox = Sandbox::new();
        let lock = sandbox.client().rw_lock("/lock").scheme(scheme).owned_by(1);
        let writing = lock.write().acquire().wait().unwrap();
        let mut reader = sandbox.client().rw_lock("/lock").scheme(scheme).read().acquire();
        assert!(is_waiting(&mut reader));
        let reading = lock.read().try_acquire().wait().unwrap().unwrap();
        assert!(is_waiting(&mut reader), "the owner still writes");
        drop(writing);
        let beside = reader.wait_for(TIMEOUT).unwrap().unwrap();
        assert!(reading.is_held() && beside.is_held());
    }
}

#[test]
fn a_swallowed_reply_to_a_downgrade_is_resolved() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let lock = sandbox.client_through(&proxy).rw_lock("/lock").owned_by(1);
    for swallow_reply in [true, false] {
        let writing = lock.write().acquire().timeout(TIMEOUT).wait().unwrap();
        let rule = match swallow_reply {
            true => proxy.swallow_reply(Request::Multi, 1),
            false => proxy.swallow_request(Request::Multi, 1),
        };
        let reading = lock.read().acquire().timeout(TIMEOUT).wait().unwrap();
        assert_eq!((rule.fired(), sandbox.children("/lock").len()), (1, 2));
        writing.release().timeout(TIMEOUT).wait().unwrap();
        assert!(
            reading.is_held() && sandbox.children("/lock").iter().any(|name| reading.node().ends_with(name))
        );
        reading.release().timeout(TIMEOUT).wait().unwrap();
        assert!(sandbox.children("/lock").is_empty());
    }
}

#[test]
fn a_cancelled_downgrade_leaves_nothing() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let lock = sandbox.client_through(&proxy).rw_lock("/lock").owned_by(1);
    for round in 0..60 {
        let writing = lock.write().acquire().timeout(TIMEOUT).wait().unwrap();
        let mut reading = lock.read().acquire();
        drop(reading.wait_for(Duration::from_micros(round * 40)));
        if round % 20 == 0 {
            proxy.cut();
        }
        drop(reading);
        drop(writing);
    }
    sandbox.await_children("/lock", 0);
    proxy.hold_replies(true);
    let error = lock.read().acquire().timeout(Duration::from_millis(200)).wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::Timeout);
    proxy.hold_replies(false);
    sandbox.await_children("/lock", 0);
}

#[test]
fn a_lost_write_lock_is_not_downgraded() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let lock = client.rw_lock("/lock").owned_by(1);
    let writing = lock.write().acquire().wait().unwrap();
    let mut next = sandbox.client().rw_lock("/lock").write().acquire();
    assert!(is_waiting(&mut next));
    // The holder does not know this yet.
    sandbox.observer.delete(&sandbox.path(writing.node())).unwrap();
    let mut reading = lock.read().acquire();
    let next = next.wait_for(TIMEOUT).unwrap().unwrap();
    assert!(is_waiting(&mut reading));
    assert_eq!(writing.lost().timeout(TIMEOUT).wait().unwrap(), Loss::NodeDeleted);
    drop(next);
    let reading = reading.wait_for(TIMEOUT).unwrap().unwrap();
    assert!(reading.token() > writing.token());
    // All locks are lost with the session.
    shared().expire(client.session_id().unwrap()).unwrap();
    assert_eq!(reading.lost().timeout(TIMEOUT).wait().unwrap(), Loss::SessionGone);
    let writing = lock.write().acquire().timeout(TIMEOUT).wait().unwrap();
    assert!(writing.is_held(), "a lost lock does not count as held");
}
