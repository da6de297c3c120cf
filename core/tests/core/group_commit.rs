//! Many locks at once share requests, and a lock that fails does not affect the others. Against a real server.

use std::time::Duration;

use crate::support::{Sandbox, TIMEOUT, machine};
use zkcoord::{Acl, Client, Error, ErrorCode, Guard};
use zkcoord_testkit::{Op, Proxy, shared};

const LOCKS: usize = 1000;

fn path(number: usize) -> String {
    format!("/locks/{number}")
}

/// Acquires all the locks at once.
fn acquire_all(client: &Client) -> Vec<Result<Guard, Error>> {
    let mut ops: Vec<_> = (0..LOCKS).map(|number| client.mutex(path(number)).acquire()).collect();
    for op in &mut ops {
        assert!(op.wait_for(Duration::ZERO).is_none());
    }
    ops.iter_mut().map(|op| op.wait_for(TIMEOUT).unwrap()).collect()
}

/// Creates all directories except the first five. Only another user may access the last five.
fn prepare(sandbox: &Sandbox) {
    let hosts = format!("{}{}", shared().hosts(), sandbox.root);
    let owner = Client::builder(hosts).auth("digest", "owner:secret").acl(Acl::Creator);
    let owner = owner.connect().wait().unwrap();
    sandbox.observer.create_all(&sandbox.path("/locks")).unwrap();
    for number in 5..LOCKS - 5 {
        sandbox.observer.create(&sandbox.path(&path(number)), b"").unwrap();
    }
    for number in LOCKS - 5..LOCKS {
        drop(owner.mutex(path(number)).acquire().wait().unwrap());
    }
    owner.close().wait().unwrap();
}

fn requests(proxy: &Proxy) -> usize {
    let frames = proxy.frames();
    let counts = |op| frames.iter().filter(|frame| frame.is_request(op)).count();
    counts(Op::Any) - counts(Op::Ping)
}

fn by_code(proxy: &Proxy) -> std::collections::BTreeMap<i32, usize> {
    let mut counts = std::collections::BTreeMap::new();
    for frame in proxy.frames().iter().filter(|frame| frame.is_request(Op::Any)) {
        *counts.entry(frame.code).or_default() += 1;
    }
    counts
}

/// Asserts that every lock is held once, except the forbidden ones.
fn check(sandbox: &Sandbox, outcomes: &[Result<Guard, Error>]) {
    for (number, outcome) in outcomes.iter().enumerate() {
        match outcome {
            Ok(guard) => {
                assert!(number < LOCKS - 5 && guard.is_held(), "{number}");
                let stat = sandbox.observer.exists(&sandbox.path(guard.node())).unwrap().unwrap();
                assert_eq!(guard.token(), stat.czxid as u64, "{number}");
                assert_eq!(sandbox.children(&path(number)).len(), 1, "{number}");
            }
            Err(error) => {
                assert!(number >= LOCKS - 5, "{number}: {error}");
                assert_eq!(error.code(), ErrorCode::NotAuthorized, "{error}");
            }
        }
    }
}

#[test]
fn a_thousand_locks_cost_few_requests() {
    // The tasks must get their requests ready at about the same time.
    let _quiet = machine::quiet();
    let sandbox = Sandbox::new();
    prepare(&sandbox);
    let proxy = sandbox.proxy();
    let client = sandbox.client_through(&proxy);
    // Ensures that nothing else is under way when the counting begins.
    client.counter("/c").get().wait().unwrap();
    proxy.clear_frames();
    let outcomes = acquire_all(&client);
    let cost = requests(&proxy);
    eprintln!("{LOCKS} acquires, 5 directories missing and 5 forbidden: {cost} requests");
    assert!(cost <= 40, "{cost} requests: {:?}", by_code(&proxy));
    check(&sandbox, &outcomes);
    proxy.clear_frames();
    drop(outcomes);
    for number in 5..LOCKS - 5 {
        sandbox.await_children(&path(number), 0);
    }
    eprintln!("their release: {} requests", requests(&proxy));
}

#[test]
fn a_lost_reply_to_a_multi_leaves_no_orphan() {
    let _busy = machine::busy();
    let sandbox = Sandbox::new();
    prepare(&sandbox);
    let proxy = sandbox.proxy();
    let client = sandbox.client_through(&proxy);
    let rules = [proxy.swallow_reply(Op::Multi, 1), proxy.swallow_reply(Op::Multi, 7)];
    let outcomes = acquire_all(&client);
    assert!(rules.iter().all(|rule| rule.fired() == 1));
    check(&sandbox, &outcomes);
}

#[test]
fn contenders_of_one_lock_never_share_a_token() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let (sender, receiver) = std::sync::mpsc::channel();
    for number in 0..100 {
        let sender = sender.clone();
        let lock = number % 10;
        // The guard is dropped at the end of the callback, so the next contender acquires the lock.
        client.mutex(format!("/l/{lock}")).acquire().timeout(TIMEOUT).on_done(move |guard| {
            sender.send((lock, guard.unwrap().token())).unwrap();
        });
    }
    drop(sender);
    let mut tokens = vec![Vec::new(); 10];
    receiver.iter().for_each(|(lock, token): (usize, u64)| tokens[lock].push(token));
    for tokens in tokens {
        assert!(tokens.len() == 10 && tokens.is_sorted_by(|a, b| a < b), "{tokens:?}");
    }
}
