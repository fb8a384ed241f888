//! `switchboard import`: the conversations of another chat go on here, embedded and on a cluster.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Output,
};

use rusqlite::Connection;
use serde_json::{Value, json};
use switchboard::model::{Clock, timestamp};
use tokio::{process::Command, time::sleep};

use super::{
    server::{LOOK, Server, run, switchboard},
    talk::{Person, message, operator_token},
};
use crate::support::{
    folder::Folder,
    pods::{FREE, Pods},
    schema::Schema,
    servers::{self, Redis},
    token::token,
};

/// As the front end's own server makes them.
const TABLES: &str = "
    CREATE TABLE public_chat_sessions (
        session_id TEXT PRIMARY KEY, status TEXT, created_at DATETIME DEFAULT CURRENT_TIMESTAMP,
        visitor_name TEXT, visitor_email TEXT);
    CREATE TABLE public_chat_messages (
        message_id TEXT, session_id TEXT, message TEXT, type TEXT, sender_type TEXT, sender_name TEXT,
        created_at DATETIME DEFAULT CURRENT_TIMESTAMP);";
const UUID: &str = "0b8f8a1e-6f0c-4c62-9a55-0f3c1c3d2a10";

/// A guest who has just come, one who was answered, one who has said three things within a second; one who came
/// a month ago and was forgotten; an old talk; and what was said in a session that is not there.
pub fn other_chat(folder: &Path) -> PathBuf {
    let path = folder.join("chat.db");
    let file = Connection::open(&path).unwrap();
    file.execute_batch(TABLES).unwrap();
    let session = |id: &str, status: &str, ago: &str, name: Option<&str>| {
        let sql = "INSERT INTO public_chat_sessions VALUES (?1, ?2, datetime('now', ?3), ?4, ?5)";
        let email = name.map(|name| format!("{name}@example.org"));
        file.execute(sql, (id, status, ago, name, email)).unwrap();
    };
    // Not in the order of their names.
    session("s-zoe", "waiting", "-10 minutes", Some("zoe"));
    session("s-old", "ended", "-2 days", Some("otto"));
    session("s-ben", "active", "-8 minutes", Some("ben"));
    session("s-ann", "waiting", "-5 minutes", None);
    session("s-stale", "waiting", "-30 days", Some("stan"));
    let said = |id: &str, session: &str, text: &str, by: &str, ago: &str| {
        let sql = "INSERT INTO public_chat_messages VALUES (?1, ?2, ?3, 'text', ?4, ?5, datetime('now', ?6))";
        let name = (by == "staff").then_some("Olga");
        file.execute(sql, (id, session, text, by, name, ago))
            .unwrap();
    };
    said("3", "s-ann", "one", "guest", "-4 minutes");
    said("1", "s-ann", "two", "guest", "-4 minutes");
    said("2", "s-ann", "three ☎", "guest", "-4 minutes");
    said("7", "s-ben", "hello?", "guest", "-7 minutes");
    said("8", "s-ben", "yes?", "staff", "-6 minutes");
    said(UUID, "s-old", "what was", "guest", "-1 days");
    said("9", "s-lost", "who heard this?", "guest", "-3 days");
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_p7_another_chat_goes_on_embedded() {
    let folder = Folder::fresh();
    let other = other_chat(folder.path());
    let data = folder.path().join("data");
    let import = || {
        let mut command = switchboard();
        command.arg("import").arg(&other);
        command.arg("--data-dir").arg(&data);
        command
    };
    imported(import).await;
    let token = operator_token(&data).await;
    let server = Server::start(&data).await;
    goes_on(server.address, &token).await;

    let said = refused(&mut import()).await;
    assert!(said.contains("another switchboard is running"), "{said}");
    server.stop().await;
    // Ids that are no uuids stay where an operator of databases finds them.
    let sql = "SELECT client_id FROM messages WHERE session = 's-ann' AND sender_kind = 'guest' ORDER BY num";
    let file = Connection::open(data.join("switchboard.db")).unwrap();
    let mut ids = file.prepare(sql).unwrap();
    let ids = ids.query_map([], |row| row.get(0)).unwrap();
    let ids: Vec<String> = ids.collect::<Result<_, _>>().unwrap();
    assert_eq!(ids, ["import:3", "import:1", "import:2"]);
    // What has been said here since is not touched.
    let again = output(&mut import()).await;
    assert!(
        again.contains("7 of the messages had been there before"),
        "{again}"
    );
    // Nor is what was said there since mixed with it; of others it is taken.
    let more = Connection::open(&other).unwrap();
    let sql = "INSERT INTO public_chat_messages VALUES (?1, ?2, ?3, 'text', 'guest', '', datetime('now', '-10 seconds'))";
    more.execute(sql, ("90", "s-ann", "still there?")).unwrap();
    more.execute(sql, ("91", "s-zoe", "hello?")).unwrap();
    let said = refused(&mut import()).await;
    let clash = "session s-ann has gone on here since it was imported";
    assert!(said.contains(clash), "{said}");
    let said = output(import().arg("--skip")).await;
    assert!(said.contains(&format!("left out: {clash}")), "{said}");
    let server = Server::start(&data).await;
    let mut operator = Person::operator(server.address, &token).await;
    let ann = operator.history("staff:history", Some("s-ann")).await;
    assert_eq!(texts(&ann), ["one", "two", "three ☎", "I am here now"]);
    let zoe = operator.history("staff:history", Some("s-zoe")).await;
    assert_eq!(texts(&zoe), ["hello?"]);
    server.stop().await;

    // Another one of that id, and longer than is stored at once: nothing of it is mixed with what is there.
    let longer = "UPDATE public_chat_sessions SET created_at = datetime('now', '-20 minutes') WHERE session_id = 's-zoe';
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200)
        INSERT INTO public_chat_messages
            SELECT 'z' || i, 's-zoe', 'line ' || i, 'text', 'guest', NULL, datetime('now', '-15 minutes') FROM n";
    more.execute_batch(longer).unwrap();
    let said = output(import().arg("--skip")).await;
    assert!(
        said.contains("left out: there is another session s-zoe"),
        "{said}"
    );
    let server = Server::start(&data).await;
    let mut operator = Person::operator(server.address, &token).await;
    let zoe = operator.history("staff:history", Some("s-zoe")).await;
    assert_eq!(texts(&zoe), ["hello?"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_p7_another_chat_goes_on_in_a_cluster() {
    let folder = Folder::fresh();
    let other = other_chat(folder.path());
    let (schema, redis) = (Schema::fresh().await, servers::redis().await);
    let mut pods = Pods::launch(schema, redis, &[], &[]).await;
    imported(|| {
        let mut command = pods.command();
        command.arg("import").arg(&other);
        command
    })
    .await;
    pods.add(redis).await;
    let token = token(&pods.secrets(), "7", "Olga", "default", 3600);
    goes_on(pods.addresses()[0], &token).await;
}

/// Pods that run go on; the queue is told by those that start.
#[tokio::test(flavor = "multi_thread")]
async fn p7_beside_running_pods_who_waits_is_queued_by_the_next() {
    let folder = Folder::fresh();
    let other = other_chat(folder.path());
    let redis = Redis::start(&[]).await;
    let mut pods = Pods::launch(Schema::fresh().await, redis.url(), &[FREE], &[]).await;
    let token = token(&pods.secrets(), "7", "Olga", "default", 3600);
    let mut guest = Person::guest(pods.addresses()[0]).await;
    let started = guest
        .granted("guest:start", json!({ "name": "here" }))
        .await;
    let mut command = pods.command();
    output(command.arg("import").arg(&other)).await;
    guest.granted("guest:message", message("still", "1")).await;
    let mut operator = Person::operator(pods.addresses()[0], &token).await;
    // A list is merged with the history.
    let listed = waiting(&mut operator).await;
    assert_eq!(listed.len(), 4, "{listed:?}");

    pods.replace(0).await;
    let mut operator = Person::operator(pods.addresses()[0], &token).await;
    let mine = started["sessionId"].as_str().unwrap();
    in_the_queue(&mut operator, &["s-zoe", "s-ben", "s-ann", mine]).await;
    drop(pods);
    drop(redis);
}

#[tokio::test]
async fn what_is_wrong_with_another_chat_is_listed_and_nothing_written() {
    let folder = Folder::fresh();
    let other = other_chat(folder.path());
    let data = folder.path().join("data");
    let secret = "my secret words";
    let file = Connection::open(&other).unwrap();
    let bad = format!(
        "INSERT INTO public_chat_sessions VALUES ('s-bad', 'snoozed', datetime('now'), 'x', 'x');
         INSERT INTO public_chat_sessions VALUES ('s-late', 'ended', '9999-01-01 00:00:00', 'x', 'x');
         INSERT INTO public_chat_messages VALUES ('20', 's-ann', '{secret}', 'text', 'ghost', '', datetime('now'));
         INSERT INTO public_chat_messages VALUES ('21', 's-ann', '{secret}', 'text', 'guest', '', 'noon');
         INSERT INTO public_chat_messages VALUES ('22', 's-bad', '{secret}', 'text', 'guest', '', datetime('now'));
         INSERT INTO public_chat_messages VALUES ('7', 's-ben', '{secret}', 'text', 'guest', '', datetime('now'))"
    );
    file.execute_batch(&bad).unwrap();
    let import = |arguments: &[&str]| {
        let mut command = switchboard();
        command.arg("import").arg(&other).args(arguments);
        command.arg("--data-dir").arg(&data);
        command
    };
    let said = refused(&mut import(&[])).await;
    for part in [
        "nothing was written, since 5 rows cannot be taken",
        "session s-bad: its status is none of waiting, pending",
        "session s-late: created_at has not come yet",
        "the message in row 8: its sender is none of guest, visitor",
        "the message in row 9: it has no time that can be read",
        "the message in row 11: another has its id",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains(secret), "{said}");
    assert!(!data.exists(), "not even a database");

    for (arguments, part) in [
        (
            vec!["--messages", "talk"],
            "no table talk, but public_chat_messages, public_chat_sessions: name it by --messages",
        ),
        (
            vec!["--column", "messages.text=words"],
            "public_chat_messages has no column words, but message_id, session_id, message",
        ),
        (
            vec!["--column", "messages.colour=message"],
            "there is no messages.colour",
        ),
        (
            vec!["--column", "message"],
            "write it as messages.text=body",
        ),
    ] {
        let said = refused(&mut import(&arguments)).await;
        assert!(said.contains(part), "{part}: {said}");
    }
    file.execute_batch(
        "DELETE FROM public_chat_sessions WHERE session_id IN ('s-bad', 's-late');
        DELETE FROM public_chat_messages WHERE rowid > 7",
    )
    .unwrap();
    let said = refused(&mut import(&["--workspace", "shop"])).await;
    assert!(
        said.contains("`switchboard workspace add shop` makes it"),
        "{said}"
    );
    let missing = folder.path().join("missing.db");
    let mut command = switchboard();
    command.arg("import").arg(&missing);
    let said = refused(&mut command).await;
    assert!(said.contains("cannot read"), "{said}");
    assert!(!missing.exists());
}

/// Tables and columns of any name, another workspace, times as numbers, whoever has the session, and no limit of age.
#[tokio::test(flavor = "multi_thread")]
async fn tables_with_other_names_are_taken_over_into_a_workspace() {
    let folder = Folder::fresh();
    let data = folder.path().join("data");
    let other = folder.path().join("other.db");
    let file = Connection::open(&other).unwrap();
    let ago = Clock::System.now() - 40 * 24 * 60 * 60 * 1000;
    file.execute_batch(&format!(
        "CREATE TABLE talks (id INTEGER PRIMARY KEY, status TEXT, started_at INTEGER, who TEXT, agent_id INTEGER);
         CREATE TABLE lines (talk INTEGER, body TEXT, role TEXT, timestamp INTEGER);
         INSERT INTO talks VALUES (5, 'active', {ago}, 'Kim', 7);
         INSERT INTO lines VALUES (5, 'is it you?', 'visitor', {}), (5, 'it is', 'agent', {});",
        ago + 1,
        ago + 2
    ))
    .unwrap();
    for arguments in [
        ["workspace", "add", "shop"].as_slice(),
        &[
            "import",
            other.to_str().unwrap(),
            "--workspace=shop",
            "--sessions=talks",
            "--messages=lines",
            "--column=sessions.name=who",
            "--column=messages.session=talk",
            "--waiting-life=0s",
        ],
    ] {
        let mut command = switchboard();
        command.args(arguments).arg("--data-dir").arg(&data);
        output(&mut command).await;
    }
    let server = Server::start_with(&data, &["--waiting-life=0s"]).await;
    let arguments = ["token", "--operator=7", "--name=Olga", "--workspace=shop"];
    let printed = output(switchboard().args(arguments).arg("--data-dir").arg(&data)).await;
    let mut operator = Person::operator(server.address, printed.lines().last().unwrap()).await;
    let listed = operator.granted("staff:sessions", json!({})).await;
    let [session] = listed["sessions"].as_array().unwrap().as_slice() else {
        panic!("{listed}")
    };
    assert_eq!(session["sessionId"], "5");
    assert_eq!(session["status"], "active", "it is still hers");
    assert_eq!(session["createdAt"], timestamp(ago));
    assert_eq!(session["guest"]["name"], "Kim", "{session}");
    let said = operator.history("staff:history", Some("5")).await;
    assert_eq!(texts(&said), ["is it you?", "it is"]);
}

async fn imported(command: impl Fn() -> Command) {
    let looked = output(command().arg("--dry-run")).await;
    let taken = output(&mut command()).await;
    let counts = "6 sessions (3 waiting, 0 active, 3 ended) and 7 messages ";
    assert!(
        looked.contains(&format!("{counts}can be taken")),
        "{looked}"
    );
    assert!(taken.contains(&format!("{counts}are there now")), "{taken}");
    for part in [
        "1 of the ended were open, without a word for too long",
        "1 of the ended have messages and no row",
    ] {
        assert!(taken.contains(part), "{taken}");
    }
    assert!(!taken.contains("had been there"), "a look writes nothing");
}

async fn goes_on(address: SocketAddr, token: &str) {
    let mut operator = Person::operator(address, token).await;
    // Who was served waits as well: nobody knows by whom it was.
    in_the_queue(&mut operator, &["s-zoe", "s-ben", "s-ann"]).await;
    let ben = operator.history("staff:history", Some("s-ben")).await;
    assert_eq!(texts(&ben), ["hello?", "yes?"]);
    assert_eq!(ben[1]["agentName"].as_str(), Some("Olga"), "{}", ben[1]);
    let old = operator.history("staff:history", Some("s-old")).await;
    assert_eq!(old[0]["messageId"], UUID);
    let lost = operator.history("staff:history", Some("s-lost")).await;
    assert_eq!(texts(&lost), ["who heard this?"]);

    let claim = json!({ "sessionId": "s-ann" });
    operator.granted("staff:connect_to_session", claim).await;
    let mut said = message("I am here now", "x");
    said["sessionId"] = "s-ann".into();
    operator.granted("staff:message", said).await;
    let ann = operator.history("staff:history", Some("s-ann")).await;
    assert_eq!(texts(&ann), ["one", "two", "three ☎", "I am here now"]);
    let numbers: Vec<_> = ann.iter().map(|message| message["seq"].as_u64()).collect();
    assert_eq!(numbers, [1, 2, 3, 4].map(Some));
    operator
        .granted("staff:end_session", json!({ "sessionId": "s-ann" }))
        .await;
}

/// Once those who wait have been put into the queue.
async fn in_the_queue(operator: &mut Person, expected: &[&str]) {
    loop {
        let mut queued = waiting(operator).await;
        queued.retain(|(place, _)| place.is_some());
        queued.sort();
        if queued.len() == expected.len() {
            let ids: Vec<_> = queued.iter().map(|(_, id)| id.as_str()).collect();
            assert_eq!(ids, expected);
            return;
        }
        sleep(LOOK).await;
    }
}

async fn waiting(operator: &mut Person) -> Vec<(Option<u64>, String)> {
    let asked = json!({ "status": "waiting" });
    let page = operator.granted("staff:sessions", asked).await;
    let sessions = page["sessions"].as_array().unwrap().iter();
    sessions
        .map(|session| {
            let id = session["sessionId"].as_str().unwrap().to_owned();
            (session["queuePosition"].as_u64(), id)
        })
        .collect()
}

fn texts(messages: &[Value]) -> Vec<&str> {
    messages
        .iter()
        .map(|message| message["message"].as_str().unwrap())
        .collect()
}

async fn output(command: &mut Command) -> String {
    let output = run(command).await;
    assert!(output.status.success(), "{}", words(&output));
    words(&output)
}

async fn refused(command: &mut Command) -> String {
    let output = run(command).await;
    assert!(!output.status.success(), "{}", words(&output));
    words(&output)
}

fn words(output: &Output) -> String {
    let parts = [&output.stdout, &output.stderr];
    parts.map(|part| String::from_utf8_lossy(part)).concat()
}
