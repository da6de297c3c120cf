//! Inspection of a queue with contenders of zkcoord, Curator and kazoo, on one real server.

use std::net::IpAddr;
use std::time::Duration;

use crate::support::peer::Peer;
use crate::support::{Sandbox, TIMEOUT};
use zkcoord::{Client, Contender, Library, Mutex, Queue, Scheme};
use zkcoord_testkit::shared;

fn curator() -> Peer {
    Peer::curator(&shared().hosts())
}

fn kazoo() -> Peer {
    Peer::kazoo(&shared().hosts())
}

/// A client of zkcoord with an identity of its own.
fn ours(sandbox: &Sandbox) -> Client {
    let hosts = format!("{}{}", shared().hosts(), sandbox.root);
    Client::builder(hosts).identity("ours").connect().wait().unwrap()
}

/// Lets the peer queue for the lock, and waits until there are `count` nodes.
fn queue_up(peer: &mut Peer, kind: &str, sandbox: &Sandbox, count: usize) {
    peer.send(&format!("acquire {kind} {} {}", sandbox.path("/lock"), TIMEOUT.as_millis()));
    sandbox.await_children("/lock", count);
}

fn inspect(mutex: &Mutex) -> Queue {
    mutex.inspect().timeout(TIMEOUT).wait().unwrap()
}

/// The properties of a contender except its identity.
fn properties(contender: &Contender) -> (Library, bool, bool, i64) {
    (contender.library, contender.is_holder, contender.is_reader, contender.session_id)
}

#[test]
fn three_libraries_in_one_queue_are_told_apart() {
    // kazoo's nodes do not show whether it reads Curator's names. This one does, and so it waits.
    let (mut java, mut python) = (curator(), kazoo());
    let sandbox = Sandbox::new();
    let client = ours(&sandbox);
    let mutex = client.mutex("/lock");
    let guard = mutex.acquire().timeout(TIMEOUT).wait().unwrap();
    let sessions = [client.session_id().unwrap(), java.session(), python.session()];
    queue_up(&mut java, "mutex", &sandbox, 2);
    queue_up(&mut python, "bilingual", &sandbox, 3);

    let queue = inspect(&mutex);
    assert_eq!(queue[0].node, guard.node());
    assert_eq!(
        queue.iter().map(properties).collect::<Vec<_>>(),
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

    guard.release().timeout(TIMEOUT).wait().unwrap();
    assert!(java.answer().starts_with("ok "));
    let queue = inspect(&mutex);
    assert_eq!(properties(&queue[0]), (Library::Curator, true, false, sessions[1]));
    java.release("mutex", &sandbox.path("/lock"));
    assert!(python.answer().starts_with("ok "));
    let queue = inspect(&mutex);
    assert_eq!(
        queue.iter().map(properties).collect::<Vec<_>>(),
        [(Library::Kazoo, true, false, sessions[2])]
    );
    assert_eq!(queue.warnings, Vec::<String>::new(), "no contender is left that it does not see");
}

/// The warning is true: both hold the lock at once, in either order.
#[test]
fn kazoo_and_curator_that_hold_at_once_are_warned_of() {
    let (mut java, mut python) = (curator(), kazoo());
    for first_is_java in [true, false] {
        let sandbox = Sandbox::new();
        let path = sandbox.path("/lock");
        sandbox.observer.create_all(&path).unwrap();
        let mutex = ours(&sandbox).mutex("/lock");
        let java = (&mut java, Library::Curator);
        let python = (&mut python, Library::Kazoo);
        let mut peers = if first_is_java { [java, python] } else { [python, java] };
        for (peer, _) in &mut peers {
            assert!(peer.acquire("mutex", &path, TIMEOUT).is_some());
        }
        let mut waiting = mutex.acquire().timeout(TIMEOUT);
        assert!(waiting.wait_for(Duration::from_millis(1)).is_none());
        sandbox.await_children("/lock", 3);
        let queue = inspect(&mutex);
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

/// Returns the warnings while the peer holds and our mutex waits, and those of the opposite case.
fn warnings_beside(peer: &mut Peer, kind: &str, scheme: Scheme) -> Vec<String> {
    let sandbox = Sandbox::new();
    let path = sandbox.path("/lock");
    sandbox.observer.create_all(&path).unwrap();
    let mutex = ours(&sandbox).mutex("/lock").scheme(scheme);
    assert!(peer.acquire(kind, &path, TIMEOUT).is_some());
    let mut waiting = mutex.acquire().timeout(TIMEOUT);
    assert!(waiting.wait_for(Duration::from_millis(1)).is_none());
    sandbox.await_children("/lock", 2);
    let mut warnings = inspect(&mutex).warnings;
    peer.release(kind, &path);
    let guard = waiting.wait().unwrap();
    queue_up(peer, kind, &sandbox, 2);
    let queue = inspect(&mutex);
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

/// kazoo's nodes have the same names whether it reads Curator's or not. So the warning only names the condition.
#[test]
fn a_warning_names_the_condition_that_kazoos_names_do_not_show() {
    let warnings = warnings_beside(&mut kazoo(), "bilingual", Scheme::Curator);
    assert_eq!(warnings.len(), 2);
    assert!(
        warnings.iter().all(|it| it.contains("only if it is made with extra_lock_patterns=[\"-lock-\"]"))
    );
}
