//! Real servers: starting, observing, killing and pausing them, and ending sessions.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::time::{Duration, Instant};

use zkcoord_testkit::wire::{Session, code};
use zkcoord_testkit::{Observer, ZooKeeper, eventually, shared};

const SECONDS_10: Duration = Duration::from_secs(10);

#[test]
fn one_node_serves_an_observer() {
    let zookeeper = shared();
    let observer = Observer::connect(&zookeeper.hosts()).unwrap();
    observer.create_all("/observed/deep/down").unwrap();
    observer.create("/observed/b", b"two").unwrap();
    observer.create("/observed/a", b"one").unwrap();
    assert_eq!(observer.children("/observed").unwrap().unwrap(), ["a", "b", "deep"]);
    observer.set("/observed/a", b"three").unwrap();
    let (data, stat) = observer.data("/observed/a").unwrap().unwrap();
    assert_eq!((data.as_slice(), stat.version), (&b"three"[..], 1));
    observer.delete("/observed/a").unwrap();
    assert_eq!(observer.data("/observed/a").unwrap(), None);
    assert_eq!(observer.exists("/observed/a").unwrap(), None);
    assert_eq!(observer.children("/nowhere").unwrap(), None);
    assert_eq!(observer.create("/observed/b", b"").unwrap_err().code(), Some(-110));
}

#[test]
fn a_session_can_be_ended_from_outside() {
    let zookeeper = shared();
    let mut session = Session::open(&zookeeper.hosts(), Duration::from_secs(30)).unwrap();
    let id = session.id();
    zookeeper.expire(id).unwrap();
    assert!(session.call(code::PING, &[]).is_err());
    let again = zookeeper.expire(id).unwrap_err();
    assert!(again.to_string().contains("unknown"), "{again}");
}

#[test]
fn a_quorum_survives_its_leader() {
    let start = Instant::now();
    let zookeeper = ZooKeeper::start(3).unwrap();
    eprintln!("three nodes started in {:?}", start.elapsed());
    let observer = Observer::connect(&zookeeper.hosts()).unwrap();
    observer.create("/kept", b"1").unwrap();
    let old = zookeeper.leader().unwrap();
    zookeeper.kill(old).unwrap();
    let killed = Instant::now();
    let new = zookeeper.leader().unwrap();
    eprintln!("a new leader after {:?}", killed.elapsed());
    assert_ne!(old, new);
    assert_eq!(observer.data("/kept").unwrap().unwrap().0, b"1");
    zookeeper.start_node(old).unwrap();
    zookeeper.wait_ready(SECONDS_10).unwrap();
    eprintln!("three nodes again after {:?}", killed.elapsed());
    assert_eq!(zookeeper.mode(old).unwrap(), "follower");
}

#[test]
fn a_session_of_a_quorum_can_be_ended_from_outside() {
    let zookeeper = ZooKeeper::start(3).unwrap();
    let mut session = Session::open(&zookeeper.host(2), Duration::from_secs(30)).unwrap();
    zookeeper.expire(session.id()).unwrap();
    assert!(session.call(code::PING, &[]).is_err());
}

#[test]
fn a_paused_leader_is_replaced() {
    let zookeeper = ZooKeeper::start(3).unwrap();
    let old = zookeeper.leader().unwrap();
    zookeeper.pause(old).unwrap();
    assert_eq!(zookeeper.mode(old), None);
    assert_ne!(zookeeper.leader().unwrap(), old);
    zookeeper.resume(old).unwrap();
    assert!(eventually(SECONDS_10, || zookeeper.mode(old).as_deref() == Some("follower")));
}

#[test]
fn a_killed_node_comes_back_with_its_data() {
    let zookeeper = ZooKeeper::start(1).unwrap();
    let observer = Observer::connect(&zookeeper.hosts()).unwrap();
    observer.create("/kept", b"1").unwrap();
    zookeeper.kill(0).unwrap();
    assert_eq!(zookeeper.pid(0), None);
    zookeeper.start_node(0).unwrap();
    zookeeper.wait_ready(SECONDS_10).unwrap();
    assert_eq!(observer.data("/kept").unwrap().unwrap().0, b"1");
}

#[test]
fn options_reach_the_server() {
    let builder =
        ZooKeeper::builder().tick_time(Duration::from_millis(100)).property("maxSessionTimeout", "7000");
    let zookeeper = builder.java_option("-Dzookeeper.forceSync=no").start().unwrap();
    assert!(zookeeper.log(0).contains("tickTime 100 ms"));
    assert!(zookeeper.log(0).contains("maxSessionTimeout 7000 ms"));
}

#[test]
fn a_server_that_does_not_start_reports_why() {
    let error = ZooKeeper::builder().java_option("-Xnonsense").start().unwrap_err();
    assert!(error.to_string().contains("-Xnonsense"), "{error}");
}

#[test]
fn a_dropped_server_has_ended() {
    let zookeeper = ZooKeeper::start(1).unwrap();
    let pid = zookeeper.pid(0).unwrap();
    zookeeper.pause(0).unwrap();
    drop(zookeeper);
    assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists());
}
