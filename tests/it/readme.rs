//! README says nothing that is not so: its programs run, its commands and settings exist.

use std::{collections::BTreeMap, path::Path, process::Stdio};

use serde_json::{Value, json};
use tokio::{
    process::{Child, Command},
    time::timeout,
};

use crate::{
    process::{
        self,
        server::{LONG, Lines, Server, run, switchboard},
        talk::Person,
    },
    support::folder::Folder,
};

const README: &str = include_str!("../../README.md");
const MAKEFILE: &str = include_str!("../../Makefile");
/// Set in the environment only; the help tells of them below the flags.
const NO_FLAGS: [&str; 6] = [
    "REDIS_URL",
    "DATABASE_URL",
    "JWT_SECRET",
    "JWT_PUBLIC_KEY",
    "SIGNING_KEY",
    "LOG",
];

#[tokio::test(flavor = "multi_thread")]
async fn the_guest_waits_for_the_operator() {
    let site = Site::start().await;
    let guest = site.program("guest").await;
    guest.out.wait(|line| line == "message 1 is stored").await;
    let operator = site.program("operator").await;
    conversation_of(guest, operator).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_waits_for_the_guest() {
    let site = Site::start().await;
    let operator = site.program("operator").await;
    // Then it has looked for guests that wait.
    site.server
        .measured_with("switchboard_upgrade_total{result=\"done\"} 1")
        .await;
    let guest = site.program("guest").await;
    conversation_of(guest, operator).await;
}

/// Vocabularies of three front ends in one workspace.
#[tokio::test(flavor = "multi_thread")]
async fn existing_clients_work_as_they_are() {
    let site = Site::start().await;
    let mut inbox = site.program("inbox").await;
    inbox.out.wait(|line| line == "listening").await;
    let mut staff = site.program("staff").await;
    staff.out.wait(|line| line == "on duty").await;
    let mut visitor = site.program("visitor").await;
    assert_eq!(visitor.end().await, ["Ada: Yes, I am."]);
    assert_eq!(
        staff.end().await,
        ["on duty", "Marie is here", "Is anybody there?"]
    );
    let told = [
        "listening",
        "inbound Marie: Is anybody there?",
        "outbound Ada: Yes, I am.",
    ];
    assert_eq!(inbox.end().await, told);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_the_widget_hears_the_answer() {
    let site = Site::start().await;
    let staff = site.program("staff").await;
    staff.out.wait(|line| line == "on duty").await;
    let mut page = site.program("widget").await;
    assert_eq!(page.end().await, ["Yes, I am."]);
    assert_eq!(
        staff.out.now(),
        ["on duty", "Kim is here", "Is anybody there?"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_without_a_socket_is_answered() {
    let site = Site::start().await;
    let staff = site.program("staff").await;
    staff.out.wait(|line| line == "on duty").await;
    let mut guest = site.program("plain").await;
    assert_eq!(guest.end().await, ["Ada: Yes, I am."]);
    assert_eq!(
        staff.out.now(),
        ["on duty", "Lou is here", "Is anybody there?"]
    );
}

async fn conversation_of(mut guest: Program, mut operator: Program) {
    assert_eq!(operator.end().await, ["Marie: Is anybody there?"]);
    let said = guest.end().await;
    let of_ada: Vec<&String> = said.iter().filter(|line| line.starts_with("Ada")).collect();
    assert_eq!(of_ada, ["Ada is here", "Ada: Yes, I am."]);
    // Anywhere among them: an operator may answer before the guest is told that it is stored.
    assert!(
        said.iter().any(|line| line == "message 1 is stored"),
        "{said:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_says_who_its_visitor_is() {
    let site = Site::start().await;
    let secret = exported("IDENTITY_SECRET", &site.folder.path().join("data")).await;
    let file = site.folder.path().join("identity.mjs");
    std::fs::write(&file, blocks("js identity").next().unwrap()).unwrap();
    let mut node = Command::new("node");
    let uses = "import { identityOf, digestOf } from './identity.mjs'; const marie = { id: '7', name: 'Marie' }; \
        console.log(JSON.stringify([identityOf(marie), digestOf(marie)]))";
    node.args(["--input-type=module", "-e", uses])
        .current_dir(site.folder.path())
        .env("IDENTITY_SECRET", secret);
    let output = run(&mut node).await;
    assert!(output.status.success(), "{output:?}");
    let signed: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let mut guests = Vec::new();
    for identity in signed {
        let mut guest = Person::guest(site.server.address).await;
        let start = json!({ "identity": identity });
        guests.push((guest.granted("guest:start", start).await, guest));
    }
    assert_eq!(guests[0].0["sessionId"], guests[1].0["sessionId"]);
    let mut operator = Person::operator(site.server.address, &site.token).await;
    let listed = operator.granted("staff:sessions", json!({})).await;
    let known = json!({ "name": "Marie", "verified": true, "externalId": "7" });
    assert_eq!(listed["sessions"][0]["guest"], known);
}

#[tokio::test]
async fn every_command_is_known() {
    let commands: Vec<&str> = blocks("sh").flat_map(str::lines).collect();
    assert!(commands.len() >= 4, "{commands:?}");
    let mut staff = Vec::new();
    for command in commands {
        let words: Vec<&str> = command.split_whitespace().collect();
        match words.as_slice() {
            ["make", target] => assert!(has_target(target), "{command}"),
            ["cargo", "build", "--release", "--locked"] => {}
            // As built by the one before; here, another build of it.
            ["target/release/switchboard", flags @ ..] => {
                let mut command = switchboard();
                assert!(
                    run(command.args(flags).arg("--help"))
                        .await
                        .status
                        .success()
                );
            }
            ["export", token, "token", ..] if token.starts_with("OPERATOR_TOKEN=$(") => {
                let folder = Folder::fresh();
                let token = operator_token(folder.path()).await;
                assert_eq!(token.split('.').count(), 3, "{token}");
            }
            ["export", secret, "identity-secret", ..]
                if secret.starts_with("IDENTITY_SECRET=$(") =>
            {
                let folder = Folder::fresh();
                let secret = exported("IDENTITY_SECRET", folder.path()).await;
                assert_eq!(secret.len(), 64, "{secret}");
            }
            // The commands of staff come in their order, on one folder.
            ["switchboard", ..] => staff.push(command),
            _ => panic!("README has a command that no test knows: {command}"),
        }
    }
    let folder = Folder::fresh();
    // The first of them makes the database; others would expect one.
    Server::start(folder.path()).await.stop().await;
    assert!(staff.len() >= 4, "{staff:?}");
    process::import::other_chat(folder.path());
    let script = format!("cd \"$DATA_DIR\"\n{}", staff.join("\n"));
    in_shell(&script, folder.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_for_rest_answers_whom_it_says() {
    let site = Site::start().await;
    let data = site.folder.path().join("data");
    let add = blocks("sh")
        .flat_map(str::lines)
        .find(|line| line.starts_with("switchboard operator add ada"))
        .unwrap();
    let password = in_shell(add, &data).await;
    let mut guest = Person::guest(site.server.address).await;
    guest
        .granted("guest:start", json!({ "name": "Marie" }))
        .await;
    let file = site.folder.path().join("rest.mjs");
    std::fs::write(&file, blocks("js rest").next().unwrap()).unwrap();
    let mut node = Command::new("node");
    node.arg(file)
        .env("SWITCHBOARD_URL", format!("http://{}", site.server.address))
        .env("PASSWORD", password.trim());
    let output = run(&mut node).await;
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "answered Marie\n",
        "{output:?}"
    );
    let heard = guest.hear("staff:message").await;
    assert_eq!(heard["message"], "We are closed, back at nine.");
}

#[test]
fn every_target_of_make_is_told_of_and_is_there() {
    let told: Vec<&str> = README
        .lines()
        .filter_map(|line| line.strip_prefix("| `make ")?.split('`').next())
        .collect();
    assert!(told.len() >= 5, "{told:?}");
    for target in &told {
        assert!(has_target(target), "make {target}");
    }
    for line in MAKEFILE.lines().filter(|line| line.contains(": ## ")) {
        let target = line.split(':').next().unwrap();
        let known = told.contains(&target) || ["help", "clean"].contains(&target);
        assert!(known, "README does not tell of make {target}");
    }
}

#[tokio::test]
async fn every_setting_is_in_the_help_and_the_other_way_round() {
    let output = run(switchboard().arg("--help")).await;
    let help = String::from_utf8(output.stdout).unwrap();
    let (flags, below) = help.split_once("Environment:").unwrap();
    let served = settings_of_help(flags);
    let told = settings_of_readme();
    assert!(told.len() > 15 && served.len() > 15, "{told:?} {served:?}");
    for (name, default) in &told {
        let Some((entry, served_default)) = served.get(name) else {
            assert!(
                NO_FLAGS.contains(&name.as_str()),
                "{name} is in README only"
            );
            assert!(below.contains(name), "{name} is not in the help");
            continue;
        };
        let Some(default) = default else {
            assert_eq!(*served_default, None, "default of {name}");
            continue;
        };
        let same = served_default.map_or(entry.contains(default), |served| served == *default);
        assert!(
            same,
            "README says that {name} is {default}, the help says:{entry}"
        );
    }
    for name in served.keys() {
        assert!(
            README.contains(&format!("`{name}`")),
            "README does not tell of {name}"
        );
    }
    for name in NO_FLAGS {
        assert!(told.contains_key(name), "README does not tell of {name}");
    }
}

/// A changed line is run by the test of its program.
#[test]
fn each_changed_line_of_a_front_end_is_one_of_a_program() {
    let programs = README.split("\n```js ").skip(1);
    let known: Vec<&str> = programs
        .flat_map(|program| program.lines().take_while(|line| *line != "```"))
        .map(str::trim)
        .collect();
    let changed: Vec<&str> = blocks("diff")
        .flat_map(str::lines)
        .filter_map(|line| line.strip_prefix('+'))
        .collect();
    assert!(changed.len() >= 5, "{changed:?}");
    for line in changed {
        assert!(known.contains(&line.trim()), "no program has {line}");
    }
}

/// Its document ends with what it could do, by version.
#[test]
fn what_each_version_of_operator_b_could_do_is_listed() {
    let (_, list) = README
        .split_once("| version | what | who does it |\n|---|---|---|\n")
        .unwrap();
    for (version, feature) in [
        ("1.0", "chat"),
        ("1.0", "Socket.IO"),
        ("1.0", "typing"),
        ("2.0", "persistence"),
        ("2.0", "history"),
        ("2.0", "read status"),
        ("2.0", "delivery confirmation"),
        ("2.0", "sound"),
        ("2.0", "multi-operator"),
    ] {
        let mut rows = list.lines().take_while(|line| line.starts_with('|'));
        let is_listed = rows.any(|row| {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            let is_told = cells[3].starts_with("the relay") || cells[3].starts_with("the page");
            cells[1] == version && cells[2].contains(feature) && is_told
        });
        assert!(is_listed, "README does not list {feature} of {version}");
    }
}

/// By name: the words about it, and its default.
fn settings_of_help(flags: &str) -> BTreeMap<String, (&str, Option<&str>)> {
    let entries = flags.split("\n      --").skip(1);
    let settings = entries.filter_map(|entry| {
        let name = entry.split_once("[env: ")?.1.split('=').next()?;
        let default = entry
            .split_once("[default: ")
            .and_then(|(_, rest)| rest.split(']').next());
        Some((name.to_owned(), (entry, default)))
    });
    settings.collect()
}

/// The rows of its table: name, and the default if that is a literal one.
fn settings_of_readme() -> BTreeMap<String, Option<&'static str>> {
    let (_, table) = README
        .split_once("| setting | default | |\n|---|---|---|\n")
        .unwrap();
    let rows = table.lines().take_while(|line| line.starts_with('|'));
    let settings = rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let literal = |cell: &'static str| cell.strip_prefix('`')?.strip_suffix('`');
        (literal(cells[1]).unwrap().to_owned(), literal(cells[2]))
    });
    settings.collect()
}

fn has_target(target: &str) -> bool {
    MAKEFILE
        .lines()
        .any(|line| line.starts_with(&format!("{target}:")))
}

/// The blocks that begin with these words.
fn blocks(kind: &str) -> impl Iterator<Item = &'static str> {
    let all = README.split("\n```").skip(1).step_by(2);
    all.filter_map(move |block| {
        let (first, rest) = block.split_once('\n')?;
        (first == kind).then_some(rest)
    })
}

async fn operator_token(data: &Path) -> String {
    exported("OPERATOR_TOKEN", data).await
}

/// By README's own command, word for word.
async fn exported(name: &str, data: &Path) -> String {
    let command = blocks("sh")
        .find(|block| block.starts_with(&format!("export {name}=")))
        .unwrap();
    in_shell(&format!("{command}\nprintf %s \"${name}\""), data).await
}

/// What it prints, with `switchboard` at hand and this folder for its data.
async fn in_shell(script: &str, data: &Path) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_switchboard"))
        .parent()
        .unwrap();
    let mut shell = Command::new("sh");
    shell
        .args(["-euc", script])
        .env_clear()
        .env("PATH", format!("{}:/usr/bin:/bin", program.display()))
        .env("DATA_DIR", data);
    let output = run(&mut shell).await;
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// A server, and a folder where the official client is installed.
struct Site {
    server: Server,
    folder: Folder,
    token: String,
}

struct Program {
    child: Child,
    out: Lines,
    err: Lines,
}

impl Site {
    async fn start() -> Self {
        let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node_modules");
        assert!(
            installed.join("socket.io-client").exists(),
            "run `make test`, or `npm ci` in tests/, first"
        );
        let folder = Folder::fresh();
        std::os::unix::fs::symlink(installed, folder.path().join("node_modules")).unwrap();
        let data = folder.path().join("data");
        let token = operator_token(&data).await;
        let server = Server::start(&data).await;
        Self {
            server,
            folder,
            token,
        }
    }

    /// One of the programs, as somebody would save and start it.
    async fn program(&self, who: &str) -> Program {
        let kind = format!("js {who}");
        let file = self.folder.path().join(format!("{who}.mjs"));
        std::fs::write(&file, blocks(&kind).next().unwrap()).unwrap();
        let mut child = Command::new("node")
            .arg(file)
            .env("SWITCHBOARD_URL", format!("http://{}", self.server.address))
            .env("OPERATOR_TOKEN", &self.token)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let out = Lines::of(child.stdout.take().unwrap());
        let err = Lines::of(child.stderr.take().unwrap());
        Program { child, out, err }
    }
}

impl Program {
    /// What it has printed, once it has ended by itself, and well.
    async fn end(&mut self) -> Vec<String> {
        let ended = timeout(LONG, self.child.wait()).await;
        let (out, err) = (self.out.now(), self.err.now());
        let status = ended.unwrap_or_else(|_| panic!("it does not end: {out:?} {err:?}"));
        assert!(
            status.unwrap().success(),
            "{out:?} {:?}",
            self.err.all().await
        );
        self.out.all().await
    }
}
