//! The striped counter against a real server, without faults.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread::scope;
use std::time::{Duration, Instant};

use crate::support::{Sandbox, TIMEOUT, machine};
use zkcoord::{ErrorCode, StripedCounter};
use zkcoord_testkit::{Op, eventually};

/// Waits until a striped counter of this sandbox has `count` stripes.
fn await_stripes(sandbox: &Sandbox, path: &str, count: usize) {
    let names = || sandbox.children(path).into_iter().filter(|name| name.starts_with("stripe-")).count();
    assert!(eventually(TIMEOUT, || names() == count), "{:?}, not {count}", sandbox.children(path));
}

/// The value of the node itself, without its stripes.
fn base(sandbox: &Sandbox, path: &str) -> i64 {
    let (data, _) = sandbox.observer.data(&sandbox.path(path)).unwrap().unwrap();
    i64::from_be_bytes(data.try_into().unwrap())
}

fn flush(striped: &StripedCounter) {
    striped.flush().timeout(TIMEOUT).wait().unwrap();
}

fn sum(striped: &StripedCounter) -> i64 {
    striped.sum().timeout(TIMEOUT).wait().unwrap()
}

#[test]
fn all_operations() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let striped = client.striped_counter("/deep/down/hits").flush_interval(Duration::MAX);
    assert_eq!(striped.path().unwrap(), "/deep/down/hits");
    assert_eq!(sum(&striped), 0, "a missing node counts as 0");
    flush(&striped);
    assert!(sandbox.children("").is_empty(), "neither a read nor an empty flush creates it");
    striped.add(5).unwrap();
    striped.add(-7).unwrap();
    assert_eq!(sum(&striped), 0, "not flushed");
    flush(&striped);
    assert_eq!(sum(&striped), -2);
    assert_eq!(base(&sandbox, "/deep/down/hits"), 0, "created with its full data");
    let names = sandbox.children("/deep/down/hits");
    assert_eq!(names.len(), 1);
    assert_eq!(base(&sandbox, &format!("/deep/down/hits/{}", names[0])), -2);
    striped.add(i64::MAX).unwrap();
    striped.flush().timeout(Duration::ZERO).wait().unwrap();
    assert_eq!(striped.sum().timeout(Duration::ZERO).wait().unwrap(), i64::MAX - 2);
    assert_eq!(client.counter("/deep/down/hits").add(1).wait().unwrap(), 1, "the base is a plain counter");
    assert_eq!(sandbox.client().striped_counter("/deep/down/hits").sum().wait().unwrap(), i64::MAX - 1);
}

#[test]
fn adds_are_written_within_the_interval_and_together() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let client = sandbox.client_through(&proxy);
    let striped = client.striped_counter("/hits");
    striped.add(1).unwrap();
    flush(&striped);
    proxy.clear_frames();
    for _ in 0..100_000 {
        striped.add(1).unwrap();
    }
    assert!(eventually(TIMEOUT, || sum(&striped) == 100_001));
    let writes = || proxy.frames().iter().filter(|frame| frame.is_request(Op::Multi)).count();
    assert!(writes() < 100, "{} writes for 100,000 adds", writes());
    let at_once = client.striped_counter("/hits").flush_interval(Duration::ZERO);
    let lazy = striped.flush_interval(Duration::MAX);
    lazy.add(10).unwrap();
    at_once.add(10).unwrap();
    assert!(eventually(TIMEOUT, || sum(&lazy) == 100_021), "a flush of one handle writes the adds of all");
}

#[test]
fn a_flush_or_a_sum_costs_one_round_trip() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let clients: Vec<_> = (0..3).map(|_| sandbox.client().striped_counter("/hits")).collect();
    let striped = sandbox.client_through(&proxy).striped_counter("/hits").flush_interval(Duration::MAX);
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
    assert_eq!(requests(), 0, "nothing to write");
    striped.add(1).unwrap();
    flush(&striped);
    assert_eq!(requests(), 1);
    assert_eq!(sum(&striped), 5);
    assert_eq!(requests(), 3, "sync and a multi-read, back to back");
}

#[test]
fn closing_and_dropping_flush_and_the_next_client_merges() {
    let sandbox = Sandbox::new();
    for number in 0..4 {
        let client = sandbox.client();
        let striped = client.striped_counter("/hits").flush_interval(Duration::MAX);
        let clone = striped.clone();
        for _ in 0..100 {
            striped.add(1).unwrap();
            clone.add(1).unwrap();
        }
        match number {
            0 | 1 => client.close().timeout(TIMEOUT).wait().unwrap(),
            // The client and its handles are dropped here.
            _ => {}
        }
    }
    let total = || sandbox.client().striped_counter("/hits").sum().timeout(TIMEOUT).wait().unwrap();
    assert!(eventually(TIMEOUT, || total() == 800), "{}", total());
    // The sessions of dropped clients end in the background.
    assert!(eventually(TIMEOUT, || {
        assert_eq!(total(), 800);
        sandbox.children("/hits").is_empty()
    }));
    assert_eq!(base(&sandbox, "/hits"), 800);
}

#[test]
fn stripes_of_closed_clients_are_merged() {
    let sandbox = Sandbox::new();
    let clients: Vec<_> = (0..4).map(|_| sandbox.client()).collect();
    for client in &clients {
        let striped = client.striped_counter("/hits");
        striped.add(3).unwrap();
        flush(&striped);
    }
    await_stripes(&sandbox, "/hits", 4);
    let reader = sandbox.client().striped_counter("/hits");
    assert_eq!(sum(&reader), 12);
    assert_eq!(base(&sandbox, "/hits"), 0, "no stripe is merged while its client is open");
    for client in &clients[..2] {
        client.close().timeout(TIMEOUT).wait().unwrap();
    }
    let newcomer = sandbox.client().striped_counter("/hits");
    newcomer.add(1).unwrap();
    flush(&newcomer);
    await_stripes(&sandbox, "/hits", 3);
    assert_eq!((base(&sandbox, "/hits"), sum(&reader)), (6, 13), "merged by the new client");
    for client in &clients[2..] {
        client.close().timeout(TIMEOUT).wait().unwrap();
    }
    assert_eq!(sum(&reader), 13);
    assert_eq!(base(&sandbox, "/hits"), 12, "merged by the sum, before it returns");
    await_stripes(&sandbox, "/hits", 1);
}

#[test]
fn many_stripes_are_merged() {
    let sandbox = Sandbox::new();
    sandbox.observer.create(&sandbox.path("/hits"), &5i64.to_be_bytes()).unwrap();
    for number in 0..250 {
        let path = sandbox.path(&format!("/hits/stripe-{number:032x}"));
        sandbox.observer.create(&path, &1i64.to_be_bytes()).unwrap();
    }
    sandbox.observer.create(&sandbox.path("/hits/stripe-other"), b"not ours").unwrap();
    let striped = sandbox.client().striped_counter("/hits");
    assert_eq!(sum(&striped), 255);
    assert_eq!(sandbox.children("/hits"), ["stripe-other"]);
    assert_eq!((base(&sandbox, "/hits"), sum(&striped)), (255, 255));
}

#[test]
fn merges_and_the_adds_of_a_plain_counter_do_not_overwrite_each_other() {
    let sandbox = Sandbox::new();
    let (plain, reader) = (sandbox.client(), sandbox.client());
    let (plain, reader) = (plain.counter("/hits"), reader.striped_counter("/hits"));
    let over = AtomicBool::new(false);
    let added = scope(|scope| {
        let adder = scope.spawn(|| {
            let mut added = 0;
            while !over.load(Ordering::SeqCst) {
                plain.add(1).timeout(TIMEOUT).wait().unwrap();
                added += 1;
            }
            added
        });
        for _ in 0..30 {
            let client = sandbox.client();
            let striped = client.striped_counter("/hits");
            striped.add(1).unwrap();
            client.close().timeout(TIMEOUT).wait().unwrap();
            sum(&reader);
        }
        over.store(true, Ordering::SeqCst);
        adder.join().unwrap()
    });
    assert_eq!(sum(&reader), added + 30);
    assert_eq!(base(&sandbox, "/hits"), added + 30);
}

/// The result of one sum, and its time.
struct Seen {
    begun: Instant,
    done: Instant,
    sum: i64,
    /// The adds acknowledged before the sum began, and the adds started before it was done.
    bounds: (i64, i64),
}

#[test]
fn concurrent_sums_are_linearizable_while_clients_come_and_go() {
    let _busy = machine::busy();
    let sandbox = Sandbox::new();
    let (added, acknowledged, over) = (AtomicI64::new(0), AtomicI64::new(0), AtomicBool::new(false));
    let add = || {
        for round in 0..10 {
            // Each round has a new client. Its stripe is merged after it was closed or dropped.
            let client = sandbox.client();
            let striped = client.striped_counter("/hits").flush_interval(Duration::MAX);
            for n in 1..=10 {
                added.fetch_add(n, Ordering::SeqCst);
                striped.add(n).unwrap();
                flush(&striped);
                acknowledged.fetch_add(n, Ordering::SeqCst);
            }
            if round % 2 == 0 {
                client.close().timeout(TIMEOUT).wait().unwrap();
            }
        }
    };
    let read = || {
        let striped = sandbox.client().striped_counter("/hits");
        let mut seen = Vec::new();
        while !over.load(Ordering::SeqCst) {
            let (begun, min) = (Instant::now(), acknowledged.load(Ordering::SeqCst));
            let sum = sum(&striped);
            let bounds = (min, added.load(Ordering::SeqCst));
            seen.push(Seen { begun, done: Instant::now(), sum, bounds });
        }
        seen
    };
    let mut seen: Vec<Seen> = scope(|scope| {
        let readers: Vec<_> = (0..3).map(|_| scope.spawn(read)).collect();
        let adders: Vec<_> = (0..4).map(|_| scope.spawn(add)).collect();
        let failed = adders.into_iter().map(|adder| adder.join()).filter(Result::is_err).count();
        over.store(true, Ordering::SeqCst);
        assert_eq!(failed, 0);
        readers.into_iter().flat_map(|reader| reader.join().unwrap()).collect()
    });
    for Seen { sum, bounds: (min, max), .. } in &seen {
        assert!(min <= sum && sum <= max, "{min} <= {sum} <= {max}");
    }
    // A sum that begins after another is done is not smaller.
    seen.sort_by_key(|seen| seen.done);
    for (number, earlier) in seen.iter().enumerate() {
        let smaller =
            seen[number..].iter().find(|later| later.begun > earlier.done && later.sum < earlier.sum);
        assert!(smaller.is_none_or(|later| panic!("{} after {}", later.sum, earlier.sum)));
    }
    assert_eq!(sandbox.client().striped_counter("/hits").sum().wait().unwrap(), 4 * 10 * 55);
    println!("{} sums", seen.len());
}

#[test]
fn invalid_paths_and_closed_clients_are_reported() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let invalid = client.striped_counter("hits");
    for error in [
        invalid.add(1).unwrap_err(),
        invalid.flush().wait().unwrap_err(),
        invalid.sum().wait().unwrap_err(),
        invalid.path().map(drop).unwrap_err(),
    ] {
        assert_eq!(error.code(), ErrorCode::InvalidArgument);
        assert!(error.message().starts_with("path \"hits\""), "{error}");
    }
    let striped = client.striped_counter("/hits");
    striped.add(1).unwrap();
    client.close().timeout(TIMEOUT).wait().unwrap();
    for error in [
        striped.add(1).unwrap_err(),
        striped.flush().wait().unwrap_err(),
        striped.sum().wait().unwrap_err(),
        client.striped_counter("/other").add(1).unwrap_err(),
    ] {
        assert_eq!(error.code(), ErrorCode::Closed, "{error}");
    }
    client.close().timeout(TIMEOUT).wait().unwrap();
    assert_eq!(sandbox.client().striped_counter("/hits").sum().wait().unwrap(), 1);
}

#[test]
fn invalid_data_is_left_unchanged_and_no_add_is_lost() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    sandbox.observer.create(&sandbox.path("/foreign"), b"abc").unwrap();
    let foreign = client.striped_counter("/foreign");
    foreign.add(2).unwrap();
    for error in [foreign.flush().wait().unwrap_err(), foreign.sum().wait().unwrap_err()] {
        assert_eq!(error.code(), ErrorCode::BadData);
        assert!(error.message().contains("/foreign"), "{error}");
    }
    assert_eq!(sandbox.observer.data(&sandbox.path("/foreign")).unwrap().unwrap().0, b"abc");
    assert!(sandbox.children("/foreign").is_empty());
    sandbox.observer.set(&sandbox.path("/foreign"), &7i64.to_be_bytes()).unwrap();
    flush(&foreign);
    assert_eq!(sum(&foreign), 9, "the adds are written once the data is valid");
}

#[test]
fn a_container_node_is_refused() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    // A node created as the parent of another is a container, which the server deletes after its last child.
    client.counter("/hits/other").add(1).timeout(TIMEOUT).wait().unwrap();
    let striped = client.striped_counter("/hits");
    striped.add(1).unwrap();
    let error = striped.flush().timeout(TIMEOUT).wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::InvalidArgument);
    assert!(error.message().contains("/hits") && error.message().contains("children"), "{error}");
    // The dedupe nodes of the open session are children too.
    let observer = &sandbox.observer;
    for name in sandbox.children("/hits/other") {
        observer.delete(&sandbox.path(&format!("/hits/other/{name}"))).unwrap();
    }
    observer.delete(&sandbox.path("/hits/other")).unwrap();
    flush(&striped);
    assert_eq!((sum(&striped), base(&sandbox, "/hits")), (1, 0), "an empty container is replaced");
}

#[test]
fn overflow_is_an_error_and_changes_nothing() {
    let sandbox = Sandbox::new();
    let (one, other) = (sandbox.client(), sandbox.client());
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
fn a_dropped_handle_flushes_even_if_another_is_kept() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    client.striped_counter("/hits").flush_interval(Duration::MAX).add(4).unwrap();
    let striped = client.striped_counter("/hits");
    assert!(eventually(TIMEOUT, || sum(&striped) == 4));
}
