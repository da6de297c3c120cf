//! What can be done to a counter.

use tokio::sync::oneshot;

use super::CounterFormat;
use crate::error::{Error, ErrorCode, Result};
use crate::ledger::{Model, Reply};
use crate::server_clock::Moment;

/// A change of a counter's value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change {
    Add(i64),
    Set(i64),
    CompareAndSet { expected: i64, new: i64 },
}

impl Change {
    /// The value after this change of `before`; `None` when there is nothing to write.
    pub(crate) fn apply(self, before: i64) -> Result<Option<i64>> {
        match self {
            Change::Set(value) => Ok(Some(value)),
            Change::CompareAndSet { expected, new } => Ok((before == expected).then_some(new)),
            Change::Add(delta) => before.checked_add(delta).map(Some).ok_or_else(|| {
                let message = format!("adding {delta} to {before} leaves the range of the format i64");
                Error::new(ErrorCode::Overflow, message)
            }),
        }
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
            CounterReply::Written(caller) => Reply::send(caller, outcome.map(|applied| applied.written)),
            CounterReply::Done(caller) => Reply::send(caller, outcome.map(drop)),
        }
    }

    fn is_unwanted(&self) -> bool {
        match self {
            CounterReply::After(caller) | CounterReply::Before(caller) => caller.is_closed(),
            CounterReply::Written(caller) => caller.is_closed(),
            CounterReply::Done(caller) => caller.is_closed(),
        }
    }
}

impl Model for CounterFormat {
    type State = i64;
    type Change = Change;
    type Outcome = Applied;
    type Reply = CounterReply;

    const NOUN: &'static str = "counter";
    const TIMED: bool = false;

    fn absent(&self) -> i64 {
        0
    }

    fn decode(&self, path: &str, data: &[u8]) -> Result<i64> {
        CounterFormat::decode(*self, path, data)
    }

    fn encode(&self, value: &i64) -> Vec<u8> {
        CounterFormat::encode(*self, *value)
    }

    fn apply(&self, value: &mut i64, change: &Change, _: Moment) -> Result<(Applied, bool)> {
        let before = *value;
        let after = change.apply(before)?;
        *value = after.unwrap_or(before);
        let applied = Applied { before, after: *value, written: after.is_some() };
        Ok((applied, applied.written))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_run_one_after_another() {
        let mut value = 10;
        let mut change = |change: Change| {
            let applied = CounterFormat::I64.apply(&mut value, &change, Moment::UNKNOWN);
            applied.map(|(applied, _)| (applied.after, applied.written)).map_err(|error| error.code())
        };
        assert_eq!(change(Change::Add(5)), Ok((15, true)));
        assert_eq!(change(Change::Add(i64::MAX)), Err(ErrorCode::Overflow));
        assert_eq!(change(Change::CompareAndSet { expected: 9, new: 1 }), Ok((15, false)));
        assert_eq!(change(Change::CompareAndSet { expected: 15, new: 20 }), Ok((20, true)));
        assert_eq!(change(Change::Add(-1)), Ok((19, true)));
        assert_eq!(change(Change::Set(3)), Ok((3, true)));
    }
}
