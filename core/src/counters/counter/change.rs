//! What can be done to a counter, and on which bounds.

use std::ops::RangeInclusive;

use tokio::sync::oneshot;

use super::CounterFormat;
use crate::error::{Error, ErrorCode, Result};
use crate::ledger::{Model, Reply};
use crate::session::Moment;

/// What a handle says of the values, beside the format. It travels with each change: handles that differ in it may share a
/// node, and a write.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bounds {
    /// The value of a node that is missing or empty.
    pub(crate) default: i64,
    pub(crate) min: Option<i64>,
    pub(crate) max: Option<i64>,
}

impl Bounds {
    /// # Errors
    /// `INVALID_ARGUMENT` when no value can satisfy them, or the default does not.
    pub(crate) fn check(self, format: CounterFormat) -> Result<()> {
        if let (Some(min), Some(max)) = (self.min, self.max)
            && min > max
        {
            return Err(Error::invalid_argument("min", min, format!("is greater than max {max}")));
        }
        self.admit(format, self.default.into())
            .map(drop)
            .map_err(|limit| Error::invalid_argument("default", self.default, limit))
    }

    /// The result of a change, if it may be; otherwise the limit that it passes.
    fn admit(self, format: CounterFormat, result: i128) -> Result<i64, String> {
        let fitting = i64::try_from(result).ok().filter(|result| format.range().contains(result));
        match fitting {
            None => Err(format!("leaves the range of the format {}", format.name())),
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

/// What a caller wants of the value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Update {
    Add(i64),
    Set(i64),
    CompareAndSet { expected: i64, new: i64 },
}

/// An update, and the bounds of the handle that it came through.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    pub(crate) update: Update,
    pub(crate) bounds: Bounds,
}

impl Change {
    /// The value after this change of `before`; `None` when there is nothing to write.
    fn apply(self, format: CounterFormat, before: i64) -> Result<Option<i64>> {
        let result = match self.update {
            Update::CompareAndSet { expected, .. } if before != expected => return Ok(None),
            Update::Set(value) | Update::CompareAndSet { new: value, .. } => value.into(),
            Update::Add(delta) => i128::from(before) + i128::from(delta),
        };
        self.bounds.admit(format, result).map(Some).map_err(|limit| {
            let what = match self.update {
                Update::Add(delta) => format!("adding {delta} to {before} gives {result}, which"),
                _ => format!("the new value {result}"),
            };
            Error::new(ErrorCode::Overflow, format!("{what} {limit}"))
        })
    }
}

/// What a change did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Applied {
    pub(crate) before: i64,
    pub(crate) after: i64,
    pub(crate) written: bool,
}

/// To whom the outcome goes, and what of it.
#[derive(Debug)]
pub(crate) enum CounterReply {
    /// The value after.
    After(oneshot::Sender<Result<i64>>),
    /// The value before.
    Before(oneshot::Sender<Result<i64>>),
    /// The numbers that the value went through.
    Passed(oneshot::Sender<Result<RangeInclusive<i64>>>),
    /// Whether anything was written.
    Written(oneshot::Sender<Result<bool>>),
    /// Only that it is done.
    Done(oneshot::Sender<Result<()>>),
}

impl Reply<Applied> for CounterReply {
    fn send(self, outcome: Result<Applied>) {
        match self {
            CounterReply::After(caller) => Reply::send(caller, outcome.map(|applied| applied.after)),
            CounterReply::Before(caller) => Reply::send(caller, outcome.map(|applied| applied.before)),
            CounterReply::Passed(caller) => {
                Reply::send(caller, outcome.map(|applied| applied.before + 1..=applied.after));
            }
            CounterReply::Written(caller) => Reply::send(caller, outcome.map(|applied| applied.written)),
            CounterReply::Done(caller) => Reply::send(caller, outcome.map(drop)),
        }
    }

    fn is_unwanted(&self) -> bool {
        match self {
            CounterReply::After(caller) | CounterReply::Before(caller) => caller.is_closed(),
            CounterReply::Passed(caller) => caller.is_closed(),
            CounterReply::Written(caller) => caller.is_closed(),
            CounterReply::Done(caller) => caller.is_closed(),
        }
    }
}

/// The state is the number in the node, if there is one.
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
    fn changes_run_one_after_another() {
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
    fn what_has_no_effect_leaves_a_missing_node_missing() {
        let mut value = None;
        let never = CompareAndSet { expected: 1, new: 2 };
        assert_eq!(run(I64, &mut value, never, Bounds::default()).unwrap(), (0, false));
        assert_eq!(value, None);
    }

    #[test]
    fn a_result_outside_the_limits_is_refused_and_the_message_says_which() {
        let bounds = Bounds { default: 0, min: Some(-10), max: Some(100) };
        let everything = Bounds::default();
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
            // Nearer to the limit is still outside.
            (I64, 300, Add(-100), bounds, "adding -100 to 300 gives 200, which is greater than max 100"),
            (I32, 2_147_483_647, Add(1), everything, "2147483648, which leaves the range of the format i32"),
            (I32, 0, Set(-2_147_483_649), everything, "leaves the range of the format i32"),
            (
                I64,
                i64::MIN,
                Add(-1),
                everything,
                "-9223372036854775809, which leaves the range of the format i64",
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
    fn terms_that_cannot_be_are_refused() {
        let check = |format, default, min, max| {
            Bounds { default, min, max }.check(format).map_err(|error| error.message().to_owned())
        };
        assert_eq!(check(I64, 5, Some(5), Some(5)), Ok(()));
        assert_eq!(check(I32, 0, Some(i64::MIN), Some(i64::MAX)), Ok(()), "wider than the format is no harm");
        for (refused, what) in [
            (check(I64, 0, Some(5), Some(4)), "min \"5\": is greater than max 4"),
            (check(I64, 0, Some(1), None), "default \"0\": is less than min 1"),
            (check(I64, 9, None, Some(8)), "default \"9\": is greater than max 8"),
            (check(I32, 1 << 31, None, None), "default \"2147483648\": leaves the range of the format i32"),
        ] {
            assert_eq!(refused, Err(what.to_owned()));
        }
    }
}
