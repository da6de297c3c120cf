//! The changes of a counter, and the bounds of its value.

use std::ops::RangeInclusive;

use tokio::sync::oneshot;

use super::CounterFormat;
use crate::error::{Error, ErrorCode, Result};
use crate::ledger::{Model, Reply};
use crate::session::Moment;

/// A handle's options about values, apart from the format. They are passed along with each change, so handles with different
/// bounds may share a node and even a write.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bounds {
    /// The value of a missing or empty node.
    pub(crate) default: i64,
    pub(crate) min: Option<i64>,
    pub(crate) max: Option<i64>,
}

impl Bounds {
    /// Checks that the bounds are consistent.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if no value satisfies the bounds, or if the default does not.
    pub(crate) fn check(self, format: CounterFormat) -> Result<()> {
        if let (Some(min), Some(max)) = (self.min, self.max)
            && min > max
        {
            return Err(Error::invalid_argument("min", min, format!("is greater than max {max}")));
        }
        self.check_result(format, self.default.into())
            .map(drop)
            .map_err(|problem| Error::invalid_argument("default", self.default, problem))
    }

    /// Returns the result of a change if it is within the bounds and the format's range. The error names the limit that it
    /// exceeds.
    fn check_result(self, format: CounterFormat, result: i128) -> Result<i64, String> {
        let in_range = i64::try_from(result).ok().filter(|result| format.range().contains(result));
        match in_range {
            None => Err(format!("is outside the range of the format {}", format.name())),
            Some(result) if self.min.is_some_and(|min| result < min) => {
                Err(format!("is less than min {}", self.min.unwrap_or_default()))
            }
            Some(result) if self.max.is_some_and(|max| result > max) => {
                Err(format!("is greater than max {}", self.max.unwrap_or_default()))
            }
            Some(result) => Ok(result),
        }
    }
}

/// A change of the value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Update {
    Add(i64),
    Set(i64),
    CompareAndSet { expected: i64, new: i64 },
}

/// An update with the bounds of the handle that requested it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    pub(crate) update: Update,
    pub(crate) bounds: Bounds,
}

impl Change {
    /// Returns the value after this change of `before`, or `None` if there is nothing to write.
    fn apply(self, format: CounterFormat, before: i64) -> Result<Option<i64>> {
        let result = match self.update {
            Update::CompareAndSet { expected, .. } if before != expected => return Ok(None),
            Update::Set(value) | Update::CompareAndSet { new: value, .. } => value.into(),
            Update::Add(delta) => i128::from(before) + i128::from(delta),
        };
        self.bounds.check_result(format, result).map(Some).map_err(|problem| {
            let change = match self.update {
                Update::Add(delta) => format!("adding {delta} to {before} gives {result}, which"),
                _ => format!("the new value {result}"),
            };
            Error::new(ErrorCode::Overflow, format!("{change} {problem}"))
        })
    }
}

/// The effect of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Applied {
    pub(crate) before: i64,
    pub(crate) after: i64,
    pub(crate) written: bool,
}

/// The recipient of an outcome, with the part of the outcome that it gets.
#[derive(Debug)]
pub(crate) enum CounterReply {
    /// Gets the value after the change.
    After(oneshot::Sender<Result<i64>>),
    /// Gets the value before the change.
    Before(oneshot::Sender<Result<i64>>),
    /// Gets the numbers from the value before + 1 to the value after.
    Reserved(oneshot::Sender<Result<RangeInclusive<i64>>>),
    /// Gets whether anything was written.
    Written(oneshot::Sender<Result<bool>>),
    /// Gets no value.
    Done(oneshot::Sender<Result<()>>),
}

impl Reply<Applied> for CounterReply {
    fn send(self, outcome: Result<Applied>) {
        match self {
            CounterReply::After(caller) => Reply::send(caller, outcome.map(|applied| applied.after)),
            CounterReply::Before(caller) => Reply::send(caller, outcome.map(|applied| applied.before)),
            CounterReply::Reserved(caller) => {
                Reply::send(caller, outcome.map(|applied| applied.before + 1..=applied.after));
            }
            CounterReply::Written(caller) => Reply::send(caller, outcome.map(|applied| applied.written)),
            CounterReply::Done(caller) => Reply::send(caller, outcome.map(drop)),
        }
    }

    fn is_abandoned(&self) -> bool {
        match self {
            CounterReply::After(caller) | CounterReply::Before(caller) => caller.is_closed(),
            CounterReply::Reserved(caller) => caller.is_closed(),
            CounterReply::Written(caller) => caller.is_closed(),
            CounterReply::Done(caller) => caller.is_closed(),
        }
    }
}

/// The state is the number in the node, or `None` if the node is missing or empty.
impl Model for CounterFormat {
    type State = Option<i64>;
    type Change = Change;
    type Outcome = Applied;
    type Reply = CounterReply;

    const NOUN: &'static str = "counter";
    const TIMED: bool = false;

    fn absent(&self) -> Option<i64> {
        None
    }

    fn decode(&self, path: &str, data: &[u8]) -> Result<Option<i64>> {
        CounterFormat::decode(*self, path, data)
    }

    fn encode(&self, value: &Option<i64>) -> Vec<u8> {
        value.map(|value| CounterFormat::encode(*self, value)).unwrap_or_default()
    }

    fn apply(&self, value: &mut Option<i64>, change: &Change, _: Moment) -> Result<(Applied, bool)> {
        let before = value.unwrap_or(change.bounds.default);
        let after = change.apply(*self, before)?;
        let applied = Applied { before, after: after.unwrap_or(before), written: after.is_some() };
        *value = after.or(*value);
        Ok((applied, applied.written))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use CounterFormat::{I32, I64};
    use Update::{Add, CompareAndSet, Set};

    fn run(
        format: CounterFormat,
        value: &mut Option<i64>,
        update: Update,
        bounds: Bounds,
    ) -> Result<(i64, bool)> {
        let applied = format.apply(value, &Change { update, bounds }, Moment::UNKNOWN)?.0;
        Ok((applied.after, applied.written))
    }

    #[test]
    fn each_change_applies_to_the_result_of_the_one_before() {
        let mut value = None;
        let mut change = |update| {
            let bounds = Bounds { default: 10, ..Bounds::default() };
            run(I64, &mut value, update, bounds).map_err(|error| error.code())
        };
        assert_eq!(change(CompareAndSet { expected: 0, new: 1 }), Ok((10, false)));
        assert_eq!(change(Add(5)), Ok((15, true)));
        assert_eq!(change(Add(i64::MAX)), Err(ErrorCode::Overflow));
        assert_eq!(change(CompareAndSet { expected: 9, new: 1 }), Ok((15, false)));
        assert_eq!(change(CompareAndSet { expected: 15, new: 20 }), Ok((20, true)));
        assert_eq!(change(Add(-1)), Ok((19, true)));
        assert_eq!(change(Set(3)), Ok((3, true)));
        assert_eq!(value, Some(3));
    }

    #[test]
    fn a_change_without_effect_does_not_create_a_missing_node() {
        let mut value = None;
        let mismatch = CompareAndSet { expected: 1, new: 2 };
        assert_eq!(run(I64, &mut value, mismatch, Bounds::default()).unwrap(), (0, false));
        assert_eq!(value, None);
    }

    #[test]
    fn a_result_outside_the_limits_fails_and_the_message_names_the_limit() {
        let bounds = Bounds { default: 0, min: Some(-10), max: Some(100) };
        let unbounded = Bounds::default();
        let cases = [
            (I64, 99, Add(2), bounds, "adding 2 to 99 gives 101, which is greater than max 100"),
            (I64, -9, Add(-2), bounds, "adding -2 to -9 gives -11, which is less than min -10"),
            (I64, 0, Set(101), bounds, "the new value 101 is greater than max 100"),
            (
                I64,
                0,
                CompareAndSet { expected: 0, new: -11 },
                bounds,
                "the new value -11 is less than min -10",
            ),
            // The result is nearer to the limit, but still outside.
            (I64, 300, Add(-100), bounds, "adding -100 to 300 gives 200, which is greater than max 100"),
            (
                I32,
                2_147_483_647,
                Add(1),
                unbounded,
                "2147483648, which is outside the range of the format i32",
            ),
            (I32, 0, Set(-2_147_483_649), unbounded, "is outside the range of the format i32"),
            (
                I64,
                i64::MIN,
                Add(-1),
                unbounded,
                "-9223372036854775809, which is outside the range of the format i64",
            ),
        ];
        for (format, before, update, bounds, message) in cases {
            let mut value = Some(before);
            let error = run(format, &mut value, update, bounds).unwrap_err();
            assert_eq!((error.code(), value), (ErrorCode::Overflow, Some(before)));
            assert!(error.message().contains(message), "{error}, not {message}");
        }
        assert_eq!(run(I64, &mut Some(300), Add(-200), bounds).unwrap(), (100, true));
    }

    #[test]
    fn inconsistent_bounds_are_refused() {
        let check = |format, default, min, max| {
            Bounds { default, min, max }.check(format).map_err(|error| error.message().to_owned())
        };
        assert_eq!(check(I64, 5, Some(5), Some(5)), Ok(()));
        assert_eq!(
            check(I32, 0, Some(i64::MIN), Some(i64::MAX)),
            Ok(()),
            "bounds may be wider than the format"
        );
        for (refused, message) in [
            (check(I64, 0, Some(5), Some(4)), "min \"5\": is greater than max 4"),
            (check(I64, 0, Some(1), None), "default \"0\": is less than min 1"),
            (check(I64, 9, None, Some(8)), "default \"9\": is greater than max 8"),
            (
                check(I32, 1 << 31, None, None),
                "default \"2147483648\": is outside the range of the format i32",
            ),
        ] {
            assert_eq!(refused, Err(message.to_owned()));
        }
    }
}
