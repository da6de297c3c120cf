//! The memory of a thousand waiters of one process. This is a program of its own, so that nothing else allocates, and so
//! that no other test sets watches on its server.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod support;

use std::alloc::System;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use support::{Sandbox, TIMEOUT};
use zkcoord::{Guard, Result};
use zkcoord_testkit::{eventually, shared};

const WAITERS: usize = 1000;

#[global_allocator]
static MEMORY: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The bytes that were allocated in that region and not freed.
fn kept(region: &Region<'_, System>) -> isize {
    let change = region.change();
    change.bytes_allocated as isize - change.bytes_deallocated as isize
}

/// The resident memory of this process in bytes, including free memory that the allocator keeps.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

/// The number of watches on the server.
fn watches() -> usize {
    let mut server = TcpStream::connect(shared().host(0)).unwrap();
    server.write_all(b"wchs").unwrap();
    let mut answer = String::new();
    server.read_to_string(&mut answer).unwrap();
    answer.rsplit(':').next().unwrap().trim().parse().unwrap()
}

#[test]
fn a_thousand_waiters_of_one_client_are_all_served() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let session = client.session_id().unwrap();
    let mutex = client.mutex("/lock");
    let first = mutex.acquire().timeout(TIMEOUT).wait().unwrap();
    let (sender, served) = mpsc::channel();
    let (before, region, start) = (resident(), Region::new(MEMORY), Instant::now());
    for _ in 0..WAITERS {
        let sender = sender.clone();
        // The guard is dropped at once, which releases the lock.
        let done = move |outcome: Result<Guard>| sender.send(outcome.map(|guard| guard.token())).unwrap();
        let _canceller = mutex.acquire().timeout(Duration::from_secs(120)).on_done(done);
    }
    // Each waiter watches its predecessor's node and its own. With all watches set, all of them wait.
    assert!(eventually(TIMEOUT, || watches() > WAITERS), "{} watches", watches());
    // This is answered after the watches, so the waiters have handled those replies.
    client.mutex("/nothing").inspect().timeout(TIMEOUT).wait().unwrap();
    let (heap, resident) = (kept(&region) / WAITERS as isize, (resident() - before) / WAITERS);
    eprintln!("{WAITERS} waiters: queued in {:?}", start.elapsed());
    eprintln!("{WAITERS} waiters: {heap} bytes each on the heap; the process has grown by {resident} each");
    // About 1 KiB of this is zookeeper-client's, for two watches.
    assert!(heap < 3 * 1024, "{heap} bytes each");
    let start = Instant::now();
    first.release().timeout(TIMEOUT).wait().unwrap();
    let mut last = first.token();
    for _ in 0..WAITERS {
        let token = served.recv_timeout(TIMEOUT).unwrap().unwrap();
        assert!(token > last, "served in the order of the queue");
        last = token;
    }
    eprintln!("{WAITERS} waiters: all served in {:?}", start.elapsed());
    sandbox.await_children("/lock", 0);
    assert_eq!(
        client.session_id().unwrap(),
        session,
        "the waiters do not keep the session from being renewed"
    );
}
