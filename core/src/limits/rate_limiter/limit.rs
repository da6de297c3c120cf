//! The limit of a rate limiter: permits, period and burst.

use std::fmt;
use std::time::Duration;

use super::window::Window;
use crate::error::{Error, Result};

const MAX_PERMITS: u64 = 1_000_000;
const MIN_PER: Duration = Duration::from_millis(1);
const MAX_PER: Duration = Duration::from_secs(31 * 24 * 3600);

/// The limit that all clients of a limiter must agree on. It is stored in the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Limit {
    pub(super) permits: u64,
    /// In microseconds.
    pub(super) per: i64,
    pub(super) burst: u64,
}

impl Limit {
    pub(super) fn new(permits: u64, per: Duration) -> Result<Limit> {
        check_count("permits", permits)?;
        if per < MIN_PER || per > MAX_PER {
            return Err(Error::invalid_argument("per", format!("{per:?}"), "must be from 1 ms to 31 days"));
        }
        Ok(Limit { permits, per: per.as_micros() as i64, burst: permits })
    }

    pub(super) fn with_burst(self, burst: u64) -> Result<Limit> {
        check_count("burst", burst)?;
        Ok(Limit { burst, ..self })
    }

    /// Returns the window of the limit itself, and for a smaller burst also the window that spreads the permits.
    pub(super) fn windows(&self) -> Vec<Window> {
        let of = |permits| Window::new(permits, self.length_of(permits));
        match self.burst < self.permits {
            true => vec![of(self.permits), of(self.burst)],
            false => vec![of(self.burst)],
        }
    }

    /// Returns the length of the window of the limit itself, in microseconds.
    pub(super) fn length(&self) -> i64 {
        self.length_of(self.max_permits())
    }

    /// Returns the length of the shortest window, in microseconds.
    pub(super) fn shortest(&self) -> i64 {
        self.length_of(self.burst)
    }

    /// Returns the number of permits in the window of the limit itself.
    pub(super) fn max_permits(&self) -> u64 {
        self.permits.max(self.burst)
    }

    /// Returns how many permits a client may reserve in advance: an eighth of a window's, and at most those that become free in
    /// an eighth of a second. A slower limiter costs the servers little without that, and its permits are worth little if they
    /// come late.
    pub(super) fn max_prefetch(&self) -> u64 {
        let soon = self.permits as u128 * 125_000 / self.per as u128;
        (self.max_permits() / 8).min(soon as u64)
    }

    /// Returns the time in which `permits` become free at the long-run rate, in microseconds, rounded up.
    fn length_of(&self, permits: u64) -> i64 {
        // At most 31 days x 1,000,000, which fits.
        (self.per as u128 * permits as u128).div_ceil(self.permits as u128) as i64
    }

    /// Returns the error of a client with this limit for the node at `path`, which was created with `other`.
    pub(super) fn mismatch(&self, path: &str, other: &Limit) -> Error {
        let why =
            format!("{path} was created with {other}; all clients of a limiter must give the same values");
        let duration = |micros| format!("{:?}", Duration::from_micros(micros as u64));
        if self.permits != other.permits {
            Error::invalid_argument("permits", self.permits, why)
        } else if self.per != other.per {
            Error::invalid_argument("per", duration(self.per), why)
        } else {
            Error::invalid_argument("burst", self.burst, why)
        }
    }

    /// Parses a text that `Display` wrote.
    pub(super) fn parse(text: &str) -> Option<Limit> {
        let (permits, rest) = text.split_once(" permits per ")?;
        let (per, burst) = rest.split_once(" us, burst ")?;
        let limit =
            Limit { permits: permits.parse().ok()?, per: per.parse().ok()?, burst: burst.parse().ok()? };
        (limit.to_string() == text).then_some(limit)
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} permits per {} us, burst {}", self.permits, self.per, self.burst)
    }
}

fn check_count(argument: &str, count: u64) -> Result<()> {
    if (1..=MAX_PERMITS).contains(&count) {
        return Ok(());
    }
    Err(Error::invalid_argument(argument, count, format!("must be from 1 to {MAX_PERMITS}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows(permits: u64, per_ms: u64, burst: Option<u64>) -> Vec<(u64, i64)> {
        let limit = Limit::new(permits, Duration::from_millis(per_ms)).unwrap();
        let limit = burst.map_or(Ok(limit), |burst| limit.with_burst(burst)).unwrap();
        limit.windows().iter().map(|window| (window.max(), window.length())).collect()
    }

    #[test]
    fn a_small_burst_adds_a_window_and_a_large_one_widens_it() {
        assert_eq!(windows(100, 1000, None), [(100, 1_000_000)]);
        assert_eq!(windows(100, 1000, Some(10)), [(100, 1_000_000), (10, 100_000)]);
        assert_eq!(windows(100, 1000, Some(300)), [(300, 3_000_000)]);
        assert_eq!(windows(3, 1, Some(1)), [(3, 1000), (1, 334)]);
        let longest = windows(1, MAX_PER.as_millis() as u64, Some(MAX_PERMITS));
        assert_eq!(longest, [(MAX_PERMITS, MAX_PER.as_micros() as i64 * MAX_PERMITS as i64)]);
    }

    #[test]
    fn slow_limiters_reserve_nothing_in_advance() {
        let max = |permits, per| Limit::new(permits, per).unwrap().max_prefetch();
        let (second, minute) = (Duration::from_secs(1), Duration::from_secs(60));
        assert_eq!([max(100, second), max(100_000, second)], [12, 12_500]);
        assert_eq!([max(7, second), max(100, minute), max(6000, minute)], [0, 0, 12]);
        assert_eq!(max(10, Duration::from_millis(1)), 1);
    }

    #[test]
    fn invalid_limits_are_refused_with_their_name_and_value() {
        let second = Duration::from_secs(1);
        let cases = [
            (Limit::new(0, second), "permits \"0\""),
            (Limit::new(1_000_001, second), "permits \"1000001\""),
            (Limit::new(1, Duration::from_micros(999)), "per \"999µs\""),
            (Limit::new(1, Duration::MAX), "per \"18446744073709551615.999999999s\""),
            (Limit::new(1, second).and_then(|limit| limit.with_burst(0)), "burst \"0\""),
        ];
        for (outcome, start) in cases {
            let error = outcome.unwrap_err();
            assert!(error.message().starts_with(start), "{error}, not {start}");
        }
    }
}
