//! Locks shared with Curator and kazoo, on one real server.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

#[path = "support/peer.rs"]
mod peer;
mod support;

use std::sync::mpsc;
use std::time::Duration;

use peer::{Arena, Entry, Peer};
use support::{Corner, PATIENCE};
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

/// The path of the lock that a test shares, for peers, who know no chroot. It is made first, and as a plain node: a kazoo
/// lock that saw its directory once never makes it again, and the server removes empty containers.
fn shared_lock(corner: &Corner) -> String {
    let path = corner.path("/lock");
    corner.observer.create_all(&path).unwrap();
    path
}

fn is_waiting<T: Send + 'static>(op: &mut Op<T>) -> bool {
    op.wait_for(Duration::from_millis(200)).is_none()
}

fn name_of(guard: &Guard) -> &str {
    guard.node().rsplit('/').next().unwrap()
}

/// Each of three clients of ours and three processes of theirs takes the lock that often.
const ROUNDS: usize = 34;

/// Lets three of ours and three of theirs, each of its own kind, contend for one lock. They see to it themselves that
/// nobody overlaps. `gate` keeps all of them out until the last is in the queue.
fn contend(connect: fn() -> Peer, theirs: [&str; 3], ours: [Ours; 3], gate: Ours) {
    let corner = Corner::new();
    let path = shared_lock(&corner);
    let arena = Arena::new();
    let gate = gate(&corner.client()).acquire().timeout(PATIENCE).wait().unwrap();
    let mut peers = theirs.map(|kind| (connect(), kind));
    for (peer, kind) in &mut peers {
        peer.tell(&format!("contend {kind} {path} {ROUNDS} {}", arena.folder().display()));
    }
    std::thread::scope(|scope| {
        for (number, ours) in ours.iter().enumerate() {
            let (corner, arena) = (&corner, &arena);
            scope.spawn(move || contend_ourselves(&ours(&corner.client()), &format!("ours-{number}"), arena));
        }
        corner.await_children("/lock", 1 + theirs.len() + ours.len());
        gate.release().timeout(PATIENCE).wait().unwrap();
    });
    for (peer, _) in &peers {
        assert_eq!(peer.answer(), "ok");
    }
    check(&arena.journal(), theirs.len() + ours.len());
    corner.await_children("/lock", 0);
}

fn contend_ourselves(lock: &Mutex, who: &str, arena: &Arena) {
    for _ in 0..ROUNDS {
        let guard = lock.acquire().timeout(PATIENCE).wait().unwrap();
        let node = name_of(&guard);
        if node.contains("__READ__") || node.contains("__rlock__") {
            arena.be_reader(who, node);
        } else {
            arena.be_alone(who, node);
        }
        guard.release().timeout(PATIENCE).wait().unwrap();
    }
}

/// All were served as often as they wanted, in the order of the queue (readers among themselves in any), and the two
/// libraries took turns rather than one after the other.
fn check(journal: &[Entry], contenders: usize) {
    assert_eq!(journal.len(), contenders * ROUNDS);
    let (mut last, mut last_alone) = (-1, -1);
    for entry in journal {
        let before = if entry.shared { last_alone } else { last };
        assert!(entry.sequence > before, "{entry:?} came after {before}");
        last = last.max(entry.sequence);
        if !entry.shared {
            last_alone = entry.sequence;
        }
    }
    let is_ours = |entry: &Entry| entry.who.starts_with("ours");
    let turns = journal.windows(2).filter(|pair| is_ours(&pair[0]) != is_ours(&pair[1])).count();
    assert!(turns > ROUNDS, "{turns} turns: they hardly met");
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
fn kazoos_locks_that_read_curators_names_and_ours_take_turns() {
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

/// Each holds the lock while the other tries to take it. `together`: whether it may.
fn exclude_each_other(peer: &mut Peer, kind: &str, ours: Ours, together: bool) {
    let corner = Corner::new();
    let path = shared_lock(&corner);
    let lock = ours(&corner.client());
    let guard = lock.acquire().timeout(PATIENCE).wait().unwrap();
    assert_eq!(peer.try_acquire(kind, &path), together, "{kind}: we hold {}", guard.node());
    if together {
        peer.release(kind, &path);
    }
    guard.release().timeout(PATIENCE).wait().unwrap();
    let theirs = peer.acquire(kind, &path, PATIENCE).unwrap();
    let guard = lock.try_acquire().timeout(PATIENCE).wait().unwrap();
    assert_eq!(guard.is_some(), together, "{kind}: they hold {theirs}");
    drop(guard);
    peer.release(kind, &path);
    drop(lock.try_acquire().timeout(PATIENCE).wait().unwrap().unwrap());
}

#[test]
fn who_holds_blocks_the_others_attempt() {
    let mut peer = curator();
    exclude_each_other(&mut peer, "mutex", CURATOR_MUTEX, false);
    exclude_each_other(&mut peer, "write", CURATOR_WRITE, false);
    exclude_each_other(&mut peer, "write", CURATOR_READ, false);
    exclude_each_other(&mut peer, "read", CURATOR_WRITE, false);
    exclude_each_other(&mut peer, "read", CURATOR_READ, true);
    let mut peer = kazoo();
    exclude_each_other(&mut peer, "mutex", KAZOO_MUTEX, false);
    exclude_each_other(&mut peer, "bilingual", CURATOR_MUTEX, false);
    exclude_each_other(&mut peer, "bilingual", KAZOO_MUTEX, false);
    exclude_each_other(&mut peer, "write", KAZOO_WRITE, false);
    exclude_each_other(&mut peer, "write", KAZOO_READ, false);
    exclude_each_other(&mut peer, "read", KAZOO_WRITE, false);
    exclude_each_other(&mut peer, "read", KAZOO_READ, true);
}

fn we_wait_for_them(peer: &mut Peer, kind: &str, ours: Ours) {
    let corner = Corner::new();
    let path = shared_lock(&corner);
    let theirs = peer.acquire(kind, &path, PATIENCE).unwrap();
    let lock = ours(&corner.client());
    assert!(lock.try_acquire().timeout(PATIENCE).wait().unwrap().is_none(), "{theirs}");
    let mut waiting = lock.acquire().timeout(PATIENCE);
    assert!(is_waiting(&mut waiting), "{theirs}");
    peer.release(kind, &path);
    assert!(waiting.wait().unwrap().is_held(), "{theirs}");
}

/// Pairs that do not work both ways, because only we read everybody's names: then at least we wait.
#[test]
fn we_wait_for_holders_of_every_name() {
    let mut peer = curator();
    we_wait_for_them(&mut peer, "write", CURATOR_MUTEX);
    we_wait_for_them(&mut peer, "read", KAZOO_WRITE);
    we_wait_for_them(&mut peer, "mutex", KAZOO_MUTEX);
    let mut peer = kazoo();
    we_wait_for_them(&mut peer, "mutex", CURATOR_MUTEX);
    we_wait_for_them(&mut peer, "read", CURATOR_WRITE);
}

/// Curator 5.4 gives the read lock of a downgrade a number of its own. A writer that had queued before gets in beside it,
/// Curator's as well as ours (CURATOR-621); here none had.
#[test]
fn curators_downgrade_is_respected_by_those_who_come_after_it() {
    for ours in [CURATOR_WRITE, CURATOR_MUTEX] {
        let corner = Corner::new();
        let path = shared_lock(&corner);
        let mut peer = curator();
        peer.acquire("write", &path, PATIENCE).unwrap();
        peer.acquire("read", &path, PATIENCE).unwrap();
        let mut waiting = ours(&corner.client()).acquire().timeout(PATIENCE);
        assert!(is_waiting(&mut waiting));
        peer.release("write", &path);
        assert!(is_waiting(&mut waiting), "the downgraded one still reads");
        peer.release("read", &path);
        assert!(waiting.wait().unwrap().is_held());
    }
}

/// Curator from 5.5 gives it the number of the write lock. Debian has no such Curator, so the observer writes its nodes.
#[test]
fn a_downgrade_is_respected_also_by_those_who_waited_before_it() {
    let (write, read) = ("/lock/_c_a-__WRIT__0000000000", "/lock/_c_b-__READ__0000000000");
    for ours in [CURATOR_WRITE, CURATOR_MUTEX] {
        let corner = Corner::new();
        corner.observer.create_all(&corner.path(write)).unwrap();
        let mut next = ours(&corner.client()).acquire().timeout(PATIENCE);
        assert!(is_waiting(&mut next));
        let mut reader = corner.client().rw_lock("/lock").read().acquire().timeout(PATIENCE);
        assert!(is_waiting(&mut reader));
        let mut last = corner.client().mutex("/lock").acquire().timeout(PATIENCE);
        assert!(is_waiting(&mut last));
        corner.observer.create(&corner.path(read), b"").unwrap();
        corner.observer.delete(&corner.path(write)).unwrap();
        assert!(is_waiting(&mut next), "the downgraded one still reads");
        assert!(is_waiting(&mut reader) && is_waiting(&mut last));
        corner.observer.delete(&corner.path(read)).unwrap();
        drop(next.wait().unwrap());
        drop(reader.wait().unwrap());
        drop(last.wait().unwrap());
    }
}

/// Our downgrade beside two of theirs that wait: one to write and, behind it, one to read.
fn we_read_on_beside_waiting_peers(connect: fn() -> Peer, scheme: Scheme) {
    let corner = Corner::new();
    let path = shared_lock(&corner);
    let lock = corner.client().rw_lock("/lock").scheme(scheme).owned_by(1);
    let writing = lock.write().acquire().timeout(PATIENCE).wait().unwrap();
    let (mut writer, mut reader) = (connect(), connect());
    for (number, (peer, kind)) in [(&mut writer, "write"), (&mut reader, "read")].into_iter().enumerate() {
        peer.tell(&format!("acquire {kind} {path} {}", PATIENCE.as_millis()));
        corner.await_children("/lock", 2 + number);
    }
    let reading = lock.read().acquire().timeout(PATIENCE).wait().unwrap();
    writing.release().timeout(PATIENCE).wait().unwrap();
    assert!(reading.is_held() && writer.is_silent() && reader.is_silent(), "{scheme:?}: the writer is next");
    reading.release().timeout(PATIENCE).wait().unwrap();
    assert!(writer.answer().starts_with("ok "));
    assert!(reader.is_silent());
    writer.release("write", &path);
    assert!(reader.answer().starts_with("ok "));
    // A reader next to one who reads on gets in when he writes no more.
    reader.release("read", &path);
    let writing = lock.write().acquire().timeout(PATIENCE).wait().unwrap();
    reader.tell(&format!("acquire read {path} {}", PATIENCE.as_millis()));
    corner.await_children("/lock", 2);
    let reading = lock.read().acquire().timeout(PATIENCE).wait().unwrap();
    assert!(reader.is_silent());
    writing.release().timeout(PATIENCE).wait().unwrap();
    assert!(reader.answer().starts_with("ok ") && reading.is_held());
    assert!(!writer.try_acquire("write", &path), "two read");
    reading.release().timeout(PATIENCE).wait().unwrap();
    assert!(!writer.try_acquire("write", &path), "one reads");
    reader.release("read", &path);
    assert!(writer.try_acquire("write", &path));
}

#[test]
fn our_downgrade_is_respected_by_curator() {
    we_read_on_beside_waiting_peers(curator, Scheme::Curator);
}

#[test]
fn our_downgrade_is_respected_by_kazoo() {
    we_read_on_beside_waiting_peers(kazoo, Scheme::Kazoo);
}

#[test]
fn curators_revoker_asks_for_our_lock() {
    let corner = Corner::new();
    let path = shared_lock(&corner);
    let mut peer = curator();
    let guard = corner.client().mutex("/lock").acquire().timeout(PATIENCE).wait().unwrap();
    let mut waiting = corner.client().mutex("/lock").acquire().timeout(PATIENCE);
    assert!(is_waiting(&mut waiting));
    let (tell, told) = mpsc::channel();
    guard.on_revoke(move || tell.send(()).unwrap()).unwrap();
    for name in corner.children("/lock") {
        assert_eq!(peer.ask(&format!("revoke {path}/{name}")), "ok");
    }
    told.recv_timeout(PATIENCE).unwrap();
    assert!(
        is_waiting(&mut waiting),
        "a waiter that was asked has nothing to give back, and keeps its place"
    );
    assert!(guard.is_held(), "the holder decides");
    guard.release().timeout(PATIENCE).wait().unwrap();
    assert!(waiting.wait().unwrap().is_held());
}

#[test]
fn we_ask_for_curators_lock() {
    let corner = Corner::new();
    let path = shared_lock(&corner);
    let mut peer = curator();
    let node = peer.acquire("revocable", &path, PATIENCE).unwrap();
    assert_eq!(peer.ask("revoked"), "ok false");
    assert!(corner.client().request_revoke(format!("/lock/{node}")).timeout(PATIENCE).wait().unwrap());
    assert!(eventually(PATIENCE, || peer.ask("revoked") == "ok true"));
    peer.release("revocable", &path);
}
