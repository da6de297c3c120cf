//! The table of forged answers.

use super::answer::{Answer, claiming, event, failures, framed, header, member, names, session};
use crate::wire::{Encoder, code};

const CREATE2: i32 = 15;
const MULTI_READ: i32 = 22;
const MAX: i32 = i32::MAX;
const ID: i64 = 0x7001_2345_6789;
const PASSWORD: [u8; 16] = [7; 16];

/// The bytes that follow the forged answer on its connection.
#[derive(Clone, Copy, Debug)]
pub(super) enum After {
    /// The honest answers of the server.
    Continue,
    /// The next answer, then the honest answer in place of which the forged one came.
    Held,
    /// The end of the connection.
    Close,
    /// Nothing, for half a minute.
    Silence,
    /// Nothing but answers to pings.
    PingsOnly,
}

/// One forged answer.
pub(super) struct Attack {
    pub(super) name: &'static str,
    /// The operation whose next successful answer is forged.
    on: i32,
    /// True if only the answer to a request that sets a watch is forged.
    watch: bool,
    /// Makes the bytes that are sent in place of the honest answer.
    pub(super) forge: fn(&Answer) -> Vec<u8>,
    pub(super) after: After,
}

impl std::fmt::Debug for Attack {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

impl Attack {
    pub(super) fn is_on(&self, answer: &Answer) -> bool {
        answer.code == self.on && (!self.watch || answer.sets_watch())
    }
}

fn attack(name: &'static str, on: i32, forge: fn(&Answer) -> Vec<u8>) -> Attack {
    Attack { name, on, watch: false, forge, after: After::Continue }
}

/// An attack on a request that sets a watch.
fn on_watch(name: &'static str, forge: fn(&Answer) -> Vec<u8>) -> Attack {
    Attack { watch: true, ..attack(name, code::GET_DATA, forge) }
}

/// Returns all attacks.
pub(super) fn all() -> Vec<Attack> {
    [handshakes(), frames(), order(), bodies(), lists(), multis(), events(), silence()]
        .into_iter()
        .flatten()
        .collect()
}

fn handshakes() -> Vec<Attack> {
    let on = code::CONNECT;
    vec![
        attack("handshake of 2 GiB", on, |_| claiming(MAX, &[0; 64])),
        attack("handshake of 1 GiB that arrives", on, |_| claiming(1 << 30, &vec![0; 200 << 20])),
        attack("handshake of 0 bytes", on, |_| framed(&[])),
        attack("handshake of 10 bytes", on, |_| framed(&[0; 10])),
        attack("handshake with a negative length", on, |_| claiming(-5, &[0; 64])),
        attack("handshake of version 1", on, |_| session(1, 2000, ID, &PASSWORD)),
        attack("timeout 0", on, |_| session(0, 0, ID, &PASSWORD)),
        attack("timeout 1 ms", on, |_| session(0, 1, ID, &PASSWORD)),
        attack("timeout 7 ms", on, |_| session(0, 7, ID, &PASSWORD)),
        attack("timeout 39 ms", on, |_| session(0, 39, ID, &PASSWORD)),
        attack("timeout -1", on, |_| session(0, -1, ID, &PASSWORD)),
        attack("timeout of 24 days", on, |_| session(0, MAX, ID, &PASSWORD)),
        attack("password of 0 bytes", on, |_| session(0, 2000, ID, &[])),
        attack("password of 1 MiB", on, |_| session(0, 2000, ID, &[0; 1 << 20])),
        attack("password longer than its frame", on, |_| {
            framed(&Encoder::default().int(0).int(2000).long(ID).int(MAX).0)
        }),
        attack("password with a negative length", on, |_| {
            framed(&Encoder::default().int(0).int(2000).long(ID).int(-7).flag(false).0)
        }),
        attack("session of nobody", on, |_| session(0, 2000, ID, &PASSWORD)),
        attack("handshake with trailing bytes", on, |answer| framed(&[&answer.frame[..], &[9; 40]].concat())),
        attack("HTTP instead of a handshake", on, |_| b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()),
    ]
}

fn frames() -> Vec<Attack> {
    let on = code::GET_CHILDREN;
    vec![
        attack("frame of 2 GiB", on, |answer| claiming(MAX, &answer.frame)),
        attack("frame of 1 GiB that arrives", on, |answer| {
            claiming(1 << 30, &[&answer.frame[..], &vec![0; 200 << 20]].concat())
        }),
        attack("frame with a negative length", on, |answer| claiming(-1, &answer.frame)),
        attack("frame of 0 bytes", on, |_| framed(&[])),
        attack("frame of 15 bytes", on, |answer| framed(&answer.frame[..15])),
        attack("frame one byte too short", on, |answer| framed(&answer.frame[..answer.frame.len() - 1])),
        attack("frame one byte too long", on, |answer| framed(&[&answer.frame[..], &[0]].concat())),
        Attack {
            after: After::Close,
            ..attack("half a frame, then the end", on, |answer| {
                let honest = answer.honest();
                honest[..honest.len() / 2].to_vec()
            })
        },
        Attack {
            after: After::Silence,
            ..attack("half a frame, then silence", on, |answer| {
                let honest = answer.honest();
                honest[..honest.len() / 2].to_vec()
            })
        },
        attack("noise", on, |_| (0..4000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect()),
    ]
}

fn order() -> Vec<Attack> {
    let on = code::GET_CHILDREN;
    vec![
        attack("answer to another request", on, |answer| answer.with_header(answer.xid + 1, 0)),
        attack("answer to an earlier request", on, |answer| answer.with_header(answer.xid - 1, 0)),
        attack("answer to request 0", on, |answer| answer.with_header(0, 0)),
        attack("answer to request 2^31-1", on, |answer| answer.with_header(MAX, 0)),
        Attack { after: After::Held, ..attack("answer to a listing after the next", on, |_| Vec::new()) },
        Attack {
            after: After::Held,
            ..attack("answer to a read after the next", code::GET_DATA, |_| Vec::new())
        },
        Attack { after: After::Held, ..attack("answer to a create after the next", CREATE2, |_| Vec::new()) },
        Attack {
            after: After::Held,
            ..attack("answer to a multi after the next", code::MULTI, |_| Vec::new())
        },
        attack("answer of another request's kind", CREATE2, |answer| answer.with_body(&names(0, &[]))),
        attack("answer twice", on, |answer| answer.honest().repeat(2)),
        attack("answer to a ping that was not sent", CREATE2, |answer| {
            [framed(&header(-2, 0, 0)).repeat(3), answer.honest()].concat()
        }),
        attack("answer to an authentication that was not sent", on, |answer| {
            [framed(&header(-4, 0, 0)), answer.honest()].concat()
        }),
        attack("answer to watches that were not set", on, |answer| {
            [framed(&header(-8, 0, 0)), answer.honest()].concat()
        }),
        attack("error code 5", on, |answer| framed(&header(answer.xid, answer.zxid, 5))),
        attack("error code 2^31-1", CREATE2, |answer| framed(&header(answer.xid, answer.zxid, MAX))),
        attack("error with a body", CREATE2, |answer| answer.with_header(answer.xid, -110)),
        attack("system error", CREATE2, |answer| framed(&header(answer.xid, answer.zxid, -1))),
        attack("connection loss as an answer", on, |answer| framed(&header(answer.xid, answer.zxid, -4))),
    ]
}

fn bodies() -> Vec<Attack> {
    vec![
        attack("create without a body", CREATE2, |answer| answer.with_body(&[])),
        attack("create with a path of 2 GiB", CREATE2, |answer| answer.patched(0, &MAX.to_be_bytes())),
        attack("create with a path of negative length", CREATE2, |answer| answer.patched(0, &[0xff; 4])),
        attack("create with a path that is not UTF-8", CREATE2, |answer| answer.patched(6, &[0xff, 0xfe])),
        attack("create in another directory", CREATE2, |answer| answer.patched(5, b"x")),
        attack("create with another name", CREATE2, |answer| answer.patched(answer.path_end() - 11, b"x")),
        attack("create without a number", CREATE2, |answer| answer.patched(answer.path_end() - 4, b"abcd")),
        attack("create with a short stat", CREATE2, |answer| {
            answer.with_body(&answer.body()[..answer.path_end() + 20])
        }),
        attack("create without a stat", CREATE2, |answer| {
            answer.with_body(&answer.body()[..answer.path_end()])
        }),
        attack("czxid 0", CREATE2, |answer| answer.patched(answer.path_end(), &[0; 8])),
        attack("czxid below 0", CREATE2, |answer| answer.patched(answer.path_end(), &[0xff; 8])),
        attack("data of 2 GiB", code::GET_DATA, |answer| answer.patched(0, &MAX.to_be_bytes())),
        attack("data of length -2", code::GET_DATA, |answer| answer.patched(0, &(-2i32).to_be_bytes())),
        attack("data without a stat", code::GET_DATA, |answer| answer.with_body(&[0, 0, 0, 0])),
        attack("data with a short stat", code::GET_DATA, |answer| {
            answer.with_body(&answer.body()[..answer.body().len() - 8])
        }),
        attack("data as long as is accepted", code::GET_DATA, |answer| {
            let stat = &answer.body()[answer.body().len() - 68..];
            answer.with_body(&[&Encoder::default().bytes(&vec![b'7'; (16 << 20) - 100]).0, stat].concat())
        }),
        attack("data of 3 bytes", code::GET_DATA, |answer| answer.with_body(&[0, 0, 0])),
        on_watch("watched data without a stat", |answer| answer.with_body(&[0, 0, 0, 0])),
        on_watch("watched data of 0 bytes", |answer| answer.with_body(&[])),
        attack("stat with trailing bytes", code::GET_DATA, |answer| {
            answer.with_body(&[answer.body(), &[1; 5]].concat())
        }),
        attack("negative number of children", code::GET_DATA, |answer| {
            answer.patched(answer.body().len() - 12, &[0xff; 4])
        }),
        attack("delete with a body", code::DELETE, |answer| answer.with_body(&[1; 30])),
        attack("sync without a body", code::SYNC, |answer| answer.with_body(&[])),
        attack("sync with a path of 2 GiB", code::SYNC, |answer| answer.patched(0, &MAX.to_be_bytes())),
    ]
}

fn lists() -> Vec<Attack> {
    let on = code::GET_CHILDREN;
    vec![
        attack("list of 2^31-1 names", on, |answer| answer.with_body(&names(MAX, &[]))),
        attack("list of 2^24 names", on, |answer| answer.with_body(&names(1 << 24, &[b"a"]))),
        attack("list of 2^21 names that arrive", on, |answer| {
            answer.with_body(&[names(1 << 21, &[]), [0, 0, 0, 1, b'a'].repeat(1 << 21)].concat())
        }),
        attack("list as long as is accepted", on, |answer| {
            let names = (0..1 << 18).map(|number| format!("_c_{number:032x}-lock-{number:010}"));
            let names = names.fold(Encoder::default().int(1 << 18), |list, name| list.text(&name));
            answer.with_body(&names.0)
        }),
        attack("list with fewer names than it claims", on, |answer| answer.with_body(&names(3, &[b"a"]))),
        attack("list with more names than it claims", on, |answer| {
            answer.with_body(&names(1, &[b"a", b"b"]))
        }),
        attack("list without a count", on, |answer| answer.with_body(&[])),
        attack("list with a name of 2 GiB", on, |answer| {
            answer.with_body(&Encoder::default().int(1).int(MAX).int(0).0)
        }),
        attack("list with a name of negative length", on, |answer| {
            answer.with_body(&Encoder::default().int(1).int(-9).0)
        }),
        attack("list with a name that is not UTF-8", on, |answer| {
            answer.with_body(&names(1, &[&[0xc3, 0x28]]))
        }),
        attack("list with an empty name", on, |answer| answer.with_body(&names(1, &[b""]))),
        attack("list with a path", on, |answer| answer.with_body(&names(1, &[b"../../zookeeper/quota"]))),
        attack("list without our node", on, |answer| {
            answer.with_body(&names(1, &[b"other-lock-0000000000"]))
        }),
        attack("list of nothing", on, |answer| answer.with_body(&names(0, &[]))),
        attack("list with numbers out of range", on, |answer| {
            answer.with_body(&names(2, &[b"_c_x-lock-99999999999999999999", b"_c_y-lock--2147483649"]))
        }),
    ]
}

fn multis() -> Vec<Attack> {
    let on = code::MULTI;
    vec![
        attack("multi without results", on, |answer| answer.with_body(&member(-1, true, -1))),
        attack("multi without a body", on, |answer| answer.with_body(&[])),
        attack("multi without an end", on, |answer| {
            answer.with_body(&answer.body()[..answer.body().len() - 9])
        }),
        attack("multi with one result", on, |answer| {
            answer.with_body(&[member(2, false, 0), member(-1, true, -1)].concat())
        }),
        attack("multi with a thousand results", on, |answer| {
            answer.with_body(&[member(2, false, 0).repeat(1000), member(-1, true, -1)].concat())
        }),
        attack("multi with results of another kind", on, |answer| {
            answer.with_body(&[member(13, false, 0).repeat(2), member(-1, true, -1)].concat())
        }),
        attack("multi of which nothing failed", on, |answer| answer.with_body(&failures(2, 0))),
        attack("multi with too many failures", on, |answer| answer.with_body(&failures(500, -2))),
        attack("multi with an unknown operation", on, |answer| {
            answer.with_body(&[member(77, false, 0), member(-1, true, -1)].concat())
        }),
        attack("multi with a flag of 9", on, |answer| answer.with_body(&[0, 0, 0, 2, 9, 0, 0, 0, 0])),
        attack("multi that gives no end", on, |answer| {
            answer.with_body(&member(2, false, 0).repeat(100_000))
        }),
        attack("multi-read without results", MULTI_READ, |answer| answer.with_body(&member(-1, true, -1))),
        attack("multi-read with a list of 2^31-1 names", MULTI_READ, |answer| {
            answer.with_body(&[member(8, false, 0), names(MAX, &[])].concat())
        }),
        attack("multi-read with data of 2 GiB", MULTI_READ, |answer| {
            answer.with_body(&[member(4, false, 0), names(MAX, &[])].concat())
        }),
        attack("multi-read with results of another kind", MULTI_READ, |answer| {
            answer.with_body(&[member(2, false, 0).repeat(2), member(-1, true, -1)].concat())
        }),
    ]
}

fn events() -> Vec<Attack> {
    let on = CREATE2;
    vec![
        attack("event for nothing", on, |answer| [event(2, 3, b"/nothing"), answer.honest()].concat()),
        attack("a hundred thousand events", on, |answer| {
            [event(3, 3, b"/nothing/at/all").repeat(100_000), answer.honest()].concat()
        }),
        on_watch("event of kind 9", |answer| [answer.honest(), event(9, 3, b"/x")].concat()),
        on_watch("event of kind -1", |answer| [answer.honest(), event(-1, 3, b"")].concat()),
        on_watch("event in state 77", |answer| [answer.honest(), event(2, 77, b"/x")].concat()),
        on_watch("event without a path", |answer| {
            [answer.honest(), framed(&[header(-1, -1, 0), vec![0; 8]].concat())].concat()
        }),
        on_watch("event with a path of 2 GiB", |answer| {
            let body = Encoder::default().int(2).int(3).int(MAX).0;
            [answer.honest(), framed(&[header(-1, -1, 0), body].concat())].concat()
        }),
        on_watch("event with a path that is not UTF-8", |answer| {
            [answer.honest(), event(2, 3, &[b'/', 0xff])].concat()
        }),
        on_watch("event with a relative path", |answer| [answer.honest(), event(2, 3, b"x/y")].concat()),
        on_watch("event outside the chroot", |answer| [answer.honest(), event(2, 3, b"/zookeeper")].concat()),
    ]
}

fn silence() -> Vec<Attack> {
    vec![
        Attack {
            after: After::Silence,
            ..attack("silence after the handshake", code::CONNECT, Answer::honest)
        },
        Attack { after: After::Silence, ..attack("silence in the handshake", code::CONNECT, |_| Vec::new()) },
        Attack { after: After::Silence, ..attack("silence after a create", CREATE2, |_| Vec::new()) },
        Attack { after: After::PingsOnly, ..attack("pings only", CREATE2, |_| Vec::new()) },
        Attack { after: After::Close, ..attack("the end instead of an answer", CREATE2, |_| Vec::new()) },
        Attack {
            after: After::Close,
            ..attack("the end instead of a handshake", code::CONNECT, |_| Vec::new())
        },
    ]
}
