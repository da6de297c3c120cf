//! `lease_remaining`: how long a guard stays valid if no server answers any more.

use std::fs;
use std::future::{Future, IntoFuture};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Wake, Waker};
use std::time::{Duration, Instant};

use crate::support::{SESSION, Sandbox, TIMEOUT, machine};
use zkcoord::{Client, Guard, Loss};
use zkcoord_testkit::{Frame, Op, Proxy, ZooKeeper, eventually};

#[test]
fn a_lease_is_renewed_while_servers_answer_and_zero_after_a_release() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let longest = client.session_timeout().unwrap() * 5 / 8;
    let guard = client.mutex("/lock").acquire().wait().unwrap();
    let left = guard.lease_remaining().unwrap();
    assert!(left > Duration::ZERO && left <= longest, "{left:?}");
    guard.release().wait().unwrap();
    assert_eq!(guard.lease_remaining().unwrap(), Duration::ZERO);
}

#[test]
fn a_lease_that_is_not_renewed_ends_and_the_lock_is_lost() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let client = sandbox.client_through(&proxy);
    let guard = client.mutex("/lock").acquire().wait().unwrap();
    let little = client.session_timeout().unwrap() / 4;
    proxy.stall(true);
    assert!(eventually(TIMEOUT, || guard.lease_remaining().unwrap() < little));
    // The guard reports the end in advance, unless this process did not run in the meantime.
    let (held, left) = (guard.is_held(), guard.lease_remaining().unwrap());
    assert!(held || left.is_zero());
    assert_eq!(guard.lost().timeout(TIMEOUT).wait().unwrap(), Loss::LeaseEnded);
    assert_eq!(guard.lease_remaining().unwrap(), Duration::ZERO);
}

#[test]
fn a_lease_is_renewed_when_servers_answer_again() {
    // The servers must answer again before the lease ends.
    let _quiet = machine::quiet();
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let client = sandbox.client_through(&proxy);
    let guard = client.mutex("/lock").acquire().wait().unwrap();
    let some = client.session_timeout().unwrap() * 3 / 8;
    proxy.stall(true);
    assert!(eventually(TIMEOUT, || guard.lease_remaining().unwrap() < some));
    proxy.stall(false);
    assert!(eventually(TIMEOUT, || guard.lease_remaining().unwrap() > some));
    guard.check().unwrap();
}

#[test]
fn the_lease_of_a_multi_mutex_ends_with_the_first_lost_lock() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let guard = client.multi_mutex(["/a", "/b"]).acquire().wait().unwrap();
    assert!(guard.lease_remaining().unwrap() > Duration::ZERO);
    let (second, _) = guard.tokens().unwrap().pop().unwrap();
    sandbox.observer.delete(&sandbox.path(&second)).unwrap();
    assert_eq!(guard.lost().timeout(TIMEOUT).wait().unwrap(), Loss::NodeDeleted);
    assert_eq!(guard.lease_remaining().unwrap(), Duration::ZERO);
}

/// A waker that keeps the client's only runtime thread busy until it is told to continue.
struct BlockRuntime {
    is_blocked: AtomicBool,
    resume: Mutex<mpsc::Receiver<()>>,
}

impl Wake for BlockRuntime {
    fn wake(self: Arc<BlockRuntime>) {
        if !self.is_blocked.swap(true, Ordering::SeqCst) {
            let _resumed = self.resume.lock().unwrap().recv_timeout(TIMEOUT);
        }
    }
}

/// The runtime thread may be late, so that `check` notices the end of the lease before the lease keeper does, and an answer
/// extends the lease then.
#[test]
fn a_guard_whose_check_failed_stays_lost_when_a_late_answer_arrives() {
    let _quiet = machine::quiet();
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    for check in
        [|guard: &Guard| guard.check().is_ok(), |guard: &Guard| !guard.lease_remaining().unwrap().is_zero()]
    {
        let client = sandbox.client_through(&proxy);
        let guard = client.mutex("/lock").acquire().wait().unwrap();
        proxy.clear_frames();
        proxy.hold_replies(true);
        assert!(proxy.wait_for(TIMEOUT, |frames| frames.iter().any(|it| it.is_request(Op::Sync))));
        let (resume, receiver) = mpsc::channel();
        let blocked =
            Arc::new(BlockRuntime { is_blocked: AtomicBool::new(false), resume: Mutex::new(receiver) });
        let waker = Waker::from(blocked.clone());
        let mut passes = pin!(guard.lost().timeout(Duration::from_millis(20)).into_future());
        assert!(passes.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        assert!(eventually(TIMEOUT, || blocked.is_blocked.load(Ordering::SeqCst)));
        proxy.hold_replies(false);
        assert!(eventually(TIMEOUT, || !check(&guard)));
        assert_eq!(guard.loss().unwrap(), Some(Loss::LeaseEnded));
        resume.send(()).unwrap();
        std::thread::sleep(client.session_timeout().unwrap() / 8);
        assert!(!guard.is_held() && guard.lease_remaining().unwrap().is_zero(), "held again");
        assert_eq!(guard.lost().timeout(TIMEOUT).wait().unwrap(), Loss::LeaseEnded);
        guard.release().timeout(TIMEOUT).wait().unwrap();
    }
}

/// The files of a server's configuration are read again when it is started again.
fn restart_with(zookeeper: &ZooKeeper, line: &str) {
    let folder = fs::read_link(format!("/proc/{}/cwd", zookeeper.pid(0).unwrap())).unwrap();
    let config = folder.join("0.cfg");
    zookeeper.kill(0).unwrap();
    // Of two lines with the same key the last one counts.
    let lines = fs::read_to_string(&config).unwrap() + line + "\n";
    fs::write(config, lines).unwrap();
    zookeeper.start_node(0).unwrap();
    zookeeper.wait_ready(TIMEOUT).unwrap();
}

#[test]
fn a_shorter_session_timeout_granted_on_a_reconnect_shortens_the_running_lease() {
    let _quiet = machine::quiet();
    let zookeeper = ZooKeeper::start(1).unwrap();
    let proxy = Proxy::start(&zookeeper.host(0)).unwrap();
    let long = Duration::from_secs(20);
    let client = Client::builder(proxy.address()).session_timeout(long).connect().wait().unwrap();
    let guard = client.mutex("/lock").acquire().wait().unwrap();
    assert_eq!(client.session_timeout().unwrap(), long);
    restart_with(&zookeeper, "maxSessionTimeout=2000");
    assert!(eventually(TIMEOUT, || client.session_timeout().unwrap() == SESSION));
    assert!(guard.is_held());
    let term = SESSION * 5 / 8;
    assert!(guard.lease_remaining().unwrap() <= term);
    // The heartbeat follows the new timeout, too.
    proxy.clear_frames();
    let syncs = |frames: &[Frame]| frames.iter().filter(|frame| frame.is_request(Op::Sync)).count();
    let start = Instant::now();
    assert!(proxy.wait_for(TIMEOUT, |frames| syncs(frames) == 4));
    assert!(start.elapsed() < SESSION, "{:?}", start.elapsed());
    let rival = Client::builder(zookeeper.hosts()).session_timeout(SESSION).connect().wait().unwrap();
    let mut waiting = rival.mutex("/lock").acquire();
    assert!(waiting.wait_for(Duration::from_millis(100)).is_none());
    proxy.stall(true);
    let cut_off = Instant::now();
    assert_eq!(guard.lost().timeout(TIMEOUT).wait().unwrap(), Loss::LeaseEnded);
    let reported = cut_off.elapsed();
    assert!(reported < term + Duration::from_millis(200), "reported after {reported:?}");
    let _next = waiting.wait_for(TIMEOUT).unwrap().unwrap();
    let acquired = cut_off.elapsed();
    assert!(reported < acquired, "reported after {reported:?}, acquired by the other after {acquired:?}");
}

#[test]
fn a_longer_session_timeout_granted_on_a_reconnect_is_reported_and_does_not_lengthen_the_lease() {
    let zookeeper = ZooKeeper::builder().property("maxSessionTimeout", "2000").start().unwrap();
    let long = Duration::from_secs(20);
    let client = Client::builder(zookeeper.hosts()).session_timeout(long).connect().wait().unwrap();
    let guard = client.mutex("/lock").acquire().wait().unwrap();
    assert_eq!(client.session_timeout().unwrap(), SESSION);
    // A new leader counts with the timeout at which the session was created.
    restart_with(&zookeeper, "maxSessionTimeout=60000");
    assert!(eventually(TIMEOUT, || client.session_timeout().unwrap() == long));
    let again = client.mutex("/other").acquire().timeout(TIMEOUT).wait().unwrap();
    for guard in [guard, again] {
        assert!(guard.lease_remaining().unwrap() <= SESSION * 5 / 8);
    }
}
