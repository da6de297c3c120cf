//! Other libraries' locks and counters as processes, and the folder in which holders prove mutual exclusion. See
//! tests/peers/README.md.

use std::env;
use std::fs::{self, File, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{OnceLock, mpsc};
use std::time::Duration;

/// The longest wait for an answer: longer than any command takes, short enough to notice a hang. A `contend` is one
/// command.
const TIMEOUT: Duration = Duration::from_secs(60);

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

/// A process that acquires locks, or counts, with a library other than zkcoord. It ends when this is dropped, or with the
/// test's process.
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

    /// Starts a program that prints `ok` when it is ready, and answers each line of its stdin with a line.
    pub(crate) fn start(command: &mut Command) -> Peer {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let commands = process.stdin.take().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let (sender, answers) = mpsc::channel();
        // The thread ends with the process.
        let _reader = std::thread::spawn(move || {
            lines.map_while(Result::ok).try_for_each(|line| sender.send(line).map_err(drop))
        });
        let peer = Peer { process, commands, answers };
        assert_eq!(peer.answer(), "ok");
        peer
    }

    /// Acquires the lock and returns its node's name, or `None` after `timeout`.
    pub(crate) fn acquire(&mut self, kind: &str, path: &str, timeout: Duration) -> Option<String> {
        let answer = self.ask(&format!("acquire {kind} {path} {}", timeout.as_millis()));
        answer.strip_prefix("ok ").map(str::to_owned)
    }

    /// Tries to acquire the lock without waiting, and returns whether the peer now holds it.
    pub(crate) fn try_acquire(&mut self, kind: &str, path: &str) -> bool {
        self.acquire(kind, path, Duration::ZERO).is_some()
    }

    pub(crate) fn release(&mut self, kind: &str, path: &str) {
        assert_eq!(self.ask(&format!("release {kind} {path}")), "ok");
    }

    /// The id of the peer's session.
    pub(crate) fn session(&mut self) -> i64 {
        self.ask("session").strip_prefix("ok ").unwrap().parse().unwrap()
    }

    /// The id of the peer's process.
    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Sends a command and returns its answer.
    pub(crate) fn ask(&mut self, command: &str) -> String {
        self.send(command);
        self.answer()
    }

    /// Sends a command. The caller takes its answer later.
    pub(crate) fn send(&mut self, command: &str) {
        writeln!(self.commands, "{command}").unwrap();
    }

    pub(crate) fn answer(&self) -> String {
        let answer = self.answers.recv_timeout(TIMEOUT).expect("the peer ended, or did not answer in time");
        assert!(!answer.starts_with("error"), "{answer}");
        answer
    }

    /// Returns whether the last command is still unanswered. An answer that arrives during the check is lost, and the test
    /// has failed.
    pub(crate) fn is_silent(&self) -> bool {
        self.answers.recv_timeout(Duration::from_millis(200)).is_err()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // The process may have ended by itself.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// The command that runs one of the Java programs in tests/peers/java.
pub(crate) fn java(main: &str) -> Command {
    let mut command = Command::new("java");
    // The programs run for seconds, so the time to start matters, and peak speed does not.
    command.args(["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", "-Xmx64m"]);
    command.arg("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn");
    command.args(["-cp", &format!("{}:{}", class_path(), classes().display()), main]);
    command
}

/// The class path of Curator and of the ZooKeeper client that it uses: `CURATOR_CLASSPATH`, or Debian's jars.
fn class_path() -> String {
    if let Some(given) = env::var("CURATOR_CLASSPATH").ok().filter(|given| !given.is_empty()) {
        return given;
    }
    let jars = JARS.map(|jar| format!("/usr/share/java/{jar}"));
    if let Some(jar) = jars.iter().find(|jar| !Path::new(jar).is_file()) {
        panic!("{jar} is missing: run .ci/setup.sh");
    }
    jars.join(":")
}

/// The folder of the compiled programs. Its name changes with the sources and the class path, so it is never out of date.
fn classes() -> &'static Path {
    static CLASSES: OnceLock<PathBuf> = OnceLock::new();
    CLASSES.get_or_init(|| {
        let sources = ["CuratorPeer", "SlowDisks", "StuckSequence"]
            .map(|name| repository().join(format!("tests/peers/java/{name}.java")));
        let mut hasher = DefaultHasher::new();
        class_path().hash(&mut hasher);
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

/// Compiles into another folder and renames it to `folder`, so that a test program that runs at the same time sees all
/// classes or none.
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

/// Creates a new folder below cargo's target folder.
fn fresh_folder(name: &str) -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = scratch().join(format!("{name}-{}-{number}", std::process::id()));
    fs::create_dir(&folder).unwrap();
    folder
}

/// A new folder, which is removed with its content when this is dropped.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Folder {
        Folder(fresh_folder(name))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // This runs for a test that fails, too. A folder that cannot be removed does not make a test fail.
        drop(fs::remove_dir_all(&self.0));
    }
}

fn scratch() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The folder in which holders, of any library, prove that they do not overlap.
pub(crate) struct ExclusionFolder(Folder);

/// The line that a holder wrote while it held the lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) holder: String,
    pub(crate) shared: bool,
    pub(crate) sequence: i32,
}

impl ExclusionFolder {
    pub(crate) fn new() -> ExclusionFolder {
        let exclusion = ExclusionFolder(Folder::new("exclusion"));
        fs::create_dir(exclusion.folder().join("readers")).unwrap();
        fs::write(exclusion.folder().join("journal"), "").unwrap();
        exclusion
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.0.0
    }

    /// Proves that nobody else holds the lock.
    pub(crate) fn hold_exclusively(&self, holder: &str, node: &str) {
        let exclusive = self.folder().join("exclusive");
        File::create_new(&exclusive).unwrap_or_else(|error| panic!("overlap: {node}: {error}"));
        let readers: Vec<_> = fs::read_dir(self.folder().join("readers")).unwrap().collect();
        assert!(readers.is_empty(), "overlap: {node} sees {readers:?}");
        self.record(&format!("{holder} exclusive {node}\n"));
        fs::remove_file(exclusive).unwrap();
    }

    /// Proves that no writer holds the lock while a reader does.
    pub(crate) fn hold_shared(&self, holder: &str, node: &str) {
        let reader = self.folder().join("readers").join(holder);
        File::create_new(&reader).unwrap();
        assert!(!self.folder().join("exclusive").exists(), "overlap: {node} sees an exclusive holder");
        self.record(&format!("{holder} shared {node}\n"));
        fs::remove_file(reader).unwrap();
    }

    /// Proves that no more than `max` permits are held at once.
    pub(crate) fn hold_permit(&self, max: usize, holder: &str, node: &str) {
        let reader = self.folder().join("readers").join(holder);
        File::create_new(&reader).unwrap();
        let inside = fs::read_dir(self.folder().join("readers")).unwrap().count();
        assert!(inside <= max, "overlap: {node} is one of {inside}");
        self.record(&format!("{holder} shared {node}\n"));
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
        let [holder, mode, node] = words[..] else { panic!("invalid line in the journal: {line:?}") };
        let sequence = node[node.len() - 10..].parse().unwrap();
        Entry { holder: holder.to_owned(), shared: mode == "shared", sequence }
    }
}
