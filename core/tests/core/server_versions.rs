//! Servers that lack an operation, or that put requests off. The kit's proxy hides operations from a real server, which then
//! refuses them as an older one does: ahead of earlier requests, and with the end of the connection.

use std::time::Instant;

use crate::support::{Sandbox, TIMEOUT, all_at_once, fresh_root};
use zkcoord::{Client, ErrorCode};
use zkcoord_testkit::wire::{THROTTLED, code};
use zkcoord_testkit::{Direction, Frame, Proxy, ZooKeeper, shared};

const LOCKS: usize = 50;

fn requests(proxy: &Proxy, code: i32) -> usize {
    let is_request = |frame: &&Frame| frame.direction == Direction::ToServer && frame.code == code;
    proxy.frames().iter().filter(is_request).count()
}

/// Acquires and releases many locks at once.
fn lock_many(client: &Client) {
    let ops = (0..LOCKS).map(|number| client.mutex(format!("/locks/{number}")).acquire()).collect();
    let guards = all_at_once(ops);
    assert!(guards.iter().all(|guard| guard.is_held()));
    all_at_once(guards.iter().map(|guard| guard.release()).collect());
}

/// Returns the requests that were unanswered when the first multi-read was sent.
fn under_way_at_multi_read(frames: &[Frame]) -> Vec<i32> {
    let first = frames.iter().position(|frame| frame.code == code::MULTI_READ).unwrap();
    let mut under_way: Vec<(i32, i32)> = Vec::new();
    for frame in frames[..first].iter().filter(|frame| frame.connection == frames[first].connection) {
        match frame.direction {
            Direction::ToServer => under_way.push((frame.xid, frame.code)),
            Direction::ToClient => under_way.retain(|(xid, _)| *xid != frame.xid),
        }
    }
    under_way.into_iter().map(|(_, code)| code).filter(|code| *code != code::PING).collect()
}

#[test]
fn without_multi_reads_directories_are_listed_one_by_one() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    proxy.hide_operation(code::MULTI_READ);
    let client = sandbox.client_through(&proxy);
    let session = client.session_id().unwrap();
    for _ in 0..3 {
        lock_many(&client);
    }
    assert_eq!(requests(&proxy, code::MULTI_READ), 1, "it is found out once");
    assert_eq!(requests(&proxy, code::CONNECT), 2, "the connection ends once");
    assert_eq!(under_way_at_multi_read(&proxy.frames()), [0_i32; 0], "it is found out alone");
    // Another connection of the same session is not asked again.
    proxy.cut();
    lock_many(&client);
    assert_eq!(requests(&proxy, code::MULTI_READ), 1);
    assert_eq!(client.session_id().unwrap(), session);
    // The next session is asked again: its servers may be newer.
    shared().expire(session).unwrap();
    lock_many(&client);
    assert_eq!(requests(&proxy, code::MULTI_READ), 2);
}

#[test]
fn with_multi_reads_only_the_first_goes_out_alone() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let client = sandbox.client_through(&proxy);
    for _ in 0..3 {
        lock_many(&client);
    }
    assert!(requests(&proxy, code::MULTI_READ) >= 3);
    assert_eq!(requests(&proxy, code::CONNECT), 1);
    assert_eq!(under_way_at_multi_read(&proxy.frames()), [0_i32; 0]);
}

#[test]
fn without_multi_reads_a_striped_sum_is_unsupported() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    proxy.hide_operation(code::MULTI_READ);
    let client = sandbox.client_through(&proxy);
    let started = Instant::now();
    for _ in 0..3 {
        let error = client.striped_counter("/hits").sum().timeout(TIMEOUT).wait().unwrap_err();
        assert_eq!(error.code(), ErrorCode::Unsupported, "{error}");
        assert!(error.message().contains("3.6"), "{error}");
    }
    assert!(started.elapsed() < TIMEOUT / 4);
    assert_eq!(requests(&proxy, code::MULTI_READ), 1);
    // Everything else works.
    lock_many(&client);
    assert_eq!(client.counter("/c").increment().timeout(TIMEOUT).wait().unwrap(), 1);
}

#[test]
fn a_server_without_containers_is_named_as_too_old() {
    let proxy = Proxy::start(&shared().host(0)).unwrap();
    proxy.hide_operation(code::CREATE2);
    proxy.hide_operation(code::CREATE_CONTAINER);
    let client = Client::builder(proxy.address()).connect().wait().unwrap();
    let error = client.mutex(format!("{}/lock", fresh_root())).acquire().timeout(TIMEOUT).wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::Unsupported, "{error}");
    assert!(error.message().contains("ZooKeeper 3.5 or newer"), "{error}");
}

#[test]
fn throttled_requests_are_made_again() {
    const CLIENTS: usize = 4;
    const ADDS: usize = 50;
    // Of the requests at one moment, the server works on two, and puts off those that wait for more than a millisecond.
    let zookeeper = ZooKeeper::builder()
        .java_option("-Dzookeeper.request_throttle_max_requests=2")
        .java_option("-Dzookeeper.request_throttle_stall_time=5")
        .java_option("-Dzookeeper.throttled_op_wait_time=1")
        .start()
        .unwrap();
    let proxy = Proxy::start(&zookeeper.host(0)).unwrap();
    let connect = |_| Client::builder(proxy.address()).connect().wait().unwrap();
    let clients: Vec<_> = (0..CLIENTS).map(connect).collect();
    let adds = (0..CLIENTS * ADDS).map(|number| {
        let counter = clients[number % CLIENTS].counter(format!("/counters/{}", number % 10));
        counter.increment()
    });
    all_at_once(adds.collect());
    clients.iter().for_each(lock_many);
    let put_off = proxy.frames().iter().filter(|frame| frame.error == THROTTLED).count();
    eprintln!("{put_off} requests were throttled");
    assert!(put_off > 0, "the server throttled no request");
    for number in 0..10 {
        let value = clients[0].counter(format!("/counters/{number}")).get().timeout(TIMEOUT).wait().unwrap();
        assert_eq!(value, i64::try_from(CLIENTS * ADDS / 10).unwrap());
    }
}
