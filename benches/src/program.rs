//! The contestants' processes, driven by lines.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::Result;
use crate::job::{Job, Score};
use crate::workload::Program;

const JARS: &str = "/usr/share/java";

/// What the Curator contestant loads.
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

/// How long a contestant may take to finish what it has begun when the slice is over.
const GRACE: Duration = Duration::from_secs(30);

impl Program {
    /// The command that starts it, but for the server's address. `.ci/bench.sh` says where what it has built is.
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

/// A running contestant. Killed when dropped; it also ends by itself when its stdin closes.
pub(crate) struct Contestant {
    process: Child,
    input: ChildStdin,
    output: Receiver<String>,
    /// Why it takes part no more.
    broken: Option<String>,
}

impl Contestant {
    /// Starts the program and returns when it is connected.
    pub(crate) fn start(program: Program, hosts: &str) -> Result<Contestant> {
        let mut command = program.command()?;
        command.arg(hosts).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().map_err(|error| format!("cannot start {command:?}: {error}"))?;
        let input = process.stdin.take().ok_or("no stdin")?;
        let stdout = process.stdout.take().ok_or("no stdout")?;
        let (tell, output) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(std::result::Result::ok) {
                if tell.send(line).is_err() {
                    break;
                }
            }
        });
        let contestant = Contestant { process, input, output, broken: None };
        match contestant.output.recv_timeout(START_TIMEOUT) {
            Ok(line) if line == "ready" => Ok(contestant),
            other => Err(format!("{program:?} did not get ready: {other:?}").into()),
        }
    }

    /// Begins a job.
    pub(crate) fn begin(&mut self, job: &Job) -> Result<()> {
        match &self.broken {
            Some(why) => Err(why.as_str().into()),
            None => Ok(writeln!(self.input, "{job}")?),
        }
    }

    /// Waits for the score of the job begun last.
    pub(crate) fn finish(&mut self, job: &Job) -> Result<Score> {
        let line = self.output.recv_timeout(job.time + GRACE).map_err(|_| {
            let why = format!("no answer to: {job}");
            // Whatever it would say now would be taken for the answer to something else.
            self.broken = Some(why.clone());
            why
        })?;
        line.parse()
    }
}

impl Drop for Contestant {
    fn drop(&mut self) {
        // Both fail when the process has ended, which is as well.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
