//! The library exports, the header declares and symbols.txt lists the same functions.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use std::collections::BTreeSet;
use std::process::Command;

const DECLARED: &str = include_str!("../../include/zkcoord.h");
const LISTED: &str = include_str!("../symbols.txt");

#[test]
fn the_header_declares_the_listed_functions() {
    let listed: Vec<&str> = LISTED.lines().collect();
    let declared: Vec<&str> = declared().into_iter().collect();
    assert_eq!(listed, declared, "symbols.txt must be sorted and complete");
}

#[test]
fn the_library_exports_the_listed_functions() {
    let library = library();
    let nm = Command::new("nm")
        .args(["--dynamic", "--defined-only", "--format=posix"])
        .arg(&library)
        .output()
        .unwrap();
    assert!(nm.status.success(), "{nm:?}");
    let symbols = String::from_utf8(nm.stdout).unwrap();
    let exported: BTreeSet<&str> = symbols.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(exported, LISTED.lines().collect::<BTreeSet<_>>(), "{library}");
}

/// Returns the names of the declared functions: every `zkcoord_x(` outside of comments.
fn declared() -> BTreeSet<&'static str> {
    let code = DECLARED.lines().filter(|line| !line.trim_start().starts_with(['*', '/']));
    let ends = code.flat_map(|line| line.match_indices('(').map(|(end, _)| &line[..end]));
    let names = ends.filter_map(|text| text.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next());
    names.filter(|name| name.starts_with("zkcoord_")).collect()
}

/// Builds the library and returns its path, as Cargo reports it. `cargo test` does not build it, because no Rust test
/// links it.
fn library() -> String {
    let test = std::env::current_exe().unwrap();
    // TARGET/PROFILE/deps/symbols-HASH
    let target = test.ancestors().nth(3).unwrap();
    let profile = if cfg!(debug_assertions) { "dev" } else { "release" };
    let build = Command::new(env!("CARGO"))
        .args(["build", "--package=zkcoord-ffi", "--lib", "--message-format=json"])
        .args(["--profile", profile, "--target-dir"])
        .arg(target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(build.status.success(), "{build:?}");
    let messages = String::from_utf8(build.stdout).unwrap();
    let mut texts = messages.split('"');
    texts.rfind(|text| text.ends_with("/libzkcoord.so")).unwrap().to_owned()
}
