//! A process that uses a server for a while and reports how it fared, for tests of servers that are not to be trusted. A
//! process of its own shows an abort, and how much memory it took.
//!
//! It takes the connect string as its argument, makes calls of many kinds, of which each may fail, and then requires that a
//! lock can be acquired and a counter incremented. It prints `whole` or the first thing that is wrong, and then the largest
//! resident memory of the process in KiB and the longest call in milliseconds.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use zkcoord::{Client, Op, Result};

/// The deadline of each call while the server may be hostile.
const CALL: Duration = Duration::from_secs(3);
/// The deadline of a connect, and of each call after the attack.
const PATIENT: Duration = Duration::from_secs(10);
/// The time by which a call may miss its deadline on a busy machine.
const SLACK: Duration = Duration::from_secs(2);

static LONGEST: AtomicU64 = AtomicU64::new(0);

fn main() {
    let hosts = std::env::args().nth(1).unwrap_or_default();
    let outcome = visit(&hosts);
    let text = outcome.map_or_else(|wrong| wrong, |()| "whole".to_owned());
    println!("{}", text.replace('\n', " "));
    println!("{} {}", largest_memory(), LONGEST.load(Ordering::Relaxed));
}

fn visit(hosts: &str) -> std::result::Result<(), String> {
    let connect =
        Client::builder(hosts).session_timeout(Duration::from_secs(2)).connect_timeout(PATIENT).connect();
    let client = timed("connect", PATIENT, connect)?.map_err(|error| format!("connect: {error}"))?;
    thread::scope(|scope| {
        let visitors = [
            scope.spawn(|| contend(&client, "x")),
            scope.spawn(|| contend(&client, "y")),
            scope.spawn(|| contend(&client, "z")),
            scope.spawn(|| count(&client)),
            scope.spawn(|| share(&client)),
        ];
        visitors.into_iter().try_for_each(|visitor| match visitor.join() {
            Ok(outcome) => outcome,
            Err(_) => Err("a call panicked".to_owned()),
        })
    })?;
    for path in ["/lock", "/after"] {
        let guard = timed("acquire", PATIENT, client.mutex(path).acquire().timeout(PATIENT))?;
        let guard = guard.map_err(|error| format!("acquire {path} after the attack: {error}"))?;
        if !(1..=i64::MAX as u64).contains(&guard.token()) {
            return Err(format!("token {}", guard.token()));
        }
        let released = timed("release", PATIENT, guard.release().timeout(PATIENT))?;
        released.map_err(|error| format!("release {path} after the attack: {error}"))?;
    }
    for path in ["/count", "/after-count"] {
        let sum = timed("add", PATIENT, client.counter(path).add(1).timeout(PATIENT))?;
        let sum = sum.map_err(|error| format!("add to {path} after the attack: {error}"))?;
        if !(1..100).contains(&sum) {
            return Err(format!("{path} is {sum}"));
        }
    }
    await_sockets(1)?;
    timed("close", PATIENT, client.close())?.map_err(|error| format!("close: {error}"))?;
    await_sockets(0)
}

/// Requires that the process soon has no more than this number of TCP sockets. The runtime has sockets of another kind.
fn await_sockets(max: usize) -> std::result::Result<(), String> {
    let count = || {
        let table = std::fs::read_to_string("/proc/self/net/tcp").unwrap_or_default();
        let inodes: HashSet<_> = table.lines().filter_map(|line| line.split_whitespace().nth(9)).collect();
        let files = std::fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
        let targets = files.filter_map(|file| std::fs::read_link(file.path()).ok());
        let is_tcp = |target: &PathBuf| {
            let target = target.to_string_lossy();
            let inode = target.strip_prefix("socket:[").and_then(|rest| rest.strip_suffix(']'));
            inode.is_some_and(|inode| inodes.contains(inode))
        };
        targets.filter(is_tcp).count()
    };
    let deadline = Instant::now() + PATIENT;
    while count() > max {
        if Instant::now() > deadline {
            return Err(format!("{} sockets are open instead of {max}", count()));
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

/// Acquires several locks at once. Others want the first of them.
fn contend(client: &Client, name: &str) -> std::result::Result<(), String> {
    for round in 0..3 {
        let mut paths = vec!["/lock".to_owned()];
        paths.extend((0..3).map(|number| format!("/{name}-{round}-{number}")));
        let mut ops: Vec<_> = paths.iter().map(|path| client.mutex(path).acquire().timeout(CALL)).collect();
        // An operation starts at its first wait.
        let early: Vec<_> = ops.iter_mut().map(|op| op.wait_for(Duration::ZERO)).collect();
        let outcomes = ops.into_iter().zip(early).map(|(op, early)| match early {
            Some(outcome) => Ok(outcome),
            None => timed("acquire", CALL, op),
        });
        let guards = outcomes.collect::<std::result::Result<Vec<_>, _>>()?;
        thread::sleep(Duration::from_millis(50));
        for guard in guards.into_iter().flatten() {
            if !(1..=i64::MAX as u64).contains(&guard.token()) {
                return Err(format!("token {}", guard.token()));
            }
            drop(timed("release", CALL, guard.release().timeout(CALL))?);
        }
    }
    Ok(())
}

fn count(client: &Client) -> std::result::Result<(), String> {
    let counter = client.counter("/count");
    for _ in 0..4 {
        drop(timed("add", CALL, counter.add(1).timeout(CALL))?);
        drop(timed("get", CALL, counter.get().timeout(CALL))?);
    }
    // Silence, in which pings are sent.
    thread::sleep(Duration::from_millis(500));
    Ok(())
}

fn share(client: &Client) -> std::result::Result<(), String> {
    for _ in 0..2 {
        let permit = timed("permit", CALL, client.semaphore("/permits", 2).acquire(1).timeout(CALL))?;
        drop(timed("inspect", CALL, client.mutex("/lock").inspect().timeout(CALL))?);
        if let Ok(permit) = permit {
            drop(timed("release", CALL, permit.release().timeout(CALL))?);
        }
    }
    Ok(())
}

/// Waits for a call, and fails if it misses its deadline.
fn timed<T: Send + 'static>(
    name: &str,
    deadline: Duration,
    mut op: Op<T>,
) -> std::result::Result<Result<T>, String> {
    let start = Instant::now();
    let outcome = op.wait_for(deadline + SLACK);
    let elapsed = start.elapsed();
    LONGEST.fetch_max(elapsed.as_millis() as u64, Ordering::Relaxed);
    outcome.ok_or_else(|| format!("{name} has no outcome after {elapsed:?}"))
}

/// The largest resident memory of this process in KiB.
fn largest_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).unwrap_or_default()
}
