//! Counts and times the operations of a crew.

use std::future::Future;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::Result;
use crate::job::{Job, Score};

/// The operations of one member of a crew.
#[derive(Debug)]
pub(crate) struct Laps {
    until: Instant,
    times: Vec<Duration>,
    /// The number of operations in one lap.
    ops_per_lap: u64,
}

impl Laps {
    fn until(until: Instant) -> Laps {
        Laps { until, times: Vec::new(), ops_per_lap: 1 }
    }

    /// Lets every lap count as `ops` operations.
    pub(crate) fn ops_per_lap(mut self, ops: usize) -> Laps {
        self.ops_per_lap = ops as u64;
        self
    }

    /// Returns the start of the next lap, or `None` if the time is up.
    pub(crate) fn start(&self) -> Option<Instant> {
        let now = Instant::now();
        (now < self.until).then_some(now)
    }

    pub(crate) fn end(&mut self, start: Instant) {
        self.times.push(start.elapsed());
    }
}

/// Runs each member of the crew on a thread.
pub(crate) fn threads(job: &Job, member: impl Fn(usize, Laps) -> Result<Laps> + Sync) -> Result<Score> {
    let start = Instant::now();
    let laps: Result<Vec<_>> = std::thread::scope(|scope| {
        let member = &member;
        let spawn = |number| scope.spawn(move || member(number, Laps::until(start + job.time)));
        let crew: Vec<_> = (0..job.crew).map(spawn).collect();
        crew.into_iter().map(|thread| thread.join().map_err(|_| "a thread panicked")?).collect()
    });
    Ok(score(laps?, start.elapsed()))
}

/// Runs each member of the crew as a task of the current runtime.
pub(crate) async fn tasks<F>(job: &Job, crew: usize, member: impl Fn(usize, Laps) -> F) -> Result<Score>
where
    F: Future<Output = Result<Laps>> + Send + 'static,
{
    let start = Instant::now();
    let mut running = JoinSet::new();
    for number in 0..crew {
        running.spawn(member(number, Laps::until(start + job.time)));
    }
    let mut laps = Vec::new();
    while let Some(ended) = running.join_next().await {
        laps.push(ended??);
    }
    Ok(score(laps, start.elapsed()))
}

fn score(crew: Vec<Laps>, took: Duration) -> Score {
    let counts = || crew.iter().map(|laps| laps.times.len() as u64 * laps.ops_per_lap);
    let (ops, fewest, most) = (counts().sum(), counts().min().unwrap_or(0), counts().max().unwrap_or(0));
    let mut times: Vec<Duration> = crew.iter().flat_map(|laps| &laps.times).copied().collect();
    times.sort_unstable();
    let quantile = |q: f64| {
        let index = ((times.len() as f64 * q) as usize).min(times.len().saturating_sub(1));
        times.get(index).map_or(0.0, |time| time.as_secs_f64() * 1e6)
    };
    Score { ops, seconds: took.as_secs_f64(), p50: quantile(0.5), p99: quantile(0.99), fewest, most }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_has_quantiles_and_the_fewest_and_most_operations() {
        let laps = |times: std::ops::Range<u64>, ops_per_lap| Laps {
            until: Instant::now(),
            times: times.map(Duration::from_micros).collect(),
            ops_per_lap,
        };
        let score = score(vec![laps(0..90, 1), laps(90..100, 2)], Duration::from_secs(2));
        assert_eq!((score.ops, score.fewest, score.most), (110, 20, 90));
        assert_eq!((score.p50, score.p99, score.rate()), (50.0, 99.0, 55.0));
    }
}
