//! The program: calls over pipes, `run`, and the end of everything that it has started.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use zkcoord_testkit::eventually;

const PROGRAM: &str = env!("CARGO_BIN_EXE_zkcoord-testkit");
const SECONDS_10: Duration = Duration::from_secs(10);
const MINUTE: Duration = Duration::from_secs(60);

struct Kit {
    process: Child,
    stdin: Option<ChildStdin>,
    answers: Receiver<String>,
}

impl Kit {
    fn start() -> Self {
        let mut process = Command::new(PROGRAM).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let stdin = process.stdin.take();
        let stdout = BufReader::new(process.stdout.take().unwrap());
        let (sender, answers) = channel();
        thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { process, stdin, answers }
    }

    fn answer(&mut self, call: &Value) -> Value {
        writeln!(self.stdin.as_mut().unwrap(), "{call}").unwrap();
        serde_json::from_str(&self.answers.recv_timeout(MINUTE).unwrap()).unwrap()
    }

    /// Waits for the program to end.
    fn end(&mut self) -> ExitStatus {
        let mut status = None;
        assert!(eventually(SECONDS_10, || {
            status = self.process.try_wait().unwrap();
            status.is_some()
        }));
        status.unwrap()
    }

    fn call(&mut self, call: &Value) -> Value {
        let mut answer = self.answer(call);
        assert!(answer.get("error").is_none(), "{call}: {answer}");
        answer["ok"].take()
    }

    /// Starts two servers, of which one is paused, and returns their process ids.
    fn start_servers(&mut self) -> Vec<u64> {
        let mut pids = Vec::new();
        for paused in [false, true] {
            let zookeeper = self.call(&json!({"call": "zookeeper.start"}))["zookeeper"].take();
            pids.push(
                self.call(&json!({"call": "zookeeper.pid", "zookeeper": zookeeper, "node": 0}))
                    .as_u64()
                    .unwrap(),
            );
            if paused {
                self.call(&json!({"call": "zookeeper.pause", "zookeeper": zookeeper, "node": 0}));
            }
        }
        assert!(self.has_leftovers(&pids));
        pids
    }

    fn has_leftovers(&self, pids: &[u64]) -> bool {
        let prefix = format!("zkcoord-testkit-{}-", self.process.id());
        let mut files = std::fs::read_dir(std::env::temp_dir()).unwrap();
        pids.iter().any(|pid| Path::new(&format!("/proc/{pid}")).exists())
            || files.any(|file| file.unwrap().file_name().to_string_lossy().starts_with(&prefix))
    }
}

#[test]
fn servers_end_after_their_owner_is_killed() {
    let mut kit = Kit::start();
    let pids = kit.start_servers();
    kit.process.kill().unwrap();
    kit.end();
    assert!(eventually(SECONDS_10, || !kit.has_leftovers(&pids)));
}

#[test]
fn servers_end_before_a_program_whose_stdin_closes() {
    let mut kit = Kit::start();
    let pids = kit.start_servers();
    drop(kit.stdin.take());
    assert!(kit.end().success());
    assert!(!kit.has_leftovers(&pids));
}

#[test]
fn calls_reach_servers_proxies_and_observers() {
    let mut kit = Kit::start();
    let mut zookeeper = kit.call(&json!({"call": "zookeeper.start", "nodes": 1, "tick_ms": 100}));
    let (hosts, zookeeper) = (zookeeper["hosts"].take(), zookeeper["zookeeper"].take());
    let mut proxy = kit.call(&json!({"call": "proxy.start", "upstream": hosts}));
    let (address, proxy) = (proxy["address"].take(), proxy["proxy"].take());
    let mut rule =
        kit.call(&json!({"call": "proxy.swallow_reply", "proxy": proxy, "op": "create", "nth": 1}));

    let create = json!({"id": 7, "call": "observer.create", "hosts": address, "path": "/a", "data": "6869"});
    let answer = kit.answer(&create);
    // The reply to the first create was lost, so the observer repeated it.
    assert_eq!(answer["id"], 7);
    assert!(answer["error"].as_str().unwrap().contains("-110"), "{answer}");
    let rule = rule["rule"].take();
    assert_eq!(kit.call(&json!({"call": "rule.wait_fired", "rule": rule, "timeout_ms": 1000})), true);
    assert_eq!(kit.call(&json!({"call": "rule.fired", "rule": rule})), 1);

    let read = kit.call(&json!({"call": "observer.data", "zookeeper": zookeeper, "path": "/a"}));
    assert_eq!((&read["data"], &read["stat"]["version"]), (&json!("6869"), &json!(0)));
    let none = kit.call(&json!({"call": "observer.children", "zookeeper": zookeeper, "path": "/none"}));
    assert_eq!(none, Value::Null);
    let waited = json!({"call": "proxy.wait_for", "proxy": proxy, "op": "create", "direction": "request",
        "path": "/a", "count": 2, "timeout_ms": 1000});
    assert_eq!(kit.call(&waited), true);
    let frames = kit.call(&json!({"call": "proxy.frames", "proxy": proxy}));
    assert!(
        frames.as_array().unwrap().iter().any(|frame| frame["op"] == "create" && frame["passed"] == false)
    );
    for wrong in [json!({"call": "proxy.cut"}), json!({"call": "x.y"}), json!([1]), json!({})] {
        assert!(kit.answer(&wrong)["error"].is_string());
    }
    kit.call(&json!({"call": "exit"}));
    assert!(kit.end().success());
}

#[test]
fn run_starts_a_server_for_a_command() {
    let run = |script: &str| {
        let arguments = ["run", "--", "sh", "-c", script];
        Command::new(PROGRAM).args(arguments).output().unwrap()
    };
    let output = run("echo $ZKCOORD_HOSTS; exit 7");
    assert_eq!(output.status.code(), Some(7));
    assert!(String::from_utf8(output.stdout).unwrap().starts_with("127.0.0.1:"));
    assert_eq!(run("kill -9 $$").status.code(), Some(137));
    assert_eq!(Command::new(PROGRAM).arg("nonsense").output().unwrap().status.code(), Some(2));
}
