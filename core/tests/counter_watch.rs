//! Following a counter's value.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::mpsc;
use std::time::Duration;

use support::{Corner, PATIENCE, all_at_once};
use zkcoord::{CounterFormat, CounterWatch, ErrorCode, Result};
use zkcoord_testkit::{Op, eventually, shared};

const SLICE: Duration = Duration::from_millis(1);

fn next(watch: &CounterWatch) -> Result<i64> {
    watch.next().timeout(PATIENCE).wait()
}

/// Follows until the value is `last`.
fn follow_to(watch: &CounterWatch, last: i64) {
    while next(watch).unwrap() != last {}
}

/// How many watches the server has on a node of the corner.
fn watches(corner: &Corner, path: &str) -> usize {
    let mut stream = TcpStream::connect(shared().host(0)).unwrap();
    stream.write_all(b"wchp").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    // A path at the beginning of a line, the sessions that watch it indented behind.
    let path = corner.path(path);
    let behind = answer.lines().skip_while(|line| *line != path).skip(1);
    behind.take_while(|line| line.starts_with('\t')).count()
}

#[test]
fn values_come_one_after_another() {
    let corner = Corner::new();
    let counter = corner.client().counter("/c").default(50);
    let other = corner.client().counter("/c");
    let watch = counter.watch();
    assert_eq!(next(&watch).unwrap(), 50, "a missing node has the default");
    for value in [1, 2, -3] {
        other.set(value).wait().unwrap();
        assert_eq!(next(&watch).unwrap(), value);
    }
}

#[test]
fn a_deleted_node_has_the_default_again() {
    let corner = Corner::new();
    let counter = corner.client().counter("/c").format(CounterFormat::Text).default(5);
    corner.observer.create(&corner.path("/c"), b"7").unwrap();
    let watch = counter.watch();
    assert_eq!(next(&watch).unwrap(), 7);
    corner.observer.delete(&corner.path("/c")).unwrap();
    assert_eq!(next(&watch).unwrap(), 5);
    corner.observer.create(&corner.path("/c"), b"8").unwrap();
    assert_eq!(next(&watch).unwrap(), 8);
}

#[test]
fn the_latest_value_wins_and_one_that_stays_is_told_once() {
    let corner = Corner::new();
    let counter = corner.client().counter("/c");
    let watch = counter.watch();
    assert_eq!(next(&watch).unwrap(), 0);
    let other = corner.client().counter("/c");
    for value in 1..=50 {
        other.set(value).wait().unwrap();
    }
    follow_to(&watch, 50);
    other.set(50).wait().unwrap();
    let mut op = watch.next();
    assert!(op.wait_for(Duration::from_millis(100)).is_none(), "nothing new");
    other.set(51).wait().unwrap();
    assert_eq!(op.wait_for(PATIENCE).unwrap().unwrap(), 51);
}

#[test]
fn calls_may_be_given_up_and_made_again() {
    let corner = Corner::new();
    let proxy = corner.proxy();
    let counter = corner.client_through(&proxy).counter("/c");
    let watch = counter.watch();
    // Given up before the first answer, over and over.
    for _ in 0..5 {
        drop(watch.next().wait_for(Duration::ZERO));
    }
    // Answered, and not looked at.
    let mut op = watch.next();
    assert!(op.wait_for(Duration::ZERO).is_none());
    assert!(eventually(PATIENCE, || watches(&corner, "/c") == 1));
    drop(op);
    assert_eq!(next(&watch).unwrap(), 0);
    for value in 1..=20 {
        for _ in 0..3 {
            assert!(watch.next().wait_for(SLICE).is_none());
        }
        assert_eq!(watch.next().timeout(Duration::ZERO).wait().unwrap_err().code(), ErrorCode::Timeout);
        corner.observer.set(&corner.path("/c"), &i64::to_be_bytes(value)).unwrap_or_else(|_| {
            corner.observer.create(&corner.path("/c"), &i64::to_be_bytes(value)).unwrap();
        });
        assert!(eventually(PATIENCE, || match watch.next().timeout(Duration::ZERO).wait() {
            Ok(seen) => seen == value,
            Err(error) => error.code() != ErrorCode::Timeout && panic!("{error}"),
        }));
        assert_eq!(watches(&corner, "/c"), 1, "never more than one");
    }
}

#[test]
fn waiting_costs_one_read_per_event() {
    let corner = Corner::new();
    let proxy = corner.proxy();
    let counter = corner.client_through(&proxy).counter("/c");
    corner.observer.create(&corner.path("/c"), &1i64.to_be_bytes()).unwrap();
    let watch = counter.watch();
    assert_eq!(next(&watch).unwrap(), 1);
    proxy.clear_frames();
    for _ in 0..10 {
        assert!(watch.next().wait_for(SLICE).is_none());
    }
    corner.observer.set(&corner.path("/c"), &2i64.to_be_bytes()).unwrap();
    assert_eq!(next(&watch).unwrap(), 2);
    let frames = proxy.frames();
    let asked = |op| frames.iter().filter(|frame| frame.is_request(op)).count();
    assert_eq!((asked(Op::Any) - asked(Op::Ping), asked(Op::GetData)), (1, 1), "{frames:?}");
}

#[test]
fn bad_bytes_are_an_error_once() {
    let corner = Corner::new();
    let path = corner.path("/c");
    corner.observer.create(&path, &1i64.to_be_bytes()).unwrap();
    let watch = corner.client().counter("/c").watch();
    assert_eq!(next(&watch).unwrap(), 1);
    corner.observer.set(&path, b"abc").unwrap();
    let error = next(&watch).unwrap_err();
    assert!(error.code() == ErrorCode::BadData && error.message().contains("abc"), "{error}");
    assert!(watch.next().wait_for(Duration::from_millis(50)).is_none(), "told already");
    corner.observer.set(&path, b"xyz").unwrap();
    assert_eq!(next(&watch).unwrap_err().code(), ErrorCode::BadData);
    corner.observer.set(&path, &1i64.to_be_bytes()).unwrap();
    assert_eq!(next(&watch).unwrap(), 1, "mended, it goes on");
}

#[test]
fn lost_connections_and_the_end_of_the_session_are_survived() {
    let corner = Corner::new();
    let proxy = corner.proxy();
    let client = corner.client_through(&proxy);
    let watch = client.counter("/c").watch();
    assert_eq!(next(&watch).unwrap(), 0);
    let other = corner.client().counter("/c");
    for value in 1..=6 {
        let mut op = watch.next();
        assert!(op.wait_for(SLICE).is_none());
        let session = client.session_id().unwrap();
        proxy.refuse(true);
        if value % 3 == 0 {
            shared().expire(session).unwrap();
        }
        // Missed by any watch.
        other.set(value).wait().unwrap();
        proxy.refuse(false);
        assert_eq!(op.wait_for(PATIENCE).unwrap().unwrap(), value);
        assert_eq!(client.session_id().unwrap() == session, value % 3 != 0);
        assert!(watch.next().wait_for(SLICE).is_none(), "told once");
        assert_eq!(watches(&corner, "/c"), 1);
    }
}

#[test]
fn it_ends_with_the_client_and_takes_its_watch_along() {
    let corner = Corner::new();
    let client = corner.client();
    let counter = client.counter("/c");
    let (one, two) = (counter.watch(), counter.watch());
    assert_eq!((next(&one).unwrap(), next(&two).unwrap()), (0, 0));
    assert_eq!(watches(&corner, "/c"), 1, "one session");
    drop(one);
    counter.set(1).wait().unwrap();
    assert_eq!(next(&two).unwrap(), 1, "the other's was left alone");
    drop(two);
    assert!(eventually(PATIENCE, || watches(&corner, "/c") == 0));
    let watch = counter.watch();
    assert_eq!(next(&watch).unwrap(), 1);
    let mut op = watch.next();
    assert!(op.wait_for(SLICE).is_none());
    client.close().wait().unwrap();
    assert_eq!(op.wait_for(PATIENCE).unwrap().unwrap_err().code(), ErrorCode::Closed);
    assert_eq!(next(&watch).unwrap_err().code(), ErrorCode::Closed);
}

#[test]
fn a_thousand_watches_of_tasks_all_see_the_last_value() {
    let corner = Corner::new();
    let client = corner.client();
    let watches: Vec<_> = (0..1000).map(|_| client.counter("/c").watch()).collect();
    assert_eq!(all_at_once(watches.iter().map(CounterWatch::next).collect()), [0; 1000]);
    corner.client().counter("/c").set(9).wait().unwrap();
    for watch in &watches {
        assert_eq!(next(watch).unwrap(), 9);
    }
}

#[test]
fn a_callback_is_told_the_values_until_it_is_dropped() {
    let corner = Corner::new();
    let counter = corner.client().counter("/c").default(50);
    let (tell, told) = mpsc::channel();
    let subscription =
        counter.on_change(move |value| tell.send(value.map_err(|error| error.code())).unwrap()).unwrap();
    let next = || told.recv_timeout(PATIENCE).unwrap();
    assert_eq!(next(), Ok(50), "the current value first");
    counter.set(1).wait().unwrap();
    assert_eq!(next(), Ok(1));
    corner.observer.set(&corner.path("/c"), b"abc").unwrap();
    assert_eq!(next(), Err(ErrorCode::BadData));
    corner.observer.set(&corner.path("/c"), &2i64.to_be_bytes()).unwrap();
    assert_eq!(next(), Ok(2), "bad data passes");
    drop(subscription);
    assert_eq!(told.recv_timeout(PATIENCE), Err(mpsc::RecvTimeoutError::Disconnected));
}

#[test]
fn a_slow_callback_is_told_the_latest_value_and_the_close_is_the_last() {
    let corner = Corner::new();
    let client = corner.client();
    let counter = client.counter("/c");
    let (tell, told) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let may_go_on = std::sync::Mutex::new(may_go_on);
    let told_to = move |value: Result<i64>| {
        tell.send(value.map_err(|error| error.code())).unwrap();
        let _released = may_go_on.lock().unwrap().recv();
    };
    counter.on_change(told_to).unwrap().detach();
    let next = || told.recv_timeout(PATIENCE).unwrap();
    assert_eq!(next(), Ok(0));
    for value in 1..=50 {
        counter.set(value).wait().unwrap();
    }
    drop(go_on);
    assert_eq!(next(), Ok(50), "what it was too slow for is left out");
    client.close().wait().unwrap();
    assert_eq!(next(), Err(ErrorCode::Closed));
    assert_eq!(told.recv_timeout(PATIENCE), Err(mpsc::RecvTimeoutError::Disconnected));
}
