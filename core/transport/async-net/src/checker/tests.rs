use std::time::{Duration, Instant};

use super::Checker;
use crate::code;

/// A frame of these fields.
fn frame(fields: &[&[u8]]) -> Vec<u8> {
    let body = fields.concat();
    [&int(body.len() as i32)[..], &body].concat()
}

fn int(value: i32) -> [u8; 4] {
    value.to_be_bytes()
}

fn long(value: i64) -> [u8; 8] {
    value.to_be_bytes()
}

fn text(text: &str) -> Vec<u8> {
    [&int(text.len() as i32)[..], text.as_bytes()].concat()
}

fn stat(czxid: i64) -> Vec<u8> {
    [&long(czxid)[..], &long(czxid), &[0; 52]].concat()
}

fn answer(xid: i32, error: i32, body: &[&[u8]]) -> Vec<u8> {
    frame(&[&int(xid), &long(1), &int(error), &body.concat()])
}

fn read(xid: i32, code: i32, watch: bool) -> Vec<u8> {
    frame(&[&int(xid), &int(code), &text("/a"), &[u8::from(watch)]])
}

fn create(xid: i32, path: &str, flags: i32) -> Vec<u8> {
    let acl = [&int(1)[..], &int(31), &text("world"), &text("anyone")].concat();
    frame(&[&int(xid), &int(code::CREATE2), &text(path), &text("data"), &acl, &int(flags)])
}

fn names(names: &[&str]) -> Vec<u8> {
    let names: Vec<_> = names.iter().map(|name| text(name)).collect();
    [&int(names.len() as i32)[..], &names.concat()].concat()
}

/// A connection with a session.
fn connected() -> Checker {
    let mut checker = Checker::default();
    let request = frame(&[&int(0), &long(0), &int(6000), &long(0), &text("0123456789abcdef"), &[0]]);
    checker.sent(&request).unwrap();
    let granted = frame(&[&int(0), &int(6000), &long(7), &text("0123456789abcdef"), &[0]]);
    assert_eq!(checker.received(&granted), Ok(granted.len()));
    checker
}

/// Sends a request, and returns whether an answer to it is accepted.
fn accepts(request: &[u8], answer: &[u8]) -> bool {
    let mut checker = connected();
    checker.sent(request).unwrap();
    checker.received(answer).is_ok()
}

#[test]
fn honest_answers_pass_whole() {
    assert!(accepts(&read(1, code::GET_DATA, false), &answer(1, 0, &[&text("value"), &stat(3)])));
    // The data of a node can be null.
    assert!(accepts(&read(1, code::GET_DATA, false), &answer(1, 0, &[&int(-1), &stat(3)])));
    assert!(accepts(&read(1, code::GET_DATA, false), &answer(1, -101, &[])));
    assert!(accepts(&read(1, code::EXISTS, false), &answer(1, 0, &[&stat(0)])));
    assert!(accepts(&read(1, code::GET_CHILDREN, false), &answer(1, 0, &[&names(&["b", "ü"])])));
    assert!(accepts(&read(1, code::GET_CHILDREN, false), &answer(1, 0, &[&int(-1)])));
    assert!(accepts(&create(1, "/a", 0), &answer(1, 0, &[&text("/a"), &stat(3)])));
    assert!(accepts(&create(1, "/a-", 3), &answer(1, 0, &[&text("/a-0000000007"), &stat(3)])));
    assert!(accepts(&create(1, "/a-", 2), &answer(1, 0, &[&text("/a--2147483648"), &stat(3)])));
}

#[test]
fn a_create_answers_with_its_own_path_and_a_rising_zxid() {
    assert!(!accepts(&create(1, "/a", 0), &answer(1, 0, &[&text("/b"), &stat(3)])));
    assert!(!accepts(&create(1, "/a-", 3), &answer(1, 0, &[&text("/b-0000000007"), &stat(3)])));
    assert!(!accepts(&create(1, "/a-", 3), &answer(1, 0, &[&text("/a-"), &stat(3)])));
    assert!(!accepts(&create(1, "/a", 0), &answer(1, 0, &[&text("/a"), &stat(0)])));
    let mut checker = connected();
    for (xid, czxid, accepted) in [(1, 5, true), (2, 6, true), (3, 6, false)] {
        checker.sent(&create(xid, "/a", 0)).unwrap();
        let answer = answer(xid, 0, &[&text("/a"), &stat(czxid)]);
        assert_eq!(checker.received(&answer).is_ok(), accepted, "czxid {czxid}");
    }
}

#[test]
fn requests_and_answers_may_arrive_in_any_pieces() {
    let answers = [answer(1, 0, &[&names(&["b", "c"])]), answer(2, 0, &[&text("x"), &stat(1)])].concat();
    for size in 1..answers.len() {
        let mut checker = connected();
        for request in [read(1, code::GET_CHILDREN, false), read(2, code::GET_DATA, false)] {
            request.chunks(size).for_each(|piece| checker.sent(piece).unwrap());
        }
        for piece in answers.chunks(size) {
            assert_eq!(checker.received(piece), Ok(piece.len()));
        }
    }
}

#[test]
fn the_bytes_before_the_last_piece_of_a_bad_answer_are_handed_on() {
    let mut checker = connected();
    checker.sent(&[read(1, code::EXISTS, false), read(2, code::EXISTS, false)].concat()).unwrap();
    let (good, bad) = (answer(1, 0, &[&stat(1)]), answer(2, 0, &[&stat(-1)]));
    let (start, end) = bad.split_at(30);
    assert_eq!(checker.received(&[&good, start].concat()), Ok(good.len() + 30));
    assert!(checker.received(end).is_err());
    assert!(checker.received(&good).is_err(), "nothing is handed on after a bad answer");
}

#[test]
fn answers_come_in_order_except_those_that_servers_give_at_once() {
    let auth = frame(&[&int(2), &int(code::AUTH), &int(0), &text("digest"), &text("a:b")]);
    let multi = frame(&[
        &int(3),
        &int(code::MULTI),
        &[&int(code::DELETE)[..], &[0], &int(-1), &text("/a"), &int(-1)].concat(),
        &[&int(-1)[..], &[1], &int(-1)].concat(),
    ]);
    let requests = [create(1, "/a", 0), auth, multi, create(4, "/b", 0)].concat();
    let mut checker = connected();
    checker.sent(&requests).unwrap();
    for honest in [
        answer(2, 0, &[]),
        answer(3, code::UNIMPLEMENTED, &[]),
        answer(1, 0, &[&text("/a"), &stat(1)]),
        answer(4, 0, &[&text("/b"), &stat(2)]),
    ] {
        assert_eq!(checker.received(&honest), Ok(honest.len()));
    }
    let mut checker = connected();
    checker.sent(&requests).unwrap();
    assert!(checker.received(&answer(4, 0, &[&text("/b"), &stat(2)])).is_err());
}

#[test]
fn a_multi_has_one_result_for_each_member() {
    let member = |code: i32, body: &[&[u8]]| [&int(code)[..], &[0], &int(0), &body.concat()].concat();
    let end = [&int(-1)[..], &[1], &int(-1)].concat();
    let delete = member(code::DELETE, &[&text("/a"), &int(-1)]);
    let set = member(code::SET_DATA, &[&text("/b"), &text("x"), &int(-1)]);
    let request = frame(&[&int(1), &int(code::MULTI), &delete, &set, &end]);
    let (deleted, written) = (member(code::DELETE, &[]), member(code::SET_DATA, &[&stat(1)]));
    let failed = |error: i32| member(code::ERROR, &[&int(error)]);
    for (results, accepted) in [
        (vec![deleted.clone(), written.clone()], true),
        (vec![failed(0), failed(-103)], true),
        (vec![failed(-101), failed(-2)], true),
        (vec![deleted.clone()], false),
        (vec![written.clone(), deleted.clone()], false),
        (vec![deleted.clone(), written, deleted.clone()], false),
        (vec![deleted, failed(-103)], false),
        (vec![failed(0), failed(0)], false),
        (vec![], false),
    ] {
        assert_eq!(accepts(&request, &answer(1, 0, &[&results.concat(), &end])), accepted, "{results:?}");
    }
}

#[test]
fn each_event_belongs_to_a_watch() {
    let event = answer(-1, 0, &[&int(2), &int(3), &text("/a")]);
    let mut checker = connected();
    assert!(checker.received(&event).is_err());
    let mut checker = connected();
    checker.sent(&read(1, code::GET_DATA, true)).unwrap();
    assert!(checker.received(&answer(1, 0, &[&text("x"), &stat(1)])).is_ok());
    assert!(checker.received(&event).is_ok());
    assert!(checker.received(&event).is_err());
}

#[test]
fn an_encrypted_connection_passes_unchecked() {
    let mut checker = Checker::default();
    checker.sent(&[0x16, 3, 1, 0, 5, 1, 2, 3, 4, 5]).unwrap();
    assert_eq!(checker.received(&[0x7f; 100]), Ok(100));
}

#[test]
fn checks_are_fast() {
    const ROUNDS: u32 = 100_000;
    let mut checker = connected();
    let small = (read(1, code::GET_DATA, true), answer(1, 0, &[&text("0123456789"), &stat(3)]));
    let creates = (
        create(1, "/lock/_c_5f3e-lock-", 3),
        answer(1, 0, &[&text("/lock/_c_5f3e-lock-0000000007"), &stat(3)]),
    );
    let listing: Vec<_> = (0..100).map(|number| format!("_c_0123456789abcdef-lock-{number:010}")).collect();
    let listing: Vec<_> = listing.iter().map(String::as_str).collect();
    let lists = (read(1, code::GET_CHILDREN, false), answer(1, 0, &[&names(&listing)]));
    for (name, (request, mut answer)) in [("getData", small), ("create2", creates), ("100 names", lists)] {
        let start = Instant::now();
        for round in 0..ROUNDS {
            if name == "create2" {
                let zxid = answer.len() - 68;
                answer[zxid..zxid + 8].copy_from_slice(&long(i64::from(round) + 4));
            }
            checker.sent(&request).unwrap();
            assert_eq!(checker.received(&answer), Ok(answer.len()));
        }
        let each = start.elapsed() / ROUNDS;
        eprintln!("{name}: {each:?} for a request and its answer");
        // Far more than it takes, so that a slow machine passes.
        assert!(each < Duration::from_micros(100));
    }
}
