//! What pages ask is answered by indexes in both databases, however much is in them.

use std::{path::Path, process::Command};

use crate::support::lengths;

/// That it may take, in seconds.
const LONGEST: &str = "1200";
/// Queries are as many, on each of two databases.
const LEAST: usize = 15;

/// If this process dies, so does the script, and with it its servers and files.
#[test]
fn each_query_takes_its_index() {
    let output = Command::new("setpriv")
        .args(["--pdeathsig", "TERM", "timeout", LONGEST])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/explain"))
        .env("MESSAGES", lengths::stored().to_string())
        .output()
        .unwrap();
    let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(output.status.success(), "{out}\n{err}");
    for database in ["Postgres", "SQLite"] {
        let row = format!("| {database} | ");
        let rows: Vec<&str> = out.lines().filter(|line| line.starts_with(&row)).collect();
        assert!(rows.len() >= LEAST, "{out}\n{err}");
        println!("{}", rows.join("\n"));
    }
    println!("{err}");
}
