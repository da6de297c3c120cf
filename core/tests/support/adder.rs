//! A process that adds to a counter with zkcoord, for tests that need several processes. It follows the protocol of
//! tests/peers/README.md:
//!
//! | command | answer |
//! | --- | --- |
//! | `race PATH THREADS GOAL` | `ok N...`: how often each thread added 1 until its result was `GOAL` or more |

use std::io::BufRead;
use std::thread;

use zkcoord::{Client, Counter};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let hosts = std::env::args().nth(1).ok_or("usage: adder HOSTS")?;
    let client = Client::connect(hosts).wait()?;
    println!("ok");
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let words: Vec<_> = line.split(' ').collect();
        let ["race", path, threads, goal] = words[..] else { return Err(line.into()) };
        let counts = race(&client.counter(path), threads.parse()?, goal.parse()?);
        let counts: Vec<_> = counts.iter().map(usize::to_string).collect();
        println!("ok {}", counts.join(" "));
    }
    Ok(())
}

fn race(counter: &Counter, threads: usize, goal: i64) -> Vec<usize> {
    let run = || 1 + (0..).take_while(|_| counter.add(1).wait().expect("an add failed") < goal).count();
    thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        threads.into_iter().map(|thread| thread.join().expect("a thread panicked")).collect()
    })
}
