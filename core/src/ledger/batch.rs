//! What callers want done to a node, and what becomes of a batch of such wishes.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::sync::oneshot;

use super::Model;
use crate::error::{Error, Result};
use crate::session::Moment;

/// To whom an outcome goes, and what of it.
pub(crate) trait Reply<O>: Debug + Send {
    fn send(self, outcome: Result<O>);

    /// Whether the caller has gone.
    fn is_unwanted(&self) -> bool;
}

/// The caller gets all of it.
impl<O: Debug + Send> Reply<O> for oneshot::Sender<Result<O>> {
    fn send(self, outcome: Result<O>) {
        // A caller who is gone does not want to know.
        drop(oneshot::Sender::send(self, outcome));
    }

    fn is_unwanted(&self) -> bool {
        self.is_closed()
    }
}

/// How far a request has come. Shared with a caller who may run out of time.
#[derive(Debug, Default)]
pub(super) struct Progress(AtomicU8);

const QUEUED: u8 = 0;
const IN_FLIGHT: u8 = 1;
const GIVEN_UP: u8 = 2;

impl Progress {
    /// The caller waits no longer. Whether the change may have been applied, or still be.
    pub(super) fn give_up(&self) -> bool {
        self.0.swap(GIVEN_UP, Ordering::AcqRel) == IN_FLIGHT
    }

    fn step(&self, from: u8, to: u8) -> bool {
        self.0.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

/// One caller's wish.
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

    /// About to be written. `false` when its caller has gone: then it must not be.
    fn mark_in_flight(&self) -> bool {
        !self.reply.is_unwanted() && self.progress.step(QUEUED, IN_FLIGHT)
    }

    /// Known not to have been written. `false` when its caller has gone meanwhile.
    fn requeue(&self) -> bool {
        self.progress.step(IN_FLIGHT, QUEUED)
    }
}

/// Requests that share one write.
#[derive(Debug)]
pub(super) struct Batch<M: Model> {
    requests: Vec<Request<M>>,
}

/// What a batch makes of a state.
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

    /// Leaves out whoever has gone and marks the rest as in flight.
    pub(super) fn mark_in_flight(&mut self) {
        self.requests.retain(Request::mark_in_flight);
    }

    /// Certainly not written: the requests may be tried again, but for those whose caller has gone.
    pub(super) fn requeue(&mut self) {
        self.requests.retain(Request::requeue);
    }

    /// Runs the requests in order over `state`. A request that fails changes nothing for the others.
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

    /// Tells everyone what became of their request.
    pub(super) fn conclude(&mut self, plan: Plan<M>) {
        for (request, outcome) in self.requests.drain(..).zip(plan.outcomes) {
            request.reply.send(outcome);
        }
    }

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

    /// A sum that refuses to go over 100, and has nothing to write for 0.
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
    fn everyone_gets_their_own_outcome_and_nobody_anothers_error() {
        let (mut batch, callers) = batch(&[5, 99, 0, 7]);
        let plan = batch.plan(&Sum, 10, Moment::UNKNOWN);
        assert_eq!(plan.state, Some(22));
        batch.conclude(plan);
        let values =
            callers.into_iter().map(|mut caller| caller.try_recv().unwrap().map_err(|error| error.code()));
        assert_eq!(values.collect::<Vec<_>>(), [Ok(15), Err(ErrorCode::Overflow), Ok(15), Ok(22)]);
    }

    #[test]
    fn a_batch_without_effect_writes_nothing() {
        let (batch, _callers) = batch(&[0, 101]);
        assert_eq!(batch.plan(&Sum, 10, Moment::UNKNOWN).state, None);
    }

    #[test]
    fn who_has_gone_is_left_out() {
        let (mut batch, mut callers) = batch(&[1, 10]);
        callers.remove(0);
        batch.mark_in_flight();
        assert_eq!(batch.plan(&Sum, 0, Moment::UNKNOWN).state, Some(10));
        assert!(batch.requests[0].progress.give_up(), "it was in flight");
        batch.requeue();
        assert!(batch.is_empty());
    }
}
