//! Linearizability of a counter whose clients lose their connections: each operation seems to take effect at one instant
//! between its call and its answer. The checker is stateright's.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use crate::support::{SESSION, machine};
use fastrand::Rng;
use stateright::semantics::{ConsistencyTester, LinearizabilityTester, SequentialSpec};
use zkcoord::{Client, Counter, ErrorCode, Result};
use zkcoord_testkit::{Op, Proxy, ZooKeeper};

/// The timeout of one operation, which then would be `INDETERMINATE`. No operation takes nearly as long.
const LONG: Duration = Duration::from_secs(60);

/// A session timeout longer than every reconnect.
const LONG_SESSION: Duration = Duration::from_secs(10);

const CLIENTS: usize = 4;

/// The calls of each client in each history. The checker's time may grow exponentially with them.
const CALLS: usize = 10;

#[derive(Clone, Copy, Debug)]
enum Call {
    Add(i64),
    Get,
    CompareAndSet { expected: i64, new: i64 },
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Answer {
    Value(i64),
    WasSet(bool),
}

impl Call {
    /// Makes the call and returns the counter's answer, or `None` if it is `INDETERMINATE`.
    fn make(self, counter: &Counter) -> Option<Answer> {
        let answer = match self {
            Call::Add(n) => counter.add(n).timeout(LONG).wait().map(Answer::Value),
            Call::Get => counter.get().timeout(LONG).wait().map(Answer::Value),
            Call::CompareAndSet { expected, new } => {
                counter.compare_and_set(expected, new).timeout(LONG).wait().map(Answer::WasSet)
            }
        };
        known(answer)
    }
}

fn known(answer: Result<Answer>) -> Option<Answer> {
    match answer {
        Err(error) if error.code() == ErrorCode::Indeterminate => None,
        answer => Some(answer.unwrap()),
    }
}

/// A sequential counter, with which the real one must agree.
#[derive(Clone, Debug, Default)]
struct Specification(i64);

impl SequentialSpec for Specification {
    type Op = Call;
    type Ret = Answer;

    fn invoke(&mut self, call: &Call) -> Answer {
        match *call {
            Call::Add(n) => self.0 += n,
            Call::Get => {}
            Call::CompareAndSet { expected, new } => {
                let meets = self.0 == expected;
                if meets {
                    self.0 = new;
                }
                return Answer::WasSet(meets);
            }
        }
        Answer::Value(self.0)
    }
}

/// Calls and answers in the order in which they were observed, each with its caller. A caller calls again only after the
/// answer.
#[derive(Debug, Default)]
struct History {
    tester: LinearizabilityTester<usize, Specification>,
    callers: usize,
    calls: usize,
    answers: usize,
    /// Calls that were made while others had no answer yet.
    concurrent: usize,
}

impl History {
    fn new_caller(&mut self) -> usize {
        self.callers += 1;
        self.callers
    }

    fn call(&mut self, caller: usize, call: Call) -> &mut History {
        self.tester.on_invoke(caller, call).unwrap();
        self.concurrent += usize::from(self.calls > self.answers);
        self.calls += 1;
        self
    }

    fn answer(&mut self, caller: usize, answer: Answer) -> &mut History {
        self.tester.on_return(caller, answer).unwrap();
        self.answers += 1;
        self
    }

    fn is_linearizable(&self) -> bool {
        self.tester.is_consistent()
    }
}

/// A client with a proxy of its own to each of the servers.
struct Member {
    client: Client,
    proxies: Vec<Proxy>,
}

impl Member {
    fn connect(zookeeper: &ZooKeeper, session: Duration) -> Member {
        let servers = 0..zookeeper.nodes();
        let proxies: Vec<_> = servers.map(|node| Proxy::start(&zookeeper.host(node)).unwrap()).collect();
        let hosts: Vec<_> = proxies.iter().map(Proxy::address).collect();
        let client = Client::builder(hosts.join(",")).session_timeout(session).connect().wait().unwrap();
        Member { client, proxies }
    }

    fn refuse(&self, on: bool) {
        self.proxies.iter().for_each(|proxy| proxy.refuse(on));
    }
}

/// Makes and records one client's calls, one after the other. Now and then causes a fault of some client.
fn make_calls(counter: &Counter, history: &Mutex<History>, mut random: Rng, fault: impl Fn(&mut Rng)) {
    let history = || history.lock().unwrap();
    let mut caller = history().new_caller();
    let mut last = 0;
    for _ in 0..CALLS {
        let call = match random.u8(..4) {
            0 => Call::Get,
            1 => Call::CompareAndSet { expected: last, new: random.i64(1000..1_000_000) },
            _ => Call::Add(random.i64(1..10)),
        };
        if random.u8(..4) == 0 {
            fault(&mut random);
        }
        history().call(caller, call);
        match call.make(counter) {
            Some(answer) => {
                history().answer(caller, answer);
                last = match (call, answer) {
                    (_, Answer::Value(value)) => value,
                    (Call::CompareAndSet { new, .. }, Answer::WasSet(true)) => new,
                    _ => last,
                };
            }
            // The call may take effect at any time, or never. The client continues as another caller.
            None => caller = history().new_caller(),
        }
    }
}

/// Records and checks one history after the other, each with a counter of its own. Returns the number of `INDETERMINATE`
/// calls.
fn check_histories(members: &[Member], histories: u64, fault: impl Fn(&Member, &mut Rng) + Sync) -> usize {
    let (mut calls, mut concurrent, mut indeterminate) = (0, 0, 0);
    for number in 0..histories {
        let history = Mutex::new(History::default());
        let cause_fault = |random: &mut Rng| fault(&members[random.usize(..CLIENTS)], random);
        thread::scope(|scope| {
            for (member, seed) in members.iter().zip(CLIENTS as u64 * number..) {
                let (counter, random) = (member.client.counter(format!("/c{number}")), Rng::with_seed(seed));
                let (history, cause_fault) = (&history, &cause_fault);
                scope.spawn(move || make_calls(&counter, history, random, cause_fault));
            }
        });
        let history = history.into_inner().unwrap();
        assert!(history.is_linearizable(), "{history:#?}");
        calls += history.calls;
        concurrent += history.concurrent;
        indeterminate += history.calls - history.answers;
    }
    eprintln!("{histories} histories, {calls} calls, {concurrent} concurrent, {indeterminate} indeterminate");
    assert!(concurrent > calls / 2, "{concurrent} of {calls} calls were concurrent");
    indeterminate
}

#[test]
fn histories_under_reconnects_are_linearizable() {
    let _busy = machine::busy();
    let zookeeper = ZooKeeper::start(3).unwrap();
    let members = [(); CLIENTS].map(|()| Member::connect(&zookeeper, LONG_SESSION));
    let cuts = AtomicUsize::new(0);
    let indeterminate = check_histories(&members, 25, |member, random| {
        let disconnect = if random.bool() { Proxy::cut } else { Proxy::reset };
        for proxy in &member.proxies {
            cuts.fetch_add(proxy.connections(), SeqCst);
            disconnect(proxy);
        }
    });
    eprintln!("{cuts:?} connections cut");
    assert_eq!(indeterminate, 0);
    assert!(cuts.load(SeqCst) > 50, "{cuts:?} cuts");
}

#[test]
fn histories_in_which_sessions_end_are_linearizable() {
    let _busy = machine::busy();
    let zookeeper = ZooKeeper::start(3).unwrap();
    let members = [(); CLIENTS].map(|()| Member::connect(&zookeeper, SESSION));
    let ends = AtomicUsize::new(0);
    let indeterminate = check_histories(&members, 20, |member, _| {
        let session = member.client.session_id().unwrap();
        if session == 0 {
            return;
        }
        member.refuse(true);
        // Another thread may have ended it already.
        ends.fetch_add(usize::from(zookeeper.expire(session).is_ok()), SeqCst);
        member.refuse(false);
    });
    eprintln!("{ends:?} sessions ended");
    assert!(indeterminate > 0 && ends.load(SeqCst) > 30, "{ends:?} ends");
}

#[test]
fn a_read_from_a_server_that_lags_is_not_stale() {
    let _busy = machine::busy();
    let zookeeper = ZooKeeper::start(3).unwrap();
    let leader = zookeeper.leader().unwrap();
    let follower = (leader + 1) % 3;
    let proxy = Proxy::start(&zookeeper.host(follower)).unwrap();
    // The sessions must outlast the time for which their server is stopped.
    let connect =
        |hosts| Client::builder(hosts).session_timeout(LONG).connect().wait().unwrap().counter("/c");
    let (near, far) = (connect(zookeeper.host(leader)), connect(proxy.address()));
    far.set(0).timeout(LONG).wait().unwrap();
    for _ in 0..20 {
        zookeeper.pause(follower).unwrap();
        let values: Vec<_> = (0..20).map(|_| near.add(1).timeout(LONG).wait().unwrap()).collect();
        proxy.clear_frames();
        let mut reading = far.get().timeout(LONG);
        assert!(reading.wait_for(Duration::ZERO).is_none());
        // The read and all earlier changes wait in the follower's sockets together.
        assert!(proxy.wait_for(LONG, |frames| frames.iter().any(|frame| frame.is_request(Op::GetData))));
        zookeeper.resume(follower).unwrap();
        assert_eq!(reading.wait().unwrap(), values[values.len() - 1]);
    }
}

#[test]
fn the_checker_rejects_impossible_histories() {
    let mut stale_read = History::default();
    stale_read
        .call(1, Call::Add(1))
        .answer(1, Answer::Value(1))
        .call(2, Call::Get)
        .answer(2, Answer::Value(0));
    assert!(!stale_read.is_linearizable());
    let mut lost_add = History::default();
    lost_add
        .call(1, Call::Add(1))
        .call(2, Call::Add(1))
        .answer(1, Answer::Value(1))
        .answer(2, Answer::Value(1));
    assert!(!lost_add.is_linearizable());
    let mut doubled_add = History::default();
    doubled_add
        .call(1, Call::Add(1))
        .answer(1, Answer::Value(1))
        .call(2, Call::Get)
        .answer(2, Answer::Value(2));
    assert!(!doubled_add.is_linearizable());
    let swap = Call::CompareAndSet { expected: 0, new: 7 };
    let mut set_twice = History::default();
    set_twice.call(1, swap).call(2, swap).answer(1, Answer::WasSet(true)).answer(2, Answer::WasSet(true));
    assert!(!set_twice.is_linearizable());
    // A call without an answer may explain an observed value, but only once.
    let mut explained = History::default();
    explained.call(1, Call::Add(1)).call(2, Call::Get).answer(2, Answer::Value(0));
    explained.call(3, Call::Get).answer(3, Answer::Value(1));
    assert!(explained.is_linearizable());
    explained.call(2, Call::Get).answer(2, Answer::Value(2));
    assert!(!explained.is_linearizable());
}
