//! Writes guarded by a lock, against a real server.

use crate::support::{Sandbox, TIMEOUT};
use zkcoord::ErrorCode;
use zkcoord_testkit::Op;

#[test]
fn a_holder_writes_and_a_former_holder_does_not() {
    let sandbox = Sandbox::new();
    let guard = sandbox.client().mutex("/lock").acquire().wait().unwrap();
    guard.create("/data", b"1").wait().unwrap();
    guard.set_data("/data", b"2", None).wait().unwrap();
    guard.set_data("/data", b"3", Some(1)).wait().unwrap();
    let data = || sandbox.observer.data(&sandbox.path("/data")).unwrap().map(|(data, _)| data);
    assert_eq!(data().unwrap(), b"3");
    sandbox.observer.delete(&sandbox.path(guard.node())).unwrap();
    for error in [
        guard.set_data("/data", b"4", None).wait().unwrap_err(),
        guard.create("/more", b"").wait().unwrap_err(),
        guard.delete("/data", None).wait().unwrap_err(),
    ] {
        assert_eq!(error.code(), ErrorCode::LockLost, "{error}");
    }
    assert_eq!(data().unwrap(), b"3");
    let next = sandbox.client().mutex("/lock").acquire().wait().unwrap();
    next.delete("/data", Some(2)).wait().unwrap();
    assert_eq!(data(), None);
}

#[test]
fn a_write_that_cannot_be_done_reports_why() {
    let sandbox = Sandbox::new();
    let guard = sandbox.client().mutex("/lock").acquire().wait().unwrap();
    guard.create("/data", b"1").wait().unwrap();
    let cases = [
        (guard.create("/data", b"2"), "path \"/data\": there is such a node"),
        (guard.create("/none/data", b"2"), "path \"/none/data\": there is no such node"),
        (guard.set_data("/none", b"2", None), "path \"/none\": there is no such node"),
        (guard.set_data("/data", b"2", Some(7)), "version \"7\": /data is at another version"),
        (guard.delete("/lock", None), "path \"/lock\": the node has children"),
        (guard.set_data("data", b"2", None), "path \"data\": must start with"),
        (guard.set_data("/data", vec![0; 2_000_000], None), "data \"2000000 bytes\": must be at most"),
    ];
    for (op, message) in cases {
        let error = op.wait().unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidArgument, "{error}");
        assert!(error.message().starts_with(message), "{error}");
    }
    assert!(guard.is_held());
    guard.release().wait().unwrap();
    assert_eq!(guard.set_data("/data", b"2", None).wait().unwrap_err().code(), ErrorCode::LockLost);
}

#[test]
fn a_lost_reply_is_indeterminate() {
    let sandbox = Sandbox::new();
    let proxy = sandbox.proxy();
    let guard = sandbox.client_through(&proxy).mutex("/lock").acquire().wait().unwrap();
    let rule = proxy.swallow_reply(Op::Multi, 1);
    let error = guard.create("/data", b"1").timeout(TIMEOUT).wait().unwrap_err();
    assert_eq!((rule.fired(), error.code()), (1, ErrorCode::Indeterminate));
    guard.set_data("/data", b"2", None).timeout(TIMEOUT).wait().unwrap();
}
