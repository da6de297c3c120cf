//! Many locks at once cost few requests, and no neighbour's trouble, against a real server.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod support;

use std::time::Duration;

use support::{Corner, PATIENCE};
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
    ops.iter_mut().map(|op| op.wait_for(PATIENCE).unwrap()).collect()
}

/// Makes all the directories but the first five, and the last five for somebody else only.
fn prepare(corner: &Corner) {
    let hosts = format!("{}{}", shared().hosts(), corner.root);
    let owner = Client::builder(hosts).auth("digest", "owner:secret").acl(Acl::Creator);
    let owner = owner.connect().wait().unwrap();
    corner.observer.create_all(&corner.path("/locks")).unwrap();
    for number in 5..LOCKS - 5 {
        corner.observer.create(&corner.path(&path(number)), b"").unwrap();
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

/// Every lock is held once, but for those that are forbidden.
fn check(corner: &Corner, outcomes: &[Result<Guard, Error>]) {
    for (number, outcome) in outcomes.iter().enumerate() {
        match outcome {
            Ok(guard) => {
                assert!(number < LOCKS - 5 && guard.is_held(), "{number}");
                let stat = corner.observer.exists(&corner.path(guard.node())).unwrap().unwrap();
                assert_eq!(guard.token(), stat.czxid as u64, "{number}");
                assert_eq!(corner.children(&path(number)).len(), 1, "{number}");
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
    let corner = Corner::new();
    prepare(&corner);
    let proxy = corner.proxy();
    let client = corner.client_through(&proxy);
    // Once, so that the counting begins with a client that is at rest.
    client.counter("/c").get().wait().unwrap();
    proxy.clear_frames();
    let outcomes = acquire_all(&client);
    let cost = requests(&proxy);
    eprintln!("{LOCKS} acquires, 5 directories missing and 5 forbidden: {cost} requests");
    assert!(cost <= 40, "{cost} requests: {:?}", by_code(&proxy));
    check(&corner, &outcomes);
    proxy.clear_frames();
    drop(outcomes);
    for number in 5..LOCKS - 5 {
        corner.await_children(&path(number), 0);
    }
    eprintln!("their release: {} requests", requests(&proxy));
}

#[test]
fn a_lost_reply_to_many_leaves_no_orphan() {
    let corner = Corner::new();
    prepare(&corner);
    let proxy = corner.proxy();
    let client = corner.client_through(&proxy);
    let rules = [proxy.swallow_reply(Op::Multi, 1), proxy.swallow_reply(Op::Multi, 7)];
    let outcomes = acquire_all(&client);
    assert!(rules.iter().all(|rule| rule.fired() == 1));
    check(&corner, &outcomes);
}

#[test]
fn contenders_of_one_lock_never_share_a_token() {
    let corner = Corner::new();
    let client = corner.client();
    let (tell, told) = std::sync::mpsc::channel();
    for number in 0..100 {
        let tell = tell.clone();
        let lock = number % 10;
        // The callback's end gives the lock to the next.
        client.mutex(format!("/l/{lock}")).acquire().timeout(PATIENCE).on_done(move |guard| {
            tell.send((lock, guard.unwrap().token())).unwrap();
        });
    }
    drop(tell);
    let mut tokens = vec![Vec::new(); 10];
    told.iter().for_each(|(lock, token): (usize, u64)| tokens[lock].push(token));
    for tokens in tokens {
        assert!(tokens.len() == 10 && tokens.is_sorted_by(|a, b| a < b), "{tokens:?}");
    }
}
