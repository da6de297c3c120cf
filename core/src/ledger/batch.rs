//! Requests to change a node, and batches of them that share one write.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::sync::oneshot;

use super::Model;
use crate::error::{Error, Result};
use crate::session::Moment;

/// The recipient of an outcome, who may want only a part of it.
pub(crate) trait Reply<O>: Debug + Send {
    fn send(self, outcome: Result<O>);

    /// Returns whether the caller no longer waits.
    fn is_abandoned(&self) -> bool;
}

/// Sends the whole outcome.
impl<O: Debug + Send> Reply<O> for oneshot::Sender<Result<O>> {
    fn send(self, outcome: Result<O>) {
        // The caller may no longer wait.
        drop(oneshot::Sender::send(self, outcome));
    }

    fn is_abandoned(&self) -> bool {
        self.is_closed()
    }
}

/// The progress of a request. The caller shares it to withdraw the request at its deadline.
#[derive(Debug, Default)]
pub(super) struct Progress(AtomicU8);

const QUEUED: u8 = 0;
const IN_FLIGHT: u8 = 1;
const ABANDONED: u8 = 2;

impl Progress {
    /// Records that the caller no longer waits. Returns whether the change is in flight, so that it may or may not be applied.
    pub(super) fn abandon(&self) -> bool {
        self.0.swap(ABANDONED, Ordering::AcqRel) == IN_FLIGHT
    }

    fn advance(&self, from: u8, to: u8) -> bool {
        self.0.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

/// A change that one caller waits for.
#[derive(Debug)]
pub(super) struct Request<M: Model> {
    change: M::Change,
    reply: M::Reply,
    progress: Arc<Progress>,
}

impl<M: Model> Request<M> {
    pub(super) fn new(change: M::Change, reply: M::Reply) -> (Request<M>, Arc<Progress>) {
        let progress = Arc::new(Progress::default());
        (Request { change, reply, progress: progress.clone() }, progress)
    }

    /// Marks the request as about to be written. Returns `false` if its caller no longer waits: it must not be written then.
    fn mark_in_flight(&self) -> bool {
        !self.reply.is_abandoned() && self.progress.advance(QUEUED, IN_FLIGHT)
    }

    /// Marks the request as certainly not written. Returns `false` if its caller has stopped waiting meanwhile.
    fn requeue(&self) -> bool {
        self.progress.advance(IN_FLIGHT, QUEUED)
    }
}

/// Requests that share one write.
#[derive(Debug)]
pub(super) struct Batch<M: Model> {
    requests: Vec<Request<M>>,
}

/// The effect of a batch on a state.
pub(super) struct Plan<M: Model> {
    outcomes: Vec<Result<M::Outcome>>,
    /// The state to be written, if any.
    pub(super) state: Option<M::State>,
}

impl<M: Model> Batch<M> {
    pub(super) fn new(requests: Vec<Request<M>>) -> Batch<M> {
        Batch { requests }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }

    /// Marks the requests as in flight, and removes those whose callers no longer wait.
    pub(super) fn mark_in_flight(&mut self) {
        self.requests.retain(Request::mark_in_flight);
    }

    /// Marks the requests as certainly not written, so that they can be tried again. Removes those whose callers no longer wait.
    pub(super) fn requeue(&mut self) {
        self.requests.retain(Request::requeue);
    }

    /// Applies the requests to `state` in order. A request that fails does not affect the others.
    pub(super) fn plan(&self, model: &M, mut state: M::State, now: Moment) -> Plan<M> {
        let mut written = false;
        let outcomes = self.requests.iter().map(|request| {
            let (outcome, writes) = model.apply(&mut state, &request.change, now)?;
            written |= writes;
            Ok(outcome)
        });
        let outcomes = outcomes.collect();
        Plan { outcomes, state: written.then_some(state) }
    }

    /// Sends each caller the outcome of its request.
    pub(super) fn complete(&mut self, plan: Plan<M>) {
        for (request, outcome) in self.requests.drain(..).zip(plan.outcomes) {
            request.reply.send(outcome);
        }
    }

    /// Sends `error` to every caller.
    pub(super) fn fail(&mut self, error: &Error) {
        for request in self.requests.drain(..) {
            request.reply.send(Err(error.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode;

    /// A sum that cannot exceed 100. Adding 0 writes nothing.
    #[derive(Clone, Debug, PartialEq, Eq, Hash)]
    struct Sum;

    impl Model for Sum {
        type State = u64;
        type Change = u64;
        type Outcome = u64;
        type Reply = oneshot::Sender<Result<u64>>;
        const NOUN: &'static str = "sum";
        const TIMED: bool = false;

        fn absent(&self) -> u64 {
            0
        }

        fn decode(&self, _: &str, data: &[u8]) -> Result<u64> {
            Ok(u64::from(data[0]))
        }

        fn encode(&self, state: &u64) -> Vec<u8> {
            vec![*state as u8]
        }

        fn apply(&self, state: &mut u64, change: &u64, _: Moment) -> Result<(u64, bool)> {
            if *state + change > 100 {
                return Err(Error::new(ErrorCode::Overflow, "over 100"));
            }
            *state += change;
            Ok((*state, *change != 0))
        }
    }

    fn batch(changes: &[u64]) -> (Batch<Sum>, Vec<oneshot::Receiver<Result<u64>>>) {
        let with_callers = changes.iter().map(|change| {
            let (sender, receiver) = oneshot::channel();
            (Request::new(*change, sender).0, receiver)
        });
        let (requests, receivers) = with_callers.unzip();
        (Batch::new(requests), receivers)
    }

    #[test]
    fn each_caller_gets_its_own_outcome_or_error() {
        let (mut batch, callers) = batch(&[5, 99, 0, 7]);
        let plan = batch.plan(&Sum, 10, Moment::UNKNOWN);
        assert_eq!(plan.state, Some(22));
        batch.complete(plan);
        let values =
            callers.into_iter().map(|mut caller| caller.try_recv().unwrap().map_err(|error| error.code()));
        assert_eq!(values.collect::<Vec<_>>(), [Ok(15), Err(ErrorCode::Overflow), Ok(15), Ok(22)]);
    }

    #[test]
    fn a_batch_that_changes_nothing_writes_nothing() {
        let (batch, _callers) = batch(&[0, 101]);
        assert_eq!(batch.plan(&Sum, 10, Moment::UNKNOWN).state, None);
    }

    #[test]
    fn requests_of_callers_that_no_longer_wait_are_removed() {
        let (mut batch, mut callers) = batch(&[1, 10]);
        callers.remove(0);
        batch.mark_in_flight();
        assert_eq!(batch.plan(&Sum, 0, Moment::UNKNOWN).state, Some(10));
        assert!(batch.requests[0].progress.abandon(), "it was in flight");
        batch.requeue();
        assert!(batch.is_empty());
    }
}
