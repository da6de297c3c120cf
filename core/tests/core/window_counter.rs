//! The window counter against a real server, with and without faults.

use std::thread::sleep;
use std::time::Duration;

use crate::support::{SESSION, Sandbox, TIMEOUT, all_at_once, machine};
use zkcoord::{Acl, Client, ErrorCode, WindowCounter};
use zkcoord_testkit::{Observer, Op, Proxy, ZooKeeper, shared};

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn all_operations() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let window = client.window_counter("/deep/down/hits", MINUTE, 60);
    assert_eq!(window.path().unwrap(), "/deep/down/hits");
    assert_eq!(window.count().wait().unwrap(), 0, "a missing node counts as no events");
    assert!(sandbox.children("").is_empty(), "counting does not create it");
    assert_eq!(window.add(5).wait().unwrap(), 5);
    assert_eq!(window.add(0).wait().unwrap(), 5);
    assert_eq!(window.add(1).timeout(TIMEOUT).wait().unwrap(), 6);
    assert_eq!(window.count().wait().unwrap(), 6);
    assert_eq!(window.count().timeout(Duration::ZERO).wait().unwrap(), 6);
    let stranger = sandbox.client().window_counter("/deep/down/hits", MINUTE, 60);
    assert_eq!(stranger.count().timeout(Duration::ZERO).wait().unwrap(), 6, "without a write of its own");
    assert_eq!(stranger.add(u64::MAX).wait().unwrap_err().code(), ErrorCode::Overflow);
    assert_eq!(stranger.add(u64::MAX - 6).wait().unwrap(), u64::MAX);
    assert_eq!(window.count().wait().unwrap(), u64::MAX);
}

#[test]
fn invalid_arguments_are_reported_with_their_values() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let cases = [
        ("hits", MINUTE, 60, "path \"hits\""),
        ("/hits", Duration::ZERO, 60, "window \"0ns\""),
        ("/hits", Duration::MAX, 60, "window \""),
        ("/hits", MINUTE, 0, "buckets \"0\""),
        ("/hits", MINUTE, 10_001, "buckets \"10001\""),
        ("/hits", Duration::from_millis(10), 11, "buckets \"11\""),
    ];
    for (path, window, buckets, start) in cases {
        let window = client.window_counter(path, window, buckets);
        for error in [
            window.add(1).wait().unwrap_err(),
            window.count().wait().unwrap_err(),
            window.path().map(drop).unwrap_err(),
        ] {
            assert_eq!(error.code(), ErrorCode::InvalidArgument);
            assert!(error.message().starts_with(start), "{error}");
        }
    }
    assert!(sandbox.children("").is_empty());
}

#[test]
fn nodes_of_others_are_left_unchanged() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let refuse = |window: &WindowCounter, code: ErrorCode, parts: &[&str]| {
        for error in [window.add(1).wait().unwrap_err(), window.count().wait().unwrap_err()] {
            assert_eq!(error.code(), code, "{error}");
            assert!(parts.iter().all(|part| error.message().contains(part)), "{error}");
        }
    };
    sandbox.observer.create(&sandbox.path("/foreign"), &7i64.to_be_bytes()).unwrap();
    let foreign = client.window_counter("/foreign", MINUTE, 60);
    refuse(&foreign, ErrorCode::BadData, &["/foreign", "8 bytes"]);
    assert_eq!(sandbox.observer.data(&sandbox.path("/foreign")).unwrap().unwrap().0, 7i64.to_be_bytes());
    assert_eq!(client.window_counter("/hits", MINUTE, 60).add(3).wait().unwrap(), 3);
    let (data, _) = sandbox.observer.data(&sandbox.path("/hits")).unwrap().unwrap();
    assert!(data.starts_with(b"zkw\x01"));
    let other = client.window_counter("/hits", MINUTE, 30);
    refuse(&other, ErrorCode::InvalidArgument, &["/hits", "60s in 60 buckets", "60s in 30 buckets"]);
    let other = sandbox.client().window_counter("/hits", 2 * MINUTE, 60);
    refuse(&other, ErrorCode::InvalidArgument, &["/hits", "60s in 60 buckets", "120s in 60 buckets"]);
    assert_eq!(sandbox.observer.data(&sandbox.path("/hits")).unwrap().unwrap().0, data);
    sandbox.observer.create(&sandbox.path("/empty"), b"").unwrap();
    assert_eq!(client.window_counter("/empty", MINUTE, 30).count().wait().unwrap(), 0);
    assert_eq!(client.window_counter("/empty", MINUTE, 30).add(2).wait().unwrap(), 2);
}

/// One add, which the server stamped between these two times, in milliseconds.
struct Event {
    before: i64,
    after: i64,
    n: u64,
}

/// A client's handle, and the duration of its longest call. The client's knowledge of the time may be off by as much.
struct Recorder {
    window: WindowCounter,
    longest: i64,
}

/// The server's time in milliseconds, from the time stamp of a write.
fn server_time(sandbox: &Sandbox) -> i64 {
    let path = sandbox.path("/clock");
    sandbox.observer.set(&path, b"").unwrap();
    sandbox.observer.exists(&path).unwrap().unwrap().mtime
}

#[test]
fn every_count_agrees_with_the_recorded_events() {
    const WINDOW: i64 = 500;
    const BUCKET: i64 = 50;
    let sandbox = Sandbox::new();
    sandbox.observer.create(&sandbox.path("/clock"), b"").unwrap();
    let clients = [sandbox.client(), sandbox.client()];
    let window = Duration::from_millis(WINDOW as u64);
    let mut recorders = clients.map(|client| Recorder {
        window: client.window_counter("/hits", window, (WINDOW / BUCKET) as u32),
        longest: 0,
    });
    let mut random = fastrand(7);
    let mut events: Vec<Event> = Vec::new();
    let (mut expired, mut exact) = (0, 0);
    for _ in 0..200 {
        // Lets events enter and leave the window. Nothing is waited for.
        sleep(Duration::from_millis(random(40)));
        let recorder = &mut recorders[random(2) as usize];
        let n = random(4);
        let before = server_time(&sandbox);
        let count = match n {
            0 => recorder.window.count().timeout(TIMEOUT).wait().unwrap(),
            n => recorder.window.add(n).timeout(TIMEOUT).wait().unwrap(),
        };
        let after = match n {
            0 => server_time(&sandbox),
            _ => sandbox.observer.exists(&sandbox.path("/hits")).unwrap().unwrap().mtime,
        };
        let answered = server_time(&sandbox);
        recorder.longest = recorder.longest.max(answered - before + 2);
        if n > 0 {
            events.push(Event { before, after, n });
        }
        let unknown: i64 = recorders.iter().map(|recorder| recorder.longest).sum();
        let sum = |counts: &dyn Fn(&Event) -> bool| {
            events.iter().filter(|event| counts(event)).map(|event| event.n).sum::<u64>()
        };
        let min = sum(&|event| answered - event.before < WINDOW);
        let max = sum(&|event| before - event.after <= WINDOW + BUCKET + unknown);
        assert!(min <= count && count <= max, "{min} <= {count} <= {max} at {before} to {answered}");
        expired += u32::from(max < sum(&|_| true));
        exact += u32::from(min == max);
    }
    assert!(expired > 0, "all events happened within one window");
    println!(
        "{} events; {expired} counts without the oldest events, {exact} with only one correct answer",
        events.len()
    );
}

/// Pseudo-random numbers below a limit, the same for the same seed.
fn fastrand(mut seed: u64) -> impl FnMut(u64) -> u64 {
    move |limit| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % limit
    }
}

#[test]
fn concurrent_adds_share_writes_and_each_gets_its_own_count() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let window = sandbox.client_through(&proxy).window_counter("/hits", MINUTE, 60);
    window.add(1).wait().unwrap();
    proxy.clear_frames();
    let mut counts = all_at_once((0..1000).map(|_| window.add(1)).collect());
    counts.sort_unstable();
    assert!(counts.into_iter().eq(2..=1001));
    assert!(writes(&proxy) < 100, "{} writes for 1000 adds", writes(&proxy));
}

fn writes(proxy: &Proxy) -> usize {
    proxy.frames().iter().filter(|frame| frame.is_request(Op::Multi)).count()
}

#[test]
fn random_loss_of_replies_and_requests_counts_exactly() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let window = sandbox.client_through(&proxy).window_counter("/hits", 60 * MINUTE, 60);
    let replies = proxy.swallow_replies_at_random(Op::Multi, 0.1, 1);
    let requests = proxy.swallow_requests_at_random(Op::Multi, 0.1, 2);
    for expected in 1..=100 {
        assert_eq!(window.add(1).timeout(TIMEOUT).wait().unwrap(), expected);
    }
    assert!(replies.fired() > 2 && requests.fired() > 2, "{} and {}", replies.fired(), requests.fired());
    assert_eq!(sandbox.client().window_counter("/hits", 60 * MINUTE, 60).count().wait().unwrap(), 100);
}

#[test]
fn the_servers_time_is_read_once_per_connection() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let window = sandbox.client_through(&proxy).window_counter("/hits", MINUTE, 60);
    window.add(1).timeout(TIMEOUT).wait().unwrap();
    for _ in 0..2 {
        proxy.clear_frames();
        window.add(1).timeout(TIMEOUT).wait().unwrap();
        assert_eq!(writes(&proxy), 1);
        window.count().timeout(TIMEOUT).wait().unwrap();
        assert_eq!(writes(&proxy), 1);
        // The server behind the next connection may follow another leader.
        proxy.cut();
        window.count().timeout(TIMEOUT).wait().unwrap();
        assert_eq!(writes(&proxy), 2);
    }
}

#[test]
fn the_time_of_a_new_leader_is_read() {
    let _busy = machine::busy();
    let zookeeper = ZooKeeper::start(3).unwrap();
    let observer = Observer::connect(&zookeeper.hosts()).unwrap();
    observer.create("/hits", b"").unwrap();
    let connect =
        || Client::builder(zookeeper.hosts()).session_timeout(10 * SESSION).connect().wait().unwrap();
    let windows: Vec<_> = (0..2).map(|_| connect().window_counter("/hits", 60 * MINUTE, 60)).collect();
    for round in 0..2u64 {
        for (number, window) in windows.iter().enumerate() {
            let before = round * 6 + 3 * number as u64;
            for n in 1..=3 {
                assert_eq!(window.add(1).timeout(TIMEOUT).wait().unwrap(), before + n);
            }
        }
        let leader = zookeeper.leader().unwrap();
        zookeeper.kill(leader).unwrap();
        for window in &windows {
            assert_eq!(window.count().timeout(TIMEOUT).wait().unwrap(), 6 * (round + 1));
        }
        zookeeper.start_node(leader).unwrap();
        zookeeper.wait_ready(TIMEOUT).unwrap();
    }
}

#[test]
fn add_and_count_need_the_permission_to_write() {
    let sandbox = Sandbox::new();
    let hosts = format!("{}{}", shared().hosts(), sandbox.root);
    let owner =
        Client::builder(&hosts).auth("digest", "owner:secret").acl(Acl::Read).connect().wait().unwrap();
    let owner = owner.window_counter("/hits", MINUTE, 60);
    owner.add(1).timeout(TIMEOUT).wait().unwrap();
    let stranger = sandbox.client().window_counter("/hits", MINUTE, 60);
    for error in [stranger.add(1).wait().unwrap_err(), stranger.count().wait().unwrap_err()] {
        assert_eq!(error.code(), ErrorCode::NotAuthorized);
        assert!(error.message().contains("/hits") && error.message().contains("time"), "{error}");
    }
    assert_eq!(owner.count().timeout(TIMEOUT).wait().unwrap(), 1);
}

#[test]
fn a_count_that_times_out_changes_nothing() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let window = sandbox.client_through(&proxy).window_counter("/hits", MINUTE, 60);
    assert_eq!(sandbox.client().window_counter("/hits", MINUTE, 60).add(3).wait().unwrap(), 3);
    proxy.hold_replies(true);
    for timeout in [Duration::from_millis(100), Duration::ZERO] {
        let error = window.count().timeout(timeout).wait().unwrap_err();
        let expected = [ErrorCode::Timeout, ErrorCode::ConnectionLost];
        assert!(expected.contains(&error.code()), "{error}");
    }
    proxy.hold_replies(false);
    assert_eq!(window.count().timeout(TIMEOUT).wait().unwrap(), 3);
    assert_eq!(window.add(1).timeout(TIMEOUT).wait().unwrap(), 4);
}
