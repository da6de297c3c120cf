//! The rate limiter against a real server, with and without faults.

use std::thread;
use std::time::{Duration, Instant};

use crate::support::grants::{self, Grant, assert_limit, now, permits, record};
use crate::support::{Sandbox, TIMEOUT, machine};
use zkcoord::{Client, ErrorCode, RateLimiter};
use zkcoord_testkit::{Op, Proxy, ZooKeeper, eventually, shared};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

fn take(limiter: &RateLimiter, permits: u64) -> bool {
    limiter.try_acquire(permits).timeout(TIMEOUT).wait().unwrap()
}

/// The node's data.
fn node(sandbox: &Sandbox, path: &str) -> String {
    String::from_utf8(sandbox.observer.data(&sandbox.path(path)).unwrap().unwrap().0).unwrap()
}

/// The number of writes that the proxy has seen.
fn writes(proxy: &Proxy) -> usize {
    proxy.frames().iter().filter(|frame| frame.is_request(Op::Multi)).count()
}

fn requests(proxy: &Proxy) -> usize {
    let frames = proxy.frames();
    let counts = |op| frames.iter().filter(|frame| frame.is_request(op)).count();
    counts(Op::Any) - counts(Op::Ping)
}

#[test]
fn a_new_limiter_grants_a_burst_and_more_one_period_later() {
    let sandbox = Sandbox::new();
    let limiter = sandbox.client().rate_limiter("/deep/down/limit", 5, SECOND);
    assert_eq!(limiter.path().unwrap(), "/deep/down/limit");
    let first = Instant::now();
    assert!((0..5).all(|_| take(&limiter, 1)));
    assert!(!take(&limiter, 1));
    let mut granted = 0;
    while granted == 0 {
        granted += u64::from(take(&limiter, 1));
    }
    assert!(first.elapsed() >= SECOND, "{:?}", first.elapsed());
    limiter.acquire(4).timeout(TIMEOUT).wait().unwrap();
    limiter.acquire(1).timeout(TIMEOUT).wait().unwrap();
    assert!(first.elapsed() >= 2 * SECOND, "{:?}", first.elapsed());
    let stats = limiter.stats();
    assert_eq!((stats.count, stats.timeouts), (2, 0));
}

#[test]
fn several_permits_are_granted_together_or_not_at_all() {
    let sandbox = Sandbox::new();
    let limiter = sandbox.client().rate_limiter("/limit", 5, HOUR);
    assert!(take(&limiter, 3));
    assert!(!take(&limiter, 3));
    assert!(take(&limiter, 2));
    assert!(!take(&limiter, 1));
    for wanted in [0, 6, u64::MAX] {
        let error = limiter.acquire(wanted).wait().unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidArgument);
        assert!(error.message().contains(&format!("permits \"{wanted}\"")), "{error}");
        assert_eq!(limiter.try_acquire(wanted).wait().unwrap_err().code(), ErrorCode::InvalidArgument);
    }
}

#[test]
fn a_waiter_for_many_permits_is_not_overtaken() {
    let sandbox = Sandbox::new();
    let limiter = sandbox.client().rate_limiter("/limit", 4, SECOND);
    assert!(take(&limiter, 1));
    let many = limiter.acquire(4);
    let before = node(&sandbox, "/limit");
    let (sender, receiver) = std::sync::mpsc::channel();
    let first = sender.clone();
    let _running = many.on_done(move |outcome| first.send((4, outcome)).unwrap());
    assert!(
        eventually(TIMEOUT, || node(&sandbox, "/limit") != before),
        "the waiter has its place in the queue"
    );
    for client in [None, Some(sandbox.client())] {
        let other = client.map(|client| client.rate_limiter("/limit", 4, SECOND));
        assert!(!take(other.as_ref().unwrap_or(&limiter), 1));
        let one = other.as_ref().unwrap_or(&limiter).acquire(1);
        let sender = sender.clone();
        let _running = one.on_done(move |outcome| sender.send((1, outcome)).unwrap());
    }
    let order: Vec<_> = (0..3).map(|_| receiver.recv_timeout(TIMEOUT).unwrap()).collect();
    assert!(order.iter().all(|(_, outcome)| outcome.is_ok()), "{order:?}");
    assert_eq!(order[0].0, 4);
}

#[test]
fn an_acquire_that_cannot_be_granted_in_time_fails_at_once_and_takes_nothing() {
    let sandbox = Sandbox::new();
    let limiter = sandbox.client().rate_limiter("/limit", 2, HOUR);
    assert!(take(&limiter, 2));
    let before = node(&sandbox, "/limit");
    let error = limiter.acquire(1).timeout(HOUR / 2).wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::Timeout, "{error}");
    assert_eq!(limiter.acquire(1).timeout(Duration::ZERO).wait().unwrap_err().code(), ErrorCode::Timeout);
    // A client that has not read the limiter yet.
    let other = sandbox.client().rate_limiter("/limit", 2, HOUR);
    assert_eq!(other.acquire(1).timeout(HOUR / 2).wait().unwrap_err().code(), ErrorCode::Timeout);
    assert_eq!(node(&sandbox, "/limit"), before);
    assert_eq!(limiter.stats().timeouts, 2);
}

#[test]
fn a_timeout_of_zero_acquires_free_permits() {
    let sandbox = Sandbox::new();
    let limiter = sandbox.client().rate_limiter("/limit", 2, HOUR);
    limiter.acquire(1).timeout(Duration::ZERO).wait().unwrap();
    limiter.acquire(1).timeout(Duration::ZERO).wait().unwrap();
    assert!(limiter.acquire(1).timeout(Duration::ZERO).wait().is_err());
}

#[test]
fn a_refusal_costs_no_request() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let limiter = sandbox.client_through(&proxy).rate_limiter("/limit", 2, HOUR);
    assert!(take(&limiter, 1) && take(&limiter, 1) && !take(&limiter, 1));
    let before = requests(&proxy);
    let granted = (0..10_000).filter(|_| take(&limiter, 1)).count();
    assert_eq!(granted, 0);
    assert!(requests(&proxy) - before <= 10, "{}", requests(&proxy) - before);
}

#[test]
fn a_busy_client_sends_few_requests() {
    // The client prefetches permits for the rate at which it acquires them.
    let _quiet = machine::quiet();
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let limiter = sandbox.client_through(&proxy).rate_limiter("/limit", 1000, SECOND);
    let before = writes(&proxy);
    for _ in 0..2000 {
        limiter.acquire(1).timeout(TIMEOUT).wait().unwrap();
    }
    let writes = writes(&proxy) - before;
    eprintln!("2000 permits, one after the other, with {writes} writes");
    assert!(writes <= 400, "{writes}");
}

#[test]
fn all_handles_must_have_the_same_configuration() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    assert!(take(&client.rate_limiter("/limit", 5, SECOND), 1));
    let before = node(&sandbox, "/limit");
    let others = [
        (client.rate_limiter("/limit", 6, SECOND), "permits \"6\""),
        (sandbox.client().rate_limiter("/limit", 5, HOUR), "per \"3600s\""),
        (sandbox.client().rate_limiter("/limit", 5, SECOND).burst(4), "burst \"4\""),
    ];
    for (other, message) in others {
        let error = other.acquire(1).timeout(TIMEOUT).wait().unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidArgument);
        assert!(error.message().starts_with(message), "{error}");
        assert!(error.message().contains("5 permits per 1000000 us, burst 5"), "{error}");
        assert_eq!(other.try_acquire(1).wait().unwrap_err().code(), ErrorCode::InvalidArgument);
    }
    assert_eq!(node(&sandbox, "/limit"), before);
}

#[test]
fn invalid_arguments_are_reported_with_their_values() {
    let client = Sandbox::new().client();
    let cases = [
        (client.rate_limiter("limit", 1, SECOND), "path \"limit\""),
        (client.rate_limiter("/limit", 0, SECOND), "permits \"0\""),
        (client.rate_limiter("/limit", 1_000_001, SECOND), "permits \"1000001\""),
        (client.rate_limiter("/limit", 1, Duration::ZERO), "per \"0ns\""),
        (client.rate_limiter("/limit", 1, HOUR * 1000), "per \"3600000s\""),
        (client.rate_limiter("/limit", 1, SECOND).burst(0), "burst \"0\""),
    ];
    for (limiter, message) in cases {
        for error in [
            limiter.path().unwrap_err(),
            limiter.try_acquire(1).wait().unwrap_err(),
            limiter.acquire(1).wait().unwrap_err(),
        ] {
            assert_eq!(error.code(), ErrorCode::InvalidArgument);
            assert!(error.message().starts_with(message), "{error}");
        }
    }
}

#[test]
fn invalid_data_is_left_unchanged_and_an_empty_node_is_a_new_limiter() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let cases = [&b"12"[..], b"\0\0\0\0\0\0\0\x05", b"zkcoord rate limiter 1: whatever"];
    for (path, data) in ["/a", "/b", "/c"].into_iter().zip(cases) {
        sandbox.observer.create(&sandbox.path(path), data).unwrap();
        let limiter = client.rate_limiter(path, 5, HOUR);
        for error in [
            limiter.acquire(1).timeout(TIMEOUT).wait().unwrap_err(),
            limiter.try_acquire(1).timeout(TIMEOUT).wait().unwrap_err(),
        ] {
            assert_eq!(error.code(), ErrorCode::BadData, "{error}");
        }
        assert_eq!(sandbox.observer.data(&sandbox.path(path)).unwrap().unwrap().0, data);
        sandbox.observer.set(&sandbox.path(path), b"").unwrap();
        assert!(take(&limiter, 5) && !take(&limiter, 5));
    }
}

#[test]
fn closing_the_client_ends_every_wait() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let limiter = client.rate_limiter("/limit", 1, HOUR);
    assert!(take(&limiter, 1));
    let mut waiting = limiter.acquire(1);
    assert!(waiting.wait_for(Duration::from_millis(1)).is_none());
    client.close().wait().unwrap();
    assert_eq!(waiting.wait_for(TIMEOUT).unwrap().unwrap_err().code(), ErrorCode::Closed);
    assert_eq!(limiter.acquire(1).wait().unwrap_err().code(), ErrorCode::Closed);
    assert_eq!(limiter.try_acquire(1).wait().unwrap_err().code(), ErrorCode::Closed);
}

#[test]
fn a_try_without_a_connection_fails_and_a_wait_continues() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let client = sandbox.client_through(&proxy);
    let limiter = client.rate_limiter("/limit", 100, SECOND);
    assert!(take(&limiter, 1));
    proxy.refuse(true);
    proxy.cut();
    assert!(eventually(TIMEOUT, || client.state().unwrap() != zkcoord::State::Connected));
    assert_eq!(limiter.try_acquire(50).wait().unwrap_err().code(), ErrorCode::ConnectionLost);
    let error = limiter.acquire(50).timeout(Duration::ZERO).wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::ConnectionLost);
    let error = limiter.acquire(50).timeout(Duration::from_millis(50)).wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::Timeout);
    let mut waiting = limiter.acquire(50);
    assert!(waiting.wait_for(Duration::from_millis(50)).is_none());
    proxy.refuse(false);
    waiting.wait_for(TIMEOUT).unwrap().unwrap();
}

#[test]
fn a_wait_outlives_its_session() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let client = sandbox.client_through(&proxy);
    let limiter = client.rate_limiter("/limit", 100, SECOND);
    assert!(take(&limiter, 1));
    for replies in [true, false] {
        let session = client.session_id().unwrap();
        proxy.hold_replies(replies);
        proxy.hold_requests(!replies);
        let mut waiting = limiter.acquire(50);
        assert!(waiting.wait_for(Duration::from_millis(20)).is_none());
        proxy.refuse(true);
        shared().expire(session).unwrap();
        proxy.hold_replies(false);
        proxy.hold_requests(false);
        proxy.refuse(false);
        waiting.wait_for(TIMEOUT).unwrap().unwrap();
        assert_ne!(client.session_id().unwrap(), session);
    }
}

#[test]
fn permits_whose_reply_is_lost_are_granted_once() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let limiter = sandbox.client_through(&proxy).rate_limiter("/limit", 6, HOUR);
    assert!(take(&limiter, 1));
    let lost = [proxy.swallow_reply(Op::Multi, 1), proxy.swallow_request(Op::Multi, 2)];
    for _ in 0..5 {
        limiter.acquire(1).timeout(TIMEOUT).wait().unwrap();
    }
    assert!(lost.iter().any(|rule| rule.fired() > 0));
    assert!(!take(&limiter, 1));
    assert!(!take(&sandbox.client().rate_limiter("/limit", 6, HOUR), 1));
}

/// Acquires one or more permits at a time until `until`, either waiting for them or trying again and again.
fn acquire_until(limiter: &RateLimiter, waits: bool, max: u64, until: i64) -> Vec<Grant> {
    let (mut grants, mut round) = (Vec::new(), 0);
    while now() < until {
        round += 1;
        let wanted = 1 + round % max.min(3);
        let left = Duration::from_micros((until - now()).max(1) as u64);
        record(&mut grants, wanted, || match waits {
            true => limiter.acquire(wanted).timeout(left).wait().is_ok(),
            false => limiter.try_acquire(wanted).timeout(left).wait().unwrap_or(false),
        });
        // Leaves a processor for the other threads.
        thread::sleep(Duration::from_millis(1));
    }
    grants
}

/// Acquires permits with four threads of each client for `span`.
fn acquire_on_threads(
    clients: &[Client],
    make: impl Fn(&Client) -> RateLimiter,
    max: u64,
    span: Duration,
) -> Vec<Grant> {
    let until = now() + span.as_micros() as i64;
    thread::scope(|scope| {
        let limiters = clients.iter().flat_map(|client| (0..4).map(|number| (make(client), number)));
        let start =
            |(limiter, number)| scope.spawn(move || acquire_until(&limiter, number % 2 == 0, max, until));
        let threads: Vec<_> = limiters.map(start).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn no_window_exceeds_the_limit_in_any_configuration() {
    let _quiet = machine::quiet();
    let sandbox = Sandbox::new();
    let clients = [sandbox.client(), sandbox.client(), sandbox.client()];
    let limits =
        [(100, 1000, 100), (20, 500, 20), (100, 1000, 10), (100, 1000, 200), (3, 400, 3), (10, 20, 10)];
    for (number, (permits_per, per_ms, burst)) in limits.into_iter().enumerate() {
        let per = Duration::from_millis(per_ms);
        let path = format!("/limit{number}");
        let make = |client: &Client| client.rate_limiter(&path, permits_per, per).burst(burst);
        let grants = acquire_on_threads(&clients, make, burst, 3 * SECOND);
        eprintln!(
            "{permits_per} per {per:?}, burst {burst}: {} permits in 3 s; within {per:?} at most {}",
            permits(&grants),
            grants::max_within(&grants, per.as_micros() as i64)
        );
        assert_limit(
            &grants,
            burst.max(permits_per),
            per * burst.max(permits_per) as u32 / permits_per as u32,
        );
    }
}

#[test]
fn the_limit_holds_while_leaders_are_killed() {
    let _quiet = machine::quiet();
    let servers = ZooKeeper::start(3).unwrap();
    let connect = || {
        let client = Client::builder(servers.hosts()).session_timeout(Duration::from_secs(10));
        client.connect().timeout(TIMEOUT).wait().unwrap()
    };
    let clients = [connect(), connect(), connect()];
    let make = |client: &Client| client.rate_limiter("/limit", 50, SECOND);
    let grants = thread::scope(|scope| {
        let acquiring = scope.spawn(|| acquire_on_threads(&clients, make, 50, 12 * SECOND));
        for _ in 0..2 {
            let leader = servers.leader().unwrap();
            servers.kill(leader).unwrap();
            servers.start_node(leader).unwrap();
            servers.wait_ready(TIMEOUT).unwrap();
        }
        acquiring.join().unwrap()
    });
    eprintln!("50 per second, two leaders killed: {} permits in 12 s", permits(&grants));
    assert_limit(&grants, 50, SECOND);
    assert!(permits(&grants) > 100);
}
