//! The semaphore shared with Curator's `InterProcessSemaphoreV2`, on one real server.

use std::time::Duration;

use crate::support::peer::{ExclusionFolder, Peer};
use crate::support::{Sandbox, TIMEOUT};
use zkcoord_testkit::shared;

const PERMITS: usize = 2;

fn curator() -> Peer {
    Peer::curator(&shared().hosts())
}

/// Returns whether Curator acquires a permit within `timeout`.
fn acquires_one(peer: &mut Peer, path: &str, timeout: Duration) -> bool {
    let answer = peer.ask(&format!("acquire semaphore {path} {} {PERMITS}", timeout.as_millis()));
    answer.starts_with("ok")
}

#[test]
fn permits_are_shared_with_curator() {
    let sandbox = Sandbox::new();
    let path = sandbox.path("/sem");
    let (mut first, mut second) = (curator(), curator());
    let semaphore = sandbox.client().semaphore("/sem", PERMITS);
    let ours = semaphore.acquire(1).timeout(TIMEOUT).wait().unwrap();
    assert!(acquires_one(&mut first, &path, TIMEOUT));
    assert!(!acquires_one(&mut second, &path, Duration::ZERO));
    assert!(semaphore.try_acquire(1).timeout(TIMEOUT).wait().unwrap().is_none());
    // A waiter of one library acquires a permit that the other releases.
    second.send(&format!("acquire semaphore {path} {} {PERMITS}", TIMEOUT.as_millis()));
    ours.release().timeout(TIMEOUT).wait().unwrap();
    assert!(second.answer().starts_with("ok"));
    let mut both = semaphore.acquire(2).timeout(TIMEOUT);
    assert!(both.wait_for(Duration::from_millis(200)).is_none());
    first.release("semaphore", &path);
    assert!(both.wait_for(Duration::from_millis(200)).is_none(), "one permit is not enough");
    assert!(
        !acquires_one(&mut first, &path, Duration::ZERO),
        "a request for one permit does not overtake a request for two"
    );
    second.release("semaphore", &path);
    assert!(both.wait().unwrap().is_held());
}

#[test]
fn curator_and_we_never_exceed_the_permits() {
    const ROUNDS: usize = 20;
    let sandbox = Sandbox::new();
    let path = sandbox.path("/sem");
    let exclusion = ExclusionFolder::new();
    let blocker =
        sandbox.client().semaphore("/sem", PERMITS).acquire(PERMITS).timeout(TIMEOUT).wait().unwrap();
    let mut peers = [curator(), curator(), curator()];
    for peer in &mut peers {
        let folder = exclusion.folder().display();
        peer.send(&format!("contend semaphore {path} {ROUNDS} {folder} {PERMITS}"));
    }
    std::thread::scope(|scope| {
        for number in 0..peers.len() {
            let (sandbox, exclusion) = (&sandbox, &exclusion);
            scope.spawn(move || {
                let semaphore = sandbox.client().semaphore("/sem", PERMITS);
                for _ in 0..ROUNDS {
                    let guard = semaphore.acquire(1).timeout(TIMEOUT).wait().unwrap();
                    let node = guard.node().rsplit('/').next().unwrap();
                    exclusion.hold_permit(PERMITS, &format!("ours-{number}"), node);
                    guard.release().timeout(TIMEOUT).wait().unwrap();
                }
            });
        }
        sandbox.await_children("/sem/locks", 2 * peers.len());
        blocker.release().timeout(TIMEOUT).wait().unwrap();
    });
    for peer in &peers {
        assert_eq!(peer.answer(), "ok");
    }
    let journal = exclusion.journal();
    assert_eq!(journal.len(), 2 * peers.len() * ROUNDS);
    let is_ours = |number: usize| journal[number].holder.starts_with("ours");
    let turns = (1..journal.len()).filter(|number| is_ours(*number) != is_ours(number - 1)).count();
    assert!(turns > ROUNDS, "the libraries alternated only {turns} times");
    sandbox.await_children("/sem/leases", 0);
    sandbox.await_children("/sem/locks", 0);
}
