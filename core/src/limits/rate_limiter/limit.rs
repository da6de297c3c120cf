//! What a limiter allows.

use std::fmt;
use std::time::Duration;

use super::window::Window;
use crate::error::{Error, Result};

const MOST_PERMITS: u64 = 1_000_000;
const SHORTEST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_secs(31 * 24 * 3600);

/// What all who share a limiter must say alike. It stands in the node.
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
        if per < SHORTEST || per > LONGEST {
            return Err(Error::invalid_argument("per", format!("{per:?}"), "must be from 1 ms to 31 days"));
        }
        Ok(Limit { permits, per: per.as_micros() as i64, burst: permits })
    }

    pub(super) fn with_burst(self, burst: u64) -> Result<Limit> {
        check_count("burst", burst)?;
        Ok(Limit { burst, ..self })
    }

    /// The limit itself, and for a burst smaller than that the window that spreads the permits.
    pub(super) fn windows(&self) -> Vec<Window> {
        let of = |most| Window::new(most, self.length_of(most));
        match self.burst < self.permits {
            true => vec![of(self.permits), of(self.burst)],
            false => vec![of(self.burst)],
        }
    }

    /// The length of the window of the limit itself, in microseconds.
    pub(super) fn length(&self) -> i64 {
        self.length_of(self.most())
    }

    /// The length of the shortest window.
    pub(super) fn shortest(&self) -> i64 {
        self.length_of(self.burst)
    }

    /// The permits in the window of the limit itself.
    pub(super) fn most(&self) -> u64 {
        self.permits.max(self.burst)
    }

    /// How many permits a client may have in advance: an eighth of a window's, and no more than come free in an eighth of a second.
    /// A slower limiter costs the servers little without any, and its permits are not worth much when they come late.
    pub(super) fn most_ahead(&self) -> u64 {
        let soon = self.permits as u128 * 125_000 / self.per as u128;
        (self.most() / 8).min(soon as u64)
    }

    /// How long it takes until `most` permits have come at the long-run rate, in microseconds, rounded up.
    fn length_of(&self, most: u64) -> i64 {
        // At most 31 days x 1,000,000, which fits.
        (self.per as u128 * most as u128).div_ceil(self.permits as u128) as i64
    }

    /// The complaint of somebody with these terms about a node that was made with `others`.
    pub(super) fn differ(&self, path: &str, others: &Limit) -> Error {
        let why = format!("{path} was made for {others}; all who share it must give the same");
        let duration = |micros| format!("{:?}", Duration::from_micros(micros as u64));
        if self.permits != others.permits {
            Error::invalid_argument("permits", self.permits, why)
        } else if self.per != others.per {
            Error::invalid_argument("per", duration(self.per), why)
        } else {
            Error::invalid_argument("burst", self.burst, why)
        }
    }

    /// Reads what `Display` wrote.
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
    if (1..=MOST_PERMITS).contains(&count) {
        return Ok(());
    }
    Err(Error::invalid_argument(argument, count, format!("must be from 1 to {MOST_PERMITS}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows(permits: u64, per_ms: u64, burst: Option<u64>) -> Vec<(u64, i64)> {
        let limit = Limit::new(permits, Duration::from_millis(per_ms)).unwrap();
        let limit = burst.map_or(Ok(limit), |burst| limit.with_burst(burst)).unwrap();
        limit.windows().iter().map(|window| (window.most(), window.length())).collect()
    }

    #[test]
    fn a_small_burst_adds_a_window_and_a_large_one_widens_it() {
        assert_eq!(windows(100, 1000, None), [(100, 1_000_000)]);
        assert_eq!(windows(100, 1000, Some(10)), [(100, 1_000_000), (10, 100_000)]);
        assert_eq!(windows(100, 1000, Some(300)), [(300, 3_000_000)]);
        assert_eq!(windows(3, 1, Some(1)), [(3, 1000), (1, 334)]);
        let longest = windows(1, LONGEST.as_millis() as u64, Some(MOST_PERMITS));
        assert_eq!(longest, [(MOST_PERMITS, LONGEST.as_micros() as i64 * MOST_PERMITS as i64)]);
    }

    #[test]
    fn slow_limiters_have_nothing_in_advance() {
        let most = |permits, per| Limit::new(permits, per).unwrap().most_ahead();
        let (second, minute) = (Duration::from_secs(1), Duration::from_secs(60));
        assert_eq!([most(100, second), most(100_000, second)], [12, 12_500]);
        assert_eq!([most(7, second), most(100, minute), most(6000, minute)], [0, 0, 12]);
        assert_eq!(most(10, Duration::from_millis(1)), 1);
    }

    #[test]
    fn what_cannot_be_is_refused_with_its_name_and_value() {
        let second = Duration::from_secs(1);
        let cases = [
            (Limit::new(0, second), "permits \"0\""),
            (Limit::new(1_000_001, second), "permits \"1000001\""),
            (Limit::new(1, Duration::from_micros(999)), "per \"999µs\""),
            (Limit::new(1, Duration::MAX), "per \"18446744073709551615.999999999s\""),
            (Limit::new(1, second).and_then(|limit| limit.with_burst(0)), "burst \"0\""),
        ];
        for (outcome, complaint) in cases {
            let error = outcome.unwrap_err();
            assert!(error.message().starts_with(complaint), "{error}, not {complaint}");
        }
    }
}
