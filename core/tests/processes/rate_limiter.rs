//! Several processes that acquire permits of one rate limiter as fast as they can: the limit holds, the permits are used,
//! and no process starves.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::grants::{Grant, SECOND, assert_limit, max_ended_within, max_within, permits};
use crate::support::peer::{Folder, Peer};
use crate::support::{Sandbox, example, machine};
use zkcoord_testkit::shared;

const PROCESSES: usize = 4;
const SECONDS: u64 = 10;
const PERMITS: u64 = 100;

/// 95 % of the permits of 10 s, without the burst of a new limiter.
const ENOUGH: u64 = PERMITS * SECONDS * 95 / 100;

const ATTEMPTS: usize = 3;

/// The permits of each process, and the requests that they cost.
struct Race {
    grants: Vec<Vec<Grant>>,
    requests: u64,
}

/// Lets the processes acquire permits of one limiter. Calls `halfway` with them in the middle of the time.
fn race(call: &str, threads: usize, halfway: impl FnOnce(&mut Vec<Peer>)) -> Race {
    let _quiet = machine::quiet();
    let sandbox = Sandbox::new();
    let folder = Folder::new("grants");
    let hosts = format!("{}{}", shared().hosts(), sandbox.root);
    let mut peers: Vec<_> = (0..PROCESSES).map(|_| Peer::start(example("taker").arg(&hosts))).collect();
    let files: Vec<PathBuf> = (0..PROCESSES).map(|number| folder.0.join(number.to_string())).collect();
    let before = requests();
    for (peer, file) in peers.iter_mut().zip(&files) {
        peer.send(&format!("race {call} /limit {PERMITS} 1000 {threads} {SECONDS} {}", file.display()));
    }
    let begun = Instant::now();
    thread::sleep(Duration::from_secs(SECONDS / 2).saturating_sub(begun.elapsed()));
    halfway(&mut peers);
    for peer in &peers {
        assert!(peer.answer().starts_with("ok"));
    }
    let requests = requests() - before;
    let grants = files.iter().map(|file| grants_in(&fs::read_to_string(file).unwrap())).collect();
    Race { grants, requests }
}

fn grants_in(text: &str) -> Vec<Grant> {
    let grant = |line: &str| {
        let (before, after) = line.split_once(' ').unwrap();
        Grant { before: before.parse().unwrap(), after: after.parse().unwrap(), permits: 1 }
    };
    text.lines().map(grant).collect()
}

/// The number of packets that the server has received.
fn requests() -> u64 {
    let mut stream = TcpStream::connect(shared().host(0)).unwrap();
    stream.write_all(b"srvr").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let received = text.lines().find_map(|line| line.strip_prefix("Received: "));
    received.unwrap_or_else(|| panic!("{text}")).trim().parse().unwrap()
}

impl Race {
    /// Asserts that the limit holds and that no process starved. Returns whether enough permits were used.
    fn check(&self, what: &str) -> bool {
        let all = self.grants.concat();
        let granted = permits(&all);
        let by_process: Vec<_> = self.grants.iter().map(Vec::len).collect();
        eprintln!(
            "{what}: {granted} permits, by process {by_process:?}; within any second at most {}, {} by the calls' ends; {} requests per \
             second",
            max_within(&all, SECOND),
            max_ended_within(&all, SECOND),
            self.requests / SECONDS
        );
        assert_limit(&all, PERMITS, Duration::from_secs(1));
        assert!(by_process.iter().all(|count| *count > 0), "{by_process:?}");
        granted >= ENOUGH
    }
}

/// A loaded machine may not run every process when a permit becomes free, so there are several attempts to use enough of
/// them. No attempt may exceed the limit.
fn assert_limit_is_kept_and_used(call: &str, threads: usize, kills: bool) {
    let what = format!("{call}, {threads} threads{}", if kills { ", one killed" } else { "" });
    let attempt = |_| {
        // A peer is killed when it is dropped.
        let kill_one = |peers: &mut Vec<Peer>| {
            if kills {
                peers.pop();
            }
        };
        race(call, threads, kill_one).check(&what)
    };
    assert!((0..ATTEMPTS).any(attempt), "{what}: never {ENOUGH} permits");
}

#[test]
fn four_processes_keep_to_the_limit_and_use_it() {
    assert_limit_is_kept_and_used("try", 1, false);
    assert_limit_is_kept_and_used("acquire", 4, false);
}

#[test]
fn four_processes_keep_to_the_limit_and_use_it_when_one_is_killed() {
    assert_limit_is_kept_and_used("try", 1, true);
    assert_limit_is_kept_and_used("acquire", 16, true);
}
