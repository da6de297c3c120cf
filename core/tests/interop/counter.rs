//! Counters shared with Curator and kazoo, on one real server.

use std::thread;

use crate::support::peer::Peer;
use crate::support::{Sandbox, TIMEOUT};
use zkcoord::{Client, Counter, CounterFormat, ErrorCode};
use zkcoord_testkit::{eventually, shared};

/// A counter of another library: its kind, and how to start the process that uses it.
type Kind = (&'static str, fn(&str) -> Peer);

/// A counter of zkcoord with the same data format.
type Ours = fn(&Client) -> Counter;

const CURATOR_LONG: Kind = ("long", Peer::curator);
const CURATOR_INTEGER: Kind = ("integer", Peer::curator);
const CURATOR_SHARED: Kind = ("shared", Peer::curator);
const KAZOO_TEXT: Kind = ("text", Peer::kazoo);
const KAZOO_CURATOR: Kind = ("curator", Peer::kazoo);

const I64: Ours = |client| client.counter("/c");
const I32: Ours = |client| client.counter("/c").format(CounterFormat::I32);
const TEXT: Ours = |client| client.counter("/c").format(CounterFormat::Text);

/// Values that fit into 32 bits, and values that do not.
const SMALL: [i64; 6] = [0, 1, -1, 258, i32::MIN as i64, i32::MAX as i64];
const LARGE: [i64; 3] = [1 << 40, i64::MIN, i64::MAX];

/// A counter of another library, in a process.
struct PeerCounter {
    peer: Peer,
    kind: &'static str,
    path: String,
}

impl PeerCounter {
    fn start((kind, connect): Kind, sandbox: &Sandbox) -> PeerCounter {
        PeerCounter { peer: connect(&shared().hosts()), kind, path: sandbox.path("/c") }
    }

    fn set(&mut self, value: i64) {
        assert_eq!(self.peer.ask(&format!("set {} {} {value}", self.kind, self.path)), "ok");
    }

    fn begin_to_count(&mut self, times: usize) {
        self.peer.send(&format!("count {} {} {times}", self.kind, self.path));
    }

    fn count(&mut self, times: usize) {
        self.begin_to_count(times);
        assert_eq!(self.peer.answer(), "ok");
    }

    /// Waits until the peer returns the value. A `SharedCount` returns the value that it last read, which may lag.
    fn await_value(&mut self, value: i64) {
        let question = format!("value {} {}", self.kind, self.path);
        let seen = eventually(TIMEOUT, || self.peer.ask(&question) == format!("ok {value}"));
        assert!(seen, "not {value} but {}", self.peer.ask(&question));
    }
}

/// Asserts that each library reads the other's values and counts on from them.
fn assert_each_reads_the_other(kind: Kind, ours: Ours, values: &[i64]) {
    let sandbox = Sandbox::new();
    let (ours, mut theirs) = (ours(&sandbox.client()), PeerCounter::start(kind, &sandbox));
    for &value in values {
        ours.set(value).timeout(TIMEOUT).wait().unwrap();
        theirs.await_value(value);
    }
    for &value in values {
        theirs.set(value);
        assert_eq!(ours.get().timeout(TIMEOUT).wait().unwrap(), value);
    }
    theirs.set(40);
    assert_eq!(ours.add(2).timeout(TIMEOUT).wait().unwrap(), 42);
    theirs.await_value(42);
    theirs.count(3);
    assert_eq!(ours.get_and_set(0).timeout(TIMEOUT).wait().unwrap(), 45);
    theirs.await_value(0);
}

/// Asserts that either library may create the node, and that the other counts on.
fn assert_each_may_begin(kind: Kind, ours: Ours) {
    for they_begin in [true, false] {
        let sandbox = Sandbox::new();
        let (ours, mut theirs) = (ours(&sandbox.client()), PeerCounter::start(kind, &sandbox));
        if they_begin {
            theirs.count(5);
        }
        let before = if they_begin { 5 } else { 0 };
        assert_eq!(ours.increment().timeout(TIMEOUT).wait().unwrap(), before + 1);
        theirs.count(5);
        assert_eq!(ours.get().timeout(TIMEOUT).wait().unwrap(), before + 6);
    }
}

/// The number of adds of each peer in a round. Each of our threads does at least as many.
const EACH: usize = 100;

/// Lets peers and two of our clients, with two threads each, count at the same time. Repeats this until their adds have
/// interleaved often: an add of a peer came between two of ours.
fn assert_exact_together(kinds: &[Kind], ours: Ours) {
    let sandbox = Sandbox::new();
    // kazoo creates its node empty and fills it with its first add. Curator fails if it reads the empty node in between.
    ours(&sandbox.client()).set(0).timeout(TIMEOUT).wait().unwrap();
    let mut theirs: Vec<_> = kinds.iter().map(|kind| PeerCounter::start(*kind, &sandbox)).collect();
    let mut values = Vec::new();
    let (mut interleavings, mut of_theirs) = (0, 0);
    for round in 0.. {
        let count_theirs = || {
            theirs.iter_mut().for_each(|theirs| theirs.begin_to_count(EACH));
            theirs.iter().for_each(|theirs| assert_eq!(theirs.peer.answer(), "ok"));
        };
        values.extend(thread::scope(|scope| {
            let counting = scope.spawn(count_theirs);
            let values = count_ourselves(&sandbox, ours, || counting.is_finished());
            counting.join().unwrap();
            values
        }));
        of_theirs += kinds.len() * EACH;
        values.sort_unstable();
        interleavings = values.windows(2).filter(|pair| pair[1] > pair[0] + 1).count();
        if interleavings >= EACH / 4 {
            break;
        }
        assert!(round < 10, "the adds interleaved only {interleavings} times");
    }
    let (value, of_ours) = (ours(&sandbox.client()).get().timeout(TIMEOUT).wait().unwrap(), values.len());
    eprintln!(
        "{of_ours} of our adds and {of_theirs} of theirs, value {value}, {interleavings} times interleaved"
    );
    assert_eq!(value, (of_ours + of_theirs) as i64);
    theirs.iter_mut().for_each(|theirs| theirs.await_value(value));
}

/// Adds until the peers are done, and returns the results.
fn count_ourselves(sandbox: &Sandbox, ours: Ours, others_are_done: impl Fn() -> bool + Sync) -> Vec<i64> {
    let count = |counter: Counter| {
        let mut values = Vec::new();
        while values.len() < EACH || !others_are_done() {
            values.push(counter.increment().timeout(TIMEOUT).wait().unwrap());
        }
        values
    };
    let (count, clients) = (&count, [sandbox.client(), sandbox.client()]);
    thread::scope(|scope| {
        let counters = clients.iter().flat_map(|client| [ours(client), ours(client)]);
        let threads: Vec<_> = counters.map(|counter| scope.spawn(move || count(counter))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn curators_long_and_ours_read_each_other() {
    assert_each_reads_the_other(CURATOR_LONG, I64, &[&SMALL[..], &LARGE].concat());
    assert_each_may_begin(CURATOR_LONG, I64);
}

#[test]
fn curators_long_and_ours_count_together() {
    assert_exact_together(&[CURATOR_LONG, CURATOR_LONG], I64);
}

#[test]
fn curators_shared_count_and_ours_read_each_other() {
    assert_each_reads_the_other(CURATOR_SHARED, I32, &SMALL);
    assert_each_may_begin(CURATOR_SHARED, I32);
}

#[test]
fn curators_integer_and_ours_read_each_other() {
    assert_each_reads_the_other(CURATOR_INTEGER, I32, &SMALL);
    assert_each_may_begin(CURATOR_INTEGER, I32);
}

#[test]
fn kazoos_counter_and_ours_read_each_other() {
    assert_each_reads_the_other(KAZOO_TEXT, TEXT, &[&SMALL[..], &LARGE].concat());
    assert_each_may_begin(KAZOO_TEXT, TEXT);
}

#[test]
fn kazoos_counter_for_curator_and_ours_read_each_other() {
    assert_each_reads_the_other(KAZOO_CURATOR, I32, &SMALL);
    assert_each_may_begin(KAZOO_CURATOR, I32);
}

#[test]
fn curators_shared_count_and_ours_count_together() {
    assert_exact_together(&[CURATOR_SHARED, CURATOR_SHARED], I32);
}

#[test]
fn kazoos_counters_and_ours_count_together() {
    assert_exact_together(&[KAZOO_TEXT, KAZOO_TEXT], TEXT);
}

#[test]
fn all_counters_with_four_bytes_count_together() {
    assert_exact_together(&[CURATOR_SHARED, CURATOR_INTEGER, KAZOO_CURATOR], I32);
}

/// kazoo's numbers have no limit and need not be integers.
#[test]
fn values_that_only_kazoo_can_write_are_left_unchanged() {
    let sandbox = Sandbox::new();
    let (ours, mut theirs) = (TEXT(&sandbox.client()), PeerCounter::start(KAZOO_TEXT, &sandbox));
    ours.set(i64::MAX).timeout(TIMEOUT).wait().unwrap();
    theirs.count(1);
    assert_eq!(ours.increment().timeout(TIMEOUT).wait().unwrap_err().code(), ErrorCode::BadData);
    let question = format!("value {} {}", theirs.kind, theirs.path);
    assert_eq!(theirs.peer.ask(&question), "ok 9223372036854775808");
    sandbox.observer.set(&sandbox.path("/c"), b"1.5").unwrap();
    assert_eq!(ours.increment().timeout(TIMEOUT).wait().unwrap_err().code(), ErrorCode::BadData);
    assert_eq!(sandbox.observer.data(&sandbox.path("/c")).unwrap().unwrap().0, b"1.5");
}
