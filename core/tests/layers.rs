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
    files.insert("session/link.rs".into(), "fn f(_: super::super::locks::mutex::Mutex) {}".into());
    assert_eq!(upward_imports(&files, &layers), ["session/link.rs imports crate::locks::mutex::Mutex"]);
    assert_eq!(circles_over_folders(&files), [["locks/mutex.rs", "session/link.rs", "session/mod.rs"]]);
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
    let height = |layer: &str| layers.iter().position(|name| name == layer);
    let mut upwards = Vec::new();
    for (file, text) in files {
        for path in paths_of(file, text) {
            let Some(target) = height(&path[0]) else { continue };
            if height(layer_of(file)).is_some_and(|own| target < own) {
                upwards.push(format!("{file} imports crate::{}", path.join("::")));
            }
        }
    }
    upwards
}

/// Returns the paths from the crate's root that the code of a file names, in `use` lines or elsewhere.
fn paths_of(file: &str, text: &str) -> Vec<Vec<String>> {
    let module = module_of(file);
    // Tests inside a file stand in a module of their own and may look at anything.
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let code: Vec<&str> = text.lines().map(|line| line.split("//").next().unwrap()).collect();
    let code = code.join("\n").replace("pub(in crate::", "pub(in ");
    let is_in_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let mut paths = Vec::new();
    for word in code.split(|c: char| !is_in_path(c)).filter(|word| word.contains("::")) {
        let mut segments = word.split("::").map(str::to_owned).peekable();
        let mut path = match segments.peek().map(String::as_str) {
            Some("crate") => Vec::new(),
            Some("super") => module.clone(),
            // A path that starts in the module itself, like `link::Link` in a mod.rs.
            _ => module.clone(),
        };
        if segments.peek().map(String::as_str) == Some("crate") {
            segments.next();
        }
        for segment in segments {
            match segment.as_str() {
                "super" => drop(path.pop()),
                _ => path.push(segment),
            }
        }
        if path.first().is_some_and(|first| !first.is_empty()) {
            paths.push(path);
        }
    }
    paths
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
