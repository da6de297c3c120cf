//! Other libraries' locks and counters, as processes, and the place where everybody proves to be alone: see tests/peers/README.md.

#![allow(dead_code, reason = "every test program uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use std::fs::{self, File, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{OnceLock, mpsc};
use std::time::Duration;

/// Longer than any command takes here, short enough to notice a hang. A whole contest is one command.
const PATIENCE: Duration = Duration::from_secs(60);

const JARS: [&str; 10] = [
    "curator-client.jar",
    "curator-framework.jar",
    "curator-recipes.jar",
    "zookeeper.jar",
    "zookeeper-jute.jar",
    "guava.jar",
    "metrics-core.jar",
    "slf4j-api.jar",
    "slf4j-simple.jar",
    "snappy-java.jar",
];

/// A process that takes locks, or counts, with another library than ours. It ends with this, or with the test's process.
pub(crate) struct Peer {
    process: Child,
    commands: ChildStdin,
    answers: mpsc::Receiver<String>,
}

impl Peer {
    /// Curator, connected to `hosts`.
    pub(crate) fn curator(hosts: &str) -> Peer {
        Peer::start(java("CuratorPeer").arg(hosts))
    }

    /// kazoo, connected to `hosts`.
    pub(crate) fn kazoo(hosts: &str) -> Peer {
        let python = repository().join(".build/venv/bin/python");
        assert!(python.is_file(), "{} is missing: run .ci/setup.sh", python.display());
        Peer::start(Command::new(python).arg(repository().join("tests/peers/kazoo_peer.py")).arg(hosts))
    }

    /// A program that says `ok` when it is ready, and answers lines with lines.
    pub(crate) fn start(command: &mut Command) -> Peer {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let commands = process.stdin.take().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let (tell, answers) = mpsc::channel();
        // Ends with the process.
        let _reader = std::thread::spawn(move || {
            lines.map_while(Result::ok).try_for_each(|line| tell.send(line).map_err(drop))
        });
        let peer = Peer { process, commands, answers };
        assert_eq!(peer.answer(), "ok");
        peer
    }

    /// Takes the lock and returns its node's name. `None` when `timeout` has passed.
    pub(crate) fn acquire(&mut self, kind: &str, path: &str, timeout: Duration) -> Option<String> {
        let answer = self.ask(&format!("acquire {kind} {path} {}", timeout.as_millis()));
        answer.strip_prefix("ok ").map(str::to_owned)
    }

    /// Whether it could take the lock at once. Then it has.
    pub(crate) fn try_acquire(&mut self, kind: &str, path: &str) -> bool {
        self.acquire(kind, path, Duration::ZERO).is_some()
    }

    pub(crate) fn release(&mut self, kind: &str, path: &str) {
        assert_eq!(self.ask(&format!("release {kind} {path}")), "ok");
    }

    /// The id of its session.
    pub(crate) fn session(&mut self) -> i64 {
        self.ask("session").strip_prefix("ok ").unwrap().parse().unwrap()
    }

    /// The id of its process.
    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    pub(crate) fn ask(&mut self, command: &str) -> String {
        self.tell(command);
        self.answer()
    }

    /// Sends a command, whose answer is to be awaited later.
    pub(crate) fn tell(&mut self, command: &str) {
        writeln!(self.commands, "{command}").unwrap();
    }

    pub(crate) fn answer(&self) -> String {
        let answer = self.answers.recv_timeout(PATIENCE).expect("the peer ended, or did not answer in time");
        assert!(!answer.starts_with("error"), "{answer}");
        answer
    }

    /// Whether it does not answer its last command yet. An answer that comes after all is lost, and the test with it.
    pub(crate) fn is_silent(&self) -> bool {
        self.answers.recv_timeout(Duration::from_millis(200)).is_err()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Runs one of the Java programs in tests/peers/java.
pub(crate) fn java(main: &str) -> Command {
    let mut command = Command::new("java");
    // They live for seconds: start-up counts, peak speed does not.
    command.args(["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", "-Xmx64m"]);
    command.arg("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn");
    command.args(["-cp", &format!("{}:{}", class_path(), classes().display()), main]);
    command
}

fn class_path() -> String {
    let jars = JARS.map(|jar| format!("/usr/share/java/{jar}"));
    if let Some(jar) = jars.iter().find(|jar| !Path::new(jar).is_file()) {
        panic!("{jar} is missing: run .ci/setup.sh");
    }
    jars.join(":")
}

/// The folder of the compiled programs. Its name changes with the sources, so it never has to be updated.
fn classes() -> &'static Path {
    static CLASSES: OnceLock<PathBuf> = OnceLock::new();
    CLASSES.get_or_init(|| {
        let sources = ["CuratorPeer", "SlowDisks", "StuckSequence"]
            .map(|name| repository().join(format!("tests/peers/java/{name}.java")));
        let mut hasher = DefaultHasher::new();
        for source in &sources {
            fs::read(source).unwrap().hash(&mut hasher);
        }
        let folder = scratch().join(format!("peers-{:016x}", hasher.finish()));
        if !folder.exists() {
            compile(&sources, &folder);
        }
        folder
    })
}

/// Compiles beside `folder` and moves the result there: test programs that run side by side see all of it or nothing.
fn compile(sources: &[PathBuf], folder: &Path) {
    let beside = fresh_folder("javac");
    let mut javac = Command::new("javac");
    javac.arg("-Xlint:all,-path").arg("-d").arg(&beside).args(["-cp", &class_path()]).args(sources);
    let status = javac.status().expect("javac is missing: run .ci/setup.sh");
    assert!(status.success(), "javac: {status}");
    if let Err(error) = fs::rename(&beside, folder) {
        assert!(folder.exists(), "{}: {error}", folder.display());
        fs::remove_dir_all(&beside).unwrap();
    }
}

/// A new folder below cargo's target folder.
fn fresh_folder(name: &str) -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = scratch().join(format!("{name}-{}-{number}", std::process::id()));
    fs::create_dir(&folder).unwrap();
    folder
}

/// A new folder, which is removed with all that is in it when this is dropped.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Folder {
        Folder(fresh_folder(name))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A test that fails leaves nothing either; one that cannot remove it has not failed for that.
        drop(fs::remove_dir_all(&self.0));
    }
}

fn scratch() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The folder in which holders, of whatever library, prove to be alone.
pub(crate) struct Arena(Folder);

/// What a holder wrote while it was inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) who: String,
    pub(crate) shared: bool,
    pub(crate) sequence: i32,
}

impl Arena {
    pub(crate) fn new() -> Arena {
        let arena = Arena(Folder::new("arena"));
        fs::create_dir(arena.folder().join("readers")).unwrap();
        fs::write(arena.folder().join("journal"), "").unwrap();
        arena
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.0.0
    }

    /// The part of a holder that must be alone.
    pub(crate) fn be_alone(&self, who: &str, node: &str) {
        let alone = self.folder().join("alone");
        File::create_new(&alone).unwrap_or_else(|error| panic!("overlap: {node}: {error}"));
        let readers: Vec<_> = fs::read_dir(self.folder().join("readers")).unwrap().collect();
        assert!(readers.is_empty(), "overlap: {node} sees {readers:?}");
        self.record(&format!("{who} alone {node}\n"));
        fs::remove_file(alone).unwrap();
    }

    /// The part of a reader.
    pub(crate) fn be_reader(&self, who: &str, node: &str) {
        let reader = self.folder().join("readers").join(who);
        File::create_new(&reader).unwrap();
        assert!(!self.folder().join("alone").exists(), "overlap: {node} sees somebody who must be alone");
        self.record(&format!("{who} shared {node}\n"));
        fs::remove_file(reader).unwrap();
    }

    /// The part of a holder of one of `max` permits.
    pub(crate) fn be_one_of(&self, max: usize, who: &str, node: &str) {
        let reader = self.folder().join("readers").join(who);
        File::create_new(&reader).unwrap();
        let inside = fs::read_dir(self.folder().join("readers")).unwrap().count();
        assert!(inside <= max, "overlap: {node} is one of {inside}");
        self.record(&format!("{who} shared {node}\n"));
        fs::remove_file(reader).unwrap();
    }

    fn record(&self, line: &str) {
        let mut journal = OpenOptions::new().append(true).open(self.folder().join("journal")).unwrap();
        journal.write_all(line.as_bytes()).unwrap();
    }

    pub(crate) fn journal(&self) -> Vec<Entry> {
        let text = fs::read_to_string(self.folder().join("journal")).unwrap();
        text.lines().map(Entry::parse).collect()
    }
}

impl Entry {
    fn parse(line: &str) -> Entry {
        let words: Vec<_> = line.split(' ').collect();
        let [who, how, node] = words[..] else { panic!("{line:?} is no entry") };
        let sequence = node[node.len() - 10..].parse().unwrap();
        Entry { who: who.to_owned(), shared: how == "shared", sequence }
    }
}
