//! What a client may do at a path, looked at without changing anything.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod support;

use support::Corner;
use zkcoord::{Acl, Client, ErrorCode};
use zkcoord_testkit::shared;

#[test]
fn all_is_allowed_where_everybody_may_and_nothing_changes() {
    let corner = Corner::new();
    let client = corner.client();
    for _ in 0..3 {
        client.mutex("/locks/a").acquire().wait().unwrap().release().wait().unwrap();
    }
    let before = corner.observer.exists(&corner.path("/locks/a")).unwrap().unwrap();
    let access = client.access("/locks/a").wait().unwrap();
    assert_eq!(access.nearest, "/locks/a");
    assert_eq!(access.next_number, 3);
    for verdict in [access.list, access.create, access.delete, access.container] {
        verdict.unwrap();
    }
    assert_eq!(corner.observer.exists(&corner.path("/locks/a")).unwrap().unwrap(), before);
    let guard = client.mutex("/locks/a").acquire().wait().unwrap();
    assert!(guard.node().ends_with("-lock-0000000003"), "{}", guard.node());
    assert_eq!(client.access("/locks/a").wait().unwrap().next_number, 4);
}

#[test]
fn the_nearest_node_above_a_missing_one_is_looked_at() {
    let corner = Corner::new();
    let client = corner.client();
    corner.observer.create(&corner.path("/a"), b"").unwrap();
    for (path, nearest) in [("/a/b/c", "/a"), ("/x/y", "/"), ("/x", "/")] {
        let access = client.access(path).wait().unwrap();
        assert_eq!(access.nearest, nearest);
        access.create.and(access.delete).and(access.list).unwrap();
    }
    assert_eq!(corner.children(""), ["a"]);
}

#[test]
fn what_is_refused_is_told() {
    let corner = Corner::new();
    let hosts = format!("{}{}", shared().hosts(), corner.root);
    let owner = Client::builder(&hosts).auth("digest", "owner:secret");
    let reader = owner.acl(Acl::Read).connect().wait().unwrap();
    let _held = reader.mutex("/read").acquire().wait().unwrap();
    let private = Client::builder(&hosts).auth("digest", "owner:secret").acl(Acl::Creator).connect();
    let _hidden = private.wait().unwrap().mutex("/hidden").acquire().wait().unwrap();
    let stranger = corner.client();

    let access = stranger.access("/read").wait().unwrap();
    access.list.unwrap();
    for refused in [access.create, access.delete, access.container] {
        assert_eq!(refused.unwrap_err().code(), ErrorCode::NotAuthorized);
    }
    let access = stranger.access("/hidden").wait().unwrap();
    let error = access.list.unwrap_err();
    assert_eq!(
        (error.code(), error.message()),
        (ErrorCode::NotAuthorized, "listing /hidden: the server's ACL refused")
    );
    let own = reader.access("/hidden").wait().unwrap();
    own.list.and(own.create).and(own.delete).unwrap();
}

#[test]
fn an_ephemeral_node_takes_no_children() {
    let corner = Corner::new();
    let client = corner.client();
    let guard = client.mutex("/lock").acquire().wait().unwrap();
    let access = client.access(guard.node()).wait().unwrap();
    assert_eq!(access.create.unwrap_err().code(), ErrorCode::Unsupported);
}

#[test]
fn a_path_that_is_none_is_refused() {
    let error = Corner::new().client().access("lock").wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::InvalidArgument);
    assert!(error.message().contains("\"lock\""), "{error}");
}
