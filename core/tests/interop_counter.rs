//! Counters shared with Curator and kazoo, on one real server.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

#[path = "support/peer.rs"]
mod peer;
mod support;

use std::thread;

use peer::Peer;
use support::{Corner, PATIENCE};
use zkcoord::{Client, Counter, CounterFormat, ErrorCode};
use zkcoord_testkit::{eventually, shared};

/// A counter of another library: its kind, and the process that counts with it.
type Kind = (&'static str, fn(&str) -> Peer);

/// Ours with the same bytes.
type Ours = fn(&Client) -> Counter;

const CURATOR_LONG: Kind = ("long", Peer::curator);
const CURATOR_INTEGER: Kind = ("integer", Peer::curator);
const CURATOR_SHARED: Kind = ("shared", Peer::curator);
const KAZOO_TEXT: Kind = ("text", Peer::kazoo);
const KAZOO_CURATOR: Kind = ("curator", Peer::kazoo);

const I64: Ours = |client| client.counter("/c");
const I32: Ours = |client| client.counter("/c").format(CounterFormat::I32);
const TEXT: Ours = |client| client.counter("/c").format(CounterFormat::Text);

/// Values that are an integer of 32 bits, and that are not.
const SMALL: [i64; 6] = [0, 1, -1, 258, i32::MIN as i64, i32::MAX as i64];
const LARGE: [i64; 3] = [1 << 40, i64::MIN, i64::MAX];

/// One who counts with another library.
struct Theirs {
    peer: Peer,
    kind: &'static str,
    path: String,
}

impl Theirs {
    fn start((kind, connect): Kind, corner: &Corner) -> Theirs {
        Theirs { peer: connect(&shared().hosts()), kind, path: corner.path("/c") }
    }

    fn set(&mut self, value: i64) {
        assert_eq!(self.peer.ask(&format!("set {} {} {value}", self.kind, self.path)), "ok");
    }

    fn begin_to_count(&mut self, times: usize) {
        self.peer.tell(&format!("count {} {} {times}", self.kind, self.path));
    }

    fn count(&mut self, times: usize) {
        self.begin_to_count(times);
        assert_eq!(self.peer.answer(), "ok");
    }

    /// `SharedCount` tells what it last heard of, which may lag.
    fn await_value(&mut self, value: i64) {
        let question = format!("value {} {}", self.kind, self.path);
        let seen = eventually(PATIENCE, || self.peer.ask(&question) == format!("ok {value}"));
        assert!(seen, "not {value} but {}", self.peer.ask(&question));
    }
}

/// Each reads what the other wrote, and goes on from there.
fn read_each_other(kind: Kind, ours: Ours, values: &[i64]) {
    let corner = Corner::new();
    let (ours, mut theirs) = (ours(&corner.client()), Theirs::start(kind, &corner));
    for &value in values {
        ours.set(value).timeout(PATIENCE).wait().unwrap();
        theirs.await_value(value);
    }
    for &value in values {
        theirs.set(value);
        assert_eq!(ours.get().timeout(PATIENCE).wait().unwrap(), value);
    }
    theirs.set(40);
    assert_eq!(ours.add(2).timeout(PATIENCE).wait().unwrap(), 42);
    theirs.await_value(42);
    theirs.count(3);
    assert_eq!(ours.get_and_set(0).timeout(PATIENCE).wait().unwrap(), 45);
    theirs.await_value(0);
}

/// Whoever comes first makes the node, and the other goes on.
fn begin_for_each_other(kind: Kind, ours: Ours) {
    for they_begin in [true, false] {
        let corner = Corner::new();
        let (ours, mut theirs) = (ours(&corner.client()), Theirs::start(kind, &corner));
        if they_begin {
            theirs.count(5);
        }
        let before = if they_begin { 5 } else { 0 };
        assert_eq!(ours.increment().timeout(PATIENCE).wait().unwrap(), before + 1);
        theirs.count(5);
        assert_eq!(ours.get().timeout(PATIENCE).wait().unwrap(), before + 6);
    }
}

/// How often each of theirs adds 1 in a round, and each thread of ours at least.
const EACH: usize = 100;

/// Processes of theirs and two clients of ours, with two threads each, count at the same time, in as many rounds as it takes
/// until they have met often: that one of theirs came between two of ours.
fn count_together(kinds: &[Kind], ours: Ours) {
    let corner = Corner::new();
    // kazoo makes its node empty and fills it with its first add; Curator fails on an empty one, should it come in between.
    ours(&corner.client()).set(0).timeout(PATIENCE).wait().unwrap();
    let mut theirs: Vec<_> = kinds.iter().map(|kind| Theirs::start(*kind, &corner)).collect();
    let mut values = Vec::new();
    let (mut meetings, mut of_theirs) = (0, 0);
    for round in 0.. {
        let count_theirs = || {
            theirs.iter_mut().for_each(|theirs| theirs.begin_to_count(EACH));
            theirs.iter().for_each(|theirs| assert_eq!(theirs.peer.answer(), "ok"));
        };
        values.extend(thread::scope(|scope| {
            let counting = scope.spawn(count_theirs);
            let values = count_ourselves(&corner, ours, || counting.is_finished());
            counting.join().unwrap();
            values
        }));
        of_theirs += kinds.len() * EACH;
        values.sort_unstable();
        meetings = values.windows(2).filter(|pair| pair[1] > pair[0] + 1).count();
        if meetings >= EACH / 4 {
            break;
        }
        assert!(round < 10, "they hardly meet: {meetings} times");
    }
    let (value, of_ours) = (ours(&corner.client()).get().timeout(PATIENCE).wait().unwrap(), values.len());
    eprintln!("{of_ours} of ours and {of_theirs} of theirs, value {value}, {meetings} times they met");
    assert_eq!(value, (of_ours + of_theirs) as i64);
    theirs.iter_mut().for_each(|theirs| theirs.await_value(value));
}

/// Adds until the others are done, and returns the values that the adds gave.
fn count_ourselves(corner: &Corner, ours: Ours, others_are_done: impl Fn() -> bool + Sync) -> Vec<i64> {
    let count = |counter: Counter| {
        let mut values = Vec::new();
        while values.len() < EACH || !others_are_done() {
            values.push(counter.increment().timeout(PATIENCE).wait().unwrap());
        }
        values
    };
    let (count, clients) = (&count, [corner.client(), corner.client()]);
    thread::scope(|scope| {
        let counters = clients.iter().flat_map(|client| [ours(client), ours(client)]);
        let threads: Vec<_> = counters.map(|counter| scope.spawn(move || count(counter))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn curators_long_and_ours_read_each_other() {
    read_each_other(CURATOR_LONG, I64, &[&SMALL[..], &LARGE].concat());
    begin_for_each_other(CURATOR_LONG, I64);
}

#[test]
fn curators_long_and_ours_count_together() {
    count_together(&[CURATOR_LONG, CURATOR_LONG], I64);
}

#[test]
fn curators_shared_count_and_ours_read_each_other() {
    read_each_other(CURATOR_SHARED, I32, &SMALL);
    begin_for_each_other(CURATOR_SHARED, I32);
}

#[test]
fn curators_integer_and_ours_read_each_other() {
    read_each_other(CURATOR_INTEGER, I32, &SMALL);
    begin_for_each_other(CURATOR_INTEGER, I32);
}

#[test]
fn kazoos_counter_and_ours_read_each_other() {
    read_each_other(KAZOO_TEXT, TEXT, &[&SMALL[..], &LARGE].concat());
    begin_for_each_other(KAZOO_TEXT, TEXT);
}

#[test]
fn kazoos_counter_for_curator_and_ours_read_each_other() {
    read_each_other(KAZOO_CURATOR, I32, &SMALL);
    begin_for_each_other(KAZOO_CURATOR, I32);
}

#[test]
fn curators_shared_count_and_ours_count_together() {
    count_together(&[CURATOR_SHARED, CURATOR_SHARED], I32);
}

#[test]
fn kazoos_counters_and_ours_count_together() {
    count_together(&[KAZOO_TEXT, KAZOO_TEXT], TEXT);
}

#[test]
fn all_who_have_four_bytes_count_together() {
    count_together(&[CURATOR_SHARED, CURATOR_INTEGER, KAZOO_CURATOR], I32);
}

/// kazoo counts on where we stop: its numbers have no end, and need not be whole.
#[test]
fn what_only_kazoo_can_write_is_left_alone() {
    let corner = Corner::new();
    let (ours, mut theirs) = (TEXT(&corner.client()), Theirs::start(KAZOO_TEXT, &corner));
    ours.set(i64::MAX).timeout(PATIENCE).wait().unwrap();
    theirs.count(1);
    assert_eq!(ours.increment().timeout(PATIENCE).wait().unwrap_err().code(), ErrorCode::BadData);
    let question = format!("value {} {}", theirs.kind, theirs.path);
    assert_eq!(theirs.peer.ask(&question), "ok 9223372036854775808");
    corner.observer.set(&corner.path("/c"), b"1.5").unwrap();
    assert_eq!(ours.increment().timeout(PATIENCE).wait().unwrap_err().code(), ErrorCode::BadData);
    assert_eq!(corner.observer.data(&corner.path("/c")).unwrap().unwrap().0, b"1.5");
}
