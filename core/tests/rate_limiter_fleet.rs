//! Several processes at one rate limiter, as fast as they can: the limit holds, the permits are used, and nobody starves. Alone in
//! its program, so that what they share is the limiter, and not the machine with other tests.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

#[path = "support/peer.rs"]
mod peer;
mod support;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use peer::{Folder, Peer};
use support::{Corner, example};
use zkcoord_testkit::shared;

const PROCESSES: usize = 4;
const SECONDS: u64 = 10;
const SECOND: i64 = 1_000_000;

/// Just before and just after the call that had a permit, in microseconds.
type Grant = (i64, i64);

/// What one limiter let through.
struct Race {
    /// By process.
    grants: Vec<Vec<Grant>>,
    requests: u64,
}

/// Lets the processes take permits. `halfway` is done to them in the middle.
fn race(how: &str, terms: &str, threads: usize, halfway: impl FnOnce(&mut Vec<Peer>)) -> Race {
    let corner = Corner::new();
    let folder = Folder::new("grants");
    let hosts = format!("{}{}", shared().hosts(), corner.root);
    let mut peers: Vec<_> = (0..PROCESSES).map(|_| Peer::start(example("taker").arg(&hosts))).collect();
    let files: Vec<PathBuf> = (0..PROCESSES).map(|number| folder.0.join(number.to_string())).collect();
    let before = requests();
    for (peer, file) in peers.iter_mut().zip(&files) {
        peer.tell(&format!("race {how} /limit {terms} {threads} {SECONDS} {}", file.display()));
    }
    let begun = Instant::now();
    thread::sleep(Duration::from_secs(SECONDS / 2).saturating_sub(begun.elapsed()));
    halfway(&mut peers);
    for peer in &peers {
        assert!(peer.answer().starts_with("ok"));
    }
    let requests = requests() - before;
    let grants = files.iter().map(|file| grants_in(&fs::read_to_string(file).unwrap_or_default())).collect();
    Race { grants, requests }
}

fn grants_in(text: &str) -> Vec<Grant> {
    let number = |word: &str| word.parse().unwrap();
    text.lines().map(|line| line.split_once(' ').unwrap()).map(|(a, b)| (number(a), number(b))).collect()
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
    fn all(&self) -> Vec<Grant> {
        let mut all: Vec<_> = self.grants.concat();
        all.sort_unstable_by_key(|(_, after)| *after);
        all
    }

    /// The most permits that were certainly let through within `length`: their calls began and ended in it.
    fn most_within(&self, length: i64) -> usize {
        let all = self.all();
        let within = |begin: i64| all.iter().filter(|(a, b)| *a >= begin && *b < begin + length).count();
        all.iter().map(|(before, _)| within(*before)).max().unwrap_or(0)
    }

    /// The most calls that ended within `length`.
    fn most_ended_within(&self, length: i64) -> usize {
        let all = self.all();
        let within = |begin: i64| all.iter().filter(|(_, b)| *b >= begin && *b < begin + length).count();
        all.iter().map(|(_, after)| within(*after)).max().unwrap_or(0)
    }

    fn report(&self, what: &str) {
        let counts: Vec<_> = self.grants.iter().map(Vec::len).collect();
        let total: usize = counts.iter().sum();
        let all = self.all();
        let first = all.first().unwrap().0;
        let mut by_second = [0; SECONDS as usize + 1];
        all.iter().for_each(|(_, after)| by_second[((after - first) / SECOND) as usize] += 1);
        eprintln!(
            "{what}: {total} permits, by process {counts:?}, by second {by_second:?}; in any second at most {} for certain, {} by \
             the calls' ends; {} requests per second",
            self.most_within(SECOND),
            self.most_ended_within(SECOND),
            self.requests / SECONDS
        );
    }
}

#[test]
fn four_processes_as_fast_as_they_can() {
    for (how, threads) in [("try", 1), ("acquire", 1), ("acquire", 16)] {
        let race = race(how, "100 1000 100", threads, |_| {});
        race.report(&format!("{how}, {threads} threads each"));
        assert!(race.most_within(SECOND) <= 100);
        assert!(race.all().len() >= 950, "95 %");
        assert!(race.grants.iter().all(|grants| !grants.is_empty()));
    }
}

#[test]
fn one_is_killed_halfway() {
    for (how, threads) in [("try", 1), ("acquire", 16)] {
        let race = race(how, "100 1000 100", threads, |peers| drop(peers.pop()));
        race.report(&format!("{how}, {threads} threads each, one killed"));
        assert!(race.most_within(SECOND) <= 100);
        assert!(race.all().len() >= 950, "95 %");
    }
}

#[test]
fn small_and_large_bursts() {
    for terms in ["100 1000 10", "100 1000 1", "100 1000 300"] {
        for (how, threads) in [("try", 1), ("acquire", 4)] {
            let race = race(how, terms, threads, |_| {});
            race.report(&format!("{terms}, {how}, {threads} threads each"));
        }
    }
}
