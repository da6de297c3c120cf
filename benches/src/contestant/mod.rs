//! A contestant written in Rust: reads jobs from stdin, answers each with its score.

mod bare;
mod ours;

use std::io::BufRead;

use crate::Result;
use crate::job::{Job, Score};

pub(crate) trait Contestant: Send + 'static {
    fn run(&mut self, job: &Job) -> Result<Score>;
}

/// A contestant in this process.
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
    let (give, jobs) = std::sync::mpsc::channel::<String>();
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
        give.send(line?)?;
    }
    // The harness has gone. What is still running is of no interest to anybody.
    std::process::exit(0);
}
