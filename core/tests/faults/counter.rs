//! Counting under lost messages, killed leaders and ended sessions: each acknowledged add counts once, and nothing else
//! counts.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use crate::support::{Sandbox, TIMEOUT, machine};
use zkcoord::{Client, Counter, ErrorCode, State};
use zkcoord_testkit::{Observer, Op, Proxy, Rule, ZooKeeper, eventually, shared};

const ADDS: usize = 2000;

/// The share of all requests, or of all replies, that is lost.
const LOSS: f64 = 0.02;

/// The timeout of one add, which then would be `INDETERMINATE`. No add takes nearly as long.
const LONG: Duration = Duration::from_secs(60);

/// A session timeout longer than every fault here.
const LONG_SESSION: Duration = Duration::from_secs(30);

/// The clients that add at the same time, and the number of threads of each.
#[derive(Clone, Copy, Debug)]
struct Adders {
    clients: usize,
    threads: usize,
}

const ONE: Adders = Adders { clients: 1, threads: 1 };
/// The adds of one client share writes.
const COMBINING: Adders = Adders { clients: 1, threads: 4 };
/// The writes of several clients conflict.
const COMPETING: Adders = Adders { clients: 3, threads: 4 };

impl Adders {
    fn connect(self, mut connect: impl FnMut() -> Client) -> Vec<Client> {
        (0..self.clients).map(|_| connect()).collect()
    }

    /// Adds 1 again and again, on all threads, while `more` returns true.
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

/// The results of adds.
#[derive(Debug, Default)]
struct Tally {
    /// The new value after each acknowledged add.
    values: Vec<i64>,
    indeterminate: usize,
}

impl Tally {
    fn and(mut self, other: Tally) -> Tally {
        self.values.extend(other.values);
        self.indeterminate += other.indeterminate;
        self
    }

    /// Asserts that every add was acknowledged, with the values from 1 to `value`, each once.
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

/// The value of the node.
fn value_of(observer: &Observer, path: &str) -> i64 {
    let (data, _) = observer.data(path).unwrap().unwrap();
    i64::from_be_bytes(data.try_into().unwrap())
}

fn session_ids(clients: &[Client]) -> Vec<i64> {
    clients.iter().map(|client| client.session_id().unwrap()).collect()
}

fn add_under_loss(adders: Adders, lose: impl Fn(&Proxy) -> Rule, min_faults: usize) {
    let _busy = machine::busy();
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let hosts = format!("{}{}", proxy.address(), sandbox.root);
    let connect = || Client::builder(&hosts).session_timeout(LONG_SESSION).connect().wait().unwrap();
    let clients = adders.connect(connect);
    let sessions = session_ids(&clients);
    let rule = lose(&proxy);
    let started = AtomicUsize::new(0);
    let tally = adders.add(&clients, || started.fetch_add(1, SeqCst) < ADDS);
    proxy.clear_rules();
    let value = value_of(&sandbox.observer, &sandbox.path("/c"));
    eprintln!(
        "{adders:?}: {} acknowledged, {} indeterminate, {} faults, final value {value}",
        tally.values.len(),
        tally.indeterminate,
        rule.fired(),
    );
    assert_eq!(tally.values.len(), ADDS);
    assert_eq!(value, ADDS as i64);
    tally.assert_exact(value);
    assert!(rule.fired() >= min_faults, "{} faults", rule.fired());
    assert_eq!(session_ids(&clients), sessions, "no session may end");
}

fn lose_replies(proxy: &Proxy) -> Rule {
    proxy.swallow_replies_at_random(Op::Any, LOSS, 1)
}

fn lose_requests(proxy: &Proxy) -> Rule {
    proxy.swallow_requests_at_random(Op::Any, LOSS, 2)
}

#[test]
fn replies_are_lost_to_one_thread() {
    add_under_loss(ONE, lose_replies, 20);
}

#[test]
fn replies_are_lost_to_adds_that_share_writes() {
    add_under_loss(COMBINING, lose_replies, 5);
}

#[test]
fn replies_are_lost_to_competing_clients() {
    add_under_loss(COMPETING, lose_replies, 5);
}

#[test]
fn requests_of_one_thread_are_lost() {
    add_under_loss(ONE, lose_requests, 20);
}

#[test]
fn requests_of_adds_that_share_writes_are_lost() {
    add_under_loss(COMBINING, lose_requests, 5);
}

#[test]
fn requests_of_competing_clients_are_lost() {
    add_under_loss(COMPETING, lose_requests, 5);
}

/// Kills the leader of three servers twice while adds are under way, and continues to add afterwards.
fn add_while_leaders_are_killed(adders: Adders) {
    let _busy = machine::busy();
    let zookeeper = ZooKeeper::start(3).unwrap();
    let hosts = zookeeper.hosts();
    let connect = || Client::builder(&hosts).session_timeout(LONG_SESSION).connect().wait().unwrap();
    let clients = adders.connect(connect);
    let sessions = session_ids(&clients);
    let started = AtomicUsize::new(0);
    let await_adds = |more: usize| {
        let goal = started.load(SeqCst) + more;
        assert!(eventually(LONG, || started.load(SeqCst) >= goal), "{} of {goal}", started.load(SeqCst));
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
        let tally = adders.add(&clients, || {
            let nth = started.fetch_add(1, SeqCst);
            nth < ADDS || !killing.is_finished()
        });
        killing.join().unwrap();
        tally
    });
    let value = value_of(&Observer::connect(&hosts).unwrap(), "/c");
    eprintln!(
        "{adders:?}: {} acknowledged, {} indeterminate, 2 leaders killed, final value {value}",
        tally.values.len(),
        tally.indeterminate,
    );
    assert!(tally.values.len() >= ADDS);
    assert_eq!(value, tally.values.len() as i64);
    tally.assert_exact(value);
    assert_eq!(session_ids(&clients), sessions, "no session may end");
}

fn is_suspended(client: &Client) -> bool {
    client.state().unwrap() == State::Suspended
}

#[test]
fn leaders_are_killed_while_one_thread_adds() {
    add_while_leaders_are_killed(ONE);
}

#[test]
fn leaders_are_killed_while_clients_compete() {
    add_while_leaders_are_killed(COMPETING);
}

/// Ends a client's session, and returns when it has a new one. With `silently` its connection is lost first, together with
/// the replies under way, and the client cannot reconnect before the session has ended.
fn end_session(client: &Client, proxy: &Proxy, silently: bool) {
    let session = client.session_id().unwrap();
    proxy.refuse(silently);
    shared().expire(session).unwrap();
    proxy.refuse(false);
    assert!(eventually(TIMEOUT, || ![0, session].contains(&client.session_id().unwrap())));
}

fn add_while_sessions_end(adders: Adders) {
    let _busy = machine::busy();
    let sandbox = Sandbox::new();
    let proxies: Vec<_> = (0..adders.clients).map(|_| sandbox.proxy()).collect();
    let clients: Vec<_> = proxies.iter().map(|proxy| sandbox.client_through(proxy)).collect();
    let started = AtomicUsize::new(0);
    let ends = AtomicUsize::new(0);
    let mut random = fastrand::Rng::with_seed(3);
    let end_sessions = || {
        while ends.load(SeqCst) < 20 {
            let goal = started.load(SeqCst) + random.usize(1..ADDS / 20);
            assert!(eventually(TIMEOUT, || started.load(SeqCst) >= goal));
            let victim = random.usize(..adders.clients);
            end_session(&clients[victim], &proxies[victim], random.bool());
            ends.fetch_add(1, SeqCst);
        }
    };
    let tally = thread::scope(|scope| {
        let ending = scope.spawn(end_sessions);
        let tally = adders.add(&clients, || {
            let nth = started.fetch_add(1, SeqCst);
            nth < ADDS || !ending.is_finished()
        });
        ending.join().unwrap();
        tally
    });
    let value = value_of(&sandbox.observer, &sandbox.path("/c"));
    let acknowledged = tally.values.len();
    eprintln!(
        "{adders:?}: {acknowledged} acknowledged, {} indeterminate, {ends:?} sessions ended, final value {value}",
        tally.indeterminate,
    );
    assert!(acknowledged as i64 <= value && value <= (acknowledged + tally.indeterminate) as i64);
    assert!(tally.indeterminate > 0, "no write was under way when its session ended");
    let mut values = tally.values;
    values.sort_unstable();
    values.dedup();
    assert_eq!(values.len(), acknowledged, "two adds returned the same value");
}

#[test]
fn sessions_end_while_one_thread_adds() {
    add_while_sessions_end(ONE);
}

#[test]
fn sessions_end_while_clients_compete() {
    add_while_sessions_end(COMPETING);
}
