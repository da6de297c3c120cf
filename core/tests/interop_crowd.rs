//! A thousand waiters of one process. Alone in its program, so that the memory it uses is theirs.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod support;

use std::alloc::System;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use support::{Corner, PATIENCE};
use zkcoord::{Guard, Result};
use zkcoord_testkit::{eventually, shared};

const WAITERS: usize = 1000;

#[global_allocator]
static MEMORY: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// What was allocated in that region and is still there, in bytes.
fn kept(region: &Region<'_, System>) -> isize {
    let change = region.change();
    change.bytes_allocated as isize - change.bytes_deallocated as isize
}

/// The memory of this process that is in use, in bytes: also what the allocator keeps for later.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

/// How many watches the server has set.
fn watches() -> usize {
    let mut server = TcpStream::connect(shared().host(0)).unwrap();
    server.write_all(b"wchs").unwrap();
    let mut answer = String::new();
    server.read_to_string(&mut answer).unwrap();
    answer.rsplit(':').next().unwrap().trim().parse().unwrap()
}

#[test]
fn a_thousand_waiters_of_one_client_are_all_served() {
    let corner = Corner::new();
    let client = corner.client();
    let session = client.session_id().unwrap();
    let mutex = client.mutex("/lock");
    let first = mutex.acquire().timeout(PATIENCE).wait().unwrap();
    let (tell, served) = mpsc::channel();
    let (before, region, start) = (resident(), Region::new(MEMORY), Instant::now());
    for _ in 0..WAITERS {
        let tell = tell.clone();
        // The guard goes at once, and with it the lock.
        let done = move |outcome: Result<Guard>| tell.send(outcome.map(|guard| guard.token())).unwrap();
        let _canceller = mutex.acquire().timeout(Duration::from_secs(120)).on_done(done);
    }
    // Each watches the one before it and itself: then all of them wait.
    assert!(eventually(PATIENCE, || watches() > WAITERS), "{} watches", watches());
    // Answered behind the watches: then the waiters have taken note of them.
    client.mutex("/nothing").inspect().timeout(PATIENCE).wait().unwrap();
    let (heap, resident) = (kept(&region) / WAITERS as isize, (resident() - before) / WAITERS);
    eprintln!("{WAITERS} waiters: queued in {:?}", start.elapsed());
    eprintln!("{WAITERS} waiters: {heap} bytes each on the heap; the process has grown by {resident} each");
    // Of which about 1 KiB is zookeeper-client's, for two watches.
    assert!(heap < 3 * 1024, "{heap} bytes each");
    let start = Instant::now();
    first.release().timeout(PATIENCE).wait().unwrap();
    let mut last = first.token();
    for _ in 0..WAITERS {
        let token = served.recv_timeout(PATIENCE).unwrap().unwrap();
        assert!(token > last, "served in the order of the queue");
        last = token;
    }
    eprintln!("{WAITERS} waiters: all served in {:?}", start.elapsed());
    corner.await_children("/lock", 0);
    assert_eq!(client.session_id().unwrap(), session, "the crowd does not keep its session from living");
}
