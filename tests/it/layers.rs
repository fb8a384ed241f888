//! Dependencies point down: the table of ARCHITECTURE.md, checked against every `crate::` path.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Module, and the modules it may use. The three at the end compose and may use all.
const ALLOWED: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("wire", &[]),
    ("metrics", &[]),
    ("web", &[]),
    ("hub", &["model", "metrics"]),
    ("history", &["model", "metrics"]),
    ("chat", &["model", "hub", "history", "metrics"]),
    ("dialect", &["model", "wire"]),
    (
        "server",
        &["model", "wire", "metrics", "hub", "history", "web"],
    ),
    ("files", &["model", "metrics", "chat", "server"]),
    (
        "rest",
        &[
            "model", "metrics", "hub", "history", "chat", "dialect", "server", "files",
        ],
    ),
    ("config", ALL),
    ("relay", ALL),
    ("main", ALL),
];
const ALL: &[&str] = &[
    "model", "wire", "metrics", "web", "hub", "history", "chat", "dialect", "server", "files",
    "rest", "config", "relay",
];

/// Longest file, without its tests, in lines.
const FILE_LINES: usize = 500;

#[test]
fn dependencies_point_down() {
    for (path, text) in sources() {
        let module = module(&path);
        let allowed = ALLOWED.iter().find(|(name, _)| *name == module);
        let Some((_, allowed)) = allowed else {
            panic!("{} is in no layer", path.display())
        };
        for used in uses(&text) {
            assert!(
                used == module || allowed.contains(&used.as_str()),
                "{}: {module} may not use {used}",
                path.display()
            );
        }
    }
}

#[test]
fn backends_are_named_by_who_composes_only() {
    const BACKENDS: [&str; 4] = ["memory::", "redis::", "sqlite::", "postgres::"];
    for (path, text) in sources() {
        let composes = matches!(module(&path).as_str(), "relay" | "main");
        let own = path
            .components()
            .any(|part| matches!(part.as_os_str().to_str(), Some("hub" | "history")));
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for backend in BACKENDS {
            assert!(
                composes || own || !code.contains(backend),
                "{} names {backend}",
                path.display()
            );
        }
    }
}

#[test]
fn files_are_short_enough_to_read() {
    for (path, text) in sources() {
        let lines = text
            .split("#[cfg(test)]")
            .next()
            .unwrap_or_default()
            .lines()
            .count();
        assert!(lines <= FILE_LINES, "{} has {lines} lines", path.display());
    }
}

#[test]
fn the_scan_sees_edges() {
    let text = "use crate::hub::Hub;\nuse crate::{\n    model::{Clock, Entry},\n    wire::engine,\n};\nfn f() { crate::chat::x() }";
    let expected = ["hub", "model", "wire", "chat"].map(str::to_owned);
    assert_eq!(uses(text), BTreeSet::from(expected));
}

fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() && name != "node_modules" {
                folders.push(path);
            } else if name.ends_with(".rs") && !matches!(name, "lib.rs" | "build.rs") {
                found.push((path.clone(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(found.len() > 50, "the sources were not found");
    found
}

/// The top-level module that a file belongs to.
fn module(path: &Path) -> String {
    let below = path
        .strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
        .unwrap();
    let first = below
        .components()
        .next()
        .unwrap()
        .as_os_str()
        .to_str()
        .unwrap();
    first.trim_end_matches(".rs").to_owned()
}

/// The top-level modules that a text names, by `crate::name` or in a `use crate::{..}` tree.
fn uses(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for after in text.split("crate::").skip(1) {
        if let Some(tree) = after.strip_prefix('{') {
            found.extend(branches(tree));
        } else {
            found.insert(name(after));
        }
    }
    found
}

fn branches(tree: &str) -> Vec<String> {
    let mut depth = 0;
    let mut starts = vec![0];
    for (at, letter) in tree.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => starts.push(at + 1),
            _ => {}
        }
    }
    let names = starts
        .into_iter()
        .filter_map(|start| tree.get(start..))
        .map(|branch| name(branch.trim_start()));
    names.filter(|name| !name.is_empty()).collect()
}

fn name(text: &str) -> String {
    text.chars()
        .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
        .collect()
}
