//! A relay with staff.

use std::path::Path;

use crate::{
    process::{
        server::{Server, run, switchboard},
        talk::last_line,
    },
    rest::client::Client,
    support::folder::Folder,
};
use serde_json::json;

pub struct House {
    pub server: Server,
    pub folder: Folder,
}

impl House {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub async fn start_with(arguments: &[&str]) -> Self {
        let folder = Folder::fresh();
        let server = Server::start_with(folder.path(), arguments).await;
        Self { server, folder }
    }

    pub fn nobody(&self) -> Client {
        Client::nobody(self.server.address)
    }

    /// Added, and logged in.
    pub async fn operator(&self, id: &str, role: &str) -> Client {
        let password = add(self.folder.path(), id, role, "default").await;
        let token = login(&self.nobody(), id, &password).await;
        Client::with_token(self.server.address, &token)
    }
}

/// Prints a password.
pub async fn add(data: &Path, id: &str, role: &str, workspace: &str) -> String {
    let mut command = switchboard();
    command.args([
        "operator",
        "add",
        id,
        "--name",
        "Ada Quitte",
        "--role",
        role,
    ]);
    command
        .args(["--workspace", workspace, "--data-dir"])
        .arg(data);
    let output = run(&mut command).await;
    assert!(output.status.success(), "{output:?}");
    last_line(&output.stdout)
}

pub async fn login(client: &Client, id: &str, password: &str) -> String {
    let credentials = json!({ "operator": id, "password": password });
    let login = client.post("/login", credentials).await.granted();
    login["token"].as_str().unwrap().to_owned()
}
