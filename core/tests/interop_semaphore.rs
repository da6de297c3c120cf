//! The semaphore shared with Curator's `InterProcessSemaphoreV2`, on one real server.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

#[path = "support/peer.rs"]
mod peer;
mod support;

use std::time::Duration;

use peer::{Arena, Peer};
use support::{Corner, PATIENCE};
use zkcoord_testkit::shared;

const PERMITS: usize = 2;

fn curator() -> Peer {
    Peer::curator(&shared().hosts())
}

/// Whether Curator gets a permit in that time.
fn gets_one(peer: &mut Peer, path: &str, timeout: Duration) -> bool {
    let answer = peer.ask(&format!("acquire semaphore {path} {} {PERMITS}", timeout.as_millis()));
    answer.starts_with("ok")
}

#[test]
fn permits_are_shared_with_curator() {
    let corner = Corner::new();
    let path = corner.path("/sem");
    let (mut first, mut second) = (curator(), curator());
    let semaphore = corner.client().semaphore("/sem", PERMITS);
    let ours = semaphore.acquire(1).timeout(PATIENCE).wait().unwrap();
    assert!(gets_one(&mut first, &path, PATIENCE));
    assert!(!gets_one(&mut second, &path, Duration::ZERO));
    assert!(semaphore.try_acquire(1).timeout(PATIENCE).wait().unwrap().is_none());
    // Whoever waits gets what the other gives back.
    second.tell(&format!("acquire semaphore {path} {} {PERMITS}", PATIENCE.as_millis()));
    ours.release().timeout(PATIENCE).wait().unwrap();
    assert!(second.answer().starts_with("ok"));
    let mut both = semaphore.acquire(2).timeout(PATIENCE);
    assert!(both.wait_for(Duration::from_millis(200)).is_none());
    first.release("semaphore", &path);
    assert!(both.wait_for(Duration::from_millis(200)).is_none(), "one is not enough");
    assert!(!gets_one(&mut first, &path, Duration::ZERO), "and nobody overtakes who waits for two");
    second.release("semaphore", &path);
    assert!(both.wait().unwrap().is_held());
}

#[test]
fn curator_and_we_never_exceed_the_permits() {
    const ROUNDS: usize = 20;
    let corner = Corner::new();
    let path = corner.path("/sem");
    let arena = Arena::new();
    let gate = corner.client().semaphore("/sem", PERMITS).acquire(PERMITS).timeout(PATIENCE).wait().unwrap();
    let mut peers = [curator(), curator(), curator()];
    for peer in &mut peers {
        let folder = arena.folder().display();
        peer.tell(&format!("contend semaphore {path} {ROUNDS} {folder} {PERMITS}"));
    }
    std::thread::scope(|scope| {
        for number in 0..peers.len() {
            let (corner, arena) = (&corner, &arena);
            scope.spawn(move || {
                let semaphore = corner.client().semaphore("/sem", PERMITS);
                for _ in 0..ROUNDS {
                    let guard = semaphore.acquire(1).timeout(PATIENCE).wait().unwrap();
                    let node = guard.node().rsplit('/').next().unwrap();
                    arena.be_one_of(PERMITS, &format!("ours-{number}"), node);
                    guard.release().timeout(PATIENCE).wait().unwrap();
                }
            });
        }
        corner.await_children("/sem/locks", 2 * peers.len());
        gate.release().timeout(PATIENCE).wait().unwrap();
    });
    for peer in &peers {
        assert_eq!(peer.answer(), "ok");
    }
    let journal = arena.journal();
    assert_eq!(journal.len(), 2 * peers.len() * ROUNDS);
    let is_ours = |number: usize| journal[number].who.starts_with("ours");
    let turns = (1..journal.len()).filter(|number| is_ours(*number) != is_ours(number - 1)).count();
    assert!(turns > ROUNDS, "{turns} turns: they hardly met");
    corner.await_children("/sem/leases", 0);
    corner.await_children("/sem/locks", 0);
}
