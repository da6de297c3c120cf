//! Faults of several servers, and a holder that is cut off for long: each could give a lock to two holders.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::support::peer::{Peer, java};
use crate::support::{SESSION, Sandbox, TIMEOUT, machine};
use zkcoord::{Client, ErrorCode, Guard, Op};
use zkcoord_testkit::{Observer, Op as Request, Proxy, ZooKeeper, eventually};

/// Long enough that no session ends unless the test ends it.
const LONG_SESSION: Duration = Duration::from_secs(10);

/// Three servers, each behind a proxy.
struct Trio {
    zookeeper: ZooKeeper,
    proxies: Vec<Proxy>,
}

impl Trio {
    fn start() -> Trio {
        Trio::of(ZooKeeper::start(3).unwrap())
    }

    fn of(zookeeper: ZooKeeper) -> Trio {
        let proxies = (0..3).map(|node| Proxy::start(&zookeeper.host(node)).unwrap()).collect();
        Trio { zookeeper, proxies }
    }

    /// A client that may use all three servers, through their proxies.
    fn client_through_proxies(&self) -> Client {
        let hosts: Vec<_> = self.proxies.iter().map(Proxy::address).collect();
        connect(&hosts.join(","))
    }

    /// The server to which the only client behind the proxies is connected.
    fn server_in_use(&self) -> usize {
        let in_use = || self.proxies.iter().position(|proxy| proxy.connections() > 0);
        assert!(eventually(TIMEOUT, || in_use().is_some()));
        in_use().unwrap()
    }

    /// The lock's nodes on one server.
    fn nodes(&self, server: usize) -> Vec<String> {
        let observer = Observer::connect(&self.zookeeper.host(server)).unwrap();
        observer.children("/lock").unwrap().unwrap_or_default()
    }
}

fn connect(hosts: &str) -> Client {
    Client::builder(hosts).session_timeout(LONG_SESSION).connect().wait().unwrap()
}

/// Starts an operation that cannot complete yet.
fn start<T: Send + 'static>(op: Op<T>) -> Op<T> {
    let mut op = op.timeout(TIMEOUT);
    assert!(op.wait_for(Duration::from_millis(1)).is_none());
    op
}

fn is_node_of(guard: &Guard, name: &str) -> bool {
    guard.node() == format!("/lock/{name}")
}

/// Asserts that there is no orphan: another client can acquire the lock.
fn assert_free(rival: &Client) {
    let guard = rival.mutex("/lock").try_acquire().timeout(TIMEOUT).wait().unwrap();
    guard.expect("a node is left").release().timeout(TIMEOUT).wait().unwrap();
}

#[test]
fn a_reply_to_create_lost_on_the_way_to_another_server_leaves_one_holder_and_no_orphan() {
    let _busy = machine::busy();
    let trio = Trio::start();
    let (client, rival) = (trio.client_through_proxies(), connect(&trio.zookeeper.hosts()));
    let session = client.session_id().unwrap();
    assert_free(&rival);
    for round in 0..12 {
        let old = trio.server_in_use();
        let proxy = &trio.proxies[old];
        proxy.clear_frames();
        proxy.hold_replies(true);
        let acquiring = start(client.mutex("/lock").acquire());
        assert!(proxy.wait_for(TIMEOUT, |frames| frames.iter().any(|it| it.is_request(Request::Create))));
        // In every other round the create may still be on its way to the servers.
        if round % 2 == 0 {
            assert!(eventually(TIMEOUT, || trio.nodes(old).len() == 1));
        }
        proxy.refuse(true);
        proxy.hold_replies(false);
        let guard = acquiring.wait().unwrap();
        assert_ne!(trio.server_in_use(), old);
        let nodes = trio.nodes(trio.server_in_use());
        assert!(nodes.len() == 1 && is_node_of(&guard, &nodes[0]), "{} and {nodes:?}", guard.node());
        guard.release().timeout(TIMEOUT).wait().unwrap();
        assert_free(&rival);
        proxy.refuse(false);
    }
    assert_eq!(client.session_id().unwrap(), session, "no session may end");
}

/// A stopped server holds the create while the client continues with another server. The create must not be applied after
/// the client has concluded that it never will be.
#[test]
fn a_create_that_arrives_after_the_session_has_moved_is_not_applied() {
    let _busy = machine::busy();
    let trio = Trio::start();
    let leader = trio.zookeeper.leader().unwrap();
    trio.proxies[leader].refuse(true);
    let (client, rival) = (trio.client_through_proxies(), connect(&trio.zookeeper.host(leader)));
    let session = client.session_id().unwrap();
    assert_free(&rival);
    for _ in 0..4 {
        let old = trio.server_in_use();
        let proxy = &trio.proxies[old];
        proxy.clear_frames();
        trio.zookeeper.pause(old).unwrap();
        let acquiring = start(client.mutex("/lock").acquire());
        assert!(proxy.wait_for(TIMEOUT, |frames| frames.iter().any(|it| it.is_request(Request::Create))));
        proxy.refuse(true);
        let guard = acquiring.wait().unwrap();
        trio.zookeeper.resume(old).unwrap();
        trio.zookeeper.wait_ready(TIMEOUT).unwrap();
        // The old server handles all earlier requests of the session before these.
        let observer = Observer::connect(&trio.zookeeper.host(old)).unwrap();
        observer.create_all("/after").unwrap();
        observer.delete("/after").unwrap();
        let nodes = trio.nodes(old);
        assert!(nodes.len() == 1 && is_node_of(&guard, &nodes[0]), "{} and {nodes:?}", guard.node());
        guard.release().timeout(TIMEOUT).wait().unwrap();
        assert_free(&rival);
        proxy.refuse(false);
    }
    assert_eq!(client.session_id().unwrap(), session, "no session may end");
}

/// The debugger port of a server that was started with one.
fn debugger_port(zookeeper: &ZooKeeper, node: usize) -> String {
    let log = zookeeper.log(node);
    let (_, port) = log.split_once("Listening for transport dt_socket at address: ").unwrap();
    port.lines().next().unwrap().to_owned()
}

/// The number of changes that the leader has proposed to the other servers.
fn proposals(zookeeper: &ZooKeeper, leader: usize) -> u64 {
    let mut server = TcpStream::connect(zookeeper.host(leader)).unwrap();
    server.write_all(b"mntr").unwrap();
    let mut answer = String::new();
    server.read_to_string(&mut answer).unwrap();
    let count = answer.lines().find_map(|line| line.strip_prefix("zk_proposal_count\t"));
    count.unwrap().parse().unwrap()
}

/// The case that needs a `sync`: the leader has the create but has not confirmed it yet, while the client asks another
/// server whether the node exists. After a "no" the client would create a second node and wait for the first one forever.
#[test]
fn a_create_confirmed_only_after_the_session_has_moved_is_found() {
    let _busy = machine::busy();
    let debugger = "-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=127.0.0.1:0";
    // With a large limit the leader does not drop slow servers.
    let builder = ZooKeeper::builder().nodes(3).java_option(debugger).property("syncLimit", "80");
    let trio = Trio::of(builder.start().unwrap());
    let ports = (0..3).map(|node| debugger_port(&trio.zookeeper, node));
    let mut disks = Peer::start(java("SlowDisks").args(ports));
    let leader = trio.zookeeper.leader().unwrap();
    trio.proxies[leader].refuse(true);
    let (client, rival) = (trio.client_through_proxies(), connect(&trio.zookeeper.hosts()));
    let session = client.session_id().unwrap();
    assert_free(&rival);
    for _ in 0..4 {
        let old = trio.server_in_use();
        let other = &trio.proxies[3 - leader - old];
        other.clear_frames();
        assert_eq!(disks.ask("stop"), "ok");
        let before = proposals(&trio.zookeeper, leader);
        let mut acquiring = start(client.mutex("/lock").acquire());
        assert!(eventually(TIMEOUT, || proposals(&trio.zookeeper, leader) > before));
        trio.proxies[old].refuse(true);
        assert!(other.wait_for(TIMEOUT, |frames| frames.iter().any(|it| it.is_request(Request::Any))));
        assert!(acquiring.wait_for(Duration::from_millis(200)).is_none());
        assert_eq!(disks.ask("go"), "ok");
        let guard = acquiring.wait().unwrap();
        let nodes = trio.nodes(leader);
        assert!(nodes.len() == 1 && is_node_of(&guard, &nodes[0]), "{} and {nodes:?}", guard.node());
        guard.release().timeout(TIMEOUT).wait().unwrap();
        assert_free(&rival);
        trio.proxies[old].refuse(false);
    }
    assert_eq!(client.session_id().unwrap(), session, "no session may end");
}

#[test]
fn eight_waiters_survive_the_leader_and_keep_their_order() {
    let _busy = machine::busy();
    let zookeeper = ZooKeeper::start(3).unwrap();
    let leader = zookeeper.leader().unwrap();
    let observer = Observer::connect(&zookeeper.host((leader + 1) % 3)).unwrap();
    let guard = connect(&zookeeper.hosts()).mutex("/lock").acquire().timeout(TIMEOUT).wait().unwrap();
    let mut queue = Vec::new();
    for ahead in 1..=8 {
        let waiting = start(connect(&zookeeper.hosts()).mutex("/lock").acquire());
        let names = || observer.children("/lock").unwrap().unwrap_or_default();
        assert!(eventually(TIMEOUT, || names().len() == ahead + 1));
        let own = names().into_iter().max_by_key(|name| name[name.len() - 10..].to_owned()).unwrap();
        queue.push((waiting, own));
    }
    zookeeper.kill(leader).unwrap();
    zookeeper.leader().unwrap();
    assert!(guard.is_held());
    guard.release().timeout(TIMEOUT).wait().unwrap();
    let mut last = guard.token();
    for (waiting, own) in queue {
        let guard = waiting.wait().unwrap();
        assert!(is_node_of(&guard, &own), "{} instead of {own}", guard.node());
        assert!(guard.token() > last);
        last = guard.token();
        guard.release().timeout(TIMEOUT).wait().unwrap();
    }
}

#[test]
fn a_holder_cut_off_for_three_session_timeouts_cannot_write() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let client = sandbox.client_through(&proxy);
    let guard = client.mutex("/lock").acquire().timeout(TIMEOUT).wait().unwrap();
    guard.create("/data", b"first").timeout(TIMEOUT).wait().unwrap();
    let next = start(sandbox.client().mutex("/lock").acquire());
    proxy.stall(true);
    // This write is under way at the cut, and arrives after another client has acquired the lock.
    let under_way = start(guard.set_data("/data", b"under way", None));
    // This does not wait for anything. The duration is the fault itself.
    std::thread::sleep(3 * SESSION);
    let next = next.wait().unwrap();
    assert!(next.token() > guard.token());
    next.set_data("/data", b"next", None).timeout(TIMEOUT).wait().unwrap();
    proxy.stall(false);
    let error = guard.set_data("/data", b"late", None).timeout(TIMEOUT).wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::LockLost, "{error}");
    assert_eq!(guard.check().unwrap_err().code(), ErrorCode::LockLost);
    assert!(guard.loss().unwrap().is_some());
    let error = under_way.wait().unwrap_err();
    assert!([ErrorCode::LockLost, ErrorCode::Indeterminate].contains(&error.code()), "{error}");
    let (data, _) = sandbox.observer.data(&sandbox.path("/data")).unwrap().unwrap();
    assert_eq!(data, b"next");
    assert!(next.is_held());
    let again = client.mutex("/other").acquire().timeout(TIMEOUT).wait().unwrap();
    assert!(again.is_held(), "the client continues with a new session");
}
