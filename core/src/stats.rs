//! The durations of waits and holds, and the chance of success that they predict for the next wait.

use std::collections::VecDeque;
use std::f64::consts::PI;
use std::time::Duration;

use parking_lot::Mutex;

/// The number of latest durations that the figures are computed from.
const WINDOW: usize = 1024;

/// The durations that a handle of a lock and its clones have recorded.
#[derive(Debug, Default)]
pub(crate) struct Meters {
    pub(crate) waits: Recorder,
    pub(crate) holds: Recorder,
}

impl Meters {
    pub(crate) fn stats(&self) -> WaitStats {
        let WaitStats { count, mean, stddev, p50, p99, .. } = self.holds.stats();
        WaitStats { holds: HoldStats { count, mean, stddev, p50, p99 }, ..self.waits.stats() }
    }
}

/// A recorder of durations.
#[derive(Debug, Default)]
pub(crate) struct Recorder(Mutex<Recorded>);

#[derive(Debug, Default)]
struct Recorded {
    latest: VecDeque<Duration>,
    count: u64,
    timeouts: u64,
}

impl Recorder {
    pub(crate) fn success(&self, took: Duration) {
        let mut seen = self.0.lock();
        if seen.latest.len() == WINDOW {
            seen.latest.pop_front();
        }
        seen.latest.push_back(took);
        seen.count += 1;
    }

    pub(crate) fn timeout(&self) {
        self.0.lock().timeouts += 1;
    }

    pub(crate) fn stats(&self) -> WaitStats {
        let seen = self.0.lock();
        let mut times: Vec<_> = seen.latest.iter().map(Duration::as_secs_f64).collect();
        let (count, timeouts) = (seen.count, seen.timeouts);
        drop(seen);
        times.sort_unstable_by(f64::total_cmp);
        let n = times.len() as f64;
        let mean = times.iter().sum::<f64>() / n.max(1.0);
        // The variance of a sample, hence n - 1.
        let variance = times.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
        let quantile =
            |q: f64| times.get(((n * q) as usize).min(times.len().saturating_sub(1))).copied().unwrap_or(0.0);
        let [mean, stddev, p50, p99] =
            [mean, variance.sqrt(), quantile(0.5), quantile(0.99)].map(Duration::from_secs_f64);
        WaitStats { count, timeouts, mean, stddev, p50, p99, holds: HoldStats::default() }
    }
}

/// The durations of successful waits of a handle and its clones. Mean, deviation and quantiles are those of the latest 1,024.
///
/// # Examples
/// ```no_run
/// # use std::time::Duration;
/// # async fn example(client: zkcoord::Client) -> zkcoord::Result<()> {
/// let mutex = client.mutex("/locks/report");
/// mutex.acquire().timeout(Duration::from_secs(5)).await?.release().await?;
/// let stats = mutex.stats();
/// println!("{} waits, {:?} on average, {} timeouts", stats.count, stats.mean, stats.timeouts);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct WaitStats {
    /// The number of successful waits.
    pub count: u64,
    /// The number of waits that ended with `TIMEOUT`.
    pub timeouts: u64,
    /// The mean duration.
    pub mean: Duration,
    /// The standard deviation.
    pub stddev: Duration,
    /// The median: half of the waits took at most this long.
    pub p50: Duration,
    /// The 99th percentile: 99 % took at most this long.
    pub p99: Duration,
    /// The durations of holds, of locks that were acquired by a wait or a try. All zero where nothing is held.
    pub holds: HoldStats,
}

/// The durations of holds that ended with the release or the drop of the guard, of a handle and its clones. Lost locks do not
/// count. Mean, deviation and quantiles are those of the latest 1,024.
///
/// # Examples
/// ```no_run
/// # fn example(mutex: zkcoord::Mutex) {
/// let holds = mutex.stats().holds;
/// println!("{} holds, at most {:?} in 99 of 100 cases", holds.count, holds.p99);
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct HoldStats {
    /// The number of holds that ended.
    pub count: u64,
    /// The mean duration.
    pub mean: Duration,
    /// The standard deviation.
    pub stddev: Duration,
    /// The median: half of the holds took at most this long.
    pub p50: Duration,
    /// The 99th percentile: 99 % took at most this long.
    pub p99: Duration,
}

impl WaitStats {
    /// Returns the probability, from 0 to 1, that a wait ends within `budget`. `None` before the second wait.
    ///
    /// The waits are assumed to follow a logistic distribution: *P = 1 / (1 + e^-k)* with *k = (budget - mean) / s*. The scale *s*
    /// follows from the standard deviation σ of a logistic distribution, σ = s π / √3, so *s = σ √3 / π*.
    ///
    /// With n waits seen, the mean is off by about σ/√n and σ by about σ/√(2n); the probability is then off by at most about
    /// 0.45/√n: 0.1 with 20 waits, 0.05 with 80, 0.015 with 1,000. Changes since then are not predicted.
    ///
    /// # Examples
    /// ```no_run
    /// # use std::time::Duration;
    /// # fn example(mutex: zkcoord::Mutex) {
    /// if mutex.stats().success_probability(Duration::from_millis(200)).is_some_and(|p| p < 0.5) {
    ///     println!("the lock is probably not available within 200 ms");
    /// }
    /// # }
    /// ```
    pub fn success_probability(&self, budget: Duration) -> Option<f64> {
        if self.count < 2 {
            return None;
        }
        let scale = self.stddev.as_secs_f64() * 3f64.sqrt() / PI;
        let spare = budget.as_secs_f64() - self.mean.as_secs_f64();
        if scale == 0.0 {
            return Some(if spare >= 0.0 { 1.0 } else { 0.0 });
        }
        Some(1.0 / (1.0 + (-spare / scale).exp()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Waits drawn from a logistic distribution, by inversion of its cumulative distribution.
    fn logistic(rng: &mut fastrand::Rng, mean: f64, scale: f64) -> Duration {
        let u = rng.f64().clamp(1e-9, 1.0 - 1e-9);
        Duration::from_secs_f64((mean + scale * (u / (1.0 - u)).ln()).max(0.0))
    }

    #[test]
    fn the_probability_is_calibrated() {
        let mut rng = fastrand::Rng::with_seed(7);
        let (mean, scale) = (2.0, 0.15);
        let recorder = Recorder::default();
        (0..WINDOW).for_each(|_| recorder.success(logistic(&mut rng, mean, scale)));
        let stats = recorder.stats();
        let next: Vec<_> = (0..20_000).map(|_| logistic(&mut rng, mean, scale)).collect();
        for budget in [1.6, 1.85, 2.0, 2.2, 2.5].map(Duration::from_secs_f64) {
            let predicted = stats.success_probability(budget).unwrap();
            let seen = next.iter().filter(|wait| **wait <= budget).count() as f64 / next.len() as f64;
            assert!((predicted - seen).abs() < 0.05, "{budget:?}: predicted {predicted:.3}, seen {seen:.3}");
        }
    }

    #[test]
    fn figures_of_known_waits_are_exact() {
        let recorder = Recorder::default();
        assert_eq!(recorder.stats(), WaitStats::default());
        assert_eq!(recorder.stats().success_probability(Duration::MAX), None);
        for millis in [10, 20, 30] {
            recorder.success(Duration::from_millis(millis));
        }
        recorder.timeout();
        let stats = recorder.stats();
        assert_eq!((stats.count, stats.timeouts), (3, 1));
        assert_eq!([stats.mean, stats.p50, stats.p99].map(|it| it.as_millis()), [20, 20, 30]);
        assert_eq!(stats.stddev.as_millis(), 10);
        assert_eq!(stats.success_probability(stats.mean), Some(0.5));
        assert!(stats.success_probability(Duration::MAX).unwrap() > 0.999);
    }

    #[test]
    fn waits_and_holds_are_recorded_separately() {
        let meters = Meters::default();
        assert_eq!(meters.stats(), WaitStats::default());
        meters.waits.success(Duration::from_millis(1));
        [10, 20].into_iter().for_each(|millis| meters.holds.success(Duration::from_millis(millis)));
        let stats = meters.stats();
        assert_eq!((stats.count, stats.mean.as_millis()), (1, 1));
        let holds = stats.holds;
        assert_eq!((holds.count, holds.mean.as_millis(), holds.p50.as_millis()), (2, 15, 20));
        assert_eq!((holds.p99.as_millis(), holds.stddev.as_micros()), (20, 7071));
    }
}
