//! The small shell process that owns the servers, so that they end when the test process does.
//!
//! The keeper gets its commands through a pipe. The kernel closes the pipe when this process ends in any way, including
//! SIGKILL. Then the keeper kills its servers and removes their files.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::Error;

const SCRIPT: &str = include_str!("keeper.sh");

pub(crate) struct Keeper {
    folder: PathBuf,
    process: Child,
    /// The pipes to and from the keeper. Taking and closing them ends it.
    pipes: Option<(ChildStdin, BufReader<ChildStdout>)>,
}

impl Keeper {
    /// Creates a temporary folder, and starts the keeper that will remove it.
    pub(crate) fn start(java: &Path) -> Result<Self, Error> {
        let folder = new_folder()?;
        let mut process = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "zkcoord-testkit-keeper"])
            .args([folder.as_path(), java])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // The keeper has its own process group, so that signals to the test's group (Ctrl-C, a runner's SIGKILL)
            // do not reach it.
            .process_group(0)
            .spawn()?;
        let pipes = process.stdin.take().zip(process.stdout.take());
        Ok(Self { folder, process, pipes: pipes.map(|(stdin, stdout)| (stdin, BufReader::new(stdout))) })
    }

    /// The temporary folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Starts java with the given arguments and returns its process id.
    pub(crate) fn start_node(&mut self, node: usize, arguments: &[String]) -> Result<u32, Error> {
        let quoted: Vec<String> = arguments.iter().map(|argument| quote(argument)).collect();
        fs::write(self.folder.join(format!("{node}.args")), quoted.join("\n"))?;
        let answer = self.command(&format!("start {node}"))?;
        answer.parse().map_err(|_| Error::new(format!("the keeper answered {answer:?} instead of a pid")))
    }

    /// Sends the signal with this name to a node.
    pub(crate) fn signal(&mut self, node: usize, signal: &str) -> Result<(), Error> {
        match self.command(&format!("signal {node} {signal}"))?.as_str() {
            "0" => Ok(()),
            _ => Err(Error::new(format!("node {node} is not running"))),
        }
    }

    /// Kills a node and returns when it has ended.
    pub(crate) fn kill_node(&mut self, node: usize) -> Result<(), Error> {
        self.command(&format!("kill {node}")).map(drop)
    }

    /// Returns everything that a node has printed and logged.
    pub(crate) fn log(&self, node: usize) -> String {
        fs::read_to_string(self.folder.join(format!("{node}.log"))).unwrap_or_default()
    }

    fn command(&mut self, line: &str) -> Result<String, Error> {
        let (stdin, stdout) = self.pipes.as_mut().ok_or_else(|| Error::new("the keeper has ended"))?;
        writeln!(stdin, "{line}")?;
        let mut answer = String::new();
        stdout.read_line(&mut answer)?;
        Ok(answer.trim().to_owned())
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.pipes.take());
        // An error does no harm: the keeper ends by itself when its pipe closes.
        drop(self.process.wait());
    }
}

fn new_folder() -> Result<PathBuf, Error> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let process = std::process::id();
    loop {
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("zkcoord-testkit-{process}-{count}"));
        match fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(Error::new(format!("{}: {error}", folder.display()))),
        }
    }
}

/// Quotes an argument for one of Java's argument files.
fn quote(argument: &str) -> String {
    format!("\"{}\"", argument.replace('\\', "\\\\").replace('"', "\\\""))
}
