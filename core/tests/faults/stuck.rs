//! A server that answers pings only. A new connection to it works.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::support::{SESSION, Sandbox, TIMEOUT, machine};
use zkcoord::{Client, Loss};
use zkcoord_testkit::{eventually, shared};

/// A proxy that can swallow all answers on one connection, except those to pings.
#[derive(Default)]
struct PingsOnly {
    /// The number of connections so far.
    connections: AtomicUsize,
    /// The number of the connection whose answers are swallowed.
    stuck: AtomicUsize,
}

impl PingsOnly {
    /// Starts the proxy, and returns its address.
    fn start() -> (Arc<PingsOnly>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let proxy = Arc::new(PingsOnly::default());
        let threads = proxy.clone();
        // The threads end with the sockets or with the test program.
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let server = TcpStream::connect(shared().host(0)).unwrap();
                let number = threads.connections.fetch_add(1, Ordering::SeqCst) + 1;
                let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                std::thread::spawn(move || forward(from, to, |_| true));
                let proxy = threads.clone();
                let passes = move |frame: &[u8]| {
                    // Answers to pings have the number -2.
                    frame.starts_with(&(-2_i32).to_be_bytes()) || proxy.stuck.load(Ordering::SeqCst) != number
                };
                std::thread::spawn(move || forward(server, client, passes));
            }
        });
        (proxy, address)
    }

    /// Swallows the answers on the connection that was opened last.
    fn get_stuck(&self) -> usize {
        let connections = self.connections.load(Ordering::SeqCst);
        self.stuck.store(connections, Ordering::SeqCst);
        connections
    }
}

fn forward(mut from: TcpStream, mut to: TcpStream, passes: impl Fn(&[u8]) -> bool) {
    let mut forward_frame = || -> io::Result<()> {
        let mut length = [0; 4];
        from.read_exact(&mut length)?;
        let mut frame = vec![0; u32::from_be_bytes(length) as usize];
        from.read_exact(&mut frame)?;
        if passes(&frame) { to.write_all(&[&length[..], &frame].concat()) } else { Ok(()) }
    };
    while forward_frame().is_ok() {}
    drop((from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both)));
}

fn connect(sandbox: &Sandbox, address: &str) -> Client {
    Client::builder(format!("{address}{}", sandbox.root)).session_timeout(SESSION).connect().wait().unwrap()
}

#[test]
fn a_lock_is_kept_at_a_server_that_answers_pings_only_while_requests_time_out() {
    let _quiet = machine::quiet();
    let sandbox = Sandbox::new();
    let (proxy, address) = PingsOnly::start();
    let client = connect(&sandbox, &address);
    let counter = client.counter("/counter");
    counter.add(1).timeout(TIMEOUT).wait().unwrap();
    let guard = client.mutex("/lock").acquire().timeout(TIMEOUT).wait().unwrap();
    let connections = proxy.get_stuck();
    let start = Instant::now();
    // Each of these requests is given up before it is overdue.
    while start.elapsed() < 2 * SESSION {
        let _outcome = counter.get().timeout(SESSION / 8).wait();
    }
    assert!(proxy.connections.load(Ordering::SeqCst) > connections, "no new connection was made");
    assert_eq!(guard.loss().unwrap(), None::<Loss>);
    guard.check().unwrap();
    assert_eq!(counter.get().timeout(TIMEOUT).wait().unwrap(), 1);
}

#[test]
fn a_client_without_locks_notices_a_server_that_answers_pings_only_although_its_requests_time_out() {
    let _quiet = machine::quiet();
    let sandbox = Sandbox::new();
    let (proxy, address) = PingsOnly::start();
    let counter = connect(&sandbox, &address).counter("/counter");
    counter.add(1).timeout(TIMEOUT).wait().unwrap();
    let connections = proxy.get_stuck();
    counter.get().timeout(SESSION / 16).wait().unwrap_err();
    let noticed = || proxy.connections.load(Ordering::SeqCst) > connections;
    assert!(eventually(SESSION, noticed), "no new connection was made");
    assert_eq!(counter.get().timeout(TIMEOUT).wait().unwrap(), 1);
}

#[test]
fn requests_that_time_out_before_their_answers_arrive_do_not_end_the_connection() {
    let _quiet = machine::quiet();
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let client = sandbox.client_through(&proxy);
    let counter = client.counter("/counter");
    counter.add(1).timeout(TIMEOUT).wait().unwrap();
    proxy.delay(SESSION / 40);
    let start = Instant::now();
    while start.elapsed() < SESSION {
        counter.get_stale().timeout(SESSION / 80).wait().unwrap_err();
        std::thread::sleep(SESSION / 10);
    }
    proxy.delay(Duration::ZERO);
    let connects = proxy.frames().iter().filter(|it| it.is_request(zkcoord_testkit::Op::Connect)).count();
    assert_eq!(connects, 1);
}
