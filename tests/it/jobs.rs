//! The jobs of continuous integration are those that a front end asks for, in `.ci/jobs` and in the workflow, and each
//! runs something.

use std::{
    env, fs,
    path::Path,
    process::{Command, Output},
};

const NAMES: [(&str, [&str; 3]); 3] = [
    ("unit", ["messages", "rooms", "reconnect"]),
    ("integration", ["realtime", "database", "errors"]),
    ("load", ["connections", "throughput", "stability"]),
];

#[test]
fn each_name_is_a_job_of_the_script_and_of_the_workflow() {
    let output = bash("exec .ci/job");
    assert!(output.status.success(), "{output:?}");
    let told = String::from_utf8(output.stdout).unwrap();
    let told: Vec<(&str, &str)> = told.lines().filter_map(|it| it.split_once(": ")).collect();
    assert!(told.iter().all(|(_, what)| what.len() > 10), "{told:?}");
    let told: Vec<&str> = told.into_iter().map(|(name, _)| name).collect();
    let wanted: Vec<String> = NAMES
        .iter()
        .flat_map(|(kind, parts)| parts.map(|part| format!("{kind}-{part}")))
        .collect();
    assert_eq!(told, wanted);

    let workflow = read(".github/workflows/ci.yml");
    for (kind, parts) in NAMES {
        let job = job_of(&workflow, kind);
        let matrix = format!("\n      matrix:\n        part: [{}]\n", parts.join(", "));
        assert!(job.contains(&matrix), "{job}");
        let run = format!("\n      - run: .ci/job {kind}-${{{{ matrix.part }}}}\n");
        assert!(job.contains(&run), "{job}");
    }
    assert!(job_of(&workflow, "all").contains("\n      - run: .ci/run\n"));
}

/// Of the library and of chaos that is asked by the script, before it runs them.
#[test]
fn each_test_that_a_job_names_is_there() {
    let listed = Command::new(env::current_exe().unwrap())
        .arg("--list")
        .output()
        .unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let tests: Vec<&str> = listed
        .lines()
        .filter_map(|line| line.strip_suffix(": test"))
        .collect();
    let jobs = read(".ci/jobs");
    let named: Vec<&str> = jobs
        .lines()
        .filter_map(|line| line.strip_prefix("  it "))
        .flat_map(str::split_whitespace)
        .collect();
    assert!(named.len() > 10, "{named:?}");
    for name in named {
        let is_there = tests.iter().any(|test| test.contains(name));
        assert!(is_there, "no test is called {name}: mend .ci/jobs");
    }
}

#[test]
fn a_job_or_a_test_that_is_not_there_is_an_error() {
    let asked = bash("exec .ci/job unit-gone");
    assert_eq!(asked.status.code(), Some(2), "{asked:?}");
    assert!(String::from_utf8_lossy(&asked.stderr).contains("No job is called unit-gone"));
    let listing = ". .ci/lib.sh; cargo() { echo here::a_test: test; }; ";
    let found = bash(&format!("{listing} tests --lib here:: a_test"));
    assert!(found.status.success(), "{found:?}");
    for names in ["gone::", "here:: gone::"] {
        let asked = bash(&format!("{listing} part it tests --lib {names}"));
        assert_eq!(asked.status.code(), Some(2), "{asked:?}");
        let said = String::from_utf8_lossy(&asked.stderr);
        assert!(said.contains("is called gone::"), "{said}");
    }
}

fn bash(script: &str) -> Output {
    let root = env!("CARGO_MANIFEST_DIR");
    let mut bash = Command::new("bash");
    bash.args(["-c", script]).current_dir(root);
    bash.output().unwrap()
}

/// The lines of a job of the workflow.
fn job_of<'a>(workflow: &'a str, name: &str) -> &'a str {
    let (_, rest) = workflow
        .split_once(&format!("\n  {name}:\n"))
        .unwrap_or_else(|| panic!("no job is called {name}"));
    let end = rest.find("\n\n").map_or(rest.len(), |at| at + 1);
    &rest[..end]
}

fn read(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}
