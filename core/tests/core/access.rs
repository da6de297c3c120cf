//! `Client::access`: a client's permissions at a path, found out without changing anything.

use crate::support::Sandbox;
use zkcoord::{Acl, Client, ErrorCode};
use zkcoord_testkit::shared;

#[test]
fn everything_is_allowed_with_an_open_acl_and_nothing_changes() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    for _ in 0..3 {
        client.mutex("/locks/a").acquire().wait().unwrap().release().wait().unwrap();
    }
    let before = sandbox.observer.exists(&sandbox.path("/locks/a")).unwrap().unwrap();
    let access = client.access("/locks/a").wait().unwrap();
    assert_eq!(access.nearest, "/locks/a");
    assert_eq!(access.next_number, 3);
    for verdict in [access.list, access.create, access.delete, access.container] {
        verdict.unwrap();
    }
    assert_eq!(sandbox.observer.exists(&sandbox.path("/locks/a")).unwrap().unwrap(), before);
    let guard = client.mutex("/locks/a").acquire().wait().unwrap();
    assert!(guard.node().ends_with("-lock-0000000003"), "{}", guard.node());
    assert_eq!(client.access("/locks/a").wait().unwrap().next_number, 4);
}

#[test]
fn a_missing_node_is_judged_by_its_nearest_existing_ancestor() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    sandbox.observer.create(&sandbox.path("/a"), b"").unwrap();
    for (path, nearest) in [("/a/b/c", "/a"), ("/x/y", "/"), ("/x", "/")] {
        let access = client.access(path).wait().unwrap();
        assert_eq!(access.nearest, nearest);
        access.create.and(access.delete).and(access.list).unwrap();
    }
    assert_eq!(sandbox.children(""), ["a"]);
}

#[test]
fn refused_permissions_are_reported() {
    let sandbox = Sandbox::new();
    let hosts = format!("{}{}", shared().hosts(), sandbox.root);
    let owner = Client::builder(&hosts).auth("digest", "owner:secret");
    let reader = owner.acl(Acl::Read).connect().wait().unwrap();
    let _held = reader.mutex("/read").acquire().wait().unwrap();
    let private = Client::builder(&hosts).auth("digest", "owner:secret").acl(Acl::Creator).connect();
    let _hidden = private.wait().unwrap().mutex("/hidden").acquire().wait().unwrap();
    let stranger = sandbox.client();

    let access = stranger.access("/read").wait().unwrap();
    access.list.unwrap();
    for refused in [access.create, access.delete, access.container] {
        assert_eq!(refused.unwrap_err().code(), ErrorCode::NotAuthorized);
    }
    let access = stranger.access("/hidden").wait().unwrap();
    let error = access.list.unwrap_err();
    assert_eq!(
        (error.code(), error.message()),
        (ErrorCode::NotAuthorized, "listing /hidden: the ACL does not allow it; check auth")
    );
    let own = reader.access("/hidden").wait().unwrap();
    own.list.and(own.create).and(own.delete).unwrap();
}

#[test]
fn an_ephemeral_node_cannot_have_children() {
    let sandbox = Sandbox::new();
    let client = sandbox.client();
    let guard = client.mutex("/lock").acquire().wait().unwrap();
    let access = client.access(guard.node()).wait().unwrap();
    assert_eq!(access.create.unwrap_err().code(), ErrorCode::Unsupported);
}

#[test]
fn an_invalid_path_is_refused() {
    let error = Sandbox::new().client().access("lock").wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::InvalidArgument);
    assert!(error.message().contains("\"lock\""), "{error}");
}
