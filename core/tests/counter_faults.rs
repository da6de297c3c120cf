//! Counting under lost messages, killed leaders and ended sessions: an acknowledged add counts once, and no other does.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use support::{Corner, PATIENCE};
use zkcoord::{Client, Counter, ErrorCode, State};
use zkcoord_testkit::{Observer, Op, Proxy, Rule, ZooKeeper, eventually, shared};

const ADDS: usize = 2000;

/// Of all requests, or of all replies, whatever they are about.
const LOSS: f64 = 0.02;

/// An add that is not answered by then would be `INDETERMINATE` for that alone: none comes near it.
const LONG: Duration = Duration::from_secs(60);

/// Sessions that no fault here is long enough to end.
const LONG_SESSION: Duration = Duration::from_secs(30);

/// Who adds at the same time: so many clients, with so many threads each.
#[derive(Clone, Copy, Debug)]
struct Crowd {
    clients: usize,
    threads: usize,
}

const ONE: Crowd = Crowd { clients: 1, threads: 1 };
/// Adds share writes.
const COMBINING: Crowd = Crowd { clients: 1, threads: 4 };
/// And the clients undo each other's writes.
const COMPETING: Crowd = Crowd { clients: 3, threads: 4 };

impl Crowd {
    fn connect(self, mut connect: impl FnMut() -> Client) -> Vec<Client> {
        (0..self.clients).map(|_| connect()).collect()
    }

    /// Adds 1 over and over, on all threads, for as long as there is `more` to do.
    fn add(self, clients: &[Client], more: impl Fn() -> bool + Sync) -> Tally {
        let more = &more;
        thread::scope(|scope| {
            let threads: Vec<_> = clients
                .iter()
                .flat_map(|client| (0..self.threads).map(|_| client.counter("/c")))
                .map(|counter| scope.spawn(move || add_one_by_one(&counter, more)))
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).fold(Tally::default(), Tally::and)
        })
    }
}

/// What those who added were told.
#[derive(Debug, Default)]
struct Tally {
    /// The new value, by acknowledged add.
    values: Vec<i64>,
    indeterminate: usize,
}

impl Tally {
    fn and(mut self, other: Tally) -> Tally {
        self.values.extend(other.values);
        self.indeterminate += other.indeterminate;
        self
    }

    /// Every add was acknowledged, and each has a value of its own, up to the last.
    fn assert_exact(mut self, value: i64) {
        assert_eq!(self.indeterminate, 0);
        self.values.sort_unstable();
        assert!(self.values.iter().copied().eq(1..=value), "{} values up to {value}", self.values.len());
    }
}

fn add_one_by_one(counter: &Counter, more: impl Fn() -> bool) -> Tally {
    let mut tally = Tally::default();
    while more() {
        match counter.add(1).timeout(LONG).wait() {
            Ok(value) => tally.values.push(value),
            Err(error) if error.code() == ErrorCode::Indeterminate => tally.indeterminate += 1,
            Err(error) => panic!("{error}"),
        }
    }
    tally
}

/// The value as it stands in the node.
fn value_of(observer: &Observer, path: &str) -> i64 {
    let (data, _) = observer.data(path).unwrap().unwrap();
    i64::from_be_bytes(data.try_into().unwrap())
}

fn session_ids(clients: &[Client]) -> Vec<i64> {
    clients.iter().map(|client| client.session_id().unwrap()).collect()
}

fn add_under_loss(crowd: Crowd, lose: impl Fn(&Proxy) -> Rule, least: usize) {
    let corner = Corner::new();
    let proxy = corner.proxy();
    let hosts = format!("{}{}", proxy.address(), corner.root);
    let connect = || Client::builder(&hosts).session_timeout(LONG_SESSION).connect().wait().unwrap();
    let clients = crowd.connect(connect);
    let sessions = session_ids(&clients);
    let rule = lose(&proxy);
    let asked = AtomicUsize::new(0);
    let tally = crowd.add(&clients, || asked.fetch_add(1, SeqCst) < ADDS);
    proxy.clear_rules();
    let value = value_of(&corner.observer, &corner.path("/c"));
    eprintln!(
        "{crowd:?}: {} acknowledged, {} indeterminate, {} faults, final value {value}",
        tally.values.len(),
        tally.indeterminate,
        rule.fired(),
    );
    assert_eq!(tally.values.len(), ADDS);
    assert_eq!(value, ADDS as i64);
    tally.assert_exact(value);
    assert!(rule.fired() >= least, "{} faults", rule.fired());
    assert_eq!(session_ids(&clients), sessions, "the same sessions all the time");
}

fn lose_replies(proxy: &Proxy) -> Rule {
    proxy.swallow_replies_at_random(Op::Any, LOSS, 1)
}

fn lose_requests(proxy: &Proxy) -> Rule {
    proxy.swallow_requests_at_random(Op::Any, LOSS, 2)
}

#[test]
fn replies_lost_to_one_after_the_other() {
    add_under_loss(ONE, lose_replies, 20);
}

#[test]
fn replies_lost_to_adds_that_share_writes() {
    add_under_loss(COMBINING, lose_replies, 5);
}

#[test]
fn replies_lost_to_clients_that_compete() {
    add_under_loss(COMPETING, lose_replies, 5);
}

#[test]
fn requests_lost_of_one_after_the_other() {
    add_under_loss(ONE, lose_requests, 20);
}

#[test]
fn requests_lost_of_adds_that_share_writes() {
    add_under_loss(COMBINING, lose_requests, 5);
}

#[test]
fn requests_lost_of_clients_that_compete() {
    add_under_loss(COMPETING, lose_requests, 5);
}

/// Kills the leader of three, twice, while adds are under way, and goes on adding afterwards.
fn add_while_leaders_die(crowd: Crowd) {
    let zookeeper = ZooKeeper::start(3).unwrap();
    let hosts = zookeeper.hosts();
    let connect = || Client::builder(&hosts).session_timeout(LONG_SESSION).connect().wait().unwrap();
    let clients = crowd.connect(connect);
    let sessions = session_ids(&clients);
    let asked = AtomicUsize::new(0);
    let await_adds = |more: usize| {
        let goal = asked.load(SeqCst) + more;
        assert!(eventually(LONG, || asked.load(SeqCst) >= goal), "{} of {goal}", asked.load(SeqCst));
    };
    let kill_twice = || {
        for _ in 0..2 {
            await_adds(300);
            let leader = zookeeper.leader().unwrap();
            zookeeper.kill(leader).unwrap();
            assert!(eventually(LONG, || clients.iter().all(is_suspended)));
            zookeeper.leader().unwrap();
            zookeeper.start_node(leader).unwrap();
            zookeeper.wait_ready(LONG).unwrap();
        }
        await_adds(300);
    };
    let tally = thread::scope(|scope| {
        let killing = scope.spawn(kill_twice);
        let tally = crowd.add(&clients, || {
            let nth = asked.fetch_add(1, SeqCst);
            nth < ADDS || !killing.is_finished()
        });
        killing.join().unwrap();
        tally
    });
    let value = value_of(&Observer::connect(&hosts).unwrap(), "/c");
    eprintln!(
        "{crowd:?}: {} acknowledged, {} indeterminate, 2 leaders killed, final value {value}",
        tally.values.len(),
        tally.indeterminate,
    );
    assert!(tally.values.len() >= ADDS);
    assert_eq!(value, tally.values.len() as i64);
    tally.assert_exact(value);
    assert_eq!(session_ids(&clients), sessions, "the same sessions all the time");
}

fn is_suspended(client: &Client) -> bool {
    client.state().unwrap() == State::Suspended
}

#[test]
fn leaders_killed_under_one_after_the_other() {
    add_while_leaders_die(ONE);
}

#[test]
fn leaders_killed_under_clients_that_compete() {
    add_while_leaders_die(COMPETING);
}

/// Ends a client's session, and returns when it has a new one. `silently`: its connection is lost first, with the reply to
/// whatever is under way, and it does not come back before the session is over.
fn end_session(client: &Client, proxy: &Proxy, silently: bool) {
    let session = client.session_id().unwrap();
    proxy.refuse(silently);
    shared().expire(session).unwrap();
    proxy.refuse(false);
    assert!(eventually(PATIENCE, || ![0, session].contains(&client.session_id().unwrap())));
}

fn add_while_sessions_end(crowd: Crowd) {
    let corner = Corner::new();
    let proxies: Vec<_> = (0..crowd.clients).map(|_| corner.proxy()).collect();
    let clients: Vec<_> = proxies.iter().map(|proxy| corner.client_through(proxy)).collect();
    let asked = AtomicUsize::new(0);
    let ends = AtomicUsize::new(0);
    let mut random = fastrand::Rng::with_seed(3);
    let end_sessions = || {
        while ends.load(SeqCst) < 20 {
            let goal = asked.load(SeqCst) + random.usize(1..ADDS / 20);
            assert!(eventually(PATIENCE, || asked.load(SeqCst) >= goal));
            let victim = random.usize(..crowd.clients);
            end_session(&clients[victim], &proxies[victim], random.bool());
            ends.fetch_add(1, SeqCst);
        }
    };
    let tally = thread::scope(|scope| {
        let ending = scope.spawn(end_sessions);
        let tally = crowd.add(&clients, || {
            let nth = asked.fetch_add(1, SeqCst);
            nth < ADDS || !ending.is_finished()
        });
        ending.join().unwrap();
        tally
    });
    let value = value_of(&corner.observer, &corner.path("/c"));
    let acknowledged = tally.values.len();
    eprintln!(
        "{crowd:?}: {acknowledged} acknowledged, {} indeterminate, {ends:?} sessions ended, final value {value}",
        tally.indeterminate,
    );
    assert!(acknowledged as i64 <= value && value <= (acknowledged + tally.indeterminate) as i64);
    assert!(tally.indeterminate > 0, "no write met the end of its session");
    let mut values = tally.values;
    values.sort_unstable();
    values.dedup();
    assert_eq!(values.len(), acknowledged, "two adds were told the same value");
}

#[test]
fn sessions_ended_under_one_after_the_other() {
    add_while_sessions_end(ONE);
}

#[test]
fn sessions_ended_under_clients_that_compete() {
    add_while_sessions_end(COMPETING);
}
