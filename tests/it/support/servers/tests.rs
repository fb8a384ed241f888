//! The servers are what they are said to be, and leave nothing behind.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_postgres::{Client, NoTls};

use super::{Postgres, Redis, postgres, private, redis};
use crate::process::server::LONG;

#[tokio::test]
async fn tests_share_a_redis() {
    let url = redis().await;
    assert_eq!(ask(url, "PING").await, "+PONG");
    assert_eq!(redis().await, url);
}

#[tokio::test]
async fn tests_share_a_postgres() {
    let url = postgres().await;
    let one = client(url).await.query_one("SELECT 1", &[]).await.unwrap();
    assert_eq!(one.get::<_, i32>(0), 1);
    assert_eq!(postgres().await, url);
}

#[tokio::test]
async fn a_redis_keeps_what_it_has_acknowledged() {
    let mut redis = Redis::start(&["--maxmemory", "10mb"]).await;
    let (url, pid) = (redis.url().to_owned(), redis.pid());
    assert_eq!(ask(&url, "SET kept yes").await, "+OK");
    redis.kill().await;
    redis.kill().await;
    assert!(!is_alive(pid) && !accepts(&url).await);
    redis.restart().await;
    assert_ne!(redis.pid(), pid);
    assert_eq!(ask(redis.url(), "STRLEN kept").await, ":3");
    assert_eq!(ask(&url, "CONFIG SET maxmemory 20mb").await, "+OK");
    redis.restart().await;
    assert_eq!(ask(&url, "PING").await, "+PONG");
}

#[tokio::test]
async fn a_paused_redis_answers_once_it_is_resumed() {
    let mut redis = Redis::start(&[]).await;
    redis.pause().await;
    let url = redis.url().to_owned();
    let mut answer = tokio::spawn(async move { ask(&url, "PING").await });
    // Nothing can be awaited that does not come; a server at work would have answered long before.
    let early = timeout(Duration::from_millis(100), &mut answer).await;
    assert!(early.is_err(), "{early:?}");
    redis.resume().await;
    assert_eq!(timeout(LONG, answer).await.unwrap().unwrap(), "+PONG");
    redis.pause().await;
    // A paused one ends as well, with this test.
}

#[tokio::test]
async fn a_postgres_keeps_what_it_has_committed() {
    let mut postgres = Postgres::start().await;
    let (url, pid) = (postgres.url().to_owned(), postgres.pid());
    let before = client(&url).await;
    let fill = "CREATE TABLE kept AS SELECT generate_series(1, 3)";
    before.batch_execute(fill).await.unwrap();
    let fsync = before.query_one("SHOW fsync", &[]).await.unwrap();
    assert_eq!(fsync.get::<_, String>(0), "on");
    postgres.kill().await;
    assert!(!is_alive(pid) && !accepts(&url).await);
    assert!(before.batch_execute("SELECT 1").await.is_err());
    postgres.restart().await;
    assert_ne!(postgres.pid(), pid);
    let after = client(postgres.url()).await;
    let count = after.query_one("SELECT count(*) FROM kept", &[]).await;
    assert_eq!(count.unwrap().get::<_, i64>(0), 3);
}

#[tokio::test]
async fn nothing_is_left_of_a_redis_whose_holder_is_killed() {
    leaves_nothing("redis").await;
}

#[tokio::test]
async fn nothing_is_left_of_a_postgres_whose_holder_is_killed() {
    leaves_nothing("postgres").await;
}

#[test]
fn a_server_that_is_not_installed_is_one_sentence() {
    let mut script = private::script(&["redis"]);
    // With what the script itself is written in, and nothing else.
    let path = crate::support::folder::Folder::fresh();
    for tool in ["bash", "env", "dirname", "id", "sort"] {
        let link = path.path().join(tool);
        std::os::unix::fs::symlink(Path::new("/usr/bin").join(tool), link).unwrap();
    }
    let output = script.env("PATH", path.path()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        said.trim(),
        "redis-server is not here: run .ci/need redis-server"
    );
    assert_eq!(output.status.code(), Some(2));
}

/// The holder is a process that does nothing but have the other end of the script's input, as a test
/// process has it; killed with SIGKILL, it can tell nobody.
async fn leaves_nothing(kind: &'static str) {
    let mut holder = Command::new("sleep")
        .arg("600")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let input = holder.stdout.take().unwrap();
    let mut script = private::script(&[kind]).stdin(input).spawn().unwrap();
    let (mut script, pid, url) = tokio::task::spawn_blocking(move || {
        let mut ready = String::new();
        let answers = script.stdout.as_mut().unwrap();
        BufReader::new(answers).read_line(&mut ready).unwrap();
        let (pid, url) = private::parse(&ready);
        (script, pid, url)
    })
    .await
    .unwrap();
    let folder = folder_of(&script, kind);
    assert!(is_alive(pid) && accepts(&url).await && folder.exists());
    holder.kill().unwrap();
    holder.wait().unwrap();
    let end = tokio::task::spawn_blocking(move || script.wait());
    let status = timeout(LONG, end).await.unwrap().unwrap().unwrap();
    assert!(status.success());
    assert!(!is_alive(pid) && !accepts(&url).await && !folder.exists());
}

fn folder_of(script: &Child, kind: &str) -> PathBuf {
    let beginning = format!("switchboard-{kind}.{}.", script.id());
    let mut entries = std::fs::read_dir(std::env::temp_dir()).unwrap();
    let found = entries.find_map(|entry| {
        let entry = entry.unwrap();
        let ours = entry.file_name().to_str()?.starts_with(&beginning);
        ours.then(|| entry.path())
    });
    found.unwrap()
}

fn is_alive(pid: u32) -> bool {
    // What is dead and not yet waited for has no program any more.
    std::fs::read_link(format!("/proc/{pid}/exe")).is_ok()
}

fn address(url: &str) -> &str {
    let rest = url.split_once("//").unwrap().1;
    let place = rest.split('/').next().unwrap();
    place.rsplit('@').next().unwrap()
}

async fn accepts(url: &str) -> bool {
    TcpStream::connect(address(url)).await.is_ok()
}

/// The first line of the answer.
async fn ask(url: &str, command: &str) -> String {
    let mut stream = TcpStream::connect(address(url)).await.unwrap();
    let line = format!("{command}\r\n");
    stream.write_all(line.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let mut answers = tokio::io::BufReader::new(stream);
    answers.read_line(&mut answer).await.unwrap();
    answer.trim_end().to_owned()
}

async fn client(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}
