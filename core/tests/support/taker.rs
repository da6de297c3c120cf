//! A process of ours that takes permits from a rate limiter as fast as it can, for tests that want several. It speaks like the
//! peers of tests/peers/README.md:
//!
//! | command | answer |
//! | --- | --- |
//! | `race HOW PATH PERMITS PER THREADS SECONDS FILE` | `ok ASKED TAKEN`: how often all threads together asked, and how many permits they got |
//!
//! HOW is `try` or `acquire`, PER is in milliseconds. Each permit leaves a line in FILE when it is had: the microseconds just
//! before the call and just after it, on the machine's monotonic clock. They stay when the process is killed.

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
        let ["race", how, path, permits, per, threads, seconds, file] = words[..] else {
            return Err(line.into());
        };
        let per = Duration::from_millis(per.parse()?);
        let limiter = client.rate_limiter(path, permits.parse()?, per);
        let until = now() + seconds.parse::<i64>()? * 1_000_000;
        let file = OpenOptions::new().append(true).create(true).open(file)?;
        let take = || take(&limiter, how, until, &file);
        let (asked, taken) = thread::scope(|scope| {
            let threads: Vec<_> = (0..threads.parse().unwrap_or(1)).map(|_| scope.spawn(take)).collect();
            let counts = threads.into_iter().map(|thread| thread.join().expect("a thread panicked"));
            counts.fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1))
        });
        println!("ok {asked} {taken}");
    }
    Ok(())
}

fn take(limiter: &RateLimiter, how: &str, until: i64, mut file: &File) -> (u64, u64) {
    let (mut asked, mut taken) = (0, 0);
    loop {
        let before = now();
        if before >= until {
            return (asked, taken);
        }
        asked += 1;
        let had = match how {
            "acquire" => {
                limiter.acquire(1).timeout(Duration::from_micros((until - before) as u64)).wait().is_ok()
            }
            _ => limiter.try_acquire(1).wait().expect("a try failed"),
        };
        if had {
            taken += 1;
            // In one write, for there are other threads.
            let line = format!("{before} {}\n", now());
            file.write_all(line.as_bytes()).expect("the file cannot be written");
        } else if how == "acquire" {
            // There is none before the end.
            return (asked, taken);
        }
    }
}

fn now() -> i64 {
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec * 1_000_000 + time.tv_nsec / 1000
}
