//! The line with a node of its own and a clock that the test sets.

use tokio::sync::oneshot;

use super::*;
use crate::ledger::Model;

const MS: i64 = 1000;
const START: i64 = 1_700_000_000_000 * MS;

type Answer = oneshot::Receiver<Result<bool>>;

struct Scene {
    limit: Limit,
    reservations: Reservations,
    scheduler: Scheduler,
    /// When the scene begins on this machine's clock.
    began: Instant,
    now: i64,
    writes: u32,
}

impl Scene {
    /// So many permits per second, and only so many may be had in advance as come free in an eighth of one.
    fn new(permits: u64) -> Scene {
        let limit = Limit::new(permits, Duration::from_secs(1)).unwrap();
        Scene {
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

    /// Somebody comes, and the server is asked if need be.
    fn come(&mut self, permits: u64, wait_limit: WaitLimit) -> Answer {
        let (sender, answer) = oneshot::channel();
        let caller = Caller::Trying(sender);
        match self.scheduler.at_once(permits, wait_limit, self.now()) {
            Some(verdict) => caller.answer(verdict),
            None => self.scheduler.join(permits, wait_limit, caller),
        }
        self.scheduler.wake_driver(true, self.now());
        self.attend();
        answer
    }

    /// What the task does that looks after the line.
    fn attend(&mut self) -> Turn {
        for _ in 0..20 {
            let mut turn = self.scheduler.turn(self.now());
            turn.verdicts.drain(..).for_each(|(caller, verdict)| caller.answer(verdict));
            let Some(ask) = turn.ask.take() else { return turn };
            let Now { instant, leader } = self.now();
            let (reservation, writes) =
                self.limit.apply(&mut self.reservations, &ask, leader.unwrap()).unwrap();
            self.writes += u32::from(writes);
            for (caller, verdict) in
                self.scheduler.take_in(Ok(Reservation { decided: instant, ..reservation }), instant)
            {
                caller.answer(verdict);
            }
        }
        panic!("it asks again and again: {:?}", self.scheduler);
    }

    fn at(&mut self, millis: i64) -> Turn {
        self.now = START + millis * MS;
        self.attend()
    }
}

fn had(answer: &mut Answer) -> Option<bool> {
    answer.try_recv().ok().map(|outcome| outcome.unwrap())
}

fn all_had(answers: &mut [Answer]) -> Vec<Option<bool>> {
    answers.iter_mut().map(had).collect()
}

#[test]
fn who_waits_goes_through_in_the_order_of_arrival() {
    let mut scene = Scene::new(2);
    let mut answers: Vec<_> = (0..5).map(|_| scene.come(1, WaitLimit::Endless)).collect();
    assert_eq!(all_had(&mut answers[..2]), [Some(true); 2]);
    let wake = scene.at(500).wake.unwrap();
    assert!(wake > Duration::from_millis(500) && wake < Duration::from_millis(550), "{wake:?}");
    assert_eq!(all_had(&mut answers[2..]), [None; 3]);
    scene.at(1030);
    assert_eq!(all_had(&mut answers[2..]), [Some(true), Some(true), None]);
    scene.at(2060);
    assert_eq!(had(&mut answers[4]), Some(true));
    assert!(scene.at(2060).is_over);
}

#[test]
fn permits_of_somebody_who_has_gone_are_for_the_next() {
    let mut scene = Scene::new(1);
    let [mut first, gone, mut next] = [(); 3].map(|()| scene.come(1, WaitLimit::Endless));
    assert_eq!(had(&mut first), Some(true));
    drop(gone);
    scene.at(1030);
    assert_eq!(had(&mut next), Some(true));
    // And the one that was reserved for him goes to whoever comes then.
    let writes = scene.writes;
    let mut last = scene.come(1, WaitLimit::Endless);
    scene.at(2060);
    assert_eq!((had(&mut last), scene.writes), (Some(true), writes));
}

#[test]
fn permits_that_nobody_comes_for_are_given_back() {
    let mut scene = Scene::new(2);
    let mut answers: Vec<_> = (0..4).map(|_| scene.come(1, WaitLimit::Endless)).collect();
    assert_eq!(all_had(&mut answers), [Some(true), Some(true), None, None]);
    drop(answers);
    assert!(!scene.at(1030).is_over, "they may still be used");
    assert!(scene.at(1060).is_over);
    assert!(scene.reservations.room(2) <= scene.now, "{:?}", scene.reservations);
}

#[test]
fn a_try_does_not_wait() {
    let mut scene = Scene::new(2);
    let mut waiting: Vec<_> = (0..3).map(|_| scene.come(1, WaitLimit::Endless)).collect();
    assert_eq!(had(&mut waiting[2]), None);
    let writes = scene.writes;
    assert_eq!(had(&mut scene.come(1, WaitLimit::None)), Some(false));
    let late = WaitLimit::Until(Instant::now() + Duration::from_millis(500));
    assert_eq!(had(&mut scene.come(1, late)), Some(false));
    assert_eq!(scene.writes, writes);
}

#[test]
fn a_slot_that_was_missed_is_asked_for_again() {
    let mut scene = Scene::new(1);
    let [mut first, mut second] = [(); 2].map(|()| scene.come(1, WaitLimit::Endless));
    assert_eq!(had(&mut first), Some(true));
    scene.at(1500);
    assert_eq!(had(&mut second), Some(true), "nobody else had it, and it was given back");
    let mut third = scene.come(1, WaitLimit::Endless);
    scene.at(2500);
    assert_eq!(had(&mut third), None);
    scene.at(2540);
    assert_eq!(had(&mut third), Some(true));
}

#[test]
fn who_wants_many_is_not_overtaken_and_does_not_starve() {
    let mut scene = Scene::new(4);
    assert_eq!(had(&mut scene.come(1, WaitLimit::Endless)), Some(true));
    let mut many = scene.come(4, WaitLimit::Endless);
    let mut one = scene.come(1, WaitLimit::Endless);
    scene.at(900);
    assert_eq!((had(&mut many), had(&mut one)), (None, None));
    scene.at(1030);
    assert_eq!((had(&mut many), had(&mut one)), (Some(true), None));
    scene.at(2060);
    assert_eq!(had(&mut one), Some(true));
}

#[test]
fn own_permits_in_advance_are_no_obstacle_to_many() {
    let mut scene = Scene::new(80);
    let taken = (0..40).filter(|_| had(&mut scene.come(1, WaitLimit::None)) == Some(true)).count();
    assert_eq!(taken, 40);
    assert!(scene.scheduler.permit_cache.permits() > 0 && scene.writes < 30, "{} writes", scene.writes);
    assert_eq!(had(&mut scene.come(40, WaitLimit::None)), Some(true));
    assert_eq!(had(&mut scene.come(1, WaitLimit::None)), Some(false));
}

#[test]
fn too_few_for_the_first_in_the_line_are_no_reason_to_hurry() {
    let mut scene = Scene::new(8);
    let mut answers = [4, 4, 1, 1, 8].map(|permits| scene.come(permits, WaitLimit::Endless));
    assert_eq!(all_had(&mut answers), [Some(true), Some(true), None, None, None]);
    let [.., gone, _one, mut many] = answers;
    drop(gone);
    let mut turns = 0;
    while had(&mut many).is_none() {
        scene.now += micros(scene.attend().wake.unwrap());
        scene.attend();
        turns += 1;
    }
    assert!(turns < 10 && scene.writes < 10, "{turns} turns, {} writes", scene.writes);
}

/// Callers come and go as they like, other clients take permits, and this one is late now and then.
#[test]
fn nobody_waits_in_vain_and_no_window_has_too_many() {
    for seed in 0..200 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let most = rng.u64(1..40);
        let mut scene = Scene::new(most);
        let (mut waiting, mut used) = (Vec::new(), Vec::new());
        for step in 0.. {
            if step < 300 {
                let permits = rng.u64(1..=most.min(1 + step % 7));
                let wait_limit = if rng.bool() { WaitLimit::Endless } else { WaitLimit::None };
                waiting.push((permits, wait_limit, scene.come(permits, wait_limit)));
                waiting.retain(|_| rng.u8(0..8) > 0);
            }
            waiting.retain_mut(|(permits, wait_limit, answer)| match had(answer) {
                Some(true) => {
                    used.extend((0..*permits).map(|_| scene.now));
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
            let wake = scene.attend().wake.map_or(0, micros);
            scene.now += if rng.bool() { wake } else { rng.i64(0..100 * MS) };
            if rng.u8(0..10) == 0 {
                let other = Ask {
                    settlements: Vec::new(),
                    wants: Vec::new(),
                    quota: 0,
                    ahead_now: 2,
                    ahead_later: 2,
                    horizon: 500 * MS,
                    lateness: 20 * MS,
                };
                let leader = scene.now().leader.unwrap();
                scene.limit.apply(&mut scene.reservations, &other, leader).unwrap();
            }
            scene.attend();
        }
        for pair in used.windows(most as usize + 1) {
            assert!(pair[most as usize] - pair[0] >= 1000 * MS, "seed {seed}");
        }
    }
}

#[test]
fn a_client_with_many_callers_reserves_a_quarter_of_a_window_at_a_time() {
    let mut scene = Scene::new(8);
    let mut answers: Vec<_> = (0..100).map(|_| scene.come(1, WaitLimit::Endless)).collect();
    assert_eq!(answers.iter_mut().filter_map(had).count(), 8);
    let mut rounds = 0;
    while !scene.scheduler.waiters.is_empty() {
        assert_eq!(scene.scheduler.permit_cache.permits(), 2.min(scene.scheduler.waiters.len() as u64));
        let wake = scene.attend().wake.unwrap();
        scene.now += micros(wake);
        scene.attend();
        rounds += 1;
    }
    assert_eq!(answers.iter_mut().filter_map(had).count(), 92);
    assert!(scene.now - START < 12 * 1_050 * MS, "{rounds} rounds, {} us", scene.now - START);
}

#[test]
fn without_the_time_it_is_asked_for() {
    let mut scene = Scene::new(1);
    let mut answers = [(); 2].map(|()| scene.come(1, WaitLimit::Endless));
    assert_eq!(had(&mut answers[0]), Some(true));
    let turn = scene.scheduler.turn(Now { leader: None, ..scene.now() });
    assert!(turn.ask.is_some_and(|ask| ask.wants.is_empty()) && !turn.is_over);
}

#[test]
fn a_failure_is_for_those_who_need_the_server() {
    let mut scene = Scene::new(1);
    let mut covered = [(); 2].map(|()| scene.come(1, WaitLimit::Endless));
    scene.scheduler.asking = true;
    let (sender, mut failed) = oneshot::channel();
    scene.scheduler.join(1, WaitLimit::Endless, Caller::Trying(sender));
    let error = Error::new(ErrorCode::BadData, "for the test");
    scene
        .scheduler
        .take_in(Err(error), Instant::now())
        .into_iter()
        .for_each(|(caller, verdict)| caller.answer(verdict));
    assert_eq!(failed.try_recv().unwrap().unwrap_err().code(), ErrorCode::BadData);
    scene.at(1030);
    assert_eq!(had(&mut covered[1]), Some(true));
}
