//! A look at a queue in which ours, Curator's and kazoo's contenders stand, on one real server.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

#[path = "support/peer.rs"]
mod peer;
mod support;

use std::net::IpAddr;
use std::time::Duration;

use peer::Peer;
use support::{Corner, PATIENCE};
use zkcoord::{Client, Contender, Library, Mutex, Queue, Scheme};
use zkcoord_testkit::shared;

fn curator() -> Peer {
    Peer::curator(&shared().hosts())
}

fn kazoo() -> Peer {
    Peer::kazoo(&shared().hosts())
}

/// One of ours, with an identity of its own.
fn ours(corner: &Corner) -> Client {
    let hosts = format!("{}{}", shared().hosts(), corner.root);
    Client::builder(hosts).identity("ours").connect().wait().unwrap()
}

/// Makes the peer ask for the lock, and waits until its node is the `count`th.
fn queue_up(peer: &mut Peer, kind: &str, corner: &Corner, count: usize) {
    peer.tell(&format!("acquire {kind} {} {}", corner.path("/lock"), PATIENCE.as_millis()));
    corner.await_children("/lock", count);
}

fn look(mutex: &Mutex) -> Queue {
    mutex.inspect().timeout(PATIENCE).wait().unwrap()
}

/// What is to be seen of a contender, but for its identity.
fn seen(contender: &Contender) -> (Library, bool, bool, i64) {
    (contender.library, contender.is_holder, contender.is_reader, contender.session_id)
}

#[test]
fn three_libraries_in_one_queue_are_told_apart() {
    // kazoo's nodes do not tell whether it reads Curator's names; this one does, and so waits.
    let (mut java, mut python) = (curator(), kazoo());
    let corner = Corner::new();
    let client = ours(&corner);
    let mutex = client.mutex("/lock");
    let guard = mutex.acquire().timeout(PATIENCE).wait().unwrap();
    let sessions = [client.session_id().unwrap(), java.session(), python.session()];
    queue_up(&mut java, "mutex", &corner, 2);
    queue_up(&mut python, "bilingual", &corner, 3);

    let queue = look(&mutex);
    assert_eq!(queue[0].node, guard.node());
    assert_eq!(
        queue.iter().map(seen).collect::<Vec<_>>(),
        [
            (Library::Zkcoord, true, false, sessions[0]),
            (Library::Curator, false, false, sessions[1]),
            (Library::Kazoo, false, false, sessions[2]),
        ]
    );
    assert_eq!(queue[0].identity, "ours");
    assert!(queue[1].identity.parse::<IpAddr>().is_ok(), "Curator writes its address: {:?}", queue[1]);
    assert_eq!(queue[2].identity, format!("kazoo-{}", python.pid()));
    assert!(queue.is_sorted_by_key(|contender| contender.waiting_since));
    let [warning] = &queue.warnings[..] else { panic!("{:?}", queue.warnings) };
    for advice in ["Curator", "kazoo", "both can hold at once", "different paths", "_EXCLUDE_NAMES"] {
        assert!(warning.contains(advice), "{advice:?} is missing in {warning:?}");
    }

    guard.release().timeout(PATIENCE).wait().unwrap();
    assert!(java.answer().starts_with("ok "));
    let queue = look(&mutex);
    assert_eq!(seen(&queue[0]), (Library::Curator, true, false, sessions[1]));
    java.release("mutex", &corner.path("/lock"));
    assert!(python.answer().starts_with("ok "));
    let queue = look(&mutex);
    assert_eq!(queue.iter().map(seen).collect::<Vec<_>>(), [(Library::Kazoo, true, false, sessions[2])]);
    assert_eq!(queue.warnings, Vec::<String>::new(), "nobody is left whom it does not see");
}

/// What the warning says is so: both hold at once, whichever of the two comes first.
#[test]
fn kazoo_and_curator_hold_at_once_and_are_warned_of() {
    let (mut java, mut python) = (curator(), kazoo());
    for first_is_java in [true, false] {
        let corner = Corner::new();
        let path = corner.path("/lock");
        corner.observer.create_all(&path).unwrap();
        let mutex = ours(&corner).mutex("/lock");
        let java = (&mut java, Library::Curator);
        let python = (&mut python, Library::Kazoo);
        let mut peers = if first_is_java { [java, python] } else { [python, java] };
        for (peer, _) in &mut peers {
            assert!(peer.acquire("mutex", &path, PATIENCE).is_some());
        }
        let mut waiting = mutex.acquire().timeout(PATIENCE);
        assert!(waiting.wait_for(Duration::from_millis(1)).is_none());
        corner.await_children("/lock", 3);
        let queue = look(&mutex);
        let libraries: Vec<_> = queue.iter().map(|contender| contender.library).collect();
        assert_eq!(libraries, [peers[0].1, peers[1].1, Library::Zkcoord]);
        assert!(queue[0].is_holder && !queue[2].is_holder);
        assert!(
            queue.warnings.len() == 1
                && queue.warnings[0].starts_with("Curator's mutex and kazoo's Lock do not see each other")
        );
        for (peer, _) in &mut peers {
            peer.release("mutex", &path);
        }
        drop(waiting.wait().unwrap());
    }
}

/// The peer holds and ours waits, then the other way round: what is warned of.
fn warnings_beside(peer: &mut Peer, kind: &str, scheme: Scheme) -> Vec<String> {
    let corner = Corner::new();
    let path = corner.path("/lock");
    corner.observer.create_all(&path).unwrap();
    let mutex = ours(&corner).mutex("/lock").scheme(scheme);
    assert!(peer.acquire(kind, &path, PATIENCE).is_some());
    let mut waiting = mutex.acquire().timeout(PATIENCE);
    assert!(waiting.wait_for(Duration::from_millis(1)).is_none());
    corner.await_children("/lock", 2);
    let mut warnings = look(&mutex).warnings;
    peer.release(kind, &path);
    let guard = waiting.wait().unwrap();
    queue_up(peer, kind, &corner, 2);
    let queue = look(&mutex);
    assert!(queue[0].node == guard.node() && queue[0].is_holder && !queue[1].is_holder);
    warnings.extend(queue.warnings);
    drop(guard);
    assert!(peer.answer().starts_with("ok "));
    peer.release(kind, &path);
    warnings
}

#[test]
fn mixes_that_work_are_not_warned_of() {
    assert_eq!(warnings_beside(&mut curator(), "mutex", Scheme::Curator), Vec::<String>::new());
    assert_eq!(warnings_beside(&mut kazoo(), "mutex", Scheme::Kazoo), Vec::<String>::new());
}

/// kazoo writes the same names whether it reads Curator's or not. So what is said is what it takes, and no more.
#[test]
fn what_kazoos_names_do_not_tell_is_said_as_a_condition() {
    let warnings = warnings_beside(&mut kazoo(), "bilingual", Scheme::Curator);
    assert_eq!(warnings.len(), 2);
    assert!(
        warnings.iter().all(|it| it.contains("only if it is made with extra_lock_patterns=[\"-lock-\"]"))
    );
}
