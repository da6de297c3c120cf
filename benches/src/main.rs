//! Compares zkcoord with its peers and with the limit of the server, in one run. See benches/README.md.
//!
//! - `workload.rs`: the workloads, their contestants and their goals
//! - `race.rs`, `program.rs`: the server, the contestants' processes, and the slices
//! - `report.rs`: medians, ratios, the table and the files
//! - `contestant/`: the contestants written in Rust, each in its own process; the others are in `peers/`
//! - `job.rs`, `laps.rs`: the jobs of a contestant and its scores

mod contestant;
mod job;
mod laps;
mod program;
mod race;
mod report;
mod workload;

use std::process::ExitCode;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["contestant", name, hosts] => contestant::serve(name, hosts),
        ["profile", name, job @ ..] => race::profile(name, job),
        filters => race::run(filters),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}
