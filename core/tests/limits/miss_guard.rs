//! Miss guards against a real server.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::misses::{KEY, LONG, contenders, is_absent, load, misses, strict, turn};
use crate::support::{Sandbox, TIMEOUT, machine};
use zkcoord::{Acl, Client, ErrorCode, Lookup};
use zkcoord_testkit::{Op, eventually, shared};

#[test]
fn fifty_clients_load_an_absent_key_no_more_often_than_allowed() {
    const THRESHOLD: usize = 3;
    const HOLD: Duration = Duration::from_millis(400);
    let _busy = machine::busy();
    let sandbox = Sandbox::new();
    let clients: Vec<_> = (0..50).map(|_| sandbox.client()).collect();
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
    assert!(loads > THRESHOLD, "no hold ended");
    assert!(answers >= 50);
}

#[test]
fn misses_before_a_hold_still_count_after_it() {
    // The lookups must be done before the hold ends.
    let _quiet = machine::quiet();
    let sandbox = Sandbox::new();
    let hold = Duration::from_millis(300);
    let guard = sandbox.client().miss_guard("/misses").threshold(3).window(LONG).hold(hold);
    for _ in 0..3 {
        assert!(!is_absent(&guard, KEY) || panic!("too early"));
        turn(&guard, KEY).missed().wait().unwrap();
    }
    assert!(is_absent(&guard, KEY));
    assert!(eventually(TIMEOUT, || !is_absent(&guard, KEY)));
    turn(&guard, KEY).missed().wait().unwrap();
    assert!(is_absent(&guard, KEY), "one more miss is enough");
}

#[test]
fn a_present_key_is_never_answered_absent_once_it_was_loaded() {
    let _busy = machine::busy();
    let sandbox = Sandbox::new();
    let hold = Duration::from_millis(300);
    let clients: Vec<_> = (0..20).map(|_| sandbox.client()).collect();
    let (exists, loaded) = (AtomicBool::new(false), AtomicBool::new(false));
    let misses = AtomicUsize::new(0);
    thread::scope(|scope| {
        for client in &clients {
            scope.spawn(|| {
                let guard = client.miss_guard("/misses").threshold(2).window(LONG).hold(hold);
                let mut seen = 0;
                while seen < 10 {
                    let must_be_found = loaded.load(Ordering::SeqCst);
                    let found = load(&guard, || exists.load(Ordering::SeqCst));
                    assert!(found || !must_be_found, "answered absent after it was loaded");
                    loaded.fetch_or(found, Ordering::SeqCst);
                    misses.fetch_add(usize::from(!found), Ordering::SeqCst);
                    seen += usize::from(found);
                }
            });
        }
        assert!(eventually(TIMEOUT, || misses.load(Ordering::SeqCst) > 100));
        exists.store(true, Ordering::SeqCst);
        let appeared = Instant::now();
        // From here on the record alone decides.
        assert!(eventually(TIMEOUT, || loaded.load(Ordering::SeqCst)));
        eprintln!("seen {:?} after it appeared, held for {hold:?}", appeared.elapsed());
    });
}

#[test]
fn a_new_key_is_found_after_the_hold() {
    let sandbox = Sandbox::new();
    let (first, second) = (sandbox.client(), sandbox.client());
    let hold = Duration::from_millis(500);
    let guard = |client: &Client| client.miss_guard("/misses").threshold(1).window(LONG).hold(hold);
    turn(&guard(&first), KEY).missed().wait().unwrap();
    // The key appears now. A lookup within the hold may answer absent, a lookup after it must not.
    let appeared = Instant::now();
    let mut answered = 0;
    loop {
        let late = appeared.elapsed() >= hold;
        match guard(&second).begin(KEY).timeout(TIMEOUT).wait().unwrap() {
            Lookup::Absent => assert!(!late, "absent after the hold"),
            Lookup::Load(turn) => break turn.found().wait().unwrap(),
        }
        answered += 1;
    }
    eprintln!("answered absent {answered} times before");
}

#[test]
fn waiting_lookups_share_one_miss() {
    let sandbox = Sandbox::new();
    let clients: Vec<_> = (0..5).map(|_| sandbox.client()).collect();
    let guard = |client: &Client| client.miss_guard("/misses").threshold(100);
    let first = turn(&guard(&clients[0]), KEY);
    let mut waiting: Vec<_> = clients[1..].iter().map(|client| guard(client).begin(KEY)).collect();
    for op in &mut waiting {
        assert!(op.wait_for(Duration::from_millis(1)).is_none());
    }
    assert!(eventually(TIMEOUT, || contenders(&sandbox) == 5));
    first.missed().wait().unwrap();
    for op in &mut waiting {
        assert!(matches!(op.wait_for(TIMEOUT).unwrap().unwrap(), Lookup::Absent));
    }
    assert_eq!(misses(&sandbox), 1, "a shared answer counts once");
    assert!(eventually(TIMEOUT, || contenders(&sandbox) == 0));
    assert!(!is_absent(&guard(&clients[1]), KEY), "the answer serves only the lookups that waited");
}

#[test]
fn lookups_of_a_key_that_is_found_load_it_in_turn() {
    let _busy = machine::busy();
    let sandbox = Sandbox::new();
    let clients: Vec<_> = (0..4).map(|_| sandbox.client()).collect();
    let (loading, loads) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for client in &clients {
            // Two tasks in each process.
            for _ in 0..2 {
                scope.spawn(|| {
                    let guard = client.miss_guard("/misses");
                    for _ in 0..5 {
                        assert!(load(&guard, || {
                            assert_eq!(loading.fetch_add(1, Ordering::SeqCst), 0, "two loads at once");
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
fn many_lookups_of_a_process_cost_one_load_and_few_requests() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let client = sandbox.client_through(&proxy);
    let guard = client.miss_guard("/misses");
    let first = turn(&guard, KEY);
    proxy.clear_frames();
    let mut waiting: Vec<_> = (0..300).map(|_| guard.begin(KEY)).collect();
    for op in &mut waiting {
        assert!(op.wait_for(Duration::ZERO).is_none());
    }
    let replies = |op| proxy.frames().iter().filter(|frame| frame.is_reply(op)).count();
    assert!(eventually(TIMEOUT, || replies(Op::GetData) == 300));
    assert_eq!(contenders(&sandbox), 1, "the lookups wait in the process, not in ZooKeeper");
    first.missed().wait().unwrap();
    for op in &mut waiting {
        assert!(matches!(op.wait_for(TIMEOUT).unwrap().unwrap(), Lookup::Absent));
    }
    assert!(replies(Op::Create) <= 1 && replies(Op::Multi) <= 2, "{:?}", proxy.frames());
}

#[test]
fn lookups_and_verdicts_send_the_documented_requests() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let client = sandbox.client_through(&proxy);
    let guard = strict(&client);
    // The first half of the key's SHA-256. Other requests of the client, such as pings, are not counted.
    let node = sandbox.path("/misses/6d894aa3ee802549d7f340e7c1cf0d1c");
    let cost = |what: &str, work: &mut dyn FnMut()| {
        proxy.clear_frames();
        work();
        let mut frames = proxy.frames();
        frames.retain(|frame| frame.path.as_deref().is_some_and(|path| path.starts_with(&node)));
        // A lock that is held for long watches its own node.
        frames.retain(|frame| !frame.is_request(Op::GetData) || frame.path.as_ref() == Some(&node));
        let kinds = [Op::Sync, Op::GetData, Op::Create, Op::GetChildren, Op::Multi, Op::Delete];
        let counts = kinds.map(|op| frames.iter().filter(|frame| frame.is_request(op)).count());
        eprintln!("{what}: sync, get, create, list, multi, delete: {counts:?}");
        counts
    };
    drop(turn(&guard, "another"));
    assert!(eventually(TIMEOUT, || contenders(&sandbox) == 0));
    let mut held = None;
    let new = cost("first load", &mut || held = Some(turn(&guard, KEY)));
    assert_eq!(new[..5], [2, 2, 1, 1, 1]);
    let missed = cost("missed", &mut || held.take().unwrap().missed().wait().unwrap());
    assert_eq!(missed[..5], [0, 0, 0, 0, 1]);
    assert!(eventually(TIMEOUT, || contenders(&sandbox) == 0));
    let is_sync_first = || {
        let frames = proxy.frames();
        let of_key =
            |op| frames.iter().position(|frame| frame.is_request(op) && frame.path.as_ref() == Some(&node));
        of_key(Op::Sync) < of_key(Op::GetData)
    };
    let absent = cost("held absent", &mut || assert!(is_absent(&guard, KEY)));
    assert_eq!(absent, [1, 1, 0, 0, 0, 0]);
    assert!(is_sync_first(), "a server that lags could answer from before a forget");
    let forget = cost("forget", &mut || guard.forget(KEY).wait().unwrap());
    assert_eq!(forget, [1, 1, 0, 0, 1, 0]);
    let known = cost("load", &mut || held = Some(turn(&guard, KEY)));
    assert_eq!(known, [2, 2, 1, 1, 0, 0]);
    let found = cost("found", &mut || held.take().unwrap().found().wait().unwrap());
    assert_eq!(found[..5], [0; 5]);
}

#[test]
fn a_failed_load_counts_neither_way_and_others_continue() {
    let sandbox = Sandbox::new();
    let (first, second) = (sandbox.client(), sandbox.client());
    let failing = turn(&strict(&first), KEY);
    let mut waiting = strict(&second).begin(KEY);
    assert!(waiting.wait_for(Duration::from_millis(1)).is_none());
    assert!(eventually(TIMEOUT, || contenders(&sandbox) == 2));
    drop(failing);
    let Lookup::Load(next) = waiting.wait_for(TIMEOUT).unwrap().unwrap() else { panic!("answered absent") };
    assert_eq!(misses(&sandbox), 0);
    // A verdict that is dropped before it is waited for has no effect.
    drop(next.missed());
    assert!(eventually(TIMEOUT, || contenders(&sandbox) == 0));
    assert_eq!(misses(&sandbox), 0);
}

#[derive(Debug)]
enum LoadError {
    Database,
    Guard(zkcoord::Error),
}

impl From<zkcoord::Error> for LoadError {
    fn from(error: zkcoord::Error) -> LoadError {
        LoadError::Guard(error)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn load_runs_the_loader_and_returns_its_errors() {
    let sandbox = Sandbox::new();
    let guard = strict(&sandbox.client());
    let failed = guard.load(KEY, async || Err::<Option<u8>, _>(LoadError::Database)).await;
    assert!(matches!(failed, Err(LoadError::Database)));
    assert_eq!(misses(&sandbox), 0);
    let refused = guard.clone().threshold(0).load(KEY, async || Ok::<_, LoadError>(Some(1))).await;
    assert!(
        matches!(&refused, Err(LoadError::Guard(error)) if error.code() == ErrorCode::InvalidArgument),
        "{refused:?}"
    );
    // A task may move the guard and borrow in its loader.
    let moved = guard.clone();
    let task = tokio::spawn(async move {
        let name = String::from("Ada");
        let value = moved.load(KEY, async || Ok::<_, LoadError>(Some(&name))).await;
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
fn keys_may_be_any_bytes() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let guard = strict(&client);
    let huge = vec![7; 3_000_000];
    let keys: [&[u8]; 8] = [b"", b"\0", b"/", b"..", "ünï/路".as_bytes(), &[0xff, 0xfe], &huge, &huge[1..]];
    for key in keys {
        turn(&guard, key).missed().wait().unwrap();
    }
    let names = sandbox.children("/misses");
    assert_eq!(names.len(), keys.len());
    assert!(names.iter().all(|name| name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit())));
    for key in keys {
        assert!(is_absent(&guard, key));
    }
    let other = client.miss_guard("/other").threshold(1);
    assert!(!is_absent(&other, b""), "another path has other keys");
}

#[test]
fn lookups_that_time_out_or_are_cancelled_leave_nothing() {
    let sandbox = Sandbox::new();
    let (first, second) = (sandbox.client(), sandbox.client());
    let held = turn(&strict(&first), KEY);
    for client in [&first, &second] {
        for timeout in [Duration::ZERO, Duration::from_millis(100)] {
            let error = strict(client).begin(KEY).timeout(timeout).wait().unwrap_err();
            assert_eq!(error.code(), ErrorCode::Timeout, "{error}");
            assert!(error.message().contains("/misses/"), "{error}");
        }
    }
    assert!(eventually(TIMEOUT, || contenders(&sandbox) == 1));
    let mut cancelled = [strict(&first).begin(KEY), strict(&second).begin(KEY)];
    for op in &mut cancelled {
        assert!(op.wait_for(Duration::from_millis(1)).is_none());
    }
    assert!(eventually(TIMEOUT, || contenders(&sandbox) == 2));
    drop(cancelled);
    assert!(eventually(TIMEOUT, || contenders(&sandbox) == 1));
    held.found().wait().unwrap();
    assert!(eventually(TIMEOUT, || contenders(&sandbox) == 0));
    let free = strict(&second).begin(KEY).timeout(Duration::ZERO).wait().unwrap();
    assert!(matches!(free, Lookup::Load(_)), "no other lookup is waiting");
}

#[test]
fn invalid_data_is_left_unchanged() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let guard = strict(&client);
    drop(turn(&guard, KEY));
    let node = sandbox.path(&format!("/misses/{}", sandbox.children("/misses")[0]));
    sandbox.observer.set(&node, b"mine").unwrap();
    let begin = guard.begin(KEY).wait().unwrap_err();
    let forget = guard.forget(KEY).wait().unwrap_err();
    for error in [begin, forget] {
        assert_eq!(error.code(), ErrorCode::BadData);
        assert!(error.message().contains("/misses/") && error.message().contains("mine"), "{error}");
    }
    assert_eq!(sandbox.observer.data(&node).unwrap().unwrap().0, b"mine");
}

#[test]
fn a_client_without_permission_is_refused() {
    let sandbox = Sandbox::new();
    let hosts = format!("{}{}", shared().hosts(), sandbox.root);
    let owner = Client::builder(hosts).auth("digest", "owner:secret").acl(Acl::Creator);
    let owner = owner.connect().wait().unwrap();
    turn(&strict(&owner), KEY).missed().wait().unwrap();
    let guard = strict(&sandbox.client());
    for error in [
        guard.begin(KEY).timeout(TIMEOUT).wait().unwrap_err(),
        guard.begin("another").timeout(TIMEOUT).wait().unwrap_err(),
        guard.forget(KEY).timeout(TIMEOUT).wait().unwrap_err(),
    ] {
        assert_eq!(error.code(), ErrorCode::NotAuthorized, "{error}");
    }
}

#[test]
fn invalid_arguments_are_reported_with_their_values() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
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
    for (guard, message) in cases {
        let error = guard.begin(KEY).wait().unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidArgument);
        assert!(error.message().starts_with(message), "{error}");
    }
    assert!(client.miss_guard("/").forget(KEY).wait().is_err());
    client.close().wait().unwrap();
    assert_eq!(good.begin(KEY).wait().unwrap_err().code(), ErrorCode::Closed);
    assert_eq!(good.forget(KEY).wait().unwrap_err().code(), ErrorCode::Closed);
}
