//! Flushes of a striped counter that cannot be done: a missing permission, servers that do not answer, closed and dropped
//! clients.

use std::time::Duration;

use super::striped_counter::{flush, one_added, stripes, sum_of};
use crate::support::{SESSION, Sandbox, TIMEOUT};
use zkcoord::{Acl, Client, ErrorCode};
use zkcoord_testkit::{eventually, shared};

#[test]
fn adds_without_the_permission_to_write_are_kept_and_reported() {
    let sandbox = Sandbox::new();
    let hosts = format!("{}{}", shared().hosts(), sandbox.root);
    let owner =
        Client::builder(&hosts).auth("digest", "owner:secret").acl(Acl::Read).connect().wait().unwrap();
    let striped = owner.striped_counter("/hits");
    striped.add(1).unwrap();
    flush(&striped);
    let stranger = sandbox.client();
    assert_eq!(sum_of(&stranger), 1);
    let refused = stranger.striped_counter("/hits");
    refused.add(10).unwrap();
    for error in [refused.flush().wait().unwrap_err(), stranger.close().wait().unwrap_err()] {
        assert_eq!(error.code(), ErrorCode::NotAuthorized);
        assert!(error.message().contains("/hits"), "{error}");
    }
    assert_eq!(sum_of(&owner), 1);
}

#[test]
fn a_flush_that_times_out_continues_in_the_background() {
    let sandbox = Sandbox::new();
    let (proxy, client, striped) = one_added(&sandbox);
    proxy.hold_replies(true);
    striped.add(1).unwrap();
    let error = striped.flush().timeout(Duration::from_millis(100)).wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::Timeout, "{error}");
    let error = striped.sum().timeout(Duration::from_millis(100)).wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::Timeout, "{error}");
    proxy.hold_replies(false);
    flush(&striped);
    assert_eq!(sum_of(&client), 2);
    proxy.refuse(true);
    assert!(eventually(TIMEOUT, || client.state().unwrap() == zkcoord::State::Suspended));
    striped.add(1).unwrap();
    let error = striped.flush().timeout(Duration::ZERO).wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::ConnectionLost, "{error}");
    proxy.refuse(false);
    flush(&striped);
    assert_eq!(sum_of(&client), 3);
}

#[test]
fn a_close_that_cannot_flush_times_out() {
    let sandbox = Sandbox::new();
    for timeout in [None, Some(Duration::from_millis(100)), Some(Duration::ZERO)] {
        let (proxy, client, striped) = one_added(&sandbox);
        proxy.refuse(true);
        striped.add(1).unwrap();
        let mut closing = client.close();
        if let Some(timeout) = timeout {
            closing = closing.timeout(timeout);
        }
        let error = closing.wait_for(SESSION + TIMEOUT).unwrap().unwrap_err();
        assert_eq!(error.code(), ErrorCode::Timeout, "{error}");
        assert!(error.message().contains("striped"), "{error}");
        assert_eq!(striped.add(1).unwrap_err().code(), ErrorCode::Closed);
        // The error is reported once.
        client.close().timeout(SESSION + TIMEOUT).wait().unwrap();
    }
    let proxy = sandbox.proxy();
    let cancelled = sandbox.client_through(&proxy);
    proxy.refuse(true);
    cancelled.striped_counter("/hits").add(1).unwrap();
    let mut closing = cancelled.close();
    assert!(closing.wait_for(Duration::from_millis(50)).is_none());
    drop(closing);
    assert!(eventually(TIMEOUT, || cancelled.state().unwrap() == zkcoord::State::Closed));
    let client = sandbox.client();
    assert!(eventually(TIMEOUT, || {
        assert_eq!(sum_of(&client), 3);
        stripes(&sandbox).is_empty()
    }));
}

#[test]
fn adds_dropped_while_no_server_answers_are_discarded_in_the_end() {
    let sandbox = Sandbox::new();
    for reconnects in [true, false] {
        let (proxy, client, striped) = one_added(&sandbox);
        let (sender, receiver) = std::sync::mpsc::channel();
        let _subscription = client.on_state(move |state| sender.send(state).unwrap()).unwrap();
        proxy.refuse(true);
        striped.add(10).unwrap();
        drop(striped);
        drop(client);
        let suspended = receiver.recv_timeout(TIMEOUT).unwrap();
        assert_eq!(suspended, zkcoord::State::Suspended, "the client stays open for its pending adds");
        proxy.refuse(!reconnects);
        let closed = || receiver.try_iter().any(|state| state == zkcoord::State::Closed);
        assert!(eventually(TIMEOUT, closed));
    }
    let client = sandbox.client();
    assert!(eventually(TIMEOUT, || sum_of(&client) == 12 && stripes(&sandbox).is_empty()));
}
