//! What the tests of miss guards share.

#![allow(dead_code, reason = "every test program uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use std::time::Duration;

use crate::support::{Corner, PATIENCE};
use zkcoord::{Client, LoadTurn, Lookup, MissGuard};

pub(crate) const KEY: &str = "user-42";

/// Longer than any test takes.
pub(crate) const LONG: Duration = Duration::from_secs(600);

/// The key's turn, which must be had.
pub(crate) fn turn(guard: &MissGuard, key: impl AsRef<[u8]>) -> LoadTurn {
    match guard.begin(key).timeout(PATIENCE).wait().unwrap() {
        Lookup::Load(turn) => turn,
        Lookup::Absent => panic!("answered absent"),
    }
}

pub(crate) fn is_absent(guard: &MissGuard, key: impl AsRef<[u8]>) -> bool {
    matches!(guard.begin(key).timeout(PATIENCE).wait().unwrap(), Lookup::Absent)
}

/// One lookup with a loader that says whether the key is there.
pub(crate) fn load(guard: &MissGuard, loader: impl FnOnce() -> bool) -> bool {
    match guard.begin(KEY).timeout(PATIENCE).wait().unwrap() {
        Lookup::Absent => false,
        Lookup::Load(turn) => {
            let found = loader();
            let verdict = if found { turn.found() } else { turn.missed() };
            verdict.timeout(PATIENCE).wait().unwrap();
            found
        }
    }
}

/// A guard that holds a key for long after one miss.
pub(crate) fn strict(client: &Client) -> MissGuard {
    client.miss_guard("/misses").threshold(1).window(LONG).hold(LONG)
}

/// How many misses the record of the only key holds.
pub(crate) fn misses(corner: &Corner) -> usize {
    let names = corner.children("/misses");
    assert_eq!(names.len(), 1, "{names:?}");
    let (data, _) = corner.observer.data(&corner.path(&format!("/misses/{}", names[0]))).unwrap().unwrap();
    data.len().saturating_sub(25) / 8
}

/// Those who have or want the turn of the only key.
pub(crate) fn contenders(corner: &Corner) -> usize {
    let names = corner.children("/misses");
    let of = |name: &String| corner.children(&format!("/misses/{name}"));
    names.iter().flat_map(of).filter(|name| name.contains("-lock-")).count()
}
