//! Miss guards against a real server.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

#[path = "support/misses.rs"]
mod misses;
mod support;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use misses::{KEY, LONG, contenders, is_absent, load, misses, strict, turn};
use support::{Corner, PATIENCE};
use zkcoord::{Acl, Client, ErrorCode, Lookup};
use zkcoord_testkit::{Op, eventually, shared};

#[test]
fn fifty_clients_load_an_absent_key_as_often_as_allowed() {
    const THRESHOLD: usize = 3;
    const HOLD: Duration = Duration::from_millis(400);
    let corner = Corner::new();
    let clients: Vec<_> = (0..50).map(|_| corner.client()).collect();
    let (loads, answers) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let start = Instant::now();
    thread::scope(|scope| {
        for client in &clients {
            scope.spawn(|| {
                let guard = client.miss_guard("/misses").threshold(THRESHOLD as u32).window(HOLD).hold(HOLD);
                while start.elapsed() < 6 * HOLD {
                    let found = load(&guard, || {
                        loads.fetch_add(1, Ordering::Relaxed);
                        false
                    });
                    assert!(!found);
                    answers.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    let holds = start.elapsed().div_duration_f64(HOLD) as usize + 1;
    let (loads, answers) = (loads.into_inner(), answers.into_inner());
    eprintln!("{loads} loads for {answers} answers in {holds} holds");
    assert!(loads <= THRESHOLD * holds, "{loads} loads in {holds} holds");
    assert!(loads > THRESHOLD, "the hold ends");
    assert!(answers >= 50);
}

#[test]
fn misses_before_a_hold_still_count_after_it() {
    let corner = Corner::new();
    let hold = Duration::from_millis(300);
    let guard = corner.client().miss_guard("/misses").threshold(3).window(LONG).hold(hold);
    for _ in 0..3 {
        assert!(!is_absent(&guard, KEY) || panic!("too early"));
        turn(&guard, KEY).missed().wait().unwrap();
    }
    assert!(is_absent(&guard, KEY));
    assert!(eventually(PATIENCE, || !is_absent(&guard, KEY)));
    turn(&guard, KEY).missed().wait().unwrap();
    assert!(is_absent(&guard, KEY), "one more is enough");
}

#[test]
fn a_present_key_is_never_answered_absent_once_it_was_loaded() {
    let corner = Corner::new();
    let hold = Duration::from_millis(300);
    let clients: Vec<_> = (0..20).map(|_| corner.client()).collect();
    let (exists, loaded) = (AtomicBool::new(false), AtomicBool::new(false));
    let misses = AtomicUsize::new(0);
    thread::scope(|scope| {
        for client in &clients {
            scope.spawn(|| {
                let guard = client.miss_guard("/misses").threshold(2).window(LONG).hold(hold);
                let mut seen = 0;
                while seen < 10 {
                    let must = loaded.load(Ordering::SeqCst);
                    let found = load(&guard, || exists.load(Ordering::SeqCst));
                    assert!(found || !must, "answered absent after it was loaded");
                    loaded.fetch_or(found, Ordering::SeqCst);
                    misses.fetch_add(usize::from(!found), Ordering::SeqCst);
                    seen += usize::from(found);
                }
            });
        }
        assert!(eventually(PATIENCE, || misses.load(Ordering::SeqCst) > 100));
        exists.store(true, Ordering::SeqCst);
        let appeared = Instant::now();
        // Answered by the record alone from here on, so that no load of the others helps.
        assert!(eventually(PATIENCE, || loaded.load(Ordering::SeqCst)));
        eprintln!("seen {:?} after it appeared, held for {hold:?}", appeared.elapsed());
    });
}

#[test]
fn a_key_that_appears_is_seen_when_the_hold_is_over() {
    let corner = Corner::new();
    let (first, second) = (corner.client(), corner.client());
    let hold = Duration::from_millis(500);
    let guard = |client: &Client| client.miss_guard("/misses").threshold(1).window(LONG).hold(hold);
    turn(&guard(&first), KEY).missed().wait().unwrap();
    // It appears now. Lookups that begin within the hold may say absent, those after it must not.
    let appeared = Instant::now();
    let mut answered = 0;
    loop {
        let late = appeared.elapsed() >= hold;
        match guard(&second).begin(KEY).timeout(PATIENCE).wait().unwrap() {
            Lookup::Absent => assert!(!late, "absent after the hold"),
            Lookup::Load(turn) => break turn.found().wait().unwrap(),
        }
        answered += 1;
    }
    eprintln!("answered absent {answered} times before");
}

#[test]
fn who_waits_shares_a_miss_and_leaves() {
    let corner = Corner::new();
    let clients: Vec<_> = (0..5).map(|_| corner.client()).collect();
    let guard = |client: &Client| client.miss_guard("/misses").threshold(100);
    let first = turn(&guard(&clients[0]), KEY);
    let mut waiting: Vec<_> = clients[1..].iter().map(|client| guard(client).begin(KEY)).collect();
    for op in &mut waiting {
        assert!(op.wait_for(Duration::from_millis(1)).is_none());
    }
    assert!(eventually(PATIENCE, || contenders(&corner) == 5));
    first.missed().wait().unwrap();
    for op in &mut waiting {
        assert!(matches!(op.wait_for(PATIENCE).unwrap().unwrap(), Lookup::Absent));
    }
    assert_eq!(misses(&corner), 1, "an answer that is shared is not counted again");
    assert!(eventually(PATIENCE, || contenders(&corner) == 0));
    assert!(!is_absent(&guard(&clients[1]), KEY), "and serves only those who waited");
}

#[test]
fn who_waits_for_a_key_that_is_found_loads_it_in_turn() {
    let corner = Corner::new();
    let clients: Vec<_> = (0..4).map(|_| corner.client()).collect();
    let (loading, loads) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for client in &clients {
            // Two tasks in each process.
            for _ in 0..2 {
                scope.spawn(|| {
                    let guard = client.miss_guard("/misses");
                    for _ in 0..5 {
                        assert!(load(&guard, || {
                            assert_eq!(loading.fetch_add(1, Ordering::SeqCst), 0, "two load at once");
                            loads.fetch_add(1, Ordering::SeqCst);
                            thread::yield_now();
                            loading.fetch_sub(1, Ordering::SeqCst) == 1
                        }));
                    }
                });
            }
        }
    });
    assert_eq!(loads.into_inner(), 4 * 2 * 5);
}

#[test]
fn many_tasks_of_a_process_cost_one_load_and_few_requests() {
    let corner = Corner::new();
    let proxy = corner.proxy();
    let client = corner.client_through(&proxy);
    let guard = client.miss_guard("/misses");
    let first = turn(&guard, KEY);
    proxy.clear_frames();
    let mut waiting: Vec<_> = (0..300).map(|_| guard.begin(KEY)).collect();
    for op in &mut waiting {
        assert!(op.wait_for(Duration::ZERO).is_none());
    }
    let replies = |op| proxy.frames().iter().filter(|frame| frame.is_reply(op)).count();
    assert!(eventually(PATIENCE, || replies(Op::GetData) == 300));
    assert_eq!(contenders(&corner), 1, "they wait here, not in ZooKeeper");
    first.missed().wait().unwrap();
    for op in &mut waiting {
        assert!(matches!(op.wait_for(PATIENCE).unwrap().unwrap(), Lookup::Absent));
    }
    assert!(replies(Op::Create) <= 1 && replies(Op::Multi) <= 2, "{:?}", proxy.frames());
}

#[test]
fn what_a_lookup_costs() {
    let corner = Corner::new();
    let proxy = corner.proxy();
    let client = corner.client_through(&proxy);
    let guard = strict(&client);
    // The SHA-256 of the key. Whatever else the client does is not counted, like its sign of life.
    let node = corner.path("/misses/6d894aa3ee802549d7f340e7c1cf0d1c");
    let cost = |what: &str, work: &mut dyn FnMut()| {
        proxy.clear_frames();
        work();
        let mut frames = proxy.frames();
        frames.retain(|frame| frame.path.as_deref().is_some_and(|path| path.starts_with(&node)));
        // The watch of a lock's own node, when it is held for long.
        frames.retain(|frame| !frame.is_request(Op::GetData) || frame.path.as_ref() == Some(&node));
        let kinds = [Op::Sync, Op::GetData, Op::Create, Op::GetChildren, Op::Multi, Op::Delete];
        let counts = kinds.map(|op| frames.iter().filter(|frame| frame.is_request(op)).count());
        eprintln!("{what}: sync, get, create, list, multi, delete: {counts:?}");
        counts
    };
    drop(turn(&guard, "another"));
    assert!(eventually(PATIENCE, || contenders(&corner) == 0));
    let mut held = None;
    let new = cost("first load", &mut || held = Some(turn(&guard, KEY)));
    assert_eq!(new[..5], [2, 2, 1, 1, 1]);
    let missed = cost("missed", &mut || held.take().unwrap().missed().wait().unwrap());
    assert_eq!(missed[..5], [0, 0, 0, 0, 1]);
    assert!(eventually(PATIENCE, || contenders(&corner) == 0));
    let is_sync_first = || {
        let frames = proxy.frames();
        let of_key =
            |op| frames.iter().position(|frame| frame.is_request(op) && frame.path.as_ref() == Some(&node));
        of_key(Op::Sync) < of_key(Op::GetData)
    };
    let absent = cost("held absent", &mut || assert!(is_absent(&guard, KEY)));
    assert_eq!(absent, [1, 1, 0, 0, 0, 0]);
    assert!(is_sync_first(), "a server that lags would answer from before a forget");
    let forget = cost("forget", &mut || guard.forget(KEY).wait().unwrap());
    assert_eq!(forget, [1, 1, 0, 0, 1, 0]);
    let known = cost("load", &mut || held = Some(turn(&guard, KEY)));
    assert_eq!(known, [2, 2, 1, 1, 0, 0]);
    let found = cost("found", &mut || held.take().unwrap().found().wait().unwrap());
    assert_eq!(found[..5], [0; 5]);
}

#[test]
fn a_load_that_fails_counts_neither_way_and_others_go_on() {
    let corner = Corner::new();
    let (first, second) = (corner.client(), corner.client());
    let failing = turn(&strict(&first), KEY);
    let mut waiting = strict(&second).begin(KEY);
    assert!(waiting.wait_for(Duration::from_millis(1)).is_none());
    assert!(eventually(PATIENCE, || contenders(&corner) == 2));
    drop(failing);
    let Lookup::Load(next) = waiting.wait_for(PATIENCE).unwrap().unwrap() else { panic!("answered absent") };
    assert_eq!(misses(&corner), 0);
    // A verdict that is not waited for is none.
    drop(next.missed());
    assert!(eventually(PATIENCE, || contenders(&corner) == 0));
    assert_eq!(misses(&corner), 0);
}

#[derive(Debug)]
enum Trouble {
    Database,
    Guard(zkcoord::Error),
}

impl From<zkcoord::Error> for Trouble {
    fn from(error: zkcoord::Error) -> Trouble {
        Trouble::Guard(error)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn load_runs_the_loader_and_passes_its_errors_on() {
    let corner = Corner::new();
    let guard = strict(&corner.client());
    let failed = guard.load(KEY, async || Err::<Option<u8>, _>(Trouble::Database)).await;
    assert!(matches!(failed, Err(Trouble::Database)));
    assert_eq!(misses(&corner), 0);
    let refused = guard.clone().threshold(0).load(KEY, async || Ok::<_, Trouble>(Some(1))).await;
    assert!(
        matches!(&refused, Err(Trouble::Guard(error)) if error.code() == ErrorCode::InvalidArgument),
        "{refused:?}"
    );
    // In a task of its own, with what it borrows.
    let moved = guard.clone();
    let task = tokio::spawn(async move {
        let name = String::from("Ada");
        let value = moved.load(KEY, async || Ok::<_, Trouble>(Some(&name))).await;
        value.unwrap().cloned()
    });
    assert_eq!(task.await.unwrap().as_deref(), Some("Ada"));
    let boxed = guard.load(KEY, async || Ok::<_, Box<dyn std::error::Error + Send + Sync>>(None::<u8>)).await;
    assert!(boxed.unwrap().is_none());
    let held =
        guard.load(KEY, async || -> zkcoord::Result<Option<u8>> { panic!("loaded though held") }).await;
    assert_eq!(held.unwrap(), None);
}

#[test]
fn forgetting_a_key_opens_it_at_once() {
    let corner = Corner::new();
    let (first, second) = (corner.client(), corner.client());
    strict(&first).forget(KEY).wait().unwrap();
    assert!(corner.children("/").iter().all(|name| name != "misses"), "nothing is made for it");
    turn(&strict(&first), KEY).missed().wait().unwrap();
    assert!(is_absent(&strict(&second), KEY));
    strict(&second).forget(KEY).wait().unwrap();
    // A load under way that began before does not bring the absence back.
    let before = turn(&strict(&first), KEY);
    strict(&second).forget(KEY).wait().unwrap();
    before.missed().wait().unwrap();
    assert_eq!(misses(&corner), 0);
    assert!(!is_absent(&strict(&second), KEY));
}

#[test]
fn a_void_miss_answers_nobody() {
    let corner = Corner::new();
    let (first, second, third) = (corner.client(), corner.client(), corner.client());
    let guard = |client: &Client| client.miss_guard("/misses").threshold(100);
    turn(&guard(&first), KEY).missed().wait().unwrap();
    let before = turn(&guard(&first), KEY);
    guard(&second).forget(KEY).wait().unwrap();
    // In another process, and in the same.
    let mut waiting = [guard(&third).begin(KEY), guard(&first).begin(KEY)];
    for op in &mut waiting {
        assert!(op.wait_for(Duration::from_millis(1)).is_none());
    }
    assert!(eventually(PATIENCE, || contenders(&corner) == 2));
    before.missed().wait().unwrap();
    for op in &mut waiting {
        let answer = op.wait_for(PATIENCE).unwrap().unwrap();
        assert!(matches!(answer, Lookup::Load(_)), "they began after the key was forgotten");
    }
}

#[test]
fn no_lookup_after_a_forget_is_answered_from_before_it() {
    let corner = Corner::new();
    let clients: Vec<_> = (0..6).map(|_| corner.client()).collect();
    let (exists, ended) = (AtomicBool::new(false), AtomicBool::new(false));
    thread::scope(|scope| {
        for client in &clients {
            scope.spawn(|| {
                while !ended.load(Ordering::SeqCst) {
                    load(&strict(client), || exists.load(Ordering::SeqCst));
                }
            });
        }
        let (writer, reader) = (corner.client(), corner.client());
        for round in 0..15 {
            assert!(eventually(PATIENCE, || is_absent(&strict(&reader), KEY)), "{round}");
            exists.store(true, Ordering::SeqCst);
            strict(&writer).forget(KEY).timeout(PATIENCE).wait().unwrap();
            for client in [&reader, &writer] {
                assert!(load(&strict(client), || exists.load(Ordering::SeqCst)), "{round}");
            }
            exists.store(false, Ordering::SeqCst);
        }
        ended.store(true, Ordering::SeqCst);
    });
}

#[test]
fn keys_are_any_bytes() {
    let corner = Corner::new();
    let client = corner.client();
    let guard = strict(&client);
    let huge = vec![7; 3_000_000];
    let keys: [&[u8]; 8] = [b"", b"\0", b"/", b"..", "ünï/路".as_bytes(), &[0xff, 0xfe], &huge, &huge[1..]];
    for key in keys {
        turn(&guard, key).missed().wait().unwrap();
    }
    let names = corner.children("/misses");
    assert_eq!(names.len(), keys.len());
    assert!(names.iter().all(|name| name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit())));
    for key in keys {
        assert!(is_absent(&guard, key));
    }
    let other = client.miss_guard("/other").threshold(1);
    assert!(!is_absent(&other, b""), "another path, other keys");
}

#[test]
fn deadlines_and_cancelled_lookups_leave_nothing() {
    let corner = Corner::new();
    let (first, second) = (corner.client(), corner.client());
    let held = turn(&strict(&first), KEY);
    for client in [&first, &second] {
        for timeout in [Duration::ZERO, Duration::from_millis(100)] {
            let error = strict(client).begin(KEY).timeout(timeout).wait().unwrap_err();
            assert_eq!(error.code(), ErrorCode::Timeout, "{error}");
            assert!(error.message().contains("/misses/"), "{error}");
        }
    }
    assert!(eventually(PATIENCE, || contenders(&corner) == 1));
    let mut cancelled = [strict(&first).begin(KEY), strict(&second).begin(KEY)];
    for op in &mut cancelled {
        assert!(op.wait_for(Duration::from_millis(1)).is_none());
    }
    assert!(eventually(PATIENCE, || contenders(&corner) == 2));
    drop(cancelled);
    assert!(eventually(PATIENCE, || contenders(&corner) == 1));
    held.found().wait().unwrap();
    assert!(eventually(PATIENCE, || contenders(&corner) == 0));
    let free = strict(&second).begin(KEY).timeout(Duration::ZERO).wait().unwrap();
    assert!(matches!(free, Lookup::Load(_)), "nobody is before it");
}

#[test]
fn foreign_bytes_are_left_alone() {
    let corner = Corner::new();
    let client = corner.client();
    let guard = strict(&client);
    drop(turn(&guard, KEY));
    let node = corner.path(&format!("/misses/{}", corner.children("/misses")[0]));
    corner.observer.set(&node, b"mine").unwrap();
    let begin = guard.begin(KEY).wait().unwrap_err();
    let forget = guard.forget(KEY).wait().unwrap_err();
    for error in [begin, forget] {
        assert_eq!(error.code(), ErrorCode::BadData);
        assert!(error.message().contains("/misses/") && error.message().contains("mine"), "{error}");
    }
    assert_eq!(corner.observer.data(&node).unwrap().unwrap().0, b"mine");
}

#[test]
fn a_stranger_is_refused() {
    let corner = Corner::new();
    let hosts = format!("{}{}", shared().hosts(), corner.root);
    let owner = Client::builder(hosts).auth("digest", "owner:secret").acl(Acl::Creator);
    let owner = owner.connect().wait().unwrap();
    turn(&strict(&owner), KEY).missed().wait().unwrap();
    let guard = strict(&corner.client());
    for error in [
        guard.begin(KEY).timeout(PATIENCE).wait().unwrap_err(),
        guard.begin("another").timeout(PATIENCE).wait().unwrap_err(),
        guard.forget(KEY).timeout(PATIENCE).wait().unwrap_err(),
    ] {
        assert_eq!(error.code(), ErrorCode::NotAuthorized, "{error}");
    }
}

#[test]
fn arguments_that_cannot_be_are_named() {
    let corner = Corner::new();
    let client = corner.client();
    let good = client.miss_guard("/misses");
    assert_eq!(good.path().unwrap(), "/misses");
    let cases = [
        (good.clone().threshold(0), "threshold \"0\""),
        (good.clone().threshold(1001), "threshold \"1001\""),
        (good.clone().window(Duration::ZERO), "window \"0ns\""),
        (good.clone().window(Duration::MAX), "window \"18446744073709551615.999999999s\""),
        (good.clone().hold(Duration::from_micros(999)), "hold \"999µs\""),
        (good.clone().hold(Duration::from_secs(24 * 3600 + 1)), "hold \"86401s\""),
        (client.miss_guard("misses"), "path \"misses\""),
    ];
    for (guard, complaint) in cases {
        let error = guard.begin(KEY).wait().unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidArgument);
        assert!(error.message().starts_with(complaint), "{error}");
    }
    assert!(client.miss_guard("/").forget(KEY).wait().is_err());
    client.close().wait().unwrap();
    assert_eq!(good.begin(KEY).wait().unwrap_err().code(), ErrorCode::Closed);
    assert_eq!(good.forget(KEY).wait().unwrap_err().code(), ErrorCode::Closed);
}
