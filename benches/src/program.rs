//! The contestants' processes, and the lines by which the harness controls them.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::Result;
use crate::job::{Job, Score};
use crate::workload::Program;

const JARS: &str = "/usr/share/java";

/// The jars of the Curator contestant.
const CLASS_PATH: [&str; 12] = [
    "curator-recipes",
    "curator-framework",
    "curator-client",
    "zookeeper",
    "zookeeper-jute",
    "netty-handler",
    "netty-transport",
    "netty-common",
    "netty-buffer",
    "guava",
    "slf4j-api",
    "slf4j-nop",
];

const START_TIMEOUT: Duration = Duration::from_secs(60);

/// The time that a contestant may take after a slice to finish the operations it has begun.
const GRACE: Duration = Duration::from_secs(30);

impl Program {
    /// The command that starts the program, without the server's address. `.ci/bench.sh` sets the variables for the files
    /// that it has built.
    fn command(self) -> Result<Command> {
        let sources = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("peers");
        let setting = |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.into());
        let in_rust = |name| -> Result<Command> {
            let mut command = Command::new(std::env::current_exe()?);
            command.args(["contestant", name]);
            Ok(command)
        };
        let in_python = |name| {
            let mut command = Command::new(setting("BENCH_PYTHON", ".build/venv/bin/python"));
            command.arg(sources.join(name));
            command
        };
        match self {
            Program::Ours => in_rust("ours"),
            Program::Crate | Program::Limit => in_rust("bare"),
            Program::Curator => {
                let jars = CLASS_PATH.map(|jar| format!("{JARS}/{jar}.jar")).join(":");
                let classes = setting("BENCH_CLASSES", ".build/bench/classes");
                let mut command = Command::new("java");
                command.args(["-cp", &format!("{classes}:{jars}"), "CuratorPeer"]);
                Ok(command)
            }
            Program::Kazoo => Ok(in_python("kazoo_peer.py")),
            Program::Python => Ok(in_python("zkcoord_peer.py")),
            Program::Node => {
                let mut command = Command::new("node");
                command.arg(sources.join("zkcoord_peer.mjs"));
                Ok(command)
            }
        }
    }
}

/// A running contestant. It is killed when this is dropped, and ends by itself when its stdin closes.
pub(crate) struct Contestant {
    process: Child,
    input: ChildStdin,
    output: Receiver<String>,
    /// The reason why the contestant no longer takes part.
    failure: Option<String>,
}

impl Contestant {
    /// Starts the program and returns when it is connected.
    pub(crate) fn start(program: Program, hosts: &str) -> Result<Contestant> {
        let mut command = program.command()?;
        command.arg(hosts).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().map_err(|error| format!("cannot start {command:?}: {error}"))?;
        let input = process.stdin.take().ok_or("no stdin")?;
        let stdout = process.stdout.take().ok_or("no stdout")?;
        let (sender, output) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(std::result::Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let contestant = Contestant { process, input, output, failure: None };
        match contestant.output.recv_timeout(START_TIMEOUT) {
            Ok(line) if line == "ready" => Ok(contestant),
            other => Err(format!("{program:?} did not become ready: {other:?}").into()),
        }
    }

    /// Begins a job.
    pub(crate) fn begin(&mut self, job: &Job) -> Result<()> {
        match &self.failure {
            Some(reason) => Err(reason.as_str().into()),
            None => Ok(writeln!(self.input, "{job}")?),
        }
    }

    /// Waits for the score of the last job.
    pub(crate) fn finish(&mut self, job: &Job) -> Result<Score> {
        let line = self.output.recv_timeout(job.time + GRACE).map_err(|_| {
            let reason = format!("no answer to: {job}");
            // A late answer would be taken for the answer to the next job.
            self.failure = Some(reason.clone());
            reason
        })?;
        line.parse()
    }
}

impl Drop for Contestant {
    fn drop(&mut self) {
        // Both calls fail if the process has already ended, which is fine.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
