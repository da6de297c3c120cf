//! include/zkcoord.h is what preamble.h and src/ say. `UPDATE_HEADER=1` makes it so.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use std::fs;
use std::path::Path;

const CRATE: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn the_header_is_up_to_date() {
    let path = Path::new(CRATE).join("../include/zkcoord.h");
    let wanted = generate();
    if std::env::var_os("UPDATE_HEADER").is_some() {
        fs::write(&path, &wanted).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    let same = wanted.lines().zip(found.lines()).take_while(|(a, b)| a == b).count();
    assert!(
        wanted == found,
        "include/zkcoord.h differs from line {} on; UPDATE_HEADER=1 cargo test -p zkcoord-ffi --test header",
        same + 1
    );
}

fn generate() -> String {
    let mut config = cbindgen::Config::from_file(format!("{CRATE}/cbindgen.toml")).unwrap();
    config.after_includes = Some(preamble());
    let mut header = Vec::new();
    cbindgen::Builder::new().with_crate(CRATE).with_config(config).generate().unwrap().write(&mut header);
    async_last(&String::from_utf8(header).unwrap())
}

/// The functions that do not wait behind all others: in between they would double what there is to read.
fn async_last(header: &str) -> String {
    let (functions, end) = header.rsplit_once("\n\n#ifdef __cplusplus").unwrap();
    let is_async = |item: &&str| item.lines().any(|line| !line.starts_with(' ') && line.contains("_async("));
    let (twins, others): (Vec<&str>, Vec<&str>) = functions.split("\n\n").partition(is_async);
    format!("{}\n\n{ASYNC}\n\n{}\n\n#ifdef __cplusplus{end}", others.join("\n\n"), twins.join("\n\n"))
}

const ASYNC: &str = "/*
 * Asynchronous calls, as \"Async\" above describes them, in the order of their waiting twins.
 */";

fn preamble() -> String {
    let text = fs::read_to_string(format!("{CRATE}/preamble.h")).unwrap();
    text.replace("@VERSION@", env!("CARGO_PKG_VERSION"))
        .replace("@MAJOR@", env!("CARGO_PKG_VERSION_MAJOR"))
        .replace("@MINOR@", env!("CARGO_PKG_VERSION_MINOR"))
        .replace("@PATCH@", env!("CARGO_PKG_VERSION_PATCH"))
}
