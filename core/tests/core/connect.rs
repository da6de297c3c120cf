//! Connecting: chroots that may not be created or that disappear, and errors that say what to do.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::misses::{KEY, turn};
use crate::support::{SESSION, Sandbox, TIMEOUT};
use zkcoord::{Acl, Client, ErrorCode};
use zkcoord_testkit::{Direction, Observer, ZooKeeper, shared};

#[test]
fn a_chroot_below_a_node_that_is_closed_to_the_client_is_used() {
    let sandbox = Sandbox::new();
    let closed = format!("{}{}/closed", shared().hosts(), sandbox.root);
    let owner = |hosts: &str, acl| Client::builder(hosts).auth("digest", "owner:secret").acl(acl).connect();
    drop(owner(&closed, Acl::Read).wait().unwrap());
    drop(owner(&format!("{closed}/app"), Acl::Open).wait().unwrap());

    let client = Client::builder(format!("{closed}/app")).session_timeout(SESSION).connect().wait().unwrap();
    assert!(client.mutex("/locks/a").acquire().timeout(TIMEOUT).wait().unwrap().is_held());
    let refused = Client::connect(format!("{closed}/other")).wait().unwrap_err();
    assert_eq!(refused.code(), ErrorCode::NotAuthorized, "{refused}");
    assert!(refused.message().contains("create the chroot first"), "{refused}");
}

#[test]
fn every_missing_node_of_a_chroot_is_created_below_the_ones_that_exist() {
    let sandbox = Sandbox::new();
    let hosts = format!("{}{}/a/b/c", shared().hosts(), sandbox.root);
    drop(Client::connect(hosts).wait().unwrap());
    assert_eq!(sandbox.children("/a/b"), ["c"]);
}

/// Deletes a node with everything below it.
fn delete_all(observer: &Observer, path: &str) {
    for child in observer.children(path).unwrap().unwrap_or_default() {
        delete_all(observer, &format!("{path}/{child}"));
    }
    observer.delete(path).unwrap();
}

#[test]
fn a_chroot_that_is_deleted_is_created_again_by_every_recipe() {
    type Use = fn(&Client) -> zkcoord::Result<()>;
    let uses: [(&str, Use); 10] = [
        ("mutex", |client| client.mutex("/l").acquire().timeout(TIMEOUT).wait().map(drop)),
        ("deep mutex", |client| client.mutex("/l/m/n").acquire().timeout(TIMEOUT).wait().map(drop)),
        ("read lock", |client| client.rw_lock("/l").read().acquire().timeout(TIMEOUT).wait().map(drop)),
        ("semaphore", |client| client.semaphore("/s", 2).acquire(1).timeout(TIMEOUT).wait().map(drop)),
        ("counter", |client| client.counter("/c").add(1).timeout(TIMEOUT).wait().map(drop)),
        ("counter without children", |client| {
            client.counter("/c").exactly_once(false).add(1).timeout(TIMEOUT).wait().map(drop)
        }),
        ("striped counter", |client| {
            let counter = client.striped_counter("/striped");
            counter.add(1)?;
            counter.flush().timeout(TIMEOUT).wait()
        }),
        ("window counter", |client| {
            let counter = client.window_counter("/w", Duration::from_secs(60), 6);
            counter.add(1).timeout(TIMEOUT).wait().map(drop)
        }),
        ("rate limiter", |client| {
            let limiter = client.rate_limiter("/r", 5, Duration::from_secs(1));
            limiter.acquire(1).timeout(TIMEOUT).wait()
        }),
        ("miss guard", |client| turn(&client.miss_guard("/m"), KEY).missed().timeout(TIMEOUT).wait()),
    ];
    let mut failures = Vec::new();
    for (name, use_recipe) in uses {
        let sandbox = Sandbox::new();
        let proxy = sandbox.proxy();
        let hosts = format!("{}{}/app", proxy.address(), sandbox.root);
        let client = Client::builder(hosts).session_timeout(SESSION).connect().wait().unwrap();
        use_recipe(&client).unwrap();
        delete_all(&sandbox.observer, &sandbox.path("/app"));
        proxy.clear_frames();
        let outcome = use_recipe(&client);
        let requests = proxy.frames().iter().filter(|frame| frame.direction == Direction::ToServer).count();
        if outcome.is_err() || requests > 40 {
            failures.push((name, requests, outcome));
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

/// Plays a server on a port of its own, which passes each connection to `serve`. Returns its address.
fn play(serve: impl Fn(std::net::TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || listener.incoming().flatten().for_each(serve));
    address
}

/// A server that opens no session and gives this answer to `srvr`.
fn play_status(answer: &'static str) -> String {
    play(move |mut socket| {
        let mut command = [0; 5];
        if socket.read_exact(&mut command).is_ok() && &command == b"srvr\n" {
            socket.write_all(answer.as_bytes()).unwrap();
        }
        let _closed = socket.shutdown(Shutdown::Both);
    })
}

fn connect_error(hosts: &str) -> String {
    let started = Instant::now();
    let connecting = Client::builder(hosts).session_timeout(SESSION).connect_timeout(SESSION).connect();
    let error = connecting.wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::ConnectionLost, "{error}");
    assert!(started.elapsed() < SESSION + Duration::from_secs(2), "{:?}", started.elapsed());
    error.message().to_owned()
}

#[test]
fn the_error_names_the_limit_of_connections_per_address() {
    let closing = play(|socket| drop(socket.shutdown(Shutdown::Both)));
    let message = connect_error(&closing);
    assert!(message.contains("maxClientCnxns"), "{message}");

    let server = ZooKeeper::builder().property("maxClientCnxns", "1").start().unwrap();
    let hosts = server.hosts();
    let deadline = Instant::now() + TIMEOUT;
    let _only = loop {
        match Client::builder(&hosts).session_timeout(SESSION).connect().wait() {
            Ok(client) => break client,
            Err(error) => assert!(Instant::now() < deadline, "{error}"),
        }
    };
    let message = connect_error(&hosts);
    assert!(message.contains("maxClientCnxns"), "{message}");
}

#[test]
fn the_error_names_a_read_only_server() {
    let server = play_status("Zookeeper version: 3.8.0-1, built on 2022\nMode: read-only\nNode count: 5\n");
    let message = connect_error(&server);
    assert!(message.contains("read-only") && message.contains("quorum"), "{message}");
}

#[test]
fn the_error_names_a_server_that_is_too_old() {
    let server = play_status("Zookeeper version: 3.4.14-4c25d48, built on 2019\nMode: standalone\n");
    let message = connect_error(&server);
    assert!(message.contains("3.4.14") && message.contains("3.5"), "{message}");
}
