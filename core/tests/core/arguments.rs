//! Invalid arguments and misuse: each is reported with a clear error, and nothing is lost.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::support::{Sandbox, TIMEOUT, machine};
#[cfg(not(feature = "tls"))]
use zkcoord::Tls;
use zkcoord::{Acl, Client, ErrorCode};
use zkcoord_testkit::Op;

#[test]
fn bad_paths_name_the_argument_and_the_value() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let long = format!("/{}", "x".repeat(10_000));
    for path in ["", "lock", "/a//b", "/a/./b", "/a/../b", "/a/", "/", "/a\0b", &long] {
        for error in [
            client.mutex(path).acquire().wait().unwrap_err(),
            client.mutex(path).try_acquire().wait().unwrap_err(),
            client.counter(path).add(1).wait().unwrap_err(),
            client.counter(path).get().wait().unwrap_err(),
            client.mutex(path).path().unwrap_err(),
        ] {
            assert_eq!(error.code(), ErrorCode::InvalidArgument, "{path:?}");
            assert!(error.message().starts_with("path \"") && error.message().len() < 300, "{error}");
        }
    }
}

#[test]
fn bad_options_are_refused_before_anything_is_sent() {
    let cases = [
        (Client::builder(""), "hosts"),
        (Client::builder("host:port"), "hosts"),
        (Client::builder("127.0.0.1:2181/a//b"), "hosts"),
        (Client::builder("127.0.0.1").session_timeout(Duration::ZERO), "session_timeout"),
        (Client::builder("127.0.0.1").session_timeout(Duration::MAX), "session_timeout"),
        (Client::builder("127.0.0.1").connect_timeout(Duration::ZERO), "connect_timeout"),
        (Client::builder("127.0.0.1").identity("__REVOKE__"), "identity"),
        (Client::builder("127.0.0.1").identity("x".repeat(2000)), "identity"),
        (Client::builder("127.0.0.1").acl(Acl::Creator), "acl"),
        (Client::builder("127.0.0.1").auth("", "x"), "auth"),
    ];
    for (builder, argument) in cases {
        let error = builder.connect().wait().unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidArgument, "{argument}");
        assert!(error.message().starts_with(argument), "{error}");
    }
    #[cfg(not(feature = "tls"))]
    for builder in [Client::builder("tcp+tls://127.0.0.1"), Client::builder("127.0.0.1").tls(Tls::new())] {
        let error = builder.connect().wait().unwrap_err();
        assert_eq!(error.code(), ErrorCode::Unsupported, "{error}");
    }
}

#[test]
fn connecting_to_hosts_that_do_not_answer_times_out() {
    let _quiet = machine::quiet();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for hosts in
        [silent.local_addr().unwrap().to_string(), closed.to_string(), "no-such-host.invalid:2181".into()]
    {
        let start = Instant::now();
        let builder = Client::builder(&hosts).connect_timeout(Duration::from_secs(1));
        let error = builder.connect().wait().unwrap_err();
        assert_eq!(error.code(), ErrorCode::ConnectionLost, "{hosts}: {error}");
        assert!(error.message().contains("1s"), "{error}");
        assert!(start.elapsed() < Duration::from_millis(1500), "{hosts}: {:?}", start.elapsed());
    }
}

#[test]
fn operations_of_a_closed_client_fail_with_closed() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let (mutex, counter) = (client.mutex("/lock"), client.counter("/c"));
    let guard = mutex.acquire().wait().unwrap();
    let mut waiting = mutex.acquire();
    assert!(waiting.wait_for(Duration::from_millis(50)).is_none());
    client.close().timeout(TIMEOUT).wait().unwrap();
    client.close().timeout(TIMEOUT).wait().unwrap();
    for error in [
        waiting.wait().unwrap_err(),
        mutex.acquire().wait().unwrap_err(),
        mutex.try_acquire().wait().unwrap_err(),
        mutex.acquire().timeout(Duration::from_secs(1)).wait().unwrap_err(),
        counter.add(1).wait().unwrap_err(),
        counter.add(1).timeout(Duration::ZERO).wait().unwrap_err(),
        counter.get().wait().unwrap_err(),
    ] {
        assert_eq!(error.code(), ErrorCode::Closed, "{error}");
    }
    assert_eq!(guard.check().unwrap_err().code(), ErrorCode::LockLost);
    guard.release().timeout(TIMEOUT).wait().unwrap();
    assert_eq!(client.state().unwrap(), zkcoord::State::Closed);
    assert!(sandbox.children("/lock").is_empty(), "the session ended with the client");
}

#[test]
fn a_client_closes_when_its_last_handle_is_dropped() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let guard = client.mutex("/lock").acquire().wait().unwrap();
    drop(client);
    assert!(guard.is_held(), "a guard keeps its client open");
    assert_eq!(sandbox.children("/lock").len(), 1);
    drop(guard);
    sandbox.await_children("/lock", 0);
}

#[test]
fn huge_timeouts_wait_forever() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    for timeout in [Duration::MAX, Duration::from_secs(1 << 40)] {
        drop(client.mutex("/lock").acquire().timeout(timeout).wait().unwrap());
        client.counter("/c").add(1).timeout(timeout).wait().unwrap();
    }
}

#[test]
fn waiting_inside_a_callback_is_refused() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let guard = client.mutex("/lock").acquire().wait().unwrap();
    let (sender, receiver) = mpsc::channel();
    let counter = client.counter("/c");
    let from_loss = sender.clone();
    guard.on_lost(move |_| from_loss.send(counter.add(1).wait().unwrap_err().code()).unwrap()).unwrap();
    sandbox.observer.delete(&sandbox.path(guard.node())).unwrap();
    assert_eq!(receiver.recv_timeout(TIMEOUT).unwrap(), ErrorCode::WouldDeadlock);
    let counter = client.counter("/c");
    let _canceller = client.mutex("/other").acquire().on_done(move |guard| {
        assert!(guard.is_ok());
        sender.send(counter.get().wait().unwrap_err().code()).unwrap();
    });
    assert_eq!(receiver.recv_timeout(TIMEOUT).unwrap(), ErrorCode::WouldDeadlock);
}

#[test]
fn a_forbidden_directory_fails_with_not_authorized_and_leaves_nothing() {
    let sandbox = Sandbox::new();
    let hosts = format!("{}{}", zkcoord_testkit::shared().hosts(), sandbox.root);
    let owner =
        Client::builder(&hosts).auth("digest", "owner:secret").acl(Acl::Creator).connect().wait().unwrap();
    drop(owner.mutex("/private/lock").acquire().wait().unwrap());
    owner.counter("/private/count").add(1).wait().unwrap();
    let stranger = sandbox.client();
    for error in [
        stranger.mutex("/private/lock").acquire().wait().unwrap_err(),
        stranger.mutex("/private/other").acquire().wait().unwrap_err(),
        stranger.counter("/private/count").add(1).wait().unwrap_err(),
        stranger.counter("/private/count").get().wait().unwrap_err(),
    ] {
        assert_eq!(error.code(), ErrorCode::NotAuthorized, "{error}");
        assert!(error.message().contains("/private/"), "{error}");
    }
    assert_eq!(owner.counter("/private/count").get().wait().unwrap(), 1);
}

#[test]
fn a_lock_cycle_sends_three_requests() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let client = sandbox.client_through(&proxy);
    let mutex = client.mutex("/lock");
    drop(mutex.acquire().wait().unwrap());
    sandbox.await_children("/lock", 0);
    proxy.clear_frames();
    mutex.acquire().wait().unwrap().release().wait().unwrap();
    let sent: Vec<_> = proxy.frames().into_iter().filter(|frame| frame.is_request(Op::Any)).collect();
    let sent: Vec<_> =
        sent.iter().filter(|frame| !frame.is_request(Op::Ping) && !frame.is_request(Op::Sync)).collect();
    assert_eq!(sent.len(), 3, "create, getChildren, delete: {sent:?}");
}
