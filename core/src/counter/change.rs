//! What callers want done to a counter, and what becomes of a batch of such wishes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::sync::oneshot;

use crate::error::{Error, ErrorCode, Result};

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
pub(crate) enum Reply {
    /// The value after.
    After(oneshot::Sender<Result<i64>>),
    /// The value before.
    Before(oneshot::Sender<Result<i64>>),
    /// Whether anything was written.
    Written(oneshot::Sender<Result<bool>>),
    /// Only that it is done.
    Done(oneshot::Sender<Result<()>>),
}

impl Reply {
    fn send(self, outcome: Result<Applied>) {
        // A caller who is gone does not want to know.
        match self {
            Reply::After(caller) => drop(caller.send(outcome.map(|applied| applied.after))),
            Reply::Before(caller) => drop(caller.send(outcome.map(|applied| applied.before))),
            Reply::Written(caller) => drop(caller.send(outcome.map(|applied| applied.written))),
            Reply::Done(caller) => drop(caller.send(outcome.map(drop))),
        }
    }

    fn is_unwanted(&self) -> bool {
        match self {
            Reply::After(caller) | Reply::Before(caller) => caller.is_closed(),
            Reply::Written(caller) => caller.is_closed(),
            Reply::Done(caller) => caller.is_closed(),
        }
    }
}

/// How far a request has come. Shared with a caller who may run out of time.
#[derive(Debug, Default)]
pub(crate) struct Progress(AtomicU8);

const QUEUED: u8 = 0;
const IN_FLIGHT: u8 = 1;
const GIVEN_UP: u8 = 2;

impl Progress {
    /// The caller waits no longer. Whether the change may have been applied, or still be.
    pub(crate) fn give_up(&self) -> bool {
        self.0.swap(GIVEN_UP, Ordering::AcqRel) == IN_FLIGHT
    }

    fn step(&self, from: u8, to: u8) -> bool {
        self.0.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

/// One caller's wish.
#[derive(Debug)]
pub(crate) struct Request {
    change: Change,
    reply: Reply,
    progress: Arc<Progress>,
}

impl Request {
    pub(crate) fn new(change: Change, reply: Reply) -> (Request, Arc<Progress>) {
        let progress = Arc::new(Progress::default());
        (Request { change, reply, progress: progress.clone() }, progress)
    }

    /// About to be written. `false` when its caller has gone: then it must not be.
    fn takes_off(&self) -> bool {
        !self.reply.is_unwanted() && self.progress.step(QUEUED, IN_FLIGHT)
    }

    /// Known not to have been written. `false` when its caller has gone meanwhile.
    fn lands(&self) -> bool {
        self.progress.step(IN_FLIGHT, QUEUED)
    }
}

/// Requests that share one write.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    requests: Vec<Request>,
}

/// What a batch makes of a value.
#[derive(Debug)]
pub(crate) struct Plan {
    outcomes: Vec<Result<Applied>>,
    /// The value to be written, if any.
    pub(crate) value: Option<i64>,
}

impl Batch {
    pub(crate) fn new(requests: Vec<Request>) -> Batch {
        Batch { requests }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }

    /// Leaves out whoever has gone and marks the rest as in flight.
    pub(crate) fn take_off(&mut self) {
        self.requests.retain(Request::takes_off);
    }

    /// Certainly not written: the requests may be tried again, but for those whose caller has gone.
    pub(crate) fn land(&mut self) {
        self.requests.retain(Request::lands);
    }

    /// Runs the requests in order over `value`. A request that fails changes nothing for the others.
    pub(crate) fn plan(&self, value: i64) -> Plan {
        let mut current = value;
        let mut written = false;
        let outcomes = self.requests.iter().map(|request| {
            let before = current;
            let after = request.change.apply(before)?;
            current = after.unwrap_or(before);
            written |= after.is_some();
            Ok(Applied { before, after: current, written: after.is_some() })
        });
        let outcomes = outcomes.collect();
        Plan { outcomes, value: written.then_some(current) }
    }

    /// Tells everyone what became of their request.
    pub(crate) fn conclude(self, plan: Plan) {
        for (request, outcome) in self.requests.into_iter().zip(plan.outcomes) {
            request.reply.send(outcome);
        }
    }

    pub(crate) fn fail(self, error: &Error) {
        for request in self.requests {
            request.reply.send(Err(error.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(changes: &[Change]) -> (Batch, Vec<oneshot::Receiver<Result<i64>>>) {
        let with_callers = changes.iter().map(|change| {
            let (sender, receiver) = oneshot::channel();
            (Request::new(*change, Reply::After(sender)).0, receiver)
        });
        let (requests, receivers) = with_callers.unzip();
        (Batch::new(requests), receivers)
    }

    #[test]
    fn everyone_gets_their_own_value_and_nobody_anothers_error() {
        let changes = [
            Change::Add(5),
            Change::Add(i64::MAX),
            Change::CompareAndSet { expected: 9, new: 1 },
            Change::CompareAndSet { expected: 15, new: 20 },
            Change::Add(-1),
            Change::Set(3),
        ];
        let (batch, callers) = batch(&changes);
        let plan = batch.plan(10);
        assert_eq!(plan.value, Some(3));
        batch.conclude(plan);
        let values =
            callers.into_iter().map(|mut caller| caller.try_recv().unwrap().map_err(|error| error.code()));
        let expected = [Ok(15), Err(ErrorCode::Overflow), Ok(15), Ok(20), Ok(19), Ok(3)];
        assert_eq!(values.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_batch_without_effect_writes_nothing() {
        let (batch, _callers) =
            batch(&[Change::CompareAndSet { expected: 1, new: 2 }, Change::Add(i64::MIN)]);
        assert_eq!(batch.plan(-5).value, None);
    }

    #[test]
    fn who_has_gone_is_left_out() {
        let (mut batch, mut callers) = batch(&[Change::Add(1), Change::Add(10)]);
        callers.remove(0);
        batch.take_off();
        assert_eq!(batch.plan(0).value, Some(10));
        assert!(batch.requests[0].progress.give_up(), "it was in flight");
        batch.land();
        assert!(batch.is_empty());
    }
}
