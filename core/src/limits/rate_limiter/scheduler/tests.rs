//! Tests of the scheduler with a node in memory and a clock that the test sets.

use tokio::sync::oneshot;

use super::*;
use crate::ledger::Model;

const MS: i64 = 1000;
const START: i64 = 1_700_000_000_000 * MS;

type Answer = oneshot::Receiver<Result<bool>>;

struct Simulation {
    limit: Limit,
    reservations: Reservations,
    scheduler: Scheduler,
    /// The beginning of the simulation on this machine's clock.
    began: Instant,
    now: i64,
    writes: u32,
}

impl Simulation {
    /// Makes one with a limit of `permits` per second. At most those that become free in an eighth of a second are prefetched.
    fn new(permits: u64) -> Simulation {
        let limit = Limit::new(permits, Duration::from_secs(1)).unwrap();
        Simulation {
            limit,
            reservations: limit.absent(),
            scheduler: Scheduler::new(limit),
            began: Instant::now(),
            now: START,
            writes: 0,
        }
    }

    fn now(&self) -> Now {
        let passed = Duration::from_micros((self.now - START) as u64);
        let leader = Moment { earliest: self.now, latest: self.now };
        Now { instant: self.began + passed, leader: Some(leader) }
    }

    /// Makes a call, and takes the steps that follow.
    fn call(&mut self, permits: u64, wait_limit: WaitLimit) -> Answer {
        let (sender, answer) = oneshot::channel();
        let caller = Caller::Trying(sender);
        match self.scheduler.try_answer(permits, wait_limit, self.now()) {
            Some(verdict) => caller.answer(verdict),
            None => self.scheduler.enqueue(permits, wait_limit, caller),
        }
        self.scheduler.wake_driver(true, self.now());
        self.run();
        answer
    }

    /// Does what the driver does, until no request follows.
    fn run(&mut self) -> Step {
        for _ in 0..20 {
            let mut step = self.scheduler.step(self.now());
            step.verdicts.drain(..).for_each(|(caller, verdict)| caller.answer(verdict));
            let Some(request) = step.request.take() else { return step };
            let Now { instant, leader } = self.now();
            let (reservation, changed) =
                self.limit.apply(&mut self.reservations, &request, leader.unwrap()).unwrap();
            self.writes += u32::from(changed);
            let answer = Ok(Reservation { decided: instant, ..reservation });
            for (caller, verdict) in self.scheduler.handle_answer(answer, instant) {
                caller.answer(verdict);
            }
        }
        panic!("request follows request: {:?}", self.scheduler);
    }

    fn run_at(&mut self, millis: i64) -> Step {
        self.now = START + millis * MS;
        self.run()
    }
}

/// Returns whether permits were granted, or `None` while the caller waits.
fn granted(answer: &mut Answer) -> Option<bool> {
    answer.try_recv().ok().map(|outcome| outcome.unwrap())
}

fn all_granted(answers: &mut [Answer]) -> Vec<Option<bool>> {
    answers.iter_mut().map(granted).collect()
}

#[test]
fn waiters_are_served_in_the_order_of_arrival() {
    let mut simulation = Simulation::new(2);
    let mut answers: Vec<_> = (0..5).map(|_| simulation.call(1, WaitLimit::Endless)).collect();
    assert_eq!(all_granted(&mut answers[..2]), [Some(true); 2]);
    let wake = simulation.run_at(500).wake_after.unwrap();
    assert!(wake > Duration::from_millis(500) && wake < Duration::from_millis(550), "{wake:?}");
    assert_eq!(all_granted(&mut answers[2..]), [None; 3]);
    simulation.run_at(1030);
    assert_eq!(all_granted(&mut answers[2..]), [Some(true), Some(true), None]);
    simulation.run_at(2060);
    assert_eq!(granted(&mut answers[4]), Some(true));
    assert!(simulation.run_at(2060).is_idle);
}

#[test]
fn permits_of_a_caller_that_has_gone_go_to_the_next() {
    let mut simulation = Simulation::new(1);
    let [mut first, gone, mut next] = [(); 3].map(|()| simulation.call(1, WaitLimit::Endless));
    assert_eq!(granted(&mut first), Some(true));
    drop(gone);
    simulation.run_at(1030);
    assert_eq!(granted(&mut next), Some(true));
    // The permit that was reserved for that caller goes to the next one.
    let writes = simulation.writes;
    let mut last = simulation.call(1, WaitLimit::Endless);
    simulation.run_at(2060);
    assert_eq!((granted(&mut last), simulation.writes), (Some(true), writes));
}

#[test]
fn permits_that_no_caller_uses_are_returned() {
    let mut simulation = Simulation::new(2);
    let mut answers: Vec<_> = (0..4).map(|_| simulation.call(1, WaitLimit::Endless)).collect();
    assert_eq!(all_granted(&mut answers), [Some(true), Some(true), None, None]);
    drop(answers);
    assert!(!simulation.run_at(1030).is_idle, "they may still be used");
    assert!(simulation.run_at(1060).is_idle);
    assert!(simulation.reservations.free_from(2) <= simulation.now, "{:?}", simulation.reservations);
}

#[test]
fn a_call_that_cannot_succeed_in_time_is_refused_without_a_write() {
    let mut simulation = Simulation::new(2);
    let mut waiting: Vec<_> = (0..3).map(|_| simulation.call(1, WaitLimit::Endless)).collect();
    assert_eq!(granted(&mut waiting[2]), None);
    let writes = simulation.writes;
    assert_eq!(granted(&mut simulation.call(1, WaitLimit::None)), Some(false));
    let short = WaitLimit::Until(Instant::now() + Duration::from_millis(500));
    assert_eq!(granted(&mut simulation.call(1, short)), Some(false));
    assert_eq!(simulation.writes, writes);
}

#[test]
fn permits_whose_slot_was_missed_are_asked_for_again() {
    let mut simulation = Simulation::new(1);
    let [mut first, mut second] = [(); 2].map(|()| simulation.call(1, WaitLimit::Endless));
    assert_eq!(granted(&mut first), Some(true));
    simulation.run_at(1500);
    assert_eq!(granted(&mut second), Some(true), "no other client took the permit, and it was returned");
    let mut third = simulation.call(1, WaitLimit::Endless);
    simulation.run_at(2500);
    assert_eq!(granted(&mut third), None);
    simulation.run_at(2540);
    assert_eq!(granted(&mut third), Some(true));
}

#[test]
fn a_waiter_for_many_permits_is_not_overtaken_and_does_not_starve() {
    let mut simulation = Simulation::new(4);
    assert_eq!(granted(&mut simulation.call(1, WaitLimit::Endless)), Some(true));
    let mut many = simulation.call(4, WaitLimit::Endless);
    let mut one = simulation.call(1, WaitLimit::Endless);
    simulation.run_at(900);
    assert_eq!((granted(&mut many), granted(&mut one)), (None, None));
    simulation.run_at(1030);
    assert_eq!((granted(&mut many), granted(&mut one)), (Some(true), None));
    simulation.run_at(2060);
    assert_eq!(granted(&mut one), Some(true));
}

#[test]
fn prefetched_permits_do_not_hinder_a_call_for_many() {
    let mut simulation = Simulation::new(80);
    let taken = (0..40).filter(|_| granted(&mut simulation.call(1, WaitLimit::None)) == Some(true)).count();
    assert_eq!(taken, 40);
    assert!(
        simulation.scheduler.permit_cache.permits() > 0 && simulation.writes < 30,
        "{} writes",
        simulation.writes
    );
    assert_eq!(granted(&mut simulation.call(40, WaitLimit::None)), Some(true));
    assert_eq!(granted(&mut simulation.call(1, WaitLimit::None)), Some(false));
}

#[test]
fn permits_too_few_for_the_first_waiter_cause_no_flood_of_requests() {
    let mut simulation = Simulation::new(8);
    let mut answers = [4, 4, 1, 1, 8].map(|permits| simulation.call(permits, WaitLimit::Endless));
    assert_eq!(all_granted(&mut answers), [Some(true), Some(true), None, None, None]);
    let [.., gone, _one, mut many] = answers;
    drop(gone);
    let mut steps = 0;
    while granted(&mut many).is_none() {
        simulation.now += micros(simulation.run().wake_after.unwrap());
        simulation.run();
        steps += 1;
    }
    assert!(steps < 10 && simulation.writes < 10, "{steps} steps, {} writes", simulation.writes);
}

/// Callers come and go, other clients take permits, and this one is late now and then.
#[test]
fn every_waiter_is_answered_and_no_window_has_too_many_permits() {
    for seed in 0..200 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let max = rng.u64(1..40);
        let mut simulation = Simulation::new(max);
        let (mut waiting, mut used) = (Vec::new(), Vec::new());
        for step in 0.. {
            if step < 300 {
                let permits = rng.u64(1..=max.min(1 + step % 7));
                let wait_limit = if rng.bool() { WaitLimit::Endless } else { WaitLimit::None };
                waiting.push((permits, wait_limit, simulation.call(permits, wait_limit)));
                waiting.retain(|_| rng.u8(0..8) > 0);
            }
            waiting.retain_mut(|(permits, wait_limit, answer)| match granted(answer) {
                Some(true) => {
                    used.extend((0..*permits).map(|_| simulation.now));
                    false
                }
                Some(false) => {
                    assert_eq!(*wait_limit, WaitLimit::None);
                    false
                }
                None => true,
            });
            if step >= 300 && waiting.is_empty() {
                break;
            }
            assert!(step < 10_000, "seed {seed}: {waiting:?}");
            let wake = simulation.run().wake_after.map_or(0, micros);
            simulation.now += if rng.bool() { wake } else { rng.i64(0..100 * MS) };
            if rng.u8(0..10) == 0 {
                let other = Request {
                    usages: Vec::new(),
                    demands: Vec::new(),
                    quota: 0,
                    prefetch_now: 2,
                    prefetch_later: 2,
                    horizon: 500 * MS,
                    slot_length: 20 * MS,
                };
                let leader = simulation.now().leader.unwrap();
                simulation.limit.apply(&mut simulation.reservations, &other, leader).unwrap();
            }
            simulation.run();
        }
        for group in used.windows(max as usize + 1) {
            assert!(group[max as usize] - group[0] >= 1000 * MS, "seed {seed}");
        }
    }
}

#[test]
fn a_client_with_many_callers_reserves_a_quarter_of_a_window_at_a_time() {
    let mut simulation = Simulation::new(8);
    let mut answers: Vec<_> = (0..100).map(|_| simulation.call(1, WaitLimit::Endless)).collect();
    assert_eq!(answers.iter_mut().filter_map(granted).count(), 8);
    let mut rounds = 0;
    while !simulation.scheduler.waiters.is_empty() {
        assert_eq!(
            simulation.scheduler.permit_cache.permits(),
            2.min(simulation.scheduler.waiters.len() as u64)
        );
        let wake = simulation.run().wake_after.unwrap();
        simulation.now += micros(wake);
        simulation.run();
        rounds += 1;
    }
    assert_eq!(answers.iter_mut().filter_map(granted).count(), 92);
    assert!(simulation.now - START < 12 * 1_050 * MS, "{rounds} rounds, {} us", simulation.now - START);
}

#[test]
fn a_waiter_causes_a_request_for_the_time_while_it_is_unknown() {
    let mut simulation = Simulation::new(1);
    let mut answers = [(); 2].map(|()| simulation.call(1, WaitLimit::Endless));
    assert_eq!(granted(&mut answers[0]), Some(true));
    let step = simulation.scheduler.step(Now { leader: None, ..simulation.now() });
    assert!(step.request.is_some_and(|request| request.demands.is_empty()) && !step.is_idle);
}

#[test]
fn an_error_fails_only_the_waiters_without_reserved_permits() {
    let mut simulation = Simulation::new(1);
    let mut covered = [(); 2].map(|()| simulation.call(1, WaitLimit::Endless));
    simulation.scheduler.asking = true;
    let (sender, mut failed) = oneshot::channel();
    simulation.scheduler.enqueue(1, WaitLimit::Endless, Caller::Trying(sender));
    let error = Error::new(ErrorCode::BadData, "for the test");
    for (caller, verdict) in simulation.scheduler.handle_answer(Err(error), Instant::now()) {
        caller.answer(verdict);
    }
    assert_eq!(failed.try_recv().unwrap().unwrap_err().code(), ErrorCode::BadData);
    simulation.run_at(1030);
    assert_eq!(granted(&mut covered[1]), Some(true));
}
