//! What a start prints, where it listens, and what it keeps from others.

use std::{net::TcpListener, os::unix::fs::PermissionsExt, path::Path};

use super::{
    server::{Server, run, switchboard},
    talk::{Person, Talk},
};
use crate::support::folder::Folder;

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_prints_where_it_is_and_a_token_that_works() {
    let folder = Folder::fresh();
    let server = Server::start_with(folder.path(), &["--try"]).await;
    let port = server.address.port();
    let out = server.out();
    out.wait(|line| line.ends_with(&format!("ready on http://localhost:{port}")))
        .await;
    let open = out.wait(|line| line.trim().starts_with("Open ")).await;
    let operator = out.wait(|line| line.trim().starts_with("Operator ")).await;
    let token = operator.split_whitespace().last().unwrap();
    assert!(
        open.ends_with(&format!(" http://localhost:{port}/try#token={token}")),
        "{open}"
    );
    out.wait(|line| line.ends_with(&format!(":{}/metrics", server.metrics.port())))
        .await;

    let mut person = Person::operator(server.address, token).await;
    person
        .granted("staff:sessions", serde_json::json!({}))
        .await;
    assert_eq!(
        server.page("/try").await.0,
        200,
        "`make web` builds the page"
    );
    let said = server.stop().await;
    assert!(
        said.iter().all(|line| !line.contains(token)),
        "the token is logged"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_takes_the_next_free_port_and_says_so() {
    let (folder, busy, busy_too) = (Folder::fresh(), occupied(), occupied());
    let (listen, metrics) = (address(&busy), address(&busy_too));
    let arguments = ["--try", "--listen", &listen, "--metrics-listen", &metrics];
    let server = Server::start_with(folder.path(), &arguments).await;
    assert_ne!(address(&busy), server.address.to_string());
    let (was, is) = (busy.local_addr().unwrap().port(), server.address.port());
    let said = format!("Port {was} is busy: the relay is on port {is} instead.");
    server.out().wait(|line| line == said).await;
    let (was, is) = (busy_too.local_addr().unwrap().port(), server.metrics.port());
    let said = format!("Port {was} is busy: /metrics is on port {is} instead.");
    server.out().wait(|line| line == said).await;
    assert_eq!(server.page("/livez").await, (200, "ok".into()));
}

#[tokio::test]
async fn a_busy_port_is_one_sentence() {
    let (folder, busy) = (Folder::fresh(), occupied());
    for (flag, other, name) in [
        ("--listen", "--metrics-listen", "LISTEN"),
        ("--metrics-listen", "--listen", "METRICS_LISTEN"),
    ] {
        let mut command = switchboard();
        command.args([flag, &address(&busy), other, "127.0.0.1:0"]);
        let said = refused(command.arg("--data-dir").arg(folder.path())).await;
        let beginning = format!("switchboard: {name}: cannot listen on {}: ", address(&busy));
        assert!(said.starts_with(&beginning), "{said}");
    }
}

#[tokio::test]
async fn other_backends_are_refused_with_a_sentence() {
    for name in ["REDIS_URL", "DATABASE_URL"] {
        let folder = Folder::fresh();
        let data = folder.path().join("data");
        let said = refused(switchboard().env(name, "x://host").env("DATA_DIR", &data)).await;
        assert!(
            said.starts_with(&format!("switchboard: {name} is set, but ")),
            "{said}"
        );
        assert!(!data.exists(), "refused before anything is made");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_on_the_same_data_is_refused() {
    let folder = Folder::fresh();
    let server = Server::start(folder.path()).await;
    let mut command = switchboard();
    command.args(["--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0"]);
    let said = refused(command.arg("--data-dir").arg(folder.path())).await;
    let path = folder.path().display();
    let sentence =
        format!("switchboard: another switchboard is running on this data directory: {path}");
    assert_eq!(said, sentence);
    assert_eq!(
        server.page("/readyz").await,
        (200, "ok".into()),
        "the first one goes on"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_for_the_owner_only_and_stay() {
    let folder = Folder::fresh();
    let data = folder.path().join("data");
    let server = Server::start(&data).await;
    assert_eq!(mode(&data), 0o700);
    let names = ["jwt-secret", "signing-key"];
    let made = names.map(|name| {
        assert_eq!(mode(&data.join(name)), 0o600, "{name}");
        std::fs::read_to_string(data.join(name)).unwrap()
    });
    assert_eq!(mode(&data.join("switchboard.db")), 0o600);
    assert_ne!(made[0], made[1]);
    let left: Vec<_> = std::fs::read_dir(&data)
        .unwrap()
        .map(|entry| entry.unwrap())
        .collect();
    let left = left
        .iter()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with('.'));
    assert_eq!(left.count(), 0, "a file that was being made is left");
    server.stop().await;

    let server = Server::start(&data).await;
    let kept = names.map(|name| std::fs::read_to_string(data.join(name)).unwrap());
    assert_eq!(made, kept);
    let mut talk = Talk::begin(&server, &data).await;
    talk.guest_says("hello").await;
}

/// What a start that fails says: one line, and nothing else.
async fn refused(command: &mut tokio::process::Command) -> String {
    let output = run(command).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.lines().count(), 1, "{said}");
    said.trim_end().to_owned()
}

fn occupied() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

fn address(listener: &TcpListener) -> String {
    listener.local_addr().unwrap().to_string()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}
