//! Helpers that the tests of miss guards share.

use std::time::Duration;

use crate::support::{Sandbox, TIMEOUT};
use zkcoord::{Client, LoadTurn, Lookup, MissGuard};

pub(crate) const KEY: &str = "user-42";

/// Longer than any test takes.
pub(crate) const LONG: Duration = Duration::from_secs(600);

/// Returns the turn to load the key, which must be granted.
pub(crate) fn turn(guard: &MissGuard, key: impl AsRef<[u8]>) -> LoadTurn {
    match guard.begin(key).timeout(TIMEOUT).wait().unwrap() {
        Lookup::Load(turn) => turn,
        Lookup::Absent => panic!("answered absent"),
    }
}

pub(crate) fn is_absent(guard: &MissGuard, key: impl AsRef<[u8]>) -> bool {
    matches!(guard.begin(key).timeout(TIMEOUT).wait().unwrap(), Lookup::Absent)
}

/// Does one lookup with a loader that returns whether the key exists.
pub(crate) fn load(guard: &MissGuard, loader: impl FnOnce() -> bool) -> bool {
    match guard.begin(KEY).timeout(TIMEOUT).wait().unwrap() {
        Lookup::Absent => false,
        Lookup::Load(turn) => {
            let found = loader();
            let verdict = if found { turn.found() } else { turn.missed() };
            verdict.timeout(TIMEOUT).wait().unwrap();
            found
        }
    }
}

/// A guard that holds a key for a long time after one miss.
pub(crate) fn strict(client: &Client) -> MissGuard {
    client.miss_guard("/misses").threshold(1).window(LONG).hold(LONG)
}

/// The number of misses in the record of the only key.
pub(crate) fn misses(sandbox: &Sandbox) -> usize {
    let names = sandbox.children("/misses");
    assert_eq!(names.len(), 1, "{names:?}");
    let (data, _) = sandbox.observer.data(&sandbox.path(&format!("/misses/{}", names[0]))).unwrap().unwrap();
    data.len().saturating_sub(25) / 8
}

/// The number of clients that have the turn of the only key or wait for it.
pub(crate) fn contenders(sandbox: &Sandbox) -> usize {
    let names = sandbox.children("/misses");
    let of = |name: &String| sandbox.children(&format!("/misses/{name}"));
    names.iter().flat_map(of).filter(|name| name.contains("-lock-")).count()
}
