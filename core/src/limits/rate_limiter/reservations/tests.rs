//! Tests of the node's state: what it reserves, and that no window ever has too many permits.

use super::*;

const SECOND: i64 = 1_000_000;

fn limit(permits: u64, per_ms: u64, burst: u64) -> Limit {
    Limit::new(permits, Duration::from_millis(per_ms)).unwrap().with_burst(burst).unwrap()
}

fn at(moment: i64) -> Moment {
    Moment { earliest: moment, latest: moment }
}

fn request(demands: &[u64], slot_length: i64) -> Request {
    let demands = demands.iter().enumerate();
    let demand = |(ticket, permits): (usize, &u64)| Demand {
        ticket: ticket as u64,
        permits: *permits,
        wait_limit: WaitLimit::Endless,
    };
    Request {
        usages: Vec::new(),
        demands: demands.map(demand).collect(),
        quota: u64::MAX,
        prefetch_now: 0,
        prefetch_later: 0,
        horizon: 0,
        slot_length,
    }
}

fn slots(slots: &[Slot]) -> Vec<(i64, i64, u64)> {
    slots.iter().map(|slot| (slot.from, slot.until, slot.permits)).collect()
}

#[test]
fn a_new_limiter_grants_a_burst_and_the_rest_a_window_later() {
    let mut reservations = limit(5, 1000, 5).absent();
    let (granted, _) = reservations.reserve(&request(&[1; 7], 20_000), at(10 * SECOND));
    let next = 11 * SECOND + 20_000;
    assert_eq!(slots(&granted), [(10 * SECOND, 10 * SECOND + 20_000, 5), (next, next + 20_000, 2)]);
}

#[test]
fn demands_that_would_be_met_too_late_are_refused_and_the_others_are_met() {
    let mut reservations = limit(5, 1000, 5).absent();
    let mut asked = request(&[4, 2, 1], 20_000);
    asked.demands[1].wait_limit = WaitLimit::None;
    let (granted, refused) = reservations.reserve(&asked, at(10 * SECOND));
    assert_eq!(granted.iter().map(|slot| slot.permits).sum::<u64>(), 5);
    assert_eq!(refused, [1]);
    asked = request(&[1, 1], 20_000);
    asked.demands[0].wait_limit = WaitLimit::Until(Instant::now() + Duration::from_millis(500));
    asked.demands[1].wait_limit = WaitLimit::Until(Instant::now() + Duration::from_secs(500));
    let (granted, refused) = reservations.reserve(&asked, at(10 * SECOND));
    assert_eq!(slots(&granted), [(11 * SECOND + 20_000, 11 * SECOND + 40_000, 1)]);
    assert_eq!(refused, [0]);
}

#[test]
fn a_demand_for_many_permits_is_not_overtaken() {
    let mut reservations = limit(5, 1000, 5).absent();
    reservations.reserve(&request(&[1], 20_000), at(10 * SECOND));
    let (granted, _) = reservations.reserve(&request(&[5, 1], 20_000), at(10 * SECOND));
    assert!(granted[0].permits == 5 && granted[0].from == 11 * SECOND + 20_000, "{granted:?}");
    assert!(granted[1].from > granted[0].until, "{granted:?}");
}

#[test]
fn the_quota_bounds_permits_for_later_but_not_those_free_now() {
    let mut reservations = limit(100, 1000, 100).absent();
    let mut asked = request(&[1; 150], 20_000);
    asked.quota = 10;
    let (granted, refused) = reservations.reserve(&asked, at(10 * SECOND));
    assert_eq!(granted.iter().map(|slot| slot.permits).collect::<Vec<_>>(), [100, 10]);
    assert!(refused.is_empty());
}

#[test]
fn permits_free_now_or_soon_are_prefetched() {
    let mut reservations = limit(10, 1000, 10).absent();
    let asked = |now, later| Request {
        prefetch_now: now,
        prefetch_later: later,
        horizon: SECOND / 8,
        ..request(&[], 20_000)
    };
    let mut prefetched = |now, later, moment| {
        let (granted, _) = reservations.reserve(&asked(now, later), at(moment));
        granted.iter().map(|slot| slot.permits).sum::<u64>()
    };
    assert_eq!(prefetched(4, 2, 10 * SECOND), 4);
    assert_eq!(prefetched(9, 2, 10 * SECOND), 6);
    assert_eq!(prefetched(9, 2, 10 * SECOND + SECOND / 2), 0);
    assert_eq!(prefetched(9, 2, 10 * SECOND + SECOND * 19 / 20), 2);
}

#[test]
fn a_node_is_read_as_it_was_written() {
    for limit in [limit(100, 1000, 100), limit(100, 1000, 7), limit(3, 86_400_000, 1000)] {
        let mut reservations = limit.absent();
        for moment in [10, 10, 11, 13] {
            reservations.reserve(&request(&[2, 1, 1], 20_000), at(1_700_000_000 * SECOND + moment * SECOND));
            let data = limit.encode(&reservations);
            assert_eq!(limit.decode("/limit", &data).unwrap(), reservations, "{}", data.escape_ascii());
        }
    }
    let mut reservations = limit(100, 1000, 100).absent();
    reservations.reserve(&request(&[12], 20_000), at(1_700_000_000 * SECOND));
    let text = "zkcoord rate limiter 1: 100 permits per 1000000 us, burst 100\n\
                at most 100 in 1000000 us: 1700000000020000*12\n";
    assert_eq!(String::from_utf8(limit(100, 1000, 100).encode(&reservations)).unwrap(), text);
    assert_eq!(limit(1, 1, 1).decode("/limit", b"").unwrap(), limit(1, 1, 1).absent());
}

#[test]
fn foreign_bytes_and_other_limits_are_refused() {
    let own = limit(100, 1000, 100);
    let good = String::from_utf8(own.encode(&own.absent())).unwrap();
    let line = "at most 100 in 1000000 us:";
    let cases = [
        "0".to_owned(),
        "\u{0}\u{0}".to_owned(),
        good.replace("limiter 1", "limiter 2"),
        good.replace(line, "at most 99 in 1000000 us:"),
        good.replace(line, &format!("{line} 5000*101")),
        good.replace(line, &format!("{line} 5000*1 +5000*0")),
        good.replace(line, &format!("{line} -5000*1")),
        good.replace(line, &format!("{line} +5000*1")),
        good.replace(line, &format!("{line} 10000*1 -5000*1")),
        good.replace(line, &format!("{line} 5001*1")),
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
    for (other, start) in others {
        let error = other.decode("/limit", good.as_bytes()).unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidArgument);
        assert!(error.message().starts_with(start), "{error}");
        assert!(error.message().contains("/limit") && error.message().contains("100 permits per"), "{error}");
    }
}

/// Clients with clocks of any accuracy reserve permits, use them at any moment of their slots or not at all, and report that now
/// or never.
#[test]
fn no_window_ever_has_too_many_permits() {
    for seed in 0..300 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let permits = rng.u64(1..30);
        let limit = limit(permits, rng.u64(1..2000), rng.u64(1..2 * permits));
        let mut reservations = limit.absent();
        let (mut moment, mut used, mut usages) = (1_700_000_000 * SECOND, Vec::new(), Vec::new());
        for _ in 0..200 {
            moment += rng.i64(0..=limit.per / permits as i64 * 3);
            let uncertainty = rng.i64(0..20_000);
            let now = Moment { earliest: moment - rng.i64(0..=uncertainty), latest: moment + uncertainty };
            let demands: Vec<_> = (0..rng.usize(0..5)).map(|_| rng.u64(1..=limit.burst)).collect();
            let mut asked = request(&demands, rng.i64(1..50_000));
            asked.prefetch_now = rng.u64(0..5);
            asked.prefetch_later = rng.u64(0..5);
            asked.horizon = limit.length() / 8;
            let (reported, others): (Vec<_>, Vec<_>) =
                usages.drain(..).partition(|(known, _)| *known <= moment && rng.bool());
            usages = others;
            asked.usages = reported.into_iter().map(|(_, usage)| usage).collect();
            reservations = limit.decode("/limit", &limit.encode(&reservations)).unwrap();
            let (reservation, _) = limit.apply(&mut reservations, &asked, now).unwrap();
            for slot in reservation.slots {
                for _ in 0..slot.permits {
                    // A permit cannot be used before it was granted.
                    let is_used = rng.u8(0..4) > 0;
                    let at = Some(rng.i64(slot.from.max(moment)..=slot.until)).filter(|_| is_used);
                    used.extend(at);
                    let usage = Usage { slot: Slot { permits: 1, ..slot }, until: at };
                    usages.push((at.unwrap_or(slot.until + 1), usage));
                }
            }
        }
        used.sort_unstable();
        let (max, length) = (limit.max_permits() as usize, limit.length());
        for group in used.windows(max + 1) {
            assert!(group[max] - group[0] >= length, "{limit}: {max} + 1 in {}", group[max] - group[0]);
        }
    }
}

#[test]
fn unused_permits_are_free_again_when_they_are_reported() {
    let limit = limit(5, 1000, 5);
    let mut reservations = limit.absent();
    let (granted, _) = reservations.reserve(&request(&[2; 2], 20_000), at(10 * SECOND));
    let unused = Usage { slot: Slot { permits: 3, ..granted[0] }, until: None };
    let mut asked = request(&[4], 20_000);
    asked.usages = vec![unused];
    let (reservation, changed) = limit.apply(&mut reservations, &asked, at(10 * SECOND + 30_000)).unwrap();
    assert!(changed);
    assert_eq!(slots(&reservation.slots), [(10 * SECOND + 30_000, 10 * SECOND + 50_000, 4)]);
}

/// The window of a small burst is kept exactly if permits are used within slots of the usual length.
#[test]
fn a_small_burst_spreads_the_permits() {
    let limit = limit(100, 1000, 10);
    let mut reservations = limit.absent();
    let (granted, _) = reservations.reserve(&request(&[1; 35], 2000), at(10 * SECOND));
    let used = granted.iter().flat_map(|slot| (0..slot.permits).map(|_| slot.until));
    let used: Vec<_> = used.collect();
    for (first, last) in used.iter().zip(&used[10..]) {
        assert!(last - first >= 100_000, "{used:?}");
    }
    assert!(used[34] - used[0] <= 320_000, "{used:?}");
}
