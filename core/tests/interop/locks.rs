//! Locks shared with Curator and kazoo, on one real server.

use std::sync::mpsc;
use std::time::Duration;

use crate::support::peer::{Entry, ExclusionFolder, Peer};
use crate::support::{Sandbox, TIMEOUT};
use zkcoord::{Client, Guard, Mutex, Op, Scheme};
use zkcoord_testkit::{eventually, shared};

const CURATOR_MUTEX: Ours = |client| client.mutex("/lock");
const CURATOR_READ: Ours = |client| client.rw_lock("/lock").read().clone();
const CURATOR_WRITE: Ours = |client| client.rw_lock("/lock").write().clone();
const KAZOO_MUTEX: Ours = |client| client.mutex("/lock").scheme(Scheme::Kazoo);
const KAZOO_READ: Ours = |client| client.rw_lock("/lock").scheme(Scheme::Kazoo).read().clone();
const KAZOO_WRITE: Ours = |client| client.rw_lock("/lock").scheme(Scheme::Kazoo).write().clone();

type Ours = fn(&Client) -> Mutex;

fn curator() -> Peer {
    Peer::curator(&shared().hosts())
}

fn kazoo() -> Peer {
    Peer::kazoo(&shared().hosts())
}

/// Returns the full path of the lock that a test shares, because peers connect without a chroot. Creates it first, as a
/// plain node: a kazoo lock that saw its directory once never creates it again, and the server removes empty containers.
fn shared_lock(sandbox: &Sandbox) -> String {
    let path = sandbox.path("/lock");
    sandbox.observer.create_all(&path).unwrap();
    path
}

fn is_waiting<T: Send + 'static>(op: &mut Op<T>) -> bool {
    op.wait_for(Duration::from_millis(200)).is_none()
}

fn name_of(guard: &Guard) -> &str {
    guard.node().rsplit('/').next().unwrap()
}

/// The number of times that each of our three clients and of their three processes acquires the lock.
const ROUNDS: usize = 34;

/// Lets three of our clients and three peers, each with its own kind of lock, contend for one lock. They check themselves
/// that no two overlap. `blocker` holds the lock until all of them are in the queue.
fn contend(connect: fn() -> Peer, theirs: [&str; 3], ours: [Ours; 3], blocker: Ours) {
    let sandbox = Sandbox::new();
    let path = shared_lock(&sandbox);
    let exclusion = ExclusionFolder::new();
    let blocker = blocker(&sandbox.client()).acquire().timeout(TIMEOUT).wait().unwrap();
    let mut peers = theirs.map(|kind| (connect(), kind));
    for (peer, kind) in &mut peers {
        peer.send(&format!("contend {kind} {path} {ROUNDS} {}", exclusion.folder().display()));
    }
    std::thread::scope(|scope| {
        for (number, ours) in ours.iter().enumerate() {
            let (sandbox, exclusion) = (&sandbox, &exclusion);
            scope.spawn(move || {
                contend_ourselves(&ours(&sandbox.client()), &format!("ours-{number}"), exclusion);
            });
        }
        sandbox.await_children("/lock", 1 + theirs.len() + ours.len());
        blocker.release().timeout(TIMEOUT).wait().unwrap();
    });
    for (peer, _) in &peers {
        assert_eq!(peer.answer(), "ok");
    }
    check(&exclusion.journal(), theirs.len() + ours.len());
    sandbox.await_children("/lock", 0);
}

fn contend_ourselves(lock: &Mutex, name: &str, exclusion: &ExclusionFolder) {
    for _ in 0..ROUNDS {
        let guard = lock.acquire().timeout(TIMEOUT).wait().unwrap();
        let node = name_of(&guard);
        if node.contains("__READ__") || node.contains("__rlock__") {
            exclusion.hold_shared(name, node);
        } else {
            exclusion.hold_exclusively(name, node);
        }
        guard.release().timeout(TIMEOUT).wait().unwrap();
    }
}

/// Asserts that all contenders acquired the lock as often as they tried, in the order of the queue (readers among
/// themselves in any order), and that the two libraries alternated.
fn check(journal: &[Entry], contenders: usize) {
    assert_eq!(journal.len(), contenders * ROUNDS);
    let (mut last, mut last_exclusive) = (-1, -1);
    for entry in journal {
        let before = if entry.shared { last_exclusive } else { last };
        assert!(entry.sequence > before, "{entry:?} came after {before}");
        last = last.max(entry.sequence);
        if !entry.shared {
            last_exclusive = entry.sequence;
        }
    }
    let is_ours = |entry: &Entry| entry.holder.starts_with("ours");
    let turns = journal.windows(2).filter(|pair| is_ours(&pair[0]) != is_ours(&pair[1])).count();
    assert!(turns > ROUNDS, "the libraries alternated only {turns} times");
}

#[test]
fn curators_mutexes_and_ours_take_turns() {
    contend(curator, ["mutex"; 3], [CURATOR_MUTEX; 3], CURATOR_MUTEX);
}

#[test]
fn kazoos_locks_and_ours_take_turns() {
    contend(kazoo, ["mutex"; 3], [KAZOO_MUTEX; 3], KAZOO_MUTEX);
}

#[test]
fn kazoos_locks_with_curators_names_and_ours_take_turns() {
    contend(kazoo, ["bilingual"; 3], [CURATOR_MUTEX; 3], CURATOR_MUTEX);
}

#[test]
fn curators_readers_and_writers_and_ours_take_turns() {
    let ours = [CURATOR_READ, CURATOR_WRITE, CURATOR_READ];
    contend(curator, ["read", "write", "read"], ours, CURATOR_WRITE);
}

#[test]
fn kazoos_readers_and_writers_and_ours_take_turns() {
    let ours = [KAZOO_READ, KAZOO_WRITE, KAZOO_READ];
    contend(kazoo, ["read", "write", "read"], ours, KAZOO_WRITE);
}

/// Lets each side hold the lock while the other tries to acquire it, which succeeds only if they may hold it together.
fn assert_exclusion(peer: &mut Peer, kind: &str, ours: Ours, together: bool) {
    let sandbox = Sandbox::new();
    let path = shared_lock(&sandbox);
    let lock = ours(&sandbox.client());
    let guard = lock.acquire().timeout(TIMEOUT).wait().unwrap();
    assert_eq!(peer.try_acquire(kind, &path), together, "{kind}: we hold {}", guard.node());
    if together {
        peer.release(kind, &path);
    }
    guard.release().timeout(TIMEOUT).wait().unwrap();
    let theirs = peer.acquire(kind, &path, TIMEOUT).unwrap();
    let guard = lock.try_acquire().timeout(TIMEOUT).wait().unwrap();
    assert_eq!(guard.is_some(), together, "{kind}: they hold {theirs}");
    drop(guard);
    peer.release(kind, &path);
    drop(lock.try_acquire().timeout(TIMEOUT).wait().unwrap().unwrap());
}

#[test]
fn a_holder_of_one_library_blocks_the_other() {
    let mut peer = curator();
    assert_exclusion(&mut peer, "mutex", CURATOR_MUTEX, false);
    assert_exclusion(&mut peer, "write", CURATOR_WRITE, false);
    assert_exclusion(&mut peer, "write", CURATOR_READ, false);
    assert_exclusion(&mut peer, "read", CURATOR_WRITE, false);
    assert_exclusion(&mut peer, "read", CURATOR_READ, true);
    let mut peer = kazoo();
    assert_exclusion(&mut peer, "mutex", KAZOO_MUTEX, false);
    assert_exclusion(&mut peer, "bilingual", CURATOR_MUTEX, false);
    assert_exclusion(&mut peer, "bilingual", KAZOO_MUTEX, false);
    assert_exclusion(&mut peer, "write", KAZOO_WRITE, false);
    assert_exclusion(&mut peer, "write", KAZOO_READ, false);
    assert_exclusion(&mut peer, "read", KAZOO_WRITE, false);
    assert_exclusion(&mut peer, "read", KAZOO_READ, true);
}

fn assert_we_wait_for(peer: &mut Peer, kind: &str, ours: Ours) {
    let sandbox = Sandbox::new();
    let path = shared_lock(&sandbox);
    let theirs = peer.acquire(kind, &path, TIMEOUT).unwrap();
    let lock = ours(&sandbox.client());
    assert!(lock.try_acquire().timeout(TIMEOUT).wait().unwrap().is_none(), "{theirs}");
    let mut waiting = lock.acquire().timeout(TIMEOUT);
    assert!(is_waiting(&mut waiting), "{theirs}");
    peer.release(kind, &path);
    assert!(waiting.wait().unwrap().is_held(), "{theirs}");
}

/// Pairs of locks that do not exclude each other both ways, because only zkcoord reads all names. zkcoord waits for the
/// other.
#[test]
fn we_wait_for_holders_of_every_name() {
    let mut peer = curator();
    assert_we_wait_for(&mut peer, "write", CURATOR_MUTEX);
    assert_we_wait_for(&mut peer, "read", KAZOO_WRITE);
    assert_we_wait_for(&mut peer, "mutex", KAZOO_MUTEX);
    let mut peer = kazoo();
    assert_we_wait_for(&mut peer, "mutex", CURATOR_MUTEX);
    assert_we_wait_for(&mut peer, "read", CURATOR_WRITE);
}

/// Curator 5.4 gives the read lock of a downgrade a new number. A writer that queued before acquires the lock beside it,
/// one of Curator as well as one of zkcoord (CURATOR-621). Here no writer queued before.
#[test]
fn contenders_that_queue_after_curators_downgrade_respect_it() {
    for ours in [CURATOR_WRITE, CURATOR_MUTEX] {
        let sandbox = Sandbox::new();
        let path = shared_lock(&sandbox);
        let mut peer = curator();
        peer.acquire("write", &path, TIMEOUT).unwrap();
        peer.acquire("read", &path, TIMEOUT).unwrap();
        let mut waiting = ours(&sandbox.client()).acquire().timeout(TIMEOUT);
        assert!(is_waiting(&mut waiting));
        peer.release("write", &path);
        assert!(is_waiting(&mut waiting), "the downgraded lock is still held for reading");
        peer.release("read", &path);
        assert!(waiting.wait().unwrap().is_held());
    }
}

/// From 5.5 on Curator gives the read lock the number of the write lock. Debian has no such Curator, so the observer
/// creates its nodes.
#[test]
fn contenders_that_queued_before_a_downgrade_respect_it() {
    let (write, read) = ("/lock/_c_a-__WRIT__0000000000", "/lock/_c_b-__READ__0000000000");
    for ours in [CURATOR_WRITE, CURATOR_MUTEX] {
        let sandbox = Sandbox::new();
        sandbox.observer.create_all(&sandbox.path(write)).unwrap();
        let mut next = ours(&sandbox.client()).acquire().timeout(TIMEOUT);
        assert!(is_waiting(&mut next));
        let mut reader = sandbox.client().rw_lock("/lock").read().acquire().timeout(TIMEOUT);
        assert!(is_waiting(&mut reader));
        let mut last = sandbox.client().mutex("/lock").acquire().timeout(TIMEOUT);
        assert!(is_waiting(&mut last));
        sandbox.observer.create(&sandbox.path(read), b"").unwrap();
        sandbox.observer.delete(&sandbox.path(write)).unwrap();
        assert!(is_waiting(&mut next), "the downgraded lock is still held for reading");
        assert!(is_waiting(&mut reader) && is_waiting(&mut last));
        sandbox.observer.delete(&sandbox.path(read)).unwrap();
        drop(next.wait().unwrap());
        drop(reader.wait().unwrap());
        drop(last.wait().unwrap());
    }
}

/// Downgrades our lock while two peers wait, one to write and, behind it, one to read.
fn downgrade_beside_waiting_peers(connect: fn() -> Peer, scheme: Scheme) {
    let sandbox = Sandbox::new();
    let path = shared_lock(&sandbox);
    let lock = sandbox.client().rw_lock("/lock").scheme(scheme).owned_by(1);
    let writing = lock.write().acquire().timeout(TIMEOUT).wait().unwrap();
    let (mut writer, mut reader) = (connect(), connect());
    for (number, (peer, kind)) in [(&mut writer, "write"), (&mut reader, "read")].into_iter().enumerate() {
        peer.send(&format!("acquire {kind} {path} {}", TIMEOUT.as_millis()));
        sandbox.await_children("/lock", 2 + number);
    }
    let reading = lock.read().acquire().timeout(TIMEOUT).wait().unwrap();
    writing.release().timeout(TIMEOUT).wait().unwrap();
    assert!(reading.is_held() && writer.is_silent() && reader.is_silent(), "{scheme:?}: the writer is next");
    reading.release().timeout(TIMEOUT).wait().unwrap();
    assert!(writer.answer().starts_with("ok "));
    assert!(reader.is_silent());
    writer.release("write", &path);
    assert!(reader.answer().starts_with("ok "));
    // A reader that is next in the queue acquires the lock as soon as the downgraded owner no longer writes.
    reader.release("read", &path);
    let writing = lock.write().acquire().timeout(TIMEOUT).wait().unwrap();
    reader.send(&format!("acquire read {path} {}", TIMEOUT.as_millis()));
    sandbox.await_children("/lock", 2);
    let reading = lock.read().acquire().timeout(TIMEOUT).wait().unwrap();
    assert!(reader.is_silent());
    writing.release().timeout(TIMEOUT).wait().unwrap();
    assert!(reader.answer().starts_with("ok ") && reading.is_held());
    assert!(!writer.try_acquire("write", &path), "two read");
    reading.release().timeout(TIMEOUT).wait().unwrap();
    assert!(!writer.try_acquire("write", &path), "one reads");
    reader.release("read", &path);
    assert!(writer.try_acquire("write", &path));
}

#[test]
fn our_downgrade_is_respected_by_curator() {
    downgrade_beside_waiting_peers(curator, Scheme::Curator);
}

#[test]
fn our_downgrade_is_respected_by_kazoo() {
    downgrade_beside_waiting_peers(kazoo, Scheme::Kazoo);
}

#[test]
fn curators_revoker_requests_our_lock() {
    let sandbox = Sandbox::new();
    let path = shared_lock(&sandbox);
    let mut peer = curator();
    let guard = sandbox.client().mutex("/lock").acquire().timeout(TIMEOUT).wait().unwrap();
    let mut waiting = sandbox.client().mutex("/lock").acquire().timeout(TIMEOUT);
    assert!(is_waiting(&mut waiting));
    let (sender, receiver) = mpsc::channel();
    guard.on_revoke(move || sender.send(()).unwrap()).unwrap();
    for name in sandbox.children("/lock") {
        assert_eq!(peer.ask(&format!("revoke {path}/{name}")), "ok");
    }
    receiver.recv_timeout(TIMEOUT).unwrap();
    assert!(is_waiting(&mut waiting), "a revocation request to a waiter changes nothing");
    assert!(guard.is_held(), "the holder decides when to release");
    guard.release().timeout(TIMEOUT).wait().unwrap();
    assert!(waiting.wait().unwrap().is_held());
}

#[test]
fn we_request_curators_lock() {
    let sandbox = Sandbox::new();
    let path = shared_lock(&sandbox);
    let mut peer = curator();
    let node = peer.acquire("revocable", &path, TIMEOUT).unwrap();
    assert_eq!(peer.ask("revoked"), "ok false");
    assert!(sandbox.client().request_revoke(format!("/lock/{node}")).timeout(TIMEOUT).wait().unwrap());
    assert!(eventually(TIMEOUT, || peer.ask("revoked") == "ok true"));
    peer.release("revocable", &path);
}
