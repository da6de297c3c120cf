//! Each of the proxy's faults, with a real server behind it.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::thread;
use std::time::{Duration, Instant};

use zkcoord_testkit::wire::{Session, code};
use zkcoord_testkit::{Direction, Frame, Observer, Op, Proxy, Rule, eventually, shared};

const SECONDS_10: Duration = Duration::from_secs(10);
/// The time for which a test checks that nothing happens.
const A_WHILE: Duration = Duration::from_millis(200);

fn proxy() -> Proxy {
    Proxy::start(&shared().host(0)).unwrap()
}

fn session(proxy: &Proxy) -> Session {
    Session::open(&proxy.address(), Duration::from_secs(30)).unwrap()
}

fn direct() -> Observer {
    Observer::connect(&shared().hosts()).unwrap()
}

/// Encodes a string for the wire.
fn text(text: &str) -> Vec<u8> {
    [&u32::try_from(text.len()).unwrap().to_be_bytes(), text.as_bytes()].concat()
}

/// The body of a create request with data, an open ACL, and the flags of a persistent node.
fn create_body(path: &str) -> Vec<u8> {
    let [none, one, all] = [0, 1, 0x1f].map(u32::to_be_bytes);
    [&text(path)[..], &none, &one, &all, &text("world"), &text("anyone"), &none].concat()
}

fn create(session: &mut Session, path: &str) -> bool {
    matches!(session.call(code::CREATE, &create_body(path)), Ok((0, _)))
}

fn exists(path: &str) -> bool {
    direct().exists(path).unwrap().is_some()
}

fn fired_once(rule: &Rule) {
    assert!(rule.wait_fired(SECONDS_10));
    assert_eq!(rule.fired(), 1);
}

#[test]
fn a_lost_reply_leaves_the_request_done() {
    let proxy = proxy();
    let rule = proxy.swallow_reply(Op::Create, 2);
    let mut client = session(&proxy);
    assert!(create(&mut client, "/lost-reply-1"));
    assert_eq!(rule.fired(), 0);
    assert!(!create(&mut client, "/lost-reply-2"));
    fired_once(&rule);
    assert!(exists("/lost-reply-1") && exists("/lost-reply-2"));
    assert!(eventually(SECONDS_10, || proxy.connections() == 0));
    assert!(create(&mut session(&proxy), "/lost-reply-3"));
    fired_once(&rule);
}

#[test]
fn a_lost_request_is_never_done() {
    let proxy = proxy();
    let rule = proxy.swallow_request(Op::Create, 1);
    assert!(!create(&mut session(&proxy), "/lost-request-1"));
    fired_once(&rule);
    assert!(!exists("/lost-request-1"));
    assert!(create(&mut session(&proxy), "/lost-request-2"));
}

#[test]
fn a_handshake_can_be_lost() {
    let proxy = proxy();
    let rule = proxy.swallow_reply(Op::Connect, 1);
    assert!(Session::open(&proxy.address(), SECONDS_10).is_err());
    fired_once(&rule);
    drop(session(&proxy));
}

#[test]
fn cleared_rules_do_nothing() {
    let proxy = proxy();
    let (early, late) = (proxy.swallow_reply(Op::Create, 1), proxy.swallow_request(Op::Any, 2));
    let mut client = session(&proxy);
    proxy.hold_requests(true);
    let call = thread::spawn(move || (create(&mut client, "/cleared-1"), create(&mut client, "/cleared-2")));
    assert!(proxy.wait_for(SECONDS_10, |frames| { frames.iter().any(|frame| frame.is_request(Op::Create)) }));
    proxy.clear_rules();
    proxy.hold_requests(false);
    assert_eq!(call.join().unwrap(), (true, true));
    assert_eq!((early.fired(), late.fired()), (0, 0));
}

#[test]
fn random_losses_are_the_same_for_the_same_seed() {
    let run = |name: &str| -> Vec<bool> {
        let proxy = proxy();
        let rule = proxy.swallow_requests_at_random(Op::Create, 0.5, 7);
        let mut client = session(&proxy);
        let mut done = Vec::new();
        for number in 0..20 {
            done.push(create(&mut client, &format!("/random-{name}-{number}")));
            if !done[number] {
                client = session(&proxy);
            }
        }
        assert_eq!(rule.fired(), done.iter().filter(|done| !**done).count());
        done
    };
    let first = run("a");
    assert!(first.contains(&true) && first.contains(&false));
    assert_eq!(first, run("b"));
}

#[test]
fn replies_are_lost_at_random() {
    let proxy = proxy();
    let rule = proxy.swallow_replies_at_random(Op::Create, 1.0, 1);
    for number in 0..3 {
        assert!(!create(&mut session(&proxy), &format!("/random-reply-{number}")));
    }
    assert_eq!(rule.fired(), 3);
    assert!(exists("/random-reply-2"));
}

#[test]
fn held_replies_are_delivered_when_released() {
    let proxy = proxy();
    let mut client = session(&proxy);
    proxy.hold_replies(true);
    let call = thread::spawn(move || create(&mut client, "/held-reply"));
    assert!(eventually(SECONDS_10, || exists("/held-reply")));
    assert!(!eventually(A_WHILE, || call.is_finished()));
    proxy.hold_replies(false);
    assert!(call.join().unwrap());
}

#[test]
fn held_requests_are_delivered_when_released() {
    let proxy = proxy();
    let mut client = session(&proxy);
    proxy.hold_requests(true);
    let call = thread::spawn(move || create(&mut client, "/held-request"));
    assert!(proxy.wait_for(SECONDS_10, |frames| { frames.iter().any(|frame| frame.is_request(Op::Create)) }));
    assert!(!eventually(A_WHILE, || exists("/held-request")));
    proxy.hold_requests(false);
    assert!(call.join().unwrap());
}

#[test]
fn a_stalled_connection_stays_open_and_silent() {
    let proxy = proxy();
    let mut client = session(&proxy);
    proxy.stall(true);
    let call = thread::spawn(move || create(&mut client, "/stalled"));
    assert!(!eventually(A_WHILE, || call.is_finished() || exists("/stalled")));
    assert_eq!(proxy.connections(), 1);
    proxy.stall(false);
    assert!(call.join().unwrap());
}

#[test]
fn cut_and_reset_close_only_open_connections() {
    let proxy = proxy();
    for cut in [Proxy::cut, Proxy::reset] {
        let (mut one, mut two) = (session(&proxy), session(&proxy));
        assert_eq!(proxy.connections(), 2);
        cut(&proxy);
        assert_eq!(proxy.connections(), 0);
        assert!(one.call(code::PING, &[]).is_err() && two.call(code::PING, &[]).is_err());
    }
    drop(session(&proxy));
}

#[test]
fn connections_are_refused_until_allowed() {
    let proxy = proxy();
    let mut client = session(&proxy);
    proxy.refuse(true);
    assert!(client.call(code::PING, &[]).is_err());
    assert!(Session::open(&proxy.address(), SECONDS_10).is_err());
    proxy.refuse(false);
    drop(session(&proxy));
}

#[test]
fn a_delay_applies_in_each_direction() {
    let proxy = proxy();
    let mut client = session(&proxy);
    proxy.delay(Duration::from_millis(100));
    let start = Instant::now();
    assert!(create(&mut client, "/delayed"));
    assert!(start.elapsed() >= Duration::from_millis(200));
}

#[test]
fn the_log_has_all_frames() {
    let proxy = proxy();
    let mut client = session(&proxy);
    assert!(create(&mut client, "/logged"));
    assert!(!create(&mut client, "/logged"));
    let frames = proxy.frames();
    assert_eq!(frames.len(), 6);
    assert!(frames[0].is_request(Op::Connect) && frames[1].is_reply(Op::Connect));
    let (request, reply) = (&frames[4], &frames[5]);
    assert!(request.is_request(Op::Create) && request.direction == Direction::ToServer);
    assert_eq!((request.path.as_deref(), request.error, request.passed), (Some("/logged"), 0, true));
    assert!(reply.is_reply(Op::Create) && reply.xid == request.xid && reply.connection == 1);
    assert_eq!((reply.path.as_deref(), reply.error), (Some("/logged"), -110));
    proxy.clear_frames();
    assert!(proxy.frames().is_empty());
}

#[test]
fn the_log_has_the_first_path_of_a_multi() {
    let proxy = proxy();
    let header = |kind: i32, last: u8| [&kind.to_be_bytes()[..], &[last], &[0xff; 4]].concat();
    let body = [header(code::CREATE, 0), create_body("/multi"), header(-1, 1)].concat();
    assert_eq!(session(&proxy).call(code::MULTI, &body).unwrap().0, 0);
    assert!(exists("/multi"));
    let multi = |frame: &Frame| frame.is_reply(Op::Multi) && frame.path.as_deref() == Some("/multi");
    assert!(proxy.frames().iter().any(multi));
}

#[test]
fn the_log_has_watch_events() {
    let proxy = proxy();
    let mut client = session(&proxy);
    let watch = [&text("/watched")[..], &[1]].concat();
    drop(client.call(code::EXISTS, &watch).unwrap());
    direct().create("/watched", b"").unwrap();
    let seen = |frame: &Frame| frame.is_reply(Op::Event) && frame.path.as_deref() == Some("/watched");
    assert!(proxy.wait_for(SECONDS_10, |frames| frames.iter().any(seen)));
}

#[test]
fn a_closed_client_has_no_connection() {
    let proxy = proxy();
    let mut client = session(&proxy);
    drop(client.call(code::CLOSE_SESSION, &[]).unwrap());
    drop(client);
    assert!(eventually(SECONDS_10, || proxy.connections() == 0));
    let address = proxy.address();
    drop(proxy);
    assert!(std::net::TcpStream::connect(address).is_err());
}
