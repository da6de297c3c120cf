//! A process that acquires permits of a rate limiter with zkcoord as fast as it can, for tests that need several processes.
//! It follows the protocol of tests/peers/README.md:
//!
//! | command | answer |
//! | --- | --- |
//! | `race CALL PATH PERMITS PER THREADS SECONDS FILE` | `ok CALLS PERMITS`: the calls of all threads together, and the permits they acquired |
//!
//! CALL is `try` or `acquire`, PER is in milliseconds. Each acquired permit adds a line to FILE: the times just before and
//! just after the call, in microseconds of the machine's monotonic clock. The lines remain if the process is killed.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, Write};
use std::thread;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use zkcoord::{Client, RateLimiter};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let hosts = std::env::args().nth(1).ok_or("usage: taker HOSTS")?;
    let client = Client::connect(hosts).wait()?;
    println!("ok");
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let words: Vec<_> = line.split(' ').collect();
        let ["race", call, path, permits, per, threads, seconds, file] = words[..] else {
            return Err(line.into());
        };
        let per = Duration::from_millis(per.parse()?);
        let limiter = client.rate_limiter(path, permits.parse()?, per);
        let until = now() + seconds.parse::<i64>()? * 1_000_000;
        let file = OpenOptions::new().append(true).create(true).open(file)?;
        let acquire = || acquire(&limiter, call, until, &file);
        let (calls, acquired) = thread::scope(|scope| {
            let threads: Vec<_> = (0..threads.parse().unwrap_or(1)).map(|_| scope.spawn(acquire)).collect();
            let counts = threads.into_iter().map(|thread| thread.join().expect("a thread panicked"));
            counts.fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1))
        });
        println!("ok {calls} {acquired}");
    }
    Ok(())
}

fn acquire(limiter: &RateLimiter, call: &str, until: i64, mut file: &File) -> (u64, u64) {
    let (mut calls, mut acquired) = (0, 0);
    loop {
        let before = now();
        if before >= until {
            return (calls, acquired);
        }
        calls += 1;
        let granted = match call {
            "acquire" => {
                limiter.acquire(1).timeout(Duration::from_micros((until - before) as u64)).wait().is_ok()
            }
            _ => limiter.try_acquire(1).wait().expect("a try failed"),
        };
        if granted {
            acquired += 1;
            // One write, so that lines of several threads do not mix.
            let line = format!("{before} {}\n", now());
            file.write_all(line.as_bytes()).expect("the file cannot be written");
        } else if call == "acquire" {
            // No permit becomes free before the end.
            return (calls, acquired);
        }
    }
}

fn now() -> i64 {
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec * 1_000_000 + time.tv_nsec / 1000
}
