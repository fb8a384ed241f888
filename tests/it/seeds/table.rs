//! `tests/seeds/ROWS.md`, for people: made of the rows, and held to them.

use std::{collections::BTreeMap, env, fmt::Write as _, fs, path::Path};

use super::rows::{Check, Row, Rows, Shown};

const HEAD: &str = "# What the five front ends demand, and what shows it

Made of `rows.json` by `UPDATE=1 cargo test --test it seeds::table`; a test fails while it is not current.
A name with `seeds/` or `e2e/` is a test of the suite there, run embedded and on pods; one with `::` is a test of
`tests/it`. Both are run by `make test`, which fails if one of them is missing or has not run. What is open, or needs a
browser, is counted as neither.
";

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "tests have no settings of their own"
)]
fn the_table_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/seeds/ROWS.md");
    let table = table(&Rows::read());
    if env::var_os("UPDATE").is_some() {
        fs::write(&path, &table).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == table,
        "ROWS.md is not current: UPDATE=1 cargo test --test it seeds::table"
    );
}

fn table(rows: &Rows) -> String {
    let mut text = format!("{HEAD}\n{}", summary(rows));
    let mut seed = "";
    for row in &rows.rows {
        if row.seed != seed {
            seed = &row.seed;
            let head = "| row | what | shown by | result |\n|---|---|---|---|\n";
            write!(text, "\n## {seed}\n\n{head}").unwrap();
        }
        for check in &row.checks {
            let (by, result) = shown(check);
            let cells = [&row.item, &check.what, &by].map(|cell| cell.replace('|', "\\|"));
            writeln!(text, "| {} | {result} |", cells.join(" | ")).unwrap();
        }
    }
    text + &notes(rows)
}

fn summary(rows: &Rows) -> String {
    let mut seeds: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    for row in &rows.rows {
        seeds.entry(&row.seed).or_default()[0] += 1;
    }
    for (row, check) in rows.checks() {
        let column = match check.shown {
            Shown::Test(_) | Shown::Rust(_) => 1,
            Shown::Browser(_) => 2,
            Shown::Open(_) => 3,
        };
        seeds.entry(&row.seed).or_default()[column] += 1;
    }
    let mut text = "| seed | rows | shown | browser | open |\n|---|---|---|---|---|\n".to_owned();
    for (seed, [count, shown, browser, open]) in seeds {
        writeln!(text, "| {seed} | {count} | {shown} | {browser} | {open} |").unwrap();
    }
    text
}

fn shown(check: &Check) -> (String, &'static str) {
    match &check.shown {
        Shown::Test(test) => (format!("`{}`: {}", test.suite(), test.name()), "passes"),
        Shown::Rust(path) => (format!("`{path}`"), "passes"),
        Shown::Browser(why) => (why.clone(), "browser"),
        Shown::Open(why) => (why.clone(), "open"),
    }
}

fn notes(rows: &Rows) -> String {
    let mut text = "\n## Where a front end cannot be as its document has it\n\n".to_owned();
    for Row {
        seed, item, notes, ..
    } in &rows.rows
    {
        for note in notes {
            writeln!(text, "- {seed}, {item}: {note}").unwrap();
        }
    }
    text
}
