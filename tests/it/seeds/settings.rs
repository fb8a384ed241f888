//! Settings by the names that the documents of front ends have for them.

use std::net::TcpListener;

use reqwest::header::{ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN, ORIGIN};

use crate::{
    process::server::{Server, switchboard},
    support::folder::Folder,
};

#[tokio::test]
async fn the_port_may_be_named_as_in_any_of_the_documents() {
    let (socket, other) = (free(), free());
    for (settings, port) in [
        (vec![("SOCKET_PORT", socket), ("PORT", other)], socket),
        (vec![("PORT", other)], other),
    ] {
        let folder = Folder::fresh();
        let mut command = switchboard();
        command
            .arg("--data-dir")
            .arg(folder.path())
            .arg("--metrics-listen=127.0.0.1:0")
            .envs(settings.iter().map(|(name, port)| (name, port.to_string())));
        let server = Server::spawn(command).await;
        assert_eq!(server.address.port(), port);
        server.stop().await;
    }
}

#[tokio::test]
async fn the_origin_may_be_named_frontend_url_and_brings_credentials() {
    const PAGE: &str = "https://shop.example";
    let folder = Folder::fresh();
    let server = server(&folder, &[("FRONTEND_URL", PAGE)]).await;
    let http = reqwest::Client::new();
    for path in ["/chat/", "/socket.io/"] {
        let url = format!("http://{}{path}?EIO=4&transport=polling", server.address);
        let ask = |page: &str| http.get(&url).header(ORIGIN, page).send();
        let own = ask(PAGE).await.unwrap();
        assert_eq!(own.status(), 200);
        assert_eq!(own.headers()[ACCESS_CONTROL_ALLOW_ORIGIN], PAGE);
        assert_eq!(own.headers()[ACCESS_CONTROL_ALLOW_CREDENTIALS], "true");
        assert_eq!(ask("https://evil.example").await.unwrap().status(), 403);
    }
    server.stop().await;
}

/// They may be made later; but most likely its name is another one.
#[tokio::test]
async fn a_workspace_that_is_not_there_is_told_at_the_start() {
    let settings = [
        ("WORKSPACES", "shop"),
        ("STRIP_TAGS", "default,nope,*"),
        ("STRICT_EVENTS", "shop"),
        ("DIALECT", "shoop=operator-a,livechat"),
    ];
    let folder = Folder::fresh();
    let server = server(&folder, &settings).await;
    let log = server.stop().await;
    let told = log.iter().filter(|line| line.contains("names a workspace"));
    let told: Vec<_> = told.collect();
    assert_eq!(told.len(), 2, "{told:?}");
    for (line, setting, workspace) in [
        (told[0], "STRIP_TAGS names", "\"nope\""),
        (told[1], "DIALECT names", "\"shoop\""),
    ] {
        assert!(line.contains(setting) && line.contains(workspace), "{line}");
    }
}

async fn server(folder: &Folder, settings: &[(&str, &str)]) -> Server {
    let mut command = switchboard();
    command
        .arg("--data-dir")
        .arg(folder.path())
        .args(["--listen=127.0.0.1:0", "--metrics-listen=127.0.0.1:0"])
        .envs(settings.iter().copied());
    Server::spawn(command).await
}

/// Somebody else may take it meanwhile, which is told by the server.
fn free() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
