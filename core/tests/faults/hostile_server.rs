//! Servers that answer with nonsense. Each attack of the kit's [`HostileServer`] forges one answer to a process of its own
//! (`support/guest.rs`). That process must neither abort nor panic nor hang nor grow, and must then get its locks and
//! counters from the same server, which is honest again.

use std::ffi::OsStr;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use zkcoord_testkit::{HostileServer, shared};

use crate::support::{Sandbox, example};

/// The longest time that a guest may take.
const GUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// The largest resident memory of a guest, in KiB.
const MAX_MEMORY: u64 = 100 * 1024;
/// The number of guests at the same time.
const GUESTS: usize = 4;

/// The result of a guest.
#[derive(Default)]
struct Visit {
    wrong: Vec<String>,
    memory: u64,
    longest_call: u64,
}

#[test]
fn no_forged_answer_ends_bloats_or_cripples_the_client() {
    let attacks = HostileServer::attacks();
    assert!(attacks.len() >= 60);
    let guest = example("guest").get_program().to_owned();
    let (next, results) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..GUESTS {
            scope.spawn(|| {
                while let Some(attack) = attacks.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let visit = visit(&guest, attack);
                    results.lock().unwrap().push((*attack, visit));
                }
            });
        }
    });
    let results = results.into_inner().unwrap();
    for (attack, visit) in &results {
        let verdict = if visit.wrong.is_empty() { "ok".to_owned() } else { visit.wrong.join("; ") };
        eprintln!("{attack}: {} KiB, longest call {} ms: {verdict}", visit.memory, visit.longest_call);
    }
    let memory = results.iter().map(|(_, visit)| visit.memory).max();
    eprintln!("{} attacks, {} KiB at most", results.len(), memory.unwrap_or_default());
    let failed: Vec<_> =
        results.iter().filter(|(_, visit)| !visit.wrong.is_empty()).map(|(attack, _)| attack).collect();
    assert!(failed.is_empty(), "{} attacks hit: {failed:?}", failed.len());
}

fn visit(guest: &OsStr, attack: &str) -> Visit {
    let sandbox = Sandbox::new();
    let server = HostileServer::start(&shared().host(0), attack).unwrap();
    let mut command = Command::new(guest);
    command
        .arg(format!("{}{}", server.address(), sandbox.root))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut visit = watch(command.spawn().unwrap());
    if !server.fired() {
        visit.wrong.push("the attack had no occasion".to_owned());
    }
    visit
}

/// Waits for a guest, and reads what it has to say.
fn watch(mut guest: Child) -> Visit {
    let (mut stdout, mut stderr) = (guest.stdout.take().unwrap(), guest.stderr.take().unwrap());
    let errors = thread::spawn(move || {
        let mut text = String::new();
        stderr.read_to_string(&mut text).map(|_| text)
    });
    let start = Instant::now();
    let status = loop {
        match guest.try_wait().unwrap() {
            Some(status) => break Some(status),
            None if start.elapsed() > GUEST_TIMEOUT => {
                guest.kill().unwrap();
                guest.wait().unwrap();
                break None;
            }
            None => thread::sleep(Duration::from_millis(20)),
        }
    };
    let mut visit = Visit::default();
    match status {
        None => visit.wrong.push("hangs".to_owned()),
        Some(status) if !status.success() => visit.wrong.push(format!("{status}")),
        Some(_) => {}
    }
    let mut report = String::new();
    stdout.read_to_string(&mut report).unwrap();
    let mut lines = report.lines();
    match lines.next() {
        Some("whole") => {}
        Some(wrong) => visit.wrong.push(wrong.to_owned()),
        None => {}
    }
    let figures = lines.next().and_then(|line| line.split_once(' ')).unwrap_or(("0", "0"));
    (visit.memory, visit.longest_call) = (figures.0.parse().unwrap(), figures.1.parse().unwrap());
    if visit.memory > MAX_MEMORY {
        visit.wrong.push("too much memory".to_owned());
    }
    let errors = errors.join().unwrap().unwrap();
    for panic in errors.lines().filter(|line| line.contains("panicked") || line.contains("memory allocation"))
    {
        visit.wrong.push(panic.to_owned());
    }
    visit
}
