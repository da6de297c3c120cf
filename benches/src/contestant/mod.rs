//! The contestants written in Rust. They read jobs from stdin and answer each with its score.

mod bare;
mod ours;

use std::io::BufRead;

use crate::Result;
use crate::job::{Job, Score};

pub(crate) trait Contestant: Send + 'static {
    fn run(&mut self, job: &Job) -> Result<Score>;
}

/// Connects a contestant in this process.
pub(crate) fn connect(name: &str, hosts: &str) -> Result<Box<dyn Contestant>> {
    match name {
        "ours" => Ok(Box::new(ours::Ours::connect(hosts)?)),
        "bare" => Ok(Box::new(bare::Bare::connect(hosts)?)),
        _ => Err(format!("there is no contestant {name}").into()),
    }
}

/// Serves the harness until stdin closes.
pub(crate) fn serve(name: &str, hosts: &str) -> Result<()> {
    let mut contestant = connect(name, hosts)?;
    let (sender, jobs) = std::sync::mpsc::channel::<String>();
    std::thread::spawn(move || {
        for line in jobs {
            match line.parse().and_then(|job| contestant.run(&job)) {
                Ok(score) => println!("{score}"),
                Err(error) => println!("failed: {error}"),
            }
        }
    });
    println!("ready");
    for line in std::io::stdin().lock().lines() {
        sender.send(line?)?;
    }
    // The harness has ended, so nothing needs the jobs that still run.
    std::process::exit(0);
}
