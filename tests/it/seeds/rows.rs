//! `tests/seeds/rows.json`: every row of what the front ends demand, and what shows each part of it.

use std::{collections::BTreeSet, fs, path::Path};

use serde::Deserialize;

const FILE: &str = "tests/seeds/rows.json";
/// Where suites are run from.
const LISTS: [&str; 2] = [include_str!("mod.rs"), include_str!("../e2e/mod.rs")];
/// Rows by seed: what is missing from both halves of the file is missing here.
const ROWS: [(&str, usize); 6] = [
    ("000", 9),
    ("001", 11),
    ("002", 11),
    ("003", 16),
    ("004", 24),
    // What none of the documents can say: how they live together.
    ("all", 3),
];
/// The rows that are lists of tests, and how many they are.
const LISTED: [(&str, &str, usize); 4] = [
    ("001", "checklist", 6),
    ("003", "its tests and traps", 16),
    ("004", "named tests", 28),
    ("all", "contradictions and their resolutions", 27),
];

#[derive(Deserialize)]
pub struct Rows {
    /// What there has to be: a seed, and the items of its rows.
    items: Vec<(String, Vec<String>)>,
    pub rows: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    pub seed: String,
    pub item: String,
    pub checks: Vec<Check>,
    /// Where the front end could not be as its document has it, and why.
    #[serde(default)]
    pub notes: Vec<String>,
}

#[derive(Deserialize)]
pub struct Check {
    pub what: String,
    #[serde(flatten)]
    pub shown: Shown,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shown {
    Test(Test),
    /// The path of a test in this binary.
    Rust(String),
    /// Why it takes a browser.
    Browser(String),
    /// What is not there yet.
    Open(String),
}

/// `suite: name` of one that Node runs.
#[derive(Deserialize)]
#[serde(transparent)]
pub struct Test(String);

impl Test {
    fn parts(&self) -> (&str, &str) {
        let parts = self.0.split_once(": ");
        parts.unwrap_or_else(|| panic!("{} is no `suite: name`", self.0))
    }

    pub fn suite(&self) -> &str {
        self.parts().0
    }

    pub fn name(&self) -> &str {
        self.parts().1
    }
}

impl Rows {
    pub fn read() -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
        let text = fs::read_to_string(file).unwrap();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{FILE}: {error}"))
    }

    pub fn checks(&self) -> impl Iterator<Item = (&Row, &Check)> {
        self.rows
            .iter()
            .flat_map(|row| row.checks.iter().map(move |check| (row, check)))
    }
}

#[test]
fn every_row_is_there_and_shown_by_something() {
    let rows = Rows::read();
    let listed: Vec<(&str, usize)> = rows
        .items
        .iter()
        .map(|(seed, items)| (seed.as_str(), items.len()))
        .collect();
    assert_eq!(listed, ROWS);
    let demanded = rows.items.iter().flat_map(|(seed, items)| {
        let items = items.iter();
        items.map(move |item| (seed.as_str(), item.as_str()))
    });
    let there = rows.rows.iter();
    let there = there.map(|row| (row.seed.as_str(), row.item.as_str()));
    assert_eq!(
        there.collect::<Vec<_>>(),
        demanded.collect::<Vec<_>>(),
        "each once, in the order of the list"
    );
    for row in &rows.rows {
        let Row { seed, item, .. } = row;
        assert!(!row.checks.is_empty(), "{seed} {item}");
        let whats: BTreeSet<&str> = row.checks.iter().map(|it| it.what.as_str()).collect();
        assert!(!whats.contains(""), "{seed} {item}");
    }
}

#[test]
fn lists_of_tests_are_complete() {
    let rows = Rows::read();
    for (seed, item, count) in LISTED {
        let mut of = rows.rows.iter();
        let row = of.find(|row| row.seed == seed && row.item == item).unwrap();
        let whats: BTreeSet<&str> = row.checks.iter().map(|it| it.what.as_str()).collect();
        assert_eq!(whats.len(), count, "{seed} {item}");
    }
}

/// That a named test of a suite has run is what its suite checks, wherever it is run (`ran.rs`).
#[test]
fn what_shows_a_row_is_there() {
    let rows = Rows::read();
    for (row, check) in rows.checks() {
        let Row { seed, item, .. } = row;
        match &check.shown {
            Shown::Test(test) => {
                let suite = test.suite();
                assert!(is_run(suite), "{seed} {item}: nobody runs {suite}");
            }
            Shown::Rust(path) => assert!(is_test(path), "{seed} {item}: {path} is no test"),
            Shown::Browser(why) | Shown::Open(why) => {
                assert!(why.len() > 10, "{seed} {item}: {why:?} is no reason");
            }
        }
    }
}

#[test]
fn every_suite_of_front_ends_is_run() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/seeds");
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if let Some(suite) = name.strip_suffix(".test.mjs") {
            let suite = format!("seeds/{suite}");
            assert!(is_run(&suite), "nobody runs {suite}");
        }
    }
}

#[test]
fn the_check_finds_what_is_no_test() {
    assert!(is_test("seeds::rows::the_check_finds_what_is_no_test"));
    assert!(is_test(
        "engine::origin::a_websocket_of_a_foreign_page_is_refused"
    ));
    for none in [
        "seeds::rows::is_run",
        "seeds::rows::gone",
        "gone::rows::is_run",
    ] {
        assert!(!is_test(none), "{none}");
    }
    assert!(is_run("seeds/rooms") && is_run("e2e/hands") && !is_run("seeds/gone"));
}

fn is_run(suite: &str) -> bool {
    let literal = format!("\"{suite}\"");
    LISTS.iter().any(|list| list.contains(&literal))
}

/// It has the attribute of one, or is stamped by a macro of its module.
fn is_test(path: &str) -> bool {
    let Some((module, name)) = path.rsplit_once("::") else {
        return false;
    };
    let file = format!("tests/it/{}", module.replace("::", "/"));
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let texts = [format!("{file}.rs"), format!("{file}/mod.rs")];
    let text = texts
        .iter()
        .find_map(|it| fs::read_to_string(root.join(it)).ok());
    let Some(text) = text else { return false };
    let Some((before, _)) = text.split_once(&format!("fn {name}(")) else {
        return false;
    };
    let attributes = before.rsplit("\n\n").next().unwrap_or_default();
    let is_stamped = text.contains(&format!("    {name},\n"));
    let is_one = attributes.contains("#[test]") || attributes.contains("#[tokio::test");
    let is_run = !attributes.contains("#[ignore");
    is_stamped || (is_one && is_run)
}
