//! Connecting with a chroot.

use crate::support::{SESSION, Sandbox, TIMEOUT};
use zkcoord::{Acl, Client, ErrorCode};
use zkcoord_testkit::shared;

#[test]
fn a_chroot_below_a_node_that_is_closed_to_the_client_is_used() {
    let sandbox = Sandbox::new();
    let closed = format!("{}{}/closed", shared().hosts(), sandbox.root);
    let owner = |hosts: &str, acl| Client::builder(hosts).auth("digest", "owner:secret").acl(acl).connect();
    drop(owner(&closed, Acl::Read).wait().unwrap());
    drop(owner(&format!("{closed}/app"), Acl::Open).wait().unwrap());

    let client = Client::builder(format!("{closed}/app")).session_timeout(SESSION).connect().wait().unwrap();
    assert!(client.mutex("/locks/a").acquire().timeout(TIMEOUT).wait().unwrap().is_held());
    let refused = Client::connect(format!("{closed}/other")).wait().unwrap_err();
    assert_eq!(refused.code(), ErrorCode::NotAuthorized, "{refused}");
}

#[test]
fn every_missing_node_of_a_chroot_is_created_below_the_ones_that_exist() {
    let sandbox = Sandbox::new();
    let hosts = format!("{}{}/a/b/c", shared().hosts(), sandbox.root);
    drop(Client::connect(hosts).wait().unwrap());
    assert_eq!(sandbox.children("/a/b"), ["c"]);
}
