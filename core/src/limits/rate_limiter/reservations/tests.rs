//! What the node says, and that it never lets too many through.

use super::*;

const SECOND: i64 = 1_000_000;

fn limit(permits: u64, per_ms: u64, burst: u64) -> Limit {
    Limit::new(permits, Duration::from_millis(per_ms)).unwrap().with_burst(burst).unwrap()
}

fn at(moment: i64) -> Moment {
    Moment { earliest: moment, latest: moment }
}

fn ask(wants: &[u64], lateness: i64) -> Ask {
    let wants = wants.iter().enumerate();
    let want = |(ticket, permits): (usize, &u64)| Want {
        ticket: ticket as u64,
        permits: *permits,
        wait_limit: WaitLimit::Endless,
    };
    Ask {
        settlements: Vec::new(),
        wants: wants.map(want).collect(),
        quota: u64::MAX,
        ahead_now: 0,
        ahead_later: 0,
        horizon: 0,
        lateness,
    }
}

fn slots(slots: &[Slot]) -> Vec<(i64, i64, u64)> {
    slots.iter().map(|slot| (slot.from, slot.until, slot.permits)).collect()
}

#[test]
fn a_fresh_limiter_gives_a_burst_and_then_a_window_later() {
    let mut reservations = limit(5, 1000, 5).absent();
    let (given, _) = reservations.reserve(&ask(&[1; 7], 20_000), at(10 * SECOND));
    let next = 11 * SECOND + 20_000;
    assert_eq!(slots(&given), [(10 * SECOND, 10 * SECOND + 20_000, 5), (next, next + 20_000, 2)]);
}

#[test]
fn who_has_no_patience_for_it_gets_nothing_and_others_do() {
    let mut reservations = limit(5, 1000, 5).absent();
    let mut asked = ask(&[4, 2, 1], 20_000);
    asked.wants[1].wait_limit = WaitLimit::None;
    let (given, refused) = reservations.reserve(&asked, at(10 * SECOND));
    assert_eq!(given.iter().map(|slot| slot.permits).sum::<u64>(), 5);
    assert_eq!(refused, [1]);
    asked = ask(&[1, 1], 20_000);
    asked.wants[0].wait_limit = WaitLimit::Until(Instant::now() + Duration::from_millis(500));
    asked.wants[1].wait_limit = WaitLimit::Until(Instant::now() + Duration::from_secs(500));
    let (given, refused) = reservations.reserve(&asked, at(10 * SECOND));
    assert_eq!(slots(&given), [(11 * SECOND + 20_000, 11 * SECOND + 40_000, 1)]);
    assert_eq!(refused, [0]);
}

#[test]
fn a_big_wish_is_not_overtaken() {
    let mut reservations = limit(5, 1000, 5).absent();
    reservations.reserve(&ask(&[1], 20_000), at(10 * SECOND));
    let (given, _) = reservations.reserve(&ask(&[5, 1], 20_000), at(10 * SECOND));
    assert!(given[0].permits == 5 && given[0].from == 11 * SECOND + 20_000, "{given:?}");
    assert!(given[1].from > given[0].until, "{given:?}");
}

#[test]
fn what_is_reserved_for_later_is_bounded_and_what_is_free_is_not() {
    let mut reservations = limit(100, 1000, 100).absent();
    let mut asked = ask(&[1; 150], 20_000);
    asked.quota = 10;
    let (given, refused) = reservations.reserve(&asked, at(10 * SECOND));
    assert_eq!(given.iter().map(|slot| slot.permits).collect::<Vec<_>>(), [100, 10]);
    assert!(refused.is_empty());
}

#[test]
fn looking_ahead_takes_what_is_free_now_or_soon() {
    let mut reservations = limit(10, 1000, 10).absent();
    let looking =
        |now, later| Ask { ahead_now: now, ahead_later: later, horizon: SECOND / 8, ..ask(&[], 20_000) };
    let mut taken = |now, later, moment| {
        let (given, _) = reservations.reserve(&looking(now, later), at(moment));
        given.iter().map(|slot| slot.permits).sum::<u64>()
    };
    assert_eq!(taken(4, 2, 10 * SECOND), 4);
    assert_eq!(taken(9, 2, 10 * SECOND), 6);
    assert_eq!(taken(9, 2, 10 * SECOND + SECOND / 2), 0);
    assert_eq!(taken(9, 2, 10 * SECOND + SECOND * 19 / 20), 2);
}

#[test]
fn a_node_reads_as_it_was_written() {
    for limit in [limit(100, 1000, 100), limit(100, 1000, 7), limit(3, 86_400_000, 1000)] {
        let mut reservations = limit.absent();
        for moment in [10, 10, 11, 13] {
            reservations.reserve(&ask(&[2, 1, 1], 20_000), at(1_700_000_000 * SECOND + moment * SECOND));
            let data = limit.encode(&reservations);
            assert_eq!(limit.decode("/limit", &data).unwrap(), reservations, "{}", data.escape_ascii());
        }
    }
    let mut reservations = limit(100, 1000, 100).absent();
    reservations.reserve(&ask(&[12], 20_000), at(1_700_000_000 * SECOND));
    let text = "zkcoord rate limiter 1: 100 permits per 1000000 us, burst 100\n\
                at most 100 in 1000000 us: 1700000000020000*12\n";
    assert_eq!(String::from_utf8(limit(100, 1000, 100).encode(&reservations)).unwrap(), text);
    assert_eq!(limit(1, 1, 1).decode("/limit", b"").unwrap(), limit(1, 1, 1).absent());
}

#[test]
fn foreign_bytes_and_other_terms_are_refused() {
    let own = limit(100, 1000, 100);
    let good = String::from_utf8(own.encode(&own.absent())).unwrap();
    let scheduler = "at most 100 in 1000000 us:";
    let cases = [
        "0".to_owned(),
        "\u{0}\u{0}".to_owned(),
        good.replace("limiter 1", "limiter 2"),
        good.replace(scheduler, "at most 99 in 1000000 us:"),
        good.replace(scheduler, &format!("{scheduler} 5000*101")),
        good.replace(scheduler, &format!("{scheduler} 5000*1 +5000*0")),
        good.replace(scheduler, &format!("{scheduler} -5000*1")),
        good.replace(scheduler, &format!("{scheduler} +5000*1")),
        good.replace(scheduler, &format!("{scheduler} 10000*1 -5000*1")),
        good.replace(scheduler, &format!("{scheduler} 5001*1")),
        format!("{good}{good}"),
        good.trim_end().to_owned(),
    ];
    for data in cases {
        let error = own.decode("/limit", data.as_bytes()).unwrap_err();
        assert_eq!(error.code(), ErrorCode::BadData, "{data}");
        assert!(error.message().contains("/limit") && error.message().len() < 200, "{error}");
    }
    let others = [
        (limit(50, 1000, 100), "permits \"50\""),
        (limit(100, 2000, 100), "per \"2s\""),
        (limit(100, 1000, 9), "burst \"9\""),
    ];
    for (other, complaint) in others {
        let error = other.decode("/limit", good.as_bytes()).unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidArgument);
        assert!(error.message().starts_with(complaint), "{error}");
        assert!(error.message().contains("/limit") && error.message().contains("100 permits per"), "{error}");
    }
}

/// Clients with clocks of every accuracy reserve whatever they like, use it at any moment that they may, or not at all, and
/// tell of that now or never.
#[test]
fn no_window_ever_has_more_than_it_may() {
    for seed in 0..300 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let permits = rng.u64(1..30);
        let limit = limit(permits, rng.u64(1..2000), rng.u64(1..2 * permits));
        let mut reservations = limit.absent();
        let (mut moment, mut used, mut settlements) = (1_700_000_000 * SECOND, Vec::new(), Vec::new());
        for _ in 0..200 {
            moment += rng.i64(0..=limit.per / permits as i64 * 3);
            let unsure = rng.i64(0..20_000);
            let now = Moment { earliest: moment - rng.i64(0..=unsure), latest: moment + unsure };
            let wants: Vec<_> = (0..rng.usize(0..5)).map(|_| rng.u64(1..=limit.burst)).collect();
            let mut asked = ask(&wants, rng.i64(1..50_000));
            asked.ahead_now = rng.u64(0..5);
            asked.ahead_later = rng.u64(0..5);
            asked.horizon = limit.length() / 8;
            let (known, open): (Vec<_>, Vec<_>) =
                settlements.drain(..).partition(|(known, _)| *known <= moment && rng.bool());
            settlements = open;
            asked.settlements = known.into_iter().map(|(_, settlement)| settlement).collect();
            reservations = limit.decode("/limit", &limit.encode(&reservations)).unwrap();
            let (reservation, _) = limit.apply(&mut reservations, &asked, now).unwrap();
            for slot in reservation.slots {
                for _ in 0..slot.permits {
                    // Nobody can use a permit before it was given.
                    let use_it = rng.u8(0..4) > 0;
                    let at = Some(rng.i64(slot.from.max(moment)..=slot.until)).filter(|_| use_it);
                    used.extend(at);
                    let settlement = Settlement { slot: Slot { permits: 1, ..slot }, until: at };
                    settlements.push((at.unwrap_or(slot.until + 1), settlement));
                }
            }
        }
        used.sort_unstable();
        let (most, length) = (limit.max_permits() as usize, limit.length());
        for pair in used.windows(most + 1) {
            assert!(pair[most] - pair[0] >= length, "{limit}: {most} + 1 in {}", pair[most] - pair[0]);
        }
    }
}

#[test]
fn permits_that_were_not_used_are_free_again() {
    let limit = limit(5, 1000, 5);
    let mut reservations = limit.absent();
    let (given, _) = reservations.reserve(&ask(&[2; 2], 20_000), at(10 * SECOND));
    let not_used = Settlement { slot: Slot { permits: 3, ..given[0] }, until: None };
    let mut asked = ask(&[4], 20_000);
    asked.settlements = vec![not_used];
    let (reservation, writes) = limit.apply(&mut reservations, &asked, at(10 * SECOND + 30_000)).unwrap();
    assert!(writes);
    assert_eq!(slots(&reservation.slots), [(10 * SECOND + 30_000, 10 * SECOND + 50_000, 4)]);
}

/// The window of a small burst holds exactly when permits are used on time.
#[test]
fn a_small_burst_spreads_the_permits() {
    let limit = limit(100, 1000, 10);
    let mut reservations = limit.absent();
    let (given, _) = reservations.reserve(&ask(&[1; 35], 2000), at(10 * SECOND));
    let used = given.iter().flat_map(|slot| (0..slot.permits).map(|_| slot.until));
    let used: Vec<_> = used.collect();
    for (first, last) in used.iter().zip(&used[10..]) {
        assert!(last - first >= 100_000, "{used:?}");
    }
    assert!(used[34] - used[0] <= 320_000, "{used:?}");
}
