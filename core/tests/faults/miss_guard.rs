//! Miss guards under real faults: ended sessions, lost replies, deleted nodes, a killed leader, and nodes that servers
//! delete.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Barrier, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::misses::{KEY, LONG, contenders, is_absent, load, misses, strict, turn};
use crate::support::{Sandbox, TIMEOUT, machine};
use zkcoord::{Client, ErrorCode, Lookup};
use zkcoord_testkit::{Observer, Op, ZooKeeper, eventually, shared};

#[test]
fn the_next_loader_takes_over_from_an_ended_session_whose_verdict_is_void() {
    let sandbox = Sandbox::new();
    let (first, second) = (sandbox.client(), sandbox.client());
    let lost = turn(&strict(&first), KEY);
    let mut waiting = strict(&second).begin(KEY);
    assert!(waiting.wait_for(Duration::from_millis(1)).is_none());
    assert!(eventually(TIMEOUT, || contenders(&sandbox) == 2));
    shared().expire(first.session_id().unwrap()).unwrap();
    let Lookup::Load(next) = waiting.wait_for(TIMEOUT).unwrap().unwrap() else { panic!("answered absent") };
    assert!(next.is_held());
    assert!(eventually(TIMEOUT, || !lost.is_held()));
    lost.missed().timeout(TIMEOUT).wait().unwrap();
    assert_eq!(misses(&sandbox), 0);
    next.missed().wait().unwrap();
    assert_eq!(misses(&sandbox), 1);
}

#[test]
fn the_verdict_of_a_turn_whose_lock_was_deleted_is_void() {
    let sandbox = Sandbox::new();
    let (first, second) = (sandbox.client(), sandbox.client());
    let lost = turn(&strict(&first), KEY);
    let key = format!("/misses/{}", sandbox.children("/misses")[0]);
    let lock = sandbox.children(&key).into_iter().find(|name| name.contains("-lock-")).unwrap();
    sandbox.observer.delete(&sandbox.path(&format!("{key}/{lock}"))).unwrap();
    turn(&strict(&second), KEY).found().wait().unwrap();
    lost.missed().wait().unwrap();
    assert!(!is_absent(&strict(&second), KEY), "answered absent after it was loaded");
}

#[test]
fn a_key_found_by_a_lost_turn_is_not_answered_absent() {
    let sandbox = Sandbox::new();
    let (first, second) = (sandbox.client(), sandbox.client());
    let lost = turn(&strict(&first), KEY);
    shared().expire(first.session_id().unwrap()).unwrap();
    // The key is absent when the second client loads it, and exists when the first does.
    turn(&strict(&second), KEY).missed().wait().unwrap();
    assert!(is_absent(&strict(&second), KEY));
    assert!(eventually(TIMEOUT, || !lost.is_held()));
    lost.found().timeout(TIMEOUT).wait().unwrap();
    assert!(!is_absent(&strict(&second), KEY));
}

#[test]
fn a_miss_before_a_found_key_answers_no_lookup_after_it() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let (first, slow, third) = (sandbox.client(), sandbox.client_through(&proxy), sandbox.client());
    let guard = |client: &Client| client.miss_guard("/misses").threshold(100);
    let held = turn(&guard(&first), KEY);
    let mut waiting = guard(&slow).begin(KEY);
    assert!(waiting.wait_for(Duration::from_millis(1)).is_none());
    // The lookup read the record, and then reads and watches it while it waits.
    let reads = || {
        let frames = proxy.frames();
        let of_key =
            |path: &String| path.starts_with(&sandbox.path("/misses/")) && path.matches('/').count() == 3;
        let replies = frames.iter().filter(|frame| frame.is_reply(Op::GetData));
        replies.filter(|frame| frame.path.as_ref().is_some_and(of_key)).count()
    };
    assert!(eventually(TIMEOUT, || reads() == 3 && contenders(&sandbox) == 2), "{:?}", proxy.frames());
    // The waiting lookup does not learn of the miss, and its place in the queue is deleted.
    proxy.stall(true);
    held.missed().wait().unwrap();
    assert!(eventually(TIMEOUT, || contenders(&sandbox) == 1));
    let key = format!("/misses/{}", sandbox.children("/misses")[0]);
    let place = sandbox.children(&key).into_iter().find(|name| name.contains("-lock-")).unwrap();
    sandbox.observer.delete(&sandbox.path(&format!("{key}/{place}"))).unwrap();
    turn(&guard(&third), KEY).found().wait().unwrap();
    proxy.stall(false);
    let answer = waiting.wait_for(TIMEOUT).unwrap().unwrap();
    assert!(matches!(answer, Lookup::Load(_)), "answered absent after it was loaded");
}

#[test]
fn the_next_loader_takes_over_from_a_silent_process() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let killed = sandbox.client_through(&proxy);
    let held = turn(&strict(&killed), KEY);
    let client = sandbox.client();
    let mut waiting = strict(&client).begin(KEY);
    assert!(waiting.wait_for(Duration::from_millis(1)).is_none());
    assert!(eventually(TIMEOUT, || contenders(&sandbox) == 2));
    // The client falls silent, and its session times out.
    proxy.stall(true);
    let next = waiting.wait_for(TIMEOUT).unwrap().unwrap();
    assert!(!held.is_held(), "the first client knew before");
    let Lookup::Load(next) = next else { panic!("answered absent") };
    next.missed().wait().unwrap();
    assert!(is_absent(&strict(&client), KEY));
}

#[test]
fn a_verdict_is_recorded_once_despite_lost_messages() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let client = sandbox.client_through(&proxy);
    let guard = client.miss_guard("/misses").threshold(100).window(LONG);
    for expected in 1..=6 {
        let held = turn(&guard, KEY);
        let rule = match expected % 2 {
            1 => proxy.swallow_reply(Op::Multi, 1),
            _ => proxy.swallow_request(Op::Multi, 1),
        };
        held.missed().timeout(TIMEOUT).wait().unwrap();
        assert_eq!(rule.fired(), 1, "{expected}");
        assert_eq!(misses(&sandbox), expected);
        proxy.clear_rules();
    }
    for what in ["reply", "request"] {
        turn(&guard, KEY).missed().wait().unwrap();
        let held = turn(&guard, KEY);
        let rule = match what {
            "reply" => proxy.swallow_reply(Op::Multi, 1),
            _ => proxy.swallow_request(Op::Multi, 1),
        };
        held.found().timeout(TIMEOUT).wait().unwrap();
        assert_eq!((rule.fired(), misses(&sandbox)), (1, 0), "{what}");
        turn(&guard, KEY).missed().wait().unwrap();
        let rule = match what {
            "reply" => proxy.swallow_reply(Op::Multi, 1),
            _ => proxy.swallow_request(Op::Multi, 1),
        };
        guard.forget(KEY).timeout(TIMEOUT).wait().unwrap();
        assert_eq!((rule.fired(), misses(&sandbox)), (1, 0), "{what}");
        proxy.clear_rules();
    }
}

#[test]
fn random_loss_costs_no_answer_and_no_extra_load() {
    const HOLD: Duration = Duration::from_millis(300);
    let _busy = machine::busy();
    let sandbox = Sandbox::new();
    let proxies: Vec<_> = (0..4).map(|_| sandbox.proxy()).collect();
    let clients: Vec<_> = proxies.iter().map(|proxy| sandbox.client_through(proxy)).collect();
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
                    let must_be_found = loaded.load(Ordering::SeqCst);
                    let found = load(&guard, || exists.load(Ordering::SeqCst));
                    assert!(found || !must_be_found, "answered absent after it was loaded");
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
    assert!(eventually(TIMEOUT, || contenders(&sandbox) == 0));
}

#[test]
fn a_forget_is_seen_through_every_server_and_a_hold_survives_the_leader() {
    let _busy = machine::busy();
    let zookeeper = ZooKeeper::start(3).unwrap();
    let connect = |hosts: String| {
        Client::builder(hosts).session_timeout(Duration::from_secs(10)).connect().wait().unwrap()
    };
    let clients: Vec<_> = (0..3).map(|node| connect(zookeeper.host(node))).collect();
    for round in 0..30 {
        let (one, other) = (&clients[round % 3], &clients[(round + 1) % 3]);
        turn(&strict(one), KEY).missed().timeout(TIMEOUT).wait().unwrap();
        assert!(is_absent(&strict(other), KEY), "{round}");
        strict(one).forget(KEY).timeout(TIMEOUT).wait().unwrap();
        assert!(!is_absent(&strict(other), KEY), "{round}");
    }
    let client = connect(zookeeper.hosts());
    turn(&strict(&client), KEY).missed().timeout(TIMEOUT).wait().unwrap();
    zookeeper.kill(zookeeper.leader().unwrap()).unwrap();
    zookeeper.leader().unwrap();
    assert!(is_absent(&strict(&client), KEY));
}

#[test]
fn records_are_kept_while_needed_and_deleted_afterwards() {
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
        // The server has checked its containers, and has deleted this one.
        assert!(eventually(TIMEOUT, || nodes("/long") == held), "{:?}", nodes("/long"));
    }
    assert!(is_absent(&long, "absent"), "the record was kept");
    let brief = Duration::from_millis(100);
    let short = client.miss_guard("/short").threshold(2).window(brief).hold(brief);
    for number in 0..200 {
        turn(&short, format!("absent-{number}")).missed().wait().unwrap();
    }
    short.forget("absent-7").wait().unwrap();
    drop(short.begin("cancelled").wait().unwrap());
    assert!(!nodes("/short").is_empty());
    assert!(eventually(TIMEOUT, || observer.exists("/short").unwrap().is_none()), "{:?}", nodes("/short"));
    client.close().wait().unwrap();
    assert!(eventually(TIMEOUT, || observer.exists("/long").unwrap().is_none()), "{:?}", nodes("/long"));
}

#[test]
fn a_client_keeps_no_more_records_than_fit_into_one_transaction() {
    const KEYS: usize = 160;
    let sandbox = Sandbox::new();
    // So long that about 130 keys fill half a megabyte.
    let path = format!("/{}", ["x".repeat(1000), "y".repeat(1000), "z".repeat(1900)].join("/"));
    let guard = sandbox.client().miss_guard(&path).threshold(1).window(LONG).hold(LONG);
    for number in 0..KEYS {
        turn(&guard, number.to_be_bytes()).missed().timeout(TIMEOUT).wait().unwrap();
    }
    let keeps = || {
        let names = sandbox.children(&path);
        let of = |name: &String| sandbox.children(&format!("{path}/{name}"));
        names.iter().flat_map(of).filter(|name| name.starts_with("_keep-")).count()
    };
    let max = 512 * 1024 / path.len();
    assert!(eventually(TIMEOUT, || (100..max).contains(&keeps())), "{} keeps", keeps());
    assert!(is_absent(&guard, (KEYS - 1).to_be_bytes()));
}

#[test]
fn a_verdict_without_a_reply_is_indeterminate_and_continues() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let client = sandbox.client_through(&proxy);
    let guard = strict(&client);
    let held = turn(&guard, KEY);
    proxy.hold_replies(true);
    let late = held.missed().timeout(Duration::from_millis(200)).wait().unwrap_err();
    assert_eq!(late.code(), ErrorCode::Indeterminate, "{late}");
    assert!(eventually(TIMEOUT, || misses(&sandbox) == 1), "the write continued in the background");
    let unread = guard.forget(KEY).timeout(Duration::from_millis(200)).wait().unwrap_err();
    assert_eq!(unread.code(), ErrorCode::Timeout, "{unread}");
    proxy.hold_replies(false);
    assert!(is_absent(&guard, KEY));
    assert!(eventually(TIMEOUT, || contenders(&sandbox) == 0));
}
