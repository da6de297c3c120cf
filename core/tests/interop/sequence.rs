//! A lock directory whose 32-bit sequence is used up, on a real server: the counter stays at 2147483647 (ZOOKEEPER-3249),
//! so the numbers no longer order the contenders.

use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Barrier, mpsc};

use crate::support::peer::{Folder, Peer, java};
use crate::support::{SESSION, TIMEOUT};
use zkcoord::{Client, ErrorCode, Guard, Mutex};
use zkcoord_testkit::{Frame, Observer, Op, Proxy, ZooKeeper, eventually};

/// A server on which the next child of `/lock` gets a chosen number.
struct Server {
    zookeeper: ZooKeeper,
    observer: Observer,
    /// The server's folder. Fields are dropped in their order, so the server has ended when its folder is removed.
    _data: Folder,
}

impl Server {
    fn start(next: i32) -> Server {
        let data = Folder::new("sequence");
        let mut write = java("StuckSequence");
        assert!(write.arg(&data.0).arg("/lock").arg(next.to_string()).status().unwrap().success());
        let builder = ZooKeeper::builder().property("dataDir", &data.0.display().to_string());
        let zookeeper = builder.start().unwrap();
        let observer = Observer::connect(&zookeeper.hosts()).unwrap();
        Server { zookeeper, observer, _data: data }
    }

    fn client(&self) -> Client {
        Client::builder(self.zookeeper.hosts()).session_timeout(SESSION).connect().wait().unwrap()
    }

    fn await_children(&self, count: usize) {
        let children = || self.observer.children("/lock").unwrap().unwrap();
        assert!(eventually(TIMEOUT, || children().len() == count), "{:?}", children());
    }
}

fn acquire(client: &Client) -> zkcoord::Result<Guard> {
    client.mutex("/lock").acquire().timeout(TIMEOUT).wait()
}

/// Asserts that the outcome is a refusal, and returns its message.
fn refusal<T: std::fmt::Debug>(outcome: zkcoord::Result<T>) -> String {
    let error = outcome.unwrap_err();
    assert_eq!(error.code(), ErrorCode::SequenceExhausted, "{error}");
    assert!(error.message().contains("delete the directory"), "{error}");
    error.message().to_owned()
}

#[test]
fn no_lock_is_granted_after_the_last_number() {
    let server = Server::start(i32::MAX - 1);
    let (first, second) = (server.client(), server.client());
    let guard = acquire(&first).unwrap();
    assert!(guard.node().ends_with("-2147483646"), "{}", guard.node());
    refusal(acquire(&second));
    refusal(second.mutex("/lock").try_acquire().wait());
    server.await_children(1);
    assert!(guard.is_held(), "the holder is not affected");
    guard.release().wait().unwrap();
    refusal(acquire(&first));
    server.await_children(0);
    // The remedy that the message names.
    server.observer.delete("/lock").unwrap();
    let again = acquire(&second).unwrap();
    assert!(again.token() > guard.token());
}

#[test]
fn contenders_at_the_end_of_the_numbers_never_overlap() {
    const CONTENDERS: usize = 8;
    let last = 40;
    let server = Server::start(i32::MAX - last);
    let (inside, served) = (AtomicBool::new(false), AtomicI32::new(0));
    let start = Barrier::new(CONTENDERS);
    std::thread::scope(|scope| {
        for _ in 0..CONTENDERS {
            scope.spawn(|| {
                let client = server.client();
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
    server.await_children(0);
}

/// Lets many contenders queue at once, and returns whether some of them got negative numbers: creates that are under way
/// together get 2147483647, -2147483648, -2147483647, and so on.
fn numbers_turn_negative(mutex: &Mutex, proxy: &Proxy) -> bool {
    const CONTENDERS: usize = 16;
    let (sender, receiver) = mpsc::channel();
    proxy.clear_frames();
    proxy.hold_requests(true);
    for _ in 0..CONTENDERS {
        let sender = sender.clone();
        let done = move |outcome| sender.send(outcome).unwrap();
        let _canceller = mutex.acquire().timeout(TIMEOUT).on_done(done);
    }
    let creates = |frames: &[Frame]| frames.iter().filter(|frame| frame.is_request(Op::Create)).count();
    assert!(proxy.wait_for(TIMEOUT, |frames| creates(frames) == CONTENDERS));
    proxy.hold_requests(false);
    let refusals: Vec<_> =
        (0..CONTENDERS).map(|_| refusal(receiver.recv_timeout(TIMEOUT).unwrap())).collect();
    refusals.iter().any(|message| message.contains("-lock--2147483"))
}

#[test]
fn negative_numbers_are_refused() {
    let server = Server::start(i32::MAX);
    let proxy = Proxy::start(&server.zookeeper.host(0)).unwrap();
    let builder = Client::builder(proxy.address()).session_timeout(SESSION);
    let mutex = builder.connect().wait().unwrap().mutex("/lock");
    // Usually the first attempt is enough.
    assert!(eventually(TIMEOUT, || numbers_turn_negative(&mutex, &proxy)));
    server.await_children(0);
}

#[test]
fn a_holder_of_curator_with_the_last_number_blocks_us() {
    let server = Server::start(i32::MAX);
    let mut curator = Peer::curator(&server.zookeeper.hosts());
    let node = curator.acquire("mutex", "/lock", TIMEOUT).unwrap();
    assert!(node.ends_with("-2147483647"), "{node}");
    let client = server.client();
    refusal(acquire(&client));
    refusal(client.mutex("/lock").try_acquire().wait());
}
