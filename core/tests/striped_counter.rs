//! The striped counter against a real server, without faults.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod support;

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread::scope;
use std::time::{Duration, Instant};

use support::{Corner, PATIENCE};
use zkcoord::{ErrorCode, StripedCounter};
use zkcoord_testkit::{Op, eventually};

/// Waits until a striped counter of this corner has so many stripes.
fn await_stripes(corner: &Corner, path: &str, count: usize) {
    let names = || corner.children(path).into_iter().filter(|name| name.starts_with("stripe-")).count();
    assert!(eventually(PATIENCE, || names() == count), "{:?}, not {count}", corner.children(path));
}

/// What the node at the path says by itself.
fn base(corner: &Corner, path: &str) -> i64 {
    let (data, _) = corner.observer.data(&corner.path(path)).unwrap().unwrap();
    i64::from_be_bytes(data.try_into().unwrap())
}

fn flush(striped: &StripedCounter) {
    striped.flush().timeout(PATIENCE).wait().unwrap();
}

fn sum(striped: &StripedCounter) -> i64 {
    striped.sum().timeout(PATIENCE).wait().unwrap()
}

#[test]
fn all_operations() {
    let corner = Corner::new();
    let client = corner.client();
    let striped = client.striped_counter("/deep/down/hits").flush_interval(Duration::MAX);
    assert_eq!(striped.path().unwrap(), "/deep/down/hits");
    assert_eq!(sum(&striped), 0, "a missing node counts as 0");
    flush(&striped);
    assert!(corner.children("").is_empty(), "and is not made by reading, nor by flushing nothing");
    striped.add(5).unwrap();
    striped.add(-7).unwrap();
    assert_eq!(sum(&striped), 0, "not flushed");
    flush(&striped);
    assert_eq!(sum(&striped), -2);
    assert_eq!(base(&corner, "/deep/down/hits"), 0, "made with its full bytes");
    let names = corner.children("/deep/down/hits");
    assert_eq!(names.len(), 1);
    assert_eq!(base(&corner, &format!("/deep/down/hits/{}", names[0])), -2);
    striped.add(i64::MAX).unwrap();
    striped.flush().timeout(Duration::ZERO).wait().unwrap();
    assert_eq!(striped.sum().timeout(Duration::ZERO).wait().unwrap(), i64::MAX - 2);
    assert_eq!(client.counter("/deep/down/hits").add(1).wait().unwrap(), 1, "the base is a plain counter");
    assert_eq!(corner.client().striped_counter("/deep/down/hits").sum().wait().unwrap(), i64::MAX - 1);
}

#[test]
fn adds_are_written_within_the_interval_and_together() {
    let corner = Corner::new();
    let proxy = corner.proxy();
    let client = corner.client_through(&proxy);
    let striped = client.striped_counter("/hits");
    striped.add(1).unwrap();
    flush(&striped);
    proxy.clear_frames();
    for _ in 0..100_000 {
        striped.add(1).unwrap();
    }
    assert!(eventually(PATIENCE, || sum(&striped) == 100_001));
    let writes = || proxy.frames().iter().filter(|frame| frame.is_request(Op::Multi)).count();
    assert!(writes() < 100, "{} writes for 100,000 adds", writes());
    let at_once = client.striped_counter("/hits").flush_interval(Duration::ZERO);
    let patient = striped.flush_interval(Duration::MAX);
    patient.add(10).unwrap();
    at_once.add(10).unwrap();
    assert!(eventually(PATIENCE, || sum(&patient) == 100_021), "who is in a hurry takes the others along");
}

#[test]
fn a_flush_or_a_sum_costs_one_round_trip() {
    let corner = Corner::new();
    let proxy = corner.proxy();
    let clients: Vec<_> = (0..3).map(|_| corner.client().striped_counter("/hits")).collect();
    let striped = corner.client_through(&proxy).striped_counter("/hits").flush_interval(Duration::MAX);
    for striped in clients.iter().chain([&striped]) {
        striped.add(1).unwrap();
        flush(striped);
    }
    assert_eq!(sum(&striped), 4);
    let requests = || {
        let frames = proxy.frames().into_iter().filter(|frame| frame.is_request(Op::Any));
        frames.filter(|frame| !frame.is_request(Op::Ping)).count()
    };
    proxy.clear_frames();
    flush(&striped);
    assert_eq!(requests(), 0, "nothing to be written");
    striped.add(1).unwrap();
    flush(&striped);
    assert_eq!(requests(), 1);
    assert_eq!(sum(&striped), 5);
    assert_eq!(requests(), 3, "sync and a multi-read, back to back");
}

#[test]
fn closing_and_dropping_flush_and_the_next_client_folds() {
    let corner = Corner::new();
    let lasting = Duration::MAX;
    for number in 0..4 {
        let client = corner.client();
        let striped = client.striped_counter("/hits").flush_interval(lasting);
        let clone = striped.clone();
        for _ in 0..100 {
            striped.add(1).unwrap();
            clone.add(1).unwrap();
        }
        match number {
            0 | 1 => client.close().timeout(PATIENCE).wait().unwrap(),
            // Everything is dropped here.
            _ => {}
        }
    }
    let total = || corner.client().striped_counter("/hits").sum().timeout(PATIENCE).wait().unwrap();
    assert!(eventually(PATIENCE, || total() == 800), "{}", total());
    // Sessions of dropped clients end in the background.
    assert!(eventually(PATIENCE, || {
        assert_eq!(total(), 800);
        corner.children("/hits").is_empty()
    }));
    assert_eq!(base(&corner, "/hits"), 800);
}

#[test]
fn after_all_clients_are_gone_a_sum_leaves_no_stripe() {
    let corner = Corner::new();
    let clients: Vec<_> = (0..4).map(|_| corner.client()).collect();
    for client in &clients {
        let striped = client.striped_counter("/hits");
        striped.add(3).unwrap();
        flush(&striped);
    }
    await_stripes(&corner, "/hits", 4);
    let reader = corner.client().striped_counter("/hits");
    assert_eq!(sum(&reader), 12);
    assert_eq!(base(&corner, "/hits"), 0, "nothing is folded while their owners are there");
    for client in &clients[..2] {
        client.close().timeout(PATIENCE).wait().unwrap();
    }
    let newcomer = corner.client().striped_counter("/hits");
    newcomer.add(1).unwrap();
    flush(&newcomer);
    await_stripes(&corner, "/hits", 3);
    assert_eq!((base(&corner, "/hits"), sum(&reader)), (6, 13), "folded by who came");
    for client in &clients[2..] {
        client.close().timeout(PATIENCE).wait().unwrap();
    }
    assert_eq!(sum(&reader), 13);
    assert_eq!(base(&corner, "/hits"), 12, "folded by who sums, before he is told");
    await_stripes(&corner, "/hits", 1);
}

#[test]
fn many_stripes_are_folded() {
    let corner = Corner::new();
    corner.observer.create(&corner.path("/hits"), &5i64.to_be_bytes()).unwrap();
    for number in 0..250 {
        let path = corner.path(&format!("/hits/stripe-{number:032x}"));
        corner.observer.create(&path, &1i64.to_be_bytes()).unwrap();
    }
    corner.observer.create(&corner.path("/hits/stripe-other"), b"not ours").unwrap();
    let striped = corner.client().striped_counter("/hits");
    assert_eq!(sum(&striped), 255);
    assert_eq!(corner.children("/hits"), ["stripe-other"]);
    assert_eq!((base(&corner, "/hits"), sum(&striped)), (255, 255));
}

#[test]
fn folds_and_the_adds_of_a_plain_counter_do_not_overwrite_each_other() {
    let corner = Corner::new();
    let (plain, reader) = (corner.client(), corner.client());
    let (plain, reader) = (plain.counter("/hits"), reader.striped_counter("/hits"));
    let over = AtomicBool::new(false);
    let added = scope(|scope| {
        let adder = scope.spawn(|| {
            let mut added = 0;
            while !over.load(Ordering::SeqCst) {
                plain.add(1).timeout(PATIENCE).wait().unwrap();
                added += 1;
            }
            added
        });
        for _ in 0..30 {
            let client = corner.client();
            let striped = client.striped_counter("/hits");
            striped.add(1).unwrap();
            client.close().timeout(PATIENCE).wait().unwrap();
            sum(&reader);
        }
        over.store(true, Ordering::SeqCst);
        adder.join().unwrap()
    });
    assert_eq!(sum(&reader), added + 30);
    assert_eq!(base(&corner, "/hits"), added + 30);
}

/// What one call saw of the sum, and when.
struct Seen {
    begun: Instant,
    done: Instant,
    sum: i64,
    /// Acknowledged before it began, and added before it was done.
    bounds: (i64, i64),
}

#[test]
fn concurrent_sums_are_linearizable_while_clients_come_and_go() {
    let corner = Corner::new();
    let (added, acknowledged, over) = (AtomicI64::new(0), AtomicI64::new(0), AtomicBool::new(false));
    let add = || {
        for round in 0..10 {
            // Each round with a new client, whose stripe is folded when it is gone: closed or dropped.
            let client = corner.client();
            let striped = client.striped_counter("/hits").flush_interval(Duration::MAX);
            for n in 1..=10 {
                added.fetch_add(n, Ordering::SeqCst);
                striped.add(n).unwrap();
                flush(&striped);
                acknowledged.fetch_add(n, Ordering::SeqCst);
            }
            if round % 2 == 0 {
                client.close().timeout(PATIENCE).wait().unwrap();
            }
        }
    };
    let look = || {
        let striped = corner.client().striped_counter("/hits");
        let mut seen = Vec::new();
        while !over.load(Ordering::SeqCst) {
            let (begun, least) = (Instant::now(), acknowledged.load(Ordering::SeqCst));
            let sum = sum(&striped);
            let bounds = (least, added.load(Ordering::SeqCst));
            seen.push(Seen { begun, done: Instant::now(), sum, bounds });
        }
        seen
    };
    let mut seen: Vec<Seen> = scope(|scope| {
        let lookers: Vec<_> = (0..3).map(|_| scope.spawn(look)).collect();
        let adders: Vec<_> = (0..4).map(|_| scope.spawn(add)).collect();
        let failed = adders.into_iter().map(|adder| adder.join()).filter(Result::is_err).count();
        over.store(true, Ordering::SeqCst);
        assert_eq!(failed, 0);
        lookers.into_iter().flat_map(|looker| looker.join().unwrap()).collect()
    });
    for Seen { sum, bounds: (least, most), .. } in &seen {
        assert!(least <= sum && sum <= most, "{least} <= {sum} <= {most}");
    }
    // Who begins after another is done sees no less.
    seen.sort_by_key(|seen| seen.done);
    for (number, earlier) in seen.iter().enumerate() {
        let behind =
            seen[number..].iter().find(|later| later.begun > earlier.done && later.sum < earlier.sum);
        assert!(behind.is_none_or(|later| panic!("{} after {}", later.sum, earlier.sum)));
    }
    assert_eq!(corner.client().striped_counter("/hits").sum().wait().unwrap(), 4 * 10 * 55);
    println!("{} sums", seen.len());
}

#[test]
fn bad_paths_and_closed_clients_say_so() {
    let corner = Corner::new();
    let client = corner.client();
    let bad = client.striped_counter("hits");
    for error in [
        bad.add(1).unwrap_err(),
        bad.flush().wait().unwrap_err(),
        bad.sum().wait().unwrap_err(),
        bad.path().map(drop).unwrap_err(),
    ] {
        assert_eq!(error.code(), ErrorCode::InvalidArgument);
        assert!(error.message().starts_with("path \"hits\""), "{error}");
    }
    let striped = client.striped_counter("/hits");
    striped.add(1).unwrap();
    client.close().timeout(PATIENCE).wait().unwrap();
    for error in [
        striped.add(1).unwrap_err(),
        striped.flush().wait().unwrap_err(),
        striped.sum().wait().unwrap_err(),
        client.striped_counter("/other").add(1).unwrap_err(),
    ] {
        assert_eq!(error.code(), ErrorCode::Closed, "{error}");
    }
    client.close().timeout(PATIENCE).wait().unwrap();
    assert_eq!(corner.client().striped_counter("/hits").sum().wait().unwrap(), 1);
}

#[test]
fn foreign_bytes_are_left_alone_and_nothing_added_is_lost() {
    let corner = Corner::new();
    let client = corner.client();
    corner.observer.create(&corner.path("/foreign"), b"abc").unwrap();
    let foreign = client.striped_counter("/foreign");
    foreign.add(2).unwrap();
    for error in [foreign.flush().wait().unwrap_err(), foreign.sum().wait().unwrap_err()] {
        assert_eq!(error.code(), ErrorCode::BadData);
        assert!(error.message().contains("/foreign"), "{error}");
    }
    assert_eq!(corner.observer.data(&corner.path("/foreign")).unwrap().unwrap().0, b"abc");
    assert!(corner.children("/foreign").is_empty());
    corner.observer.set(&corner.path("/foreign"), &7i64.to_be_bytes()).unwrap();
    flush(&foreign);
    assert_eq!(sum(&foreign), 9, "mended, it is written");
}

#[test]
fn a_container_is_not_trusted_with_the_sum() {
    let corner = Corner::new();
    let client = corner.client();
    // Made as the parent of something, it is a container: the server deletes it when its last child goes.
    client.counter("/hits/other").add(1).timeout(PATIENCE).wait().unwrap();
    let striped = client.striped_counter("/hits");
    striped.add(1).unwrap();
    let error = striped.flush().timeout(PATIENCE).wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::InvalidArgument);
    assert!(error.message().contains("/hits") && error.message().contains("children"), "{error}");
    // No way to do that with an open session: its dedupe node.
    let observer = &corner.observer;
    for name in corner.children("/hits/other") {
        observer.delete(&corner.path(&format!("/hits/other/{name}"))).unwrap();
    }
    observer.delete(&corner.path("/hits/other")).unwrap();
    flush(&striped);
    assert_eq!((sum(&striped), base(&corner, "/hits")), (1, 0), "empty, it is replaced");
}

#[test]
fn overflow_is_an_error_and_changes_nothing() {
    let corner = Corner::new();
    let (one, other) = (corner.client(), corner.client());
    let (one, other) = (one.striped_counter("/hits"), other.striped_counter("/hits"));
    let one = one.flush_interval(Duration::MAX);
    one.add(i64::MAX).unwrap();
    assert_eq!(one.add(1).unwrap_err().code(), ErrorCode::Overflow);
    flush(&one);
    one.add(1).unwrap();
    assert_eq!(one.flush().wait().unwrap_err().code(), ErrorCode::Overflow, "its stripe is full");
    one.add(-1).unwrap();
    flush(&one);
    assert_eq!(sum(&other), i64::MAX);
    other.add(1).unwrap();
    flush(&other);
    let error = other.sum().wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::Overflow);
    assert!(error.message().contains("/hits") && error.message().contains("9223372036854775808"), "{error}");
    other.add(-1).unwrap();
    flush(&other);
    assert_eq!(sum(&one), i64::MAX);
}

#[test]
fn a_handle_dropped_while_another_is_kept_flushes_too() {
    let corner = Corner::new();
    let client = corner.client();
    client.striped_counter("/hits").flush_interval(Duration::MAX).add(4).unwrap();
    let striped = client.striped_counter("/hits");
    assert!(eventually(PATIENCE, || sum(&striped) == 4));
}
