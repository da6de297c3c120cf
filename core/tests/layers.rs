//! The layers of the core: imports run downwards only, in the order that ARCHITECTURE.md states, and no circle of files
//! reaches over more than one folder.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The files below `core/src`, by path, with their text. `lib.rs` stands above all layers and is left out.
type Files = BTreeMap<String, String>;

#[test]
fn imports_run_downwards_in_the_order_of_the_architecture_page() {
    let (files, layers) = (read_sources(), read_layers());
    let found: BTreeSet<_> = files.keys().map(|file| layer_of(file)).collect();
    let listed: BTreeSet<_> = layers.iter().map(String::as_str).collect();
    assert_eq!(found, listed, "the layers in core/src (left) and in ARCHITECTURE.md (right) differ");
    let upwards = upward_imports(&files, &layers);
    assert!(upwards.is_empty(), "imports that run upwards:\n{}", upwards.join("\n"));
}

#[test]
fn no_circle_of_files_reaches_over_more_than_one_folder() {
    let files = read_sources();
    let imports: usize = files.iter().map(|(file, text)| imports_of(file, text, &files).len()).sum();
    let circles = circles_over_folders(&files);
    println!("{} files, {imports} imports between them, {} circles over folders", files.len(), circles.len());
    assert!(circles.is_empty(), "circles of files over more than one folder: {circles:#?}");
}

#[test]
fn an_import_turned_round_is_found() {
    let layers = ["locks", "session", "error"].map(str::to_owned);
    let mut files = Files::from([
        ("locks/mutex.rs".into(), "use crate::session::Link;\nuse crate::error::Error;".into()),
        (
            "session/link.rs".into(),
            "// crate::locks is only named here\npub(in crate::session) fn f() {}".into(),
        ),
        ("session/mod.rs".into(), "use link::Link;".into()),
        ("error.rs".into(), String::new()),
    ]);
    assert_eq!(upward_imports(&files, &layers), Vec::<String>::new());
    assert_eq!(circles_over_folders(&files), Vec::<Vec<String>>::new());
    for import in [
        "use crate::locks::mutex::Mutex;",
        "fn f(_: super::super::locks::mutex::Mutex) {}",
        "use self::super::super::locks::mutex::Mutex;",
        "use crate::{error::Error as Fault, locks::mutex::Mutex};",
        "use super::{\n    super::{error::Error, locks::{mutex::{self, Mutex}}},\n};",
        "const A: &str = \"http://a \\\" b\"; type M = crate::locks::mutex::Mutex;",
    ] {
        files.insert("session/link.rs".into(), import.into());
        let upwards = upward_imports(&files, &layers);
        assert!(
            upwards[0].starts_with("session/link.rs imports crate::locks::mutex"),
            "{import}: {upwards:?}"
        );
        let circle = [["locks/mutex.rs", "session/link.rs", "session/mod.rs"]];
        assert_eq!(circles_over_folders(&files), circle, "{import}");
    }
    for import in ["use crate::Mutex;", "use crate::*;", "use crate::{Mutex, error::Error};"] {
        files.insert("session/link.rs".into(), import.into());
        let upwards = upward_imports(&files, &layers);
        assert!(upwards.len() == 1 && upwards[0].contains("through lib.rs"), "{import}: {upwards:?}");
    }
}

fn read_sources() -> Files {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Files::new();
    let mut folders = vec![source.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(&source).unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                folders.push(path);
            } else if name.ends_with(".rs") && name != "lib.rs" && !name.ends_with("/tests.rs") {
                files.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    files
}

/// Reads the layers, from the top, out of the first code block below the heading `## Layers of the core`.
fn read_layers() -> Vec<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ARCHITECTURE.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, below) = page.split_once("\n## Layers of the core\n").expect("a section on the layers");
    let block = below.split("```").nth(1).expect("a code block with the layers");
    let names = block.lines().skip(1).filter(|line| !line.starts_with(' ')).filter_map(|line| {
        line.split_whitespace()
            .next()
            .map(|name| name.trim_end_matches('/').trim_end_matches(".rs").to_owned())
    });
    names.collect()
}

/// Returns the first folder of a file below `core/src`, or its name without the ending.
fn layer_of(file: &str) -> &str {
    file.split('/').next().unwrap().trim_end_matches(".rs")
}

fn upward_imports(files: &Files, layers: &[String]) -> Vec<String> {
    let height = |name: &str| layers.iter().position(|layer| layer == name);
    let mut upwards = Vec::new();
    for (file, text) in files {
        let own = height(layer_of(file));
        for path in paths_of(file, text) {
            let Some(first) = path.first() else { continue };
            match height(first) {
                Some(target) if own.is_some_and(|own| target < own) => {
                    upwards.push(format!("{file} imports crate::{}", path.join("::")));
                }
                Some(_) => {}
                // lib.rs exports names of all layers.
                None => upwards.push(format!("{file} imports {first} through lib.rs; name its layer")),
            }
        }
    }
    upwards
}

/// Returns the paths from the crate's root that the code of a file names, in `use` trees or elsewhere.
fn paths_of(file: &str, text: &str) -> Vec<Vec<String>> {
    let (module, tokens) = (module_of(file), tokens_of(&code_of(text)));
    let mut paths = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let begins = is_name(&tokens[at]) && tokens.get(at + 1).is_some_and(|next| next == "::");
        // `pub(in crate::session)` imports nothing.
        if begins && (at == 0 || tokens[at - 1] != "in") {
            let mut trees = Vec::new();
            at = read_tree(&tokens, at, &[], &mut trees);
            paths.extend(trees.iter().map(|tree| resolve(&module, tree)));
        } else {
            at += 1;
        }
    }
    paths
}

/// Removes comments, the content of string literals, and the module of tests at the end of a file, which may import anything.
fn code_of(text: &str) -> String {
    let text = text.split("\n#[cfg(test)]\nmod tests {\n").next().unwrap();
    let (mut code, mut rest) = (String::new(), text.chars().peekable());
    while let Some(c) = rest.next() {
        match c {
            '/' if rest.peek() == Some(&'/') => drop(rest.by_ref().find(|c| *c == '\n')),
            '\'' if rest.peek() == Some(&'"') => drop(rest.next()),
            '"' => {
                while let Some(c) = rest.next().filter(|c| *c != '"') {
                    // An escaped quotation mark does not end the literal.
                    if c == '\\' {
                        rest.next();
                    }
                }
            }
            c => code.push(c),
        }
    }
    code
}

/// Splits code into names, `::`, and single characters.
fn tokens_of(code: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    for c in code.chars().map(|c| if c.is_whitespace() { ' ' } else { c }) {
        let is_in_name = c.is_alphanumeric() || c == '_';
        match tokens.last_mut() {
            Some(last) if is_in_name && is_name(last) => last.push(c),
            Some(last) if c == ':' && last == ":" => last.push(c),
            _ => tokens.push(c.to_string()),
        }
    }
    tokens.retain(|token| token != " ");
    tokens
}

fn is_name(token: &str) -> bool {
    token.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// Reads the tree of paths that begins at a token, as in `crate::{error::Error, op::{self, Op}}`. Returns the token behind it.
fn read_tree(tokens: &[String], mut at: usize, prefix: &[String], paths: &mut Vec<Vec<String>>) -> usize {
    let mut path = prefix.to_vec();
    while let Some(token) = tokens.get(at) {
        if token == "{" {
            at += 1;
            while tokens.get(at).is_some_and(|token| token != "}") {
                at = if tokens[at] == "," { at + 1 } else { read_tree(tokens, at, &path, paths) };
            }
            return at + 1;
        }
        if is_name(token) || token == "*" {
            path.push(token.clone());
            at += 1;
        }
        if tokens.get(at).is_none_or(|next| next != "::") {
            break;
        }
        at += 1;
        if tokens.get(at).is_none_or(|next| !is_name(next) && next != "*" && next != "{") {
            break;
        }
    }
    paths.push(path);
    // An alias, as in `Error as CoreError`.
    if tokens.get(at).is_some_and(|token| token == "as") { at + 2 } else { at.max(1) }
}

/// Returns the path from the crate's root that a path in `module` leads to.
fn resolve(module: &[String], path: &[String]) -> Vec<String> {
    let mut resolved = module.to_vec();
    for segment in path {
        match segment.as_str() {
            "crate" => resolved.clear(),
            "super" => drop(resolved.pop()),
            "self" => {}
            _ => resolved.push(segment.clone()),
        }
    }
    resolved
}

/// Returns the module that a file holds, as segments from the crate's root.
fn module_of(file: &str) -> Vec<String> {
    let path = file.trim_end_matches(".rs").trim_end_matches("/mod");
    path.split('/').map(str::to_owned).collect()
}

/// Returns the other files that a file imports from. A path leads to the file of the longest module in it.
fn imports_of(file: &str, text: &str, files: &Files) -> BTreeSet<String> {
    let file_of = |path: &[String]| {
        (1..=path.len()).rev().find_map(|n| {
            let module = path[..n].join("/");
            [format!("{module}.rs"), format!("{module}/mod.rs")]
                .into_iter()
                .find(|name| files.contains_key(name))
        })
    };
    let targets = paths_of(file, text).into_iter().filter_map(|path| file_of(&path));
    targets.filter(|target| target != file).collect()
}

/// Returns the groups of files that import each other in a circle and stand in more than one folder.
fn circles_over_folders(files: &Files) -> Vec<Vec<String>> {
    let imports: BTreeMap<_, _> =
        files.iter().map(|(file, text)| (file.clone(), imports_of(file, text, files))).collect();
    let reached: BTreeMap<_, _> =
        files.keys().map(|file| (file.clone(), reachable(file, &imports))).collect();
    let mut circles = BTreeSet::new();
    for (file, targets) in &reached {
        if targets.contains(file) {
            let circle: Vec<_> =
                targets.iter().filter(|other| reached[*other].contains(file)).cloned().collect();
            circles.insert(circle);
        }
    }
    let folder = |file: &String| file.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    let is_wide = |circle: &Vec<String>| circle.iter().map(folder).collect::<BTreeSet<_>>().len() > 1;
    circles.into_iter().filter(is_wide).collect()
}

fn reachable(file: &str, imports: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<String> {
    let (mut reached, mut open) = (BTreeSet::new(), vec![file.to_owned()]);
    while let Some(next) = open.pop() {
        for target in &imports[&next] {
            if reached.insert(target.clone()) {
                open.push(target.clone());
            }
        }
    }
    reached
}
