//! Runs the demo; tests/demo/README.md describes it.

use std::error::Error;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use zkcoord_testkit::{Observer, ZooKeeper};

const ROUNDS: usize = 50;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    match demo() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("FAILED: {error}");
            ExitCode::FAILURE
        }
    }
}

fn demo() -> Result<()> {
    let commands = contenders()?;
    let zookeeper = ZooKeeper::start(1)?;
    println!("A real ZooKeeper listens on {}.", zookeeper.hosts());
    let folder = Folder::new()?;
    fs::write(folder.0.join("tally"), "0")?;
    fs::write(folder.0.join("journal"), "")?;
    let mut running = Vec::new();
    for (language, mut command) in commands {
        command.env("ZKCOORD_HOSTS", zookeeper.hosts());
        command.env("DEMO_FOLDER", &folder.0).env("DEMO_ROUNDS", ROUNDS.to_string());
        running.push(Contender::start(language, command)?);
    }
    let names: Vec<_> = running.iter().map(|contender| contender.language).collect();
    println!("Contending for /demo/lock, {ROUNDS} rounds each: {}.\n", names.join(", "));
    let start = Instant::now();
    for contender in &mut running {
        contender.go()?;
    }
    let waits: Vec<_> = running.into_iter().map(Contender::finish).collect::<Result<_>>()?;
    let took = start.elapsed();
    report(&waits);
    println!("\nAll of it took {:.2} s.", took.as_secs_f64());
    check(&zookeeper, &folder.0, &waits)
}

/// Returns the commands of the four programs. The build sets the environment variables for programs in other places.
fn contenders() -> Result<Vec<(&'static str, Command)>> {
    let own = std::env::current_exe()?;
    let built = |variable: &str, default: PathBuf| std::env::var(variable).map_or(default, PathBuf::from);
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("contenders");
    let rust = Command::new(own.with_file_name("contender-rust"));
    let c = Command::new(built("DEMO_CONTENDER_C", own.with_file_name("contender-c")));
    let mut python = Command::new(built("DEMO_PYTHON", "python3".into()));
    python.arg(sources.join("contender.py"));
    let mut node = Command::new(built("DEMO_NODE", "node".into()));
    node.arg(sources.join("contender.mjs"));
    Ok(vec![("rust", rust), ("c", c), ("python", python), ("node", node)])
}

/// A running contender, which is killed if the demo fails before it has finished.
struct Contender {
    language: &'static str,
    process: Child,
    output: BufReader<ChildStdout>,
}

impl Contender {
    /// Starts the program and returns when it is connected.
    fn start(language: &'static str, mut command: Command) -> Result<Contender> {
        let process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut process =
            process.map_err(|error| format!("{language}: cannot start {command:?}: {error}"))?;
        let output = process.stdout.take().ok_or("no output")?;
        let mut contender = Contender { language, process, output: BufReader::new(output) };
        let mut line = String::new();
        contender.output.read_line(&mut line)?;
        match line.trim() {
            "ready" => Ok(contender),
            _ => Err(format!("{language}: ended before it was ready").into()),
        }
    }

    /// Lets the program begin its rounds.
    fn go(&mut self) -> Result<()> {
        let mut input = self.process.stdin.take().ok_or("no input")?;
        Ok(writeln!(input, "go")?)
    }

    /// Waits for the program's end and returns the waits that it has printed.
    fn finish(mut self) -> Result<(&'static str, Vec<Duration>)> {
        let mut waits = Vec::new();
        let mut line = String::new();
        while self.output.read_line(&mut line)? > 0 {
            let micros =
                line.trim().strip_prefix("waited ").ok_or_else(|| format!("{}: {line}", self.language))?;
            waits.push(Duration::from_micros(micros.parse()?));
            line.clear();
        }
        match self.process.wait()? {
            status if status.success() => Ok((self.language, waits)),
            status => Err(format!("{}: {status}", self.language).into()),
        }
    }
}

impl Drop for Contender {
    fn drop(&mut self) {
        // Both fail if the process has ended already, which needs no handling.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn report(waits: &[(&'static str, Vec<Duration>)]) {
    println!("{:8} {:>6} {:>14} {:>14} {:>14}", "", "rounds", "median wait", "mean wait", "longest wait");
    for (language, waits) in waits {
        let mut sorted = waits.clone();
        sorted.sort_unstable();
        let millis = |wait: Duration| format!("{:.2} ms", wait.as_secs_f64() * 1e3);
        let median = sorted.get(sorted.len() / 2).copied().unwrap_or_default();
        let mean = sorted.iter().sum::<Duration>() / sorted.len().max(1) as u32;
        let longest = sorted.last().copied().unwrap_or_default();
        let count = sorted.len();
        println!(
            "{language:8} {count:>6} {:>14} {:>14} {:>14}",
            millis(median),
            millis(mean),
            millis(longest)
        );
    }
}

/// Fails unless mutual exclusion, counting and fencing hold, and no node is left behind.
fn check(zookeeper: &ZooKeeper, folder: &Path, waits: &[(&'static str, Vec<Duration>)]) -> Result<()> {
    let expected = ROUNDS * waits.len();
    let tally: usize = fs::read_to_string(folder.join("tally"))?.trim().parse()?;
    let observer = Observer::connect(&zookeeper.hosts())?;
    let (data, _) = observer.data("/demo/hits")?.ok_or("/demo/hits is missing")?;
    let hits = i64::from_be_bytes(data.try_into().map_err(|_| "/demo/hits has not 8 bytes")?);
    let journal = fs::read_to_string(folder.join("journal"))?;
    let tokens: Vec<u64> = journal
        .lines()
        .map(|line| line.split_whitespace().nth(1).unwrap_or_default().parse())
        .collect::<std::result::Result<_, _>>()?;
    let turns = journal.lines().map(|line| line.split(' ').next());
    let changes = turns.clone().zip(turns.skip(1)).filter(|(a, b)| a != b).count();
    let left = observer.children("/demo/lock")?.unwrap_or_default().len();
    println!("file = {tally}, counter = {hits}, expected {expected}; the lock changed hands {changes} times");
    if tally != expected || hits != expected as i64 || tokens.len() != expected {
        return Err(format!("rounds were lost: {tally} in the file, {hits} in the counter").into());
    }
    if let Some(pair) = tokens.windows(2).find(|pair| pair[0] >= pair[1]) {
        return Err(format!("token {} follows token {}", pair[1], pair[0]).into());
    }
    if left != 0 {
        return Err(format!("{left} nodes were left behind in /demo/lock").into());
    }
    println!(
        "OK: no rounds overlapped, no round was lost, every fencing token is larger than the one before."
    );
    Ok(())
}

/// A temporary folder that is deleted when this is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Folder> {
        let path = std::env::temp_dir().join(format!("zkcoord-demo-{}", std::process::id()));
        fs::create_dir(&path)?;
        Ok(Folder(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}
