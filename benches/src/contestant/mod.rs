//! A contestant written in Rust: reads jobs from stdin, answers each with its score.

mod bare;
mod ours;

use std::io::BufRead;

use crate::Result;
use crate::job::{Job, Score};

pub(crate) trait Contestant: Send + 'static {
    fn run(&mut self, job: &Job) -> Result<Score>;
}

/// Ours, in this process.
pub(crate) fn ours(hosts: &str) -> Result<impl Contestant + use<>> {
    ours::Ours::connect(hosts)
}

/// Serves the harness until stdin closes.
pub(crate) fn serve(name: &str, hosts: &str) -> Result<()> {
    let mut contestant: Box<dyn Contestant> = match name {
        "ours" => Box::new(ours(hosts)?),
        "bare" => Box::new(bare::Bare::connect(hosts)?),
        _ => return Err(format!("there is no contestant {name}").into()),
    };
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
