//! Miss guards under real faults: ended sessions, lost replies, deleted nodes, a killed leader, what servers delete.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

#[path = "support/misses.rs"]
mod misses;
mod support;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Barrier, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use misses::{KEY, LONG, contenders, is_absent, load, misses, strict, turn};
use support::{Corner, PATIENCE};
use zkcoord::{Client, ErrorCode, Lookup};
use zkcoord_testkit::{Observer, Op, ZooKeeper, eventually, shared};

#[test]
fn a_loader_whose_session_ends_is_followed_by_the_next_and_its_verdict_is_void() {
    let corner = Corner::new();
    let (first, second) = (corner.client(), corner.client());
    let lost = turn(&strict(&first), KEY);
    let mut waiting = strict(&second).begin(KEY);
    assert!(waiting.wait_for(Duration::from_millis(1)).is_none());
    assert!(eventually(PATIENCE, || contenders(&corner) == 2));
    shared().expire(first.session_id().unwrap()).unwrap();
    let Lookup::Load(next) = waiting.wait_for(PATIENCE).unwrap().unwrap() else { panic!("answered absent") };
    assert!(next.is_held());
    assert!(eventually(PATIENCE, || !lost.is_held()));
    lost.missed().timeout(PATIENCE).wait().unwrap();
    assert_eq!(misses(&corner), 0);
    next.missed().wait().unwrap();
    assert_eq!(misses(&corner), 1);
}

#[test]
fn a_turn_whose_lock_was_deleted_has_no_say() {
    let corner = Corner::new();
    let (first, second) = (corner.client(), corner.client());
    let lost = turn(&strict(&first), KEY);
    let key = format!("/misses/{}", corner.children("/misses")[0]);
    let lock = corner.children(&key).into_iter().find(|name| name.contains("-lock-")).unwrap();
    corner.observer.delete(&corner.path(&format!("{key}/{lock}"))).unwrap();
    turn(&strict(&second), KEY).found().wait().unwrap();
    lost.missed().wait().unwrap();
    assert!(!is_absent(&strict(&second), KEY), "answered absent after it was loaded");
}

#[test]
fn what_a_lost_turn_found_is_not_answered_absent() {
    let corner = Corner::new();
    let (first, second) = (corner.client(), corner.client());
    let lost = turn(&strict(&first), KEY);
    shared().expire(first.session_id().unwrap()).unwrap();
    // It is absent when the second looks, and there when the first gets to it.
    turn(&strict(&second), KEY).missed().wait().unwrap();
    assert!(is_absent(&strict(&second), KEY));
    assert!(eventually(PATIENCE, || !lost.is_held()));
    lost.found().timeout(PATIENCE).wait().unwrap();
    assert!(!is_absent(&strict(&second), KEY));
}

#[test]
fn a_miss_from_before_a_find_answers_nobody_after_it() {
    let corner = Corner::new();
    let proxy = corner.proxy();
    let (first, slow, third) = (corner.client(), corner.client_through(&proxy), corner.client());
    let guard = |client: &Client| client.miss_guard("/misses").threshold(100);
    let held = turn(&guard(&first), KEY);
    let mut waiting = guard(&slow).begin(KEY);
    assert!(waiting.wait_for(Duration::from_millis(1)).is_none());
    // It looked, and then watches and looks while it waits.
    let looked = || {
        let frames = proxy.frames();
        let of_key =
            |path: &String| path.starts_with(&corner.path("/misses/")) && path.matches('/').count() == 3;
        let replies = frames.iter().filter(|frame| frame.is_reply(Op::GetData));
        replies.filter(|frame| frame.path.as_ref().is_some_and(of_key)).count()
    };
    assert!(eventually(PATIENCE, || looked() == 3 && contenders(&corner) == 2), "{:?}", proxy.frames());
    // The miss that it waits for does not get through to it, and somebody takes its place away.
    proxy.stall(true);
    held.missed().wait().unwrap();
    assert!(eventually(PATIENCE, || contenders(&corner) == 1));
    let key = format!("/misses/{}", corner.children("/misses")[0]);
    let place = corner.children(&key).into_iter().find(|name| name.contains("-lock-")).unwrap();
    corner.observer.delete(&corner.path(&format!("{key}/{place}"))).unwrap();
    turn(&guard(&third), KEY).found().wait().unwrap();
    proxy.stall(false);
    let answer = waiting.wait_for(PATIENCE).unwrap().unwrap();
    assert!(matches!(answer, Lookup::Load(_)), "answered absent after it was loaded");
}

#[test]
fn a_killed_process_is_followed_by_the_next() {
    let corner = Corner::new();
    let proxy = corner.proxy();
    let killed = corner.client_through(&proxy);
    let held = turn(&strict(&killed), KEY);
    let client = corner.client();
    let mut waiting = strict(&client).begin(KEY);
    assert!(waiting.wait_for(Duration::from_millis(1)).is_none());
    assert!(eventually(PATIENCE, || contenders(&corner) == 2));
    // Nothing is heard of it any more, and its session ends by its timeout.
    proxy.stall(true);
    let next = waiting.wait_for(PATIENCE).unwrap().unwrap();
    assert!(!held.is_held(), "the first knew before");
    let Lookup::Load(next) = next else { panic!("answered absent") };
    next.missed().wait().unwrap();
    assert!(is_absent(&strict(&client), KEY));
}

#[test]
fn a_verdict_is_recorded_once_whatever_is_lost() {
    let corner = Corner::new();
    let proxy = corner.proxy();
    let client = corner.client_through(&proxy);
    let guard = client.miss_guard("/misses").threshold(100).window(LONG);
    for expected in 1..=6 {
        let held = turn(&guard, KEY);
        let rule = match expected % 2 {
            1 => proxy.swallow_reply(Op::Multi, 1),
            _ => proxy.swallow_request(Op::Multi, 1),
        };
        held.missed().timeout(PATIENCE).wait().unwrap();
        assert_eq!(rule.fired(), 1, "{expected}");
        assert_eq!(misses(&corner), expected);
        proxy.clear_rules();
    }
    for what in ["reply", "request"] {
        turn(&guard, KEY).missed().wait().unwrap();
        let held = turn(&guard, KEY);
        let rule = match what {
            "reply" => proxy.swallow_reply(Op::Multi, 1),
            _ => proxy.swallow_request(Op::Multi, 1),
        };
        held.found().timeout(PATIENCE).wait().unwrap();
        assert_eq!((rule.fired(), misses(&corner)), (1, 0), "{what}");
        turn(&guard, KEY).missed().wait().unwrap();
        let rule = match what {
            "reply" => proxy.swallow_reply(Op::Multi, 1),
            _ => proxy.swallow_request(Op::Multi, 1),
        };
        guard.forget(KEY).timeout(PATIENCE).wait().unwrap();
        assert_eq!((rule.fired(), misses(&corner)), (1, 0), "{what}");
        proxy.clear_rules();
    }
}

#[test]
fn random_loss_costs_no_answer_and_no_load_too_many() {
    const HOLD: Duration = Duration::from_millis(300);
    let corner = Corner::new();
    let proxies: Vec<_> = (0..4).map(|_| corner.proxy()).collect();
    let clients: Vec<_> = proxies.iter().map(|proxy| corner.client_through(proxy)).collect();
    let rules: Vec<_> = (1..)
        .zip(&proxies)
        .flat_map(|(seed, proxy)| {
            [Op::Multi, Op::Create, Op::Delete, Op::Sync, Op::GetData, Op::GetChildren].map(|op| {
                let replies = proxy.swallow_replies_at_random(op, 0.02, seed);
                (replies, proxy.swallow_requests_at_random(op, 0.02, seed + 100))
            })
        })
        .collect();
    let (exists, loaded) = (AtomicBool::new(false), AtomicBool::new(false));
    let (start, loads) = (Instant::now(), AtomicUsize::new(0));
    let absent = Barrier::new(clients.len());
    let appeared = OnceLock::new();
    thread::scope(|scope| {
        for client in &clients {
            scope.spawn(|| {
                let guard = client.miss_guard("/misses").threshold(2).window(HOLD).hold(HOLD);
                while start.elapsed() < 6 * HOLD {
                    assert!(!load(&guard, || {
                        loads.fetch_add(1, Ordering::SeqCst);
                        false
                    }));
                }
                absent.wait();
                appeared.get_or_init(|| start.elapsed());
                exists.store(true, Ordering::SeqCst);
                for _ in 0..30 {
                    let must = loaded.load(Ordering::SeqCst);
                    let found = load(&guard, || exists.load(Ordering::SeqCst));
                    assert!(found || !must, "answered absent after it was loaded");
                    loaded.fetch_or(found, Ordering::SeqCst);
                }
            });
        }
    });
    let lost: usize = rules.iter().map(|(replies, requests)| replies.fired() + requests.fired()).sum();
    let holds = appeared.get().unwrap().div_duration_f64(HOLD) as usize + 1;
    let loads = loads.into_inner();
    eprintln!("{lost} frames lost, {loads} loads in {holds} holds");
    assert!(lost > 5 && loads <= 2 * holds, "{loads} loads in {holds} holds");
    assert!(eventually(PATIENCE, || contenders(&corner) == 0));
}

#[test]
fn a_forget_is_seen_through_every_server_and_a_hold_survives_the_leader() {
    let zookeeper = ZooKeeper::start(3).unwrap();
    let connect = |hosts: String| {
        Client::builder(hosts).session_timeout(Duration::from_secs(10)).connect().wait().unwrap()
    };
    let clients: Vec<_> = (0..3).map(|node| connect(zookeeper.host(node))).collect();
    for round in 0..30 {
        let (one, other) = (&clients[round % 3], &clients[(round + 1) % 3]);
        turn(&strict(one), KEY).missed().timeout(PATIENCE).wait().unwrap();
        assert!(is_absent(&strict(other), KEY), "{round}");
        strict(one).forget(KEY).timeout(PATIENCE).wait().unwrap();
        assert!(!is_absent(&strict(other), KEY), "{round}");
    }
    let client = connect(zookeeper.hosts());
    turn(&strict(&client), KEY).missed().timeout(PATIENCE).wait().unwrap();
    zookeeper.kill(zookeeper.leader().unwrap()).unwrap();
    zookeeper.leader().unwrap();
    assert!(is_absent(&strict(&client), KEY));
}

#[test]
fn nothing_is_left_behind_and_nothing_goes_too_early() {
    let zookeeper =
        ZooKeeper::builder().java_option("-Dznode.container.checkIntervalMs=100").start().unwrap();
    let observer = Observer::connect(&zookeeper.hosts()).unwrap();
    let client = Client::connect(zookeeper.hosts()).wait().unwrap();
    let long = client.miss_guard("/long").threshold(1).window(LONG).hold(LONG);
    let nodes = |path: &str| observer.children(path).unwrap().unwrap_or_default();
    turn(&long, "absent").missed().wait().unwrap();
    let held = nodes("/long");
    assert_eq!(held.len(), 1);
    for number in 0..3 {
        turn(&long, format!("present-{number}")).found().wait().unwrap();
        // The server has looked around, and taken this one.
        assert!(eventually(PATIENCE, || nodes("/long") == held), "{:?}", nodes("/long"));
    }
    assert!(is_absent(&long, "absent"), "the record was kept");
    let moment = Duration::from_millis(100);
    let short = client.miss_guard("/short").threshold(2).window(moment).hold(moment);
    for number in 0..200 {
        turn(&short, format!("absent-{number}")).missed().wait().unwrap();
    }
    short.forget("absent-7").wait().unwrap();
    drop(short.begin("cancelled").wait().unwrap());
    assert!(!nodes("/short").is_empty());
    assert!(eventually(PATIENCE, || observer.exists("/short").unwrap().is_none()), "{:?}", nodes("/short"));
    client.close().wait().unwrap();
    assert!(eventually(PATIENCE, || observer.exists("/long").unwrap().is_none()), "{:?}", nodes("/long"));
}

#[test]
fn a_client_keeps_as_much_as_a_server_can_log() {
    const KEYS: usize = 160;
    let corner = Corner::new();
    // So long that half a megabyte is full after some 130 keys.
    let path = format!("/{}", ["x".repeat(1000), "y".repeat(1000), "z".repeat(1900)].join("/"));
    let guard = corner.client().miss_guard(&path).threshold(1).window(LONG).hold(LONG);
    for number in 0..KEYS {
        turn(&guard, number.to_be_bytes()).missed().timeout(PATIENCE).wait().unwrap();
    }
    let keeps = || {
        let names = corner.children(&path);
        let of = |name: &String| corner.children(&format!("{path}/{name}"));
        names.iter().flat_map(of).filter(|name| name.starts_with("_keep-")).count()
    };
    let most = 512 * 1024 / path.len();
    assert!(eventually(PATIENCE, || (100..most).contains(&keeps())), "{} keeps", keeps());
    assert!(is_absent(&guard, (KEYS - 1).to_be_bytes()));
}

#[test]
fn a_silent_server_is_told_from_a_written_verdict() {
    let corner = Corner::new();
    let proxy = corner.proxy();
    let client = corner.client_through(&proxy);
    let guard = strict(&client);
    let held = turn(&guard, KEY);
    proxy.hold_replies(true);
    let late = held.missed().timeout(Duration::from_millis(200)).wait().unwrap_err();
    assert_eq!(late.code(), ErrorCode::Indeterminate, "{late}");
    assert!(eventually(PATIENCE, || misses(&corner) == 1), "it went on in the background");
    let unread = guard.forget(KEY).timeout(Duration::from_millis(200)).wait().unwrap_err();
    assert_eq!(unread.code(), ErrorCode::Timeout, "{unread}");
    proxy.hold_replies(false);
    assert!(is_absent(&guard, KEY));
    assert!(eventually(PATIENCE, || contenders(&corner) == 0));
}
