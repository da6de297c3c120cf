//! Several processes at one rate limiter, as fast as they can: the limit holds, the permits are used, and nobody starves. Alone in
//! its program, so that what they share is the limiter, and not the machine with other tests.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

#[path = "support/grants.rs"]
mod grants;
#[path = "support/peer.rs"]
mod peer;
mod support;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use grants::{Grant, SECOND, assert_limit, most_ended_within, most_within, permits};
use peer::{Folder, Peer};
use support::{Corner, example};
use zkcoord_testkit::shared;

const PROCESSES: usize = 4;
const SECONDS: u64 = 10;
const PERMITS: u64 = 100;

/// At 100 per second for 10 s, beside the burst that a fresh limiter gives: 95 % of what may be used.
const ENOUGH: u64 = PERMITS * SECONDS * 95 / 100;

const ATTEMPTS: usize = 3;

/// One race at a time.
static MACHINE: Mutex<()> = Mutex::new(());

/// What each process had.
struct Race {
    grants: Vec<Vec<Grant>>,
    requests: u64,
}

/// Lets the processes take permits of one limiter. `halfway` is done to them in the middle.
fn race(how: &str, threads: usize, halfway: impl FnOnce(&mut Vec<Peer>)) -> Race {
    let _alone = MACHINE.lock().unwrap_or_else(PoisonError::into_inner);
    let corner = Corner::new();
    let folder = Folder::new("grants");
    let hosts = format!("{}{}", shared().hosts(), corner.root);
    let mut peers: Vec<_> = (0..PROCESSES).map(|_| Peer::start(example("taker").arg(&hosts))).collect();
    let files: Vec<PathBuf> = (0..PROCESSES).map(|number| folder.0.join(number.to_string())).collect();
    let before = requests();
    for (peer, file) in peers.iter_mut().zip(&files) {
        peer.tell(&format!("race {how} /limit {PERMITS} 1000 {threads} {SECONDS} {}", file.display()));
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

/// The packets that the server got so far.
fn requests() -> u64 {
    let mut stream = TcpStream::connect(shared().host(0)).unwrap();
    stream.write_all(b"srvr").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let received = text.lines().find_map(|line| line.strip_prefix("Received: "));
    received.unwrap_or_else(|| panic!("{text}")).trim().parse().unwrap()
}

impl Race {
    /// The limit holds, and nobody starved. Says whether enough permits were used.
    fn check(&self, what: &str) -> bool {
        let all = self.grants.concat();
        let had = permits(&all);
        let by_process: Vec<_> = self.grants.iter().map(Vec::len).collect();
        eprintln!(
            "{what}: {had} permits, by process {by_process:?}; within any second at most {}, {} by the calls' ends; {} requests per \
             second",
            most_within(&all, SECOND),
            most_ended_within(&all, SECOND),
            self.requests / SECONDS
        );
        assert_limit(&all, PERMITS, Duration::from_secs(1));
        assert!(by_process.iter().all(|count| *count > 0), "{by_process:?}");
        had >= ENOUGH
    }
}

/// A machine that has other things to do may not let all processes run when their permits come, so there are several attempts to
/// use enough of them. None may exceed the limit.
fn keeps_to_the_limit_and_uses_it(how: &str, threads: usize, kills: bool) {
    let what = format!("{how}, {threads} threads{}", if kills { ", one killed" } else { "" });
    let attempt = |_| {
        // A peer is killed when it is dropped.
        let kill_one = |peers: &mut Vec<Peer>| {
            if kills {
                peers.pop();
            }
        };
        race(how, threads, kill_one).check(&what)
    };
    assert!((0..ATTEMPTS).any(attempt), "{what}: never {ENOUGH} permits");
}

#[test]
fn four_processes_in_a_loop() {
    keeps_to_the_limit_and_uses_it("try", 1, false);
    keeps_to_the_limit_and_uses_it("acquire", 4, false);
}

#[test]
fn four_processes_one_of_which_is_killed() {
    keeps_to_the_limit_and_uses_it("try", 1, true);
    keeps_to_the_limit_and_uses_it("acquire", 16, true);
}
