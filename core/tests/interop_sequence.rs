//! A lock directory whose 32-bit sequence is used up, on a real server: the counter sticks at 2147483647 (ZOOKEEPER-3249), so
//! that the numbers order nobody any more.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

#[path = "support/peer.rs"]
mod peer;
mod support;

use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Barrier, mpsc};

use peer::{Folder, Peer, java};
use support::{PATIENCE, SESSION};
use zkcoord::{Client, ErrorCode, Guard, Mutex};
use zkcoord_testkit::{Frame, Observer, Op, Proxy, ZooKeeper, eventually};

/// A server whose node `/lock` hands out this number next.
struct Worn {
    zookeeper: ZooKeeper,
    observer: Observer,
    /// The server's. Fields are dropped in their order: the server has ended when its folder goes.
    _data: Folder,
}

impl Worn {
    fn start(next: i32) -> Worn {
        let data = Folder::new("worn");
        let mut write = java("StuckSequence");
        assert!(write.arg(&data.0).arg("/lock").arg(next.to_string()).status().unwrap().success());
        let builder = ZooKeeper::builder().property("dataDir", &data.0.display().to_string());
        let zookeeper = builder.start().unwrap();
        let observer = Observer::connect(&zookeeper.hosts()).unwrap();
        Worn { zookeeper, observer, _data: data }
    }

    fn client(&self) -> Client {
        Client::builder(self.zookeeper.hosts()).session_timeout(SESSION).connect().wait().unwrap()
    }

    fn await_children(&self, count: usize) {
        let children = || self.observer.children("/lock").unwrap().unwrap();
        assert!(eventually(PATIENCE, || children().len() == count), "{:?}", children());
    }
}

fn acquire(client: &Client) -> zkcoord::Result<Guard> {
    client.mutex("/lock").acquire().timeout(PATIENCE).wait()
}

/// The message of the refusal that the outcome must be.
fn refusal<T: std::fmt::Debug>(outcome: zkcoord::Result<T>) -> String {
    let error = outcome.unwrap_err();
    assert_eq!(error.code(), ErrorCode::SequenceExhausted, "{error}");
    assert!(error.message().contains("delete the directory"), "{error}");
    error.message().to_owned()
}

#[test]
fn the_last_number_is_the_last_to_be_served() {
    let worn = Worn::start(i32::MAX - 1);
    let (first, second) = (worn.client(), worn.client());
    let guard = acquire(&first).unwrap();
    assert!(guard.node().ends_with("-2147483646"), "{}", guard.node());
    refusal(acquire(&second));
    refusal(second.mutex("/lock").try_acquire().wait());
    worn.await_children(1);
    assert!(guard.is_held(), "the holder is not touched by it");
    guard.release().wait().unwrap();
    refusal(acquire(&first));
    worn.await_children(0);
    // The way out that the message names.
    worn.observer.delete("/lock").unwrap();
    let again = acquire(&second).unwrap();
    assert!(again.token() > guard.token());
}

#[test]
fn a_crowd_at_the_end_of_the_numbers_never_overlaps() {
    const CONTENDERS: usize = 8;
    let last = 40;
    let worn = Worn::start(i32::MAX - last);
    let (inside, served) = (AtomicBool::new(false), AtomicI32::new(0));
    let start = Barrier::new(CONTENDERS);
    std::thread::scope(|scope| {
        for _ in 0..CONTENDERS {
            scope.spawn(|| {
                let client = worn.client();
                start.wait();
                let refused = loop {
                    match acquire(&client) {
                        Ok(guard) => {
                            assert!(!inside.swap(true, Ordering::SeqCst), "two holders");
                            assert!(
                                served.fetch_add(1, Ordering::SeqCst) < last,
                                "more than there are numbers"
                            );
                            assert!(inside.swap(false, Ordering::SeqCst), "two holders");
                            guard.release().wait().unwrap();
                        }
                        refused => break refused,
                    }
                };
                refusal(refused);
            });
        }
    });
    assert!(served.into_inner() > 0);
    worn.await_children(0);
}

/// Lets a crowd queue in one moment, and returns whether some of them got numbers below zero: creates that are under way
/// together get 2147483647, -2147483648, -2147483647, and so on.
fn crowd_turns_negative(mutex: &Mutex, proxy: &Proxy) -> bool {
    const CROWD: usize = 16;
    let (tell, told) = mpsc::channel();
    proxy.clear_frames();
    proxy.hold_requests(true);
    for _ in 0..CROWD {
        let tell = tell.clone();
        let done = move |outcome| tell.send(outcome).unwrap();
        let _canceller = mutex.acquire().timeout(PATIENCE).on_done(done);
    }
    let creates = |frames: &[Frame]| frames.iter().filter(|frame| frame.is_request(Op::Create)).count();
    assert!(proxy.wait_for(PATIENCE, |frames| creates(frames) == CROWD));
    proxy.hold_requests(false);
    let refusals: Vec<_> = (0..CROWD).map(|_| refusal(told.recv_timeout(PATIENCE).unwrap())).collect();
    refusals.iter().any(|message| message.contains("-lock--2147483"))
}

#[test]
fn nobody_overlaps_where_the_numbers_turn_negative() {
    let worn = Worn::start(i32::MAX);
    let proxy = Proxy::start(&worn.zookeeper.host(0)).unwrap();
    let builder = Client::builder(proxy.address()).session_timeout(SESSION);
    let mutex = builder.connect().wait().unwrap().mutex("/lock");
    // Usually the first does.
    assert!(eventually(PATIENCE, || crowd_turns_negative(&mutex, &proxy)));
    worn.await_children(0);
}

#[test]
fn curators_holder_there_keeps_us_out() {
    let worn = Worn::start(i32::MAX);
    let mut curator = Peer::curator(&worn.zookeeper.hosts());
    let node = curator.acquire("mutex", "/lock", PATIENCE).unwrap();
    assert!(node.ends_with("-2147483647"), "{node}");
    let client = worn.client();
    refusal(acquire(&client));
    refusal(client.mutex("/lock").try_acquire().wait());
}
