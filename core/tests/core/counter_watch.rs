//! Watching a counter's value.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::mpsc;
use std::time::Duration;

use crate::support::{Sandbox, TIMEOUT, all_at_once, machine};
use zkcoord::{CounterFormat, CounterWatch, ErrorCode, Result};
use zkcoord_testkit::{Op, eventually, shared};

const SLICE: Duration = Duration::from_millis(1);

fn next(watch: &CounterWatch) -> Result<i64> {
    watch.next().timeout(TIMEOUT).wait()
}

/// Waits until the watch returns `last`.
fn await_value(watch: &CounterWatch, last: i64) {
    while next(watch).unwrap() != last {}
}

/// The number of watches that the server has on a node of the sandbox.
fn watches(sandbox: &Sandbox, path: &str) -> usize {
    let mut stream = TcpStream::connect(shared().host(0)).unwrap();
    stream.write_all(b"wchp").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    // Each path is a line, followed by the indented ids of the sessions that watch it.
    let path = sandbox.path(path);
    let sessions = answer.lines().skip_while(|line| *line != path).skip(1);
    sessions.take_while(|line| line.starts_with('\t')).count()
}

#[test]
fn a_watch_returns_each_new_value() {
    let sandbox = Sandbox::new();
    let counter = sandbox.client().counter("/c").default(50);
    let other = sandbox.client().counter("/c");
    let watch = counter.watch();
    assert_eq!(next(&watch).unwrap(), 50, "a missing node has the default value");
    for value in [1, 2, -3] {
        other.set(value).wait().unwrap();
        assert_eq!(next(&watch).unwrap(), value);
    }
}

#[test]
fn a_deleted_node_has_the_default_value_again() {
    let sandbox = Sandbox::new();
    let counter = sandbox.client().counter("/c").format(CounterFormat::Text).default(5);
    sandbox.observer.create(&sandbox.path("/c"), b"7").unwrap();
    let watch = counter.watch();
    assert_eq!(next(&watch).unwrap(), 7);
    sandbox.observer.delete(&sandbox.path("/c")).unwrap();
    assert_eq!(next(&watch).unwrap(), 5);
    sandbox.observer.create(&sandbox.path("/c"), b"8").unwrap();
    assert_eq!(next(&watch).unwrap(), 8);
}

#[test]
fn only_the_latest_value_is_returned_and_an_unchanged_one_once() {
    let sandbox = Sandbox::new();
    let counter = sandbox.client().counter("/c");
    let watch = counter.watch();
    assert_eq!(next(&watch).unwrap(), 0);
    let other = sandbox.client().counter("/c");
    for value in 1..=50 {
        other.set(value).wait().unwrap();
    }
    await_value(&watch, 50);
    other.set(50).wait().unwrap();
    let mut op = watch.next();
    assert!(op.wait_for(Duration::from_millis(100)).is_none(), "nothing new");
    other.set(51).wait().unwrap();
    assert_eq!(op.wait_for(TIMEOUT).unwrap().unwrap(), 51);
}

#[test]
fn a_cancelled_next_loses_nothing() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let counter = sandbox.client_through(&proxy).counter("/c");
    let watch = counter.watch();
    // Cancelled before the first answer, several times.
    for _ in 0..5 {
        drop(watch.next().wait_for(Duration::ZERO));
    }
    // Answered, but the result is not taken.
    let mut op = watch.next();
    assert!(op.wait_for(Duration::ZERO).is_none());
    assert!(eventually(TIMEOUT, || watches(&sandbox, "/c") == 1));
    drop(op);
    assert_eq!(next(&watch).unwrap(), 0);
    for value in 1..=20 {
        for _ in 0..3 {
            assert!(watch.next().wait_for(SLICE).is_none());
        }
        assert_eq!(watch.next().timeout(Duration::ZERO).wait().unwrap_err().code(), ErrorCode::Timeout);
        sandbox.observer.set(&sandbox.path("/c"), &i64::to_be_bytes(value)).unwrap_or_else(|_| {
            sandbox.observer.create(&sandbox.path("/c"), &i64::to_be_bytes(value)).unwrap();
        });
        assert!(eventually(TIMEOUT, || match watch.next().timeout(Duration::ZERO).wait() {
            Ok(seen) => seen == value,
            Err(error) => error.code() != ErrorCode::Timeout && panic!("{error}"),
        }));
        assert_eq!(watches(&sandbox, "/c"), 1, "never more than one watch");
    }
}

#[test]
fn waiting_costs_one_read_per_event() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let counter = sandbox.client_through(&proxy).counter("/c");
    sandbox.observer.create(&sandbox.path("/c"), &1i64.to_be_bytes()).unwrap();
    let watch = counter.watch();
    assert_eq!(next(&watch).unwrap(), 1);
    proxy.clear_frames();
    for _ in 0..10 {
        assert!(watch.next().wait_for(SLICE).is_none());
    }
    sandbox.observer.set(&sandbox.path("/c"), &2i64.to_be_bytes()).unwrap();
    assert_eq!(next(&watch).unwrap(), 2);
    let frames = proxy.frames();
    let asked = |op| frames.iter().filter(|frame| frame.is_request(op)).count();
    assert_eq!((asked(Op::Any) - asked(Op::Ping), asked(Op::GetData)), (1, 1), "{frames:?}");
}

#[test]
fn invalid_data_is_reported_once() {
    let sandbox = Sandbox::new();
    let path = sandbox.path("/c");
    sandbox.observer.create(&path, &1i64.to_be_bytes()).unwrap();
    let watch = sandbox.client().counter("/c").watch();
    assert_eq!(next(&watch).unwrap(), 1);
    sandbox.observer.set(&path, b"abc").unwrap();
    let error = next(&watch).unwrap_err();
    assert!(error.code() == ErrorCode::BadData && error.message().contains("abc"), "{error}");
    assert!(watch.next().wait_for(Duration::from_millis(50)).is_none(), "reported already");
    sandbox.observer.set(&path, b"xyz").unwrap();
    assert_eq!(next(&watch).unwrap_err().code(), ErrorCode::BadData);
    sandbox.observer.set(&path, &1i64.to_be_bytes()).unwrap();
    assert_eq!(next(&watch).unwrap(), 1, "repaired data is returned");
}

#[test]
fn a_watch_survives_lost_connections_and_the_end_of_the_session() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let client = sandbox.client_through(&proxy);
    let watch = client.counter("/c").watch();
    assert_eq!(next(&watch).unwrap(), 0);
    let other = sandbox.client().counter("/c");
    for value in 1..=6 {
        let mut op = watch.next();
        assert!(op.wait_for(SLICE).is_none());
        let session = client.session_id().unwrap();
        proxy.refuse(true);
        if value % 3 == 0 {
            shared().expire(session).unwrap();
        }
        // No watch sees this change.
        other.set(value).wait().unwrap();
        proxy.refuse(false);
        assert_eq!(op.wait_for(TIMEOUT).unwrap().unwrap(), value);
        assert_eq!(client.session_id().unwrap() == session, value % 3 != 0);
        assert!(watch.next().wait_for(SLICE).is_none(), "returned once");
        assert_eq!(watches(&sandbox, "/c"), 1);
    }
}

#[test]
fn a_watch_is_removed_when_dropped_and_fails_when_the_client_closes() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let counter = client.counter("/c");
    let (one, two) = (counter.watch(), counter.watch());
    assert_eq!((next(&one).unwrap(), next(&two).unwrap()), (0, 0));
    assert_eq!(watches(&sandbox, "/c"), 1, "one session");
    drop(one);
    counter.set(1).wait().unwrap();
    assert_eq!(next(&two).unwrap(), 1, "the other watch still works");
    drop(two);
    assert!(eventually(TIMEOUT, || watches(&sandbox, "/c") == 0));
    let watch = counter.watch();
    assert_eq!(next(&watch).unwrap(), 1);
    let mut op = watch.next();
    assert!(op.wait_for(SLICE).is_none());
    client.close().wait().unwrap();
    assert_eq!(op.wait_for(TIMEOUT).unwrap().unwrap_err().code(), ErrorCode::Closed);
    assert_eq!(next(&watch).unwrap_err().code(), ErrorCode::Closed);
}

#[test]
fn a_thousand_watches_all_return_the_last_value() {
    let _busy = machine::busy();
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let watches: Vec<_> = (0..1000).map(|_| client.counter("/c").watch()).collect();
    assert_eq!(all_at_once(watches.iter().map(CounterWatch::next).collect()), [0; 1000]);
    sandbox.client().counter("/c").set(9).wait().unwrap();
    for watch in &watches {
        assert_eq!(next(watch).unwrap(), 9);
    }
}

#[test]
fn a_callback_receives_values_until_its_subscription_is_dropped() {
    let sandbox = Sandbox::new();
    let counter = sandbox.client().counter("/c").default(50);
    let (sender, receiver) = mpsc::channel();
    let subscription =
        counter.on_change(move |value| sender.send(value.map_err(|error| error.code())).unwrap()).unwrap();
    let next = || receiver.recv_timeout(TIMEOUT).unwrap();
    assert_eq!(next(), Ok(50), "the current value first");
    counter.set(1).wait().unwrap();
    assert_eq!(next(), Ok(1));
    sandbox.observer.set(&sandbox.path("/c"), b"abc").unwrap();
    assert_eq!(next(), Err(ErrorCode::BadData));
    sandbox.observer.set(&sandbox.path("/c"), &2i64.to_be_bytes()).unwrap();
    assert_eq!(next(), Ok(2), "a valid value follows invalid data");
    drop(subscription);
    assert_eq!(receiver.recv_timeout(TIMEOUT), Err(mpsc::RecvTimeoutError::Disconnected));
}

#[test]
fn a_slow_callback_receives_the_latest_value_and_last_the_close() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let counter = client.counter("/c");
    let (sender, receiver) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let released = std::sync::Mutex::new(released);
    let callback = move |value: Result<i64>| {
        sender.send(value.map_err(|error| error.code())).unwrap();
        let _disconnected = released.lock().unwrap().recv();
    };
    counter.on_change(callback).unwrap().detach();
    let next = || receiver.recv_timeout(TIMEOUT).unwrap();
    assert_eq!(next(), Ok(0));
    for value in 1..=50 {
        counter.set(value).wait().unwrap();
    }
    drop(release);
    assert_eq!(next(), Ok(50), "the values in between are skipped");
    client.close().wait().unwrap();
    assert_eq!(next(), Err(ErrorCode::Closed));
    assert_eq!(receiver.recv_timeout(TIMEOUT), Err(mpsc::RecvTimeoutError::Disconnected));
}
