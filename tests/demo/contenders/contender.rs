//! The demo's contender in Rust. tests/demo/README.md describes it.

use std::fs::{self, OpenOptions};
use std::io::{Write, stdin, stdout};
use std::path::Path;
use std::time::{Duration, Instant};

use zkcoord::Client;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let [hosts, folder, rounds] = ["ZKCOORD_HOSTS", "DEMO_FOLDER", "DEMO_ROUNDS"].map(std::env::var);
    let (folder, rounds) = (folder?, rounds?.parse::<u32>()?);
    let client = Client::connect(hosts?).wait()?;
    let (mutex, hits) = (client.mutex("/demo/lock"), client.counter("/demo/hits"));
    println!("ready");
    stdin().read_line(&mut String::new())?;
    for _ in 0..rounds {
        let start = Instant::now();
        let guard = mutex.acquire().timeout(Duration::from_secs(60)).wait()?;
        let waited = start.elapsed();
        critical_section(Path::new(&folder), guard.token())?;
        guard.release().wait()?;
        hits.increment().wait()?;
        println!("waited {}", waited.as_micros());
        stdout().flush()?;
    }
    client.close().wait()?;
    Ok(())
}

/// Reads, changes and writes a file that only the lock protects.
fn critical_section(folder: &Path, token: u64) -> Result<(), Box<dyn std::error::Error>> {
    let tally = folder.join("tally");
    let count: u64 = fs::read_to_string(&tally)?.trim().parse()?;
    let mut journal = OpenOptions::new().append(true).open(folder.join("journal"))?;
    writeln!(journal, "rust {token}")?;
    fs::write(tally, (count + 1).to_string())?;
    Ok(())
}
