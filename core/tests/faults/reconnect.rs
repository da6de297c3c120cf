//! How clients find a server that answers, and how they come back after a lost connection.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{SESSION, Sandbox, TIMEOUT, machine};
use zkcoord::{Client, ErrorCode, State};
use zkcoord_testkit::{Op, Proxy, eventually, shared};

/// A relay to the shared server. While it is deaf, it passes on handshakes and pings only.
struct Relay {
    address: SocketAddr,
    deaf: Arc<AtomicBool>,
    open: Arc<AtomicUsize>,
    accepted: Arc<AtomicUsize>,
}

impl Relay {
    fn start() -> Relay {
        Relay::start_at(Ipv4Addr::LOCALHOST)
    }

    fn start_at(address: Ipv4Addr) -> Relay {
        let listener = TcpListener::bind((address, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let relay = Relay { address, deaf: Arc::default(), open: Arc::default(), accepted: Arc::default() };
        let (deaf, open, accepted) = (relay.deaf.clone(), relay.open.clone(), relay.accepted.clone());
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                accepted.fetch_add(1, Ordering::SeqCst);
                open.fetch_add(1, Ordering::SeqCst);
                let (deaf, open) = (deaf.clone(), open.clone());
                thread::spawn(move || {
                    let _ended = Relay::pass_on(client, &deaf);
                    open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        relay
    }

    /// Serves one connection until the client closes it.
    fn pass_on(mut client: TcpStream, deaf: &AtomicBool) -> std::io::Result<()> {
        const PING: [u8; 4] = (-2i32).to_be_bytes();
        let mut server = TcpStream::connect(shared().host(0))?;
        let (mut replies, mut back) = (server.try_clone()?, client.try_clone()?);
        thread::spawn(move || {
            let _ended = std::io::copy(&mut replies, &mut back);
            let _closed = back.shutdown(Shutdown::Both);
        });
        let mut handshake = true;
        loop {
            let mut length = [0; 4];
            if client.read_exact(&mut length).is_err() {
                return server.shutdown(Shutdown::Both);
            }
            let mut frame = vec![0; u32::from_be_bytes(length) as usize];
            client.read_exact(&mut frame)?;
            if handshake || frame.starts_with(&PING) || !deaf.load(Ordering::SeqCst) {
                server.write_all(&length)?;
                server.write_all(&frame)?;
            }
            handshake = false;
        }
    }

    fn set_deaf(&self, deaf: bool) {
        self.deaf.store(deaf, Ordering::SeqCst);
    }

    fn open_connections(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    fn await_no_connection(&self) {
        let closed = eventually(TIMEOUT, || self.open_connections() == 0);
        assert!(closed, "{} connections are left open", self.open_connections());
    }
}

/// Starts a relay on 127.0.0.3, and listeners on two other addresses and the same port, whose connections are never answered.
/// Resolvers sort 127.0.0.3 last.
fn one_of_three_answers() -> (u16, [TcpListener; 2]) {
    let port = Relay::start_at(Ipv4Addr::new(127, 0, 0, 3)).address.port();
    let silent = [1, 2].map(|last| TcpListener::bind((Ipv4Addr::new(127, 0, 0, last), port)).unwrap());
    (port, silent)
}

/// Connects ten times, each within two seconds, although the session timeout is long.
fn connect_ten_times(hosts: &str) {
    // A server that has just been started opens its first sessions slowly.
    drop(Client::connect(shared().hosts()).wait().unwrap());
    let mut slowest = Duration::ZERO;
    for _ in 0..10 {
        let started = Instant::now();
        let connecting = Client::builder(hosts).session_timeout(Duration::from_secs(20)).connect();
        let client = connecting.wait().unwrap();
        slowest = slowest.max(started.elapsed());
        client.close().timeout(TIMEOUT).wait().unwrap();
    }
    println!("the slowest of 10 connects to {hosts}: {slowest:?}");
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
}

#[test]
fn two_silent_servers_of_three_do_not_keep_a_client_out() {
    let _quiet = machine::quiet();
    let (port, _silent) = one_of_three_answers();
    connect_ten_times(&format!("127.0.0.1:{port},127.0.0.2:{port},127.0.0.3:{port}"));
}

/// The name that stands for three addresses in the hosts file of the next test.
const NAME: &str = "zookeeper.zkcoord.test";

#[test]
fn two_silent_addresses_of_one_name_do_not_keep_a_client_out() {
    const INSIDE: &str = "ZKCOORD_TEST_HOSTS_FILE";
    const TEST: &str = "reconnect::two_silent_addresses_of_one_name_do_not_keep_a_client_out";
    let _quiet = machine::quiet();
    if std::env::var_os(INSIDE).is_some() {
        let (port, _silent) = one_of_three_answers();
        return connect_ten_times(&format!("{NAME}:{port}"));
    }
    // The same test in a mount namespace, in which the hosts file knows the name.
    let file = std::env::temp_dir().join(format!("zkcoord-hosts-{}", std::process::id()));
    let lines = [1, 2, 3].map(|last| format!("127.0.0.{last} {NAME}\n")).concat();
    std::fs::write(&file, format!("127.0.0.1 localhost\n{lines}")).unwrap();
    let script = "mount --bind \"$0\" /etc/hosts && exec \"$@\"";
    let output = Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-c", script])
        .arg(&file)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", TEST, "--nocapture"])
        .env(INSIDE, "1")
        .output();
    std::fs::remove_file(&file).unwrap();
    let output = output.unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

#[test]
fn a_client_makes_one_connection_per_reconnect() {
    let sandbox = Sandbox::new();
    let relay = sandbox.proxy();
    let client = sandbox.client_through(&relay);
    let connects = |relay: &Proxy| relay.frames().iter().filter(|frame| frame.is_reply(Op::Connect)).count();
    for round in 0..10 {
        assert_eq!(connects(&relay), round + 1);
        match round % 2 {
            0 => relay.cut(),
            _ => relay.reset(),
        }
        assert!(eventually(TIMEOUT, || connects(&relay) == round + 2), "reconnects");
        assert!(eventually(TIMEOUT, || client.state().unwrap() == State::Connected));
    }
    client.counter("/counter").add(1).timeout(TIMEOUT).wait().unwrap();
    // The proxy numbers the connections that it accepts.
    assert_eq!(relay.frames().last().unwrap().connection, 11);
}

#[test]
fn many_clients_that_reconnect_at_once_make_one_connection_each() {
    const CLIENTS: usize = 200;
    let _quiet = machine::quiet();
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let hosts = format!("{}{}", proxy.address(), sandbox.root);
    let connect = |_| Client::builder(&hosts).session_timeout(Duration::from_secs(5)).connect();
    let connecting: Vec<_> = (0..CLIENTS).map(connect).collect();
    let clients: Vec<_> = connecting.into_iter().map(|op| op.wait().unwrap()).collect();
    thread::sleep(Duration::from_millis(1100));
    proxy.clear_frames();
    proxy.cut();
    let back = proxy.wait_for(TIMEOUT, |frames| {
        frames.iter().filter(|frame| frame.is_reply(Op::Connect)).count() >= CLIENTS
    });
    assert!(back, "all reconnect");
    let frames = proxy.frames();
    let times = frames.iter().filter(|frame| frame.is_request(Op::Connect)).map(|frame| frame.at);
    let (first, last) = (times.clone().min().unwrap(), times.max().unwrap());
    let connections = frames.iter().map(|frame| frame.connection).max().unwrap() - CLIENTS;
    let handshakes = frames.iter().filter(|frame| frame.is_request(Op::Connect)).count();
    println!(
        "{CLIENTS} clients: {connections} connections, {handshakes} handshakes within {:?}",
        last - first
    );
    assert_eq!(connections, CLIENTS);
    drop(clients);
}

#[test]
fn failed_connects_leave_no_socket_open() {
    let relay = Relay::start();
    relay.set_deaf(true);
    // The server opens sessions, but never answers the request for the chroot.
    let hosts = format!("{}/missing", relay.address);
    for _ in 0..3 {
        let connecting =
            Client::builder(&hosts).session_timeout(SESSION).connect_timeout(SESSION / 2).connect();
        let error = connecting.wait().unwrap_err();
        assert_eq!(error.code(), ErrorCode::ConnectionLost, "{error}");
    }
    println!("{} connections were accepted", relay.accepted.load(Ordering::SeqCst));
    relay.await_no_connection();
}

#[test]
fn a_close_that_the_server_does_not_answer_ends_the_connection() {
    let relay = Relay::start();
    let client =
        Client::builder(relay.address.to_string()).session_timeout(SESSION).connect().wait().unwrap();
    relay.set_deaf(true);
    client.close().timeout(TIMEOUT).wait().unwrap();
    relay.await_no_connection();
}

#[test]
fn an_expired_session_recovers_with_a_chroot_although_a_server_answered_only_pings() {
    let sandbox = Sandbox::new();
    let relay = Relay::start();
    let client = sandbox.client_at(&relay.address.to_string());
    let session = client.session_id().unwrap();
    relay.set_deaf(true);
    let before = relay.accepted.load(Ordering::SeqCst);
    shared().expire(session).unwrap();
    // The new session has been opened and its chroot was asked for, in vain.
    assert!(eventually(TIMEOUT, || relay.accepted.load(Ordering::SeqCst) > before));
    thread::sleep(Duration::from_millis(300));
    relay.set_deaf(false);
    client.counter("/counter").add(1).timeout(TIMEOUT).wait().unwrap();
    assert_ne!(client.session_id().unwrap(), session);
}
