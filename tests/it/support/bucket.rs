//! A server of the protocol of S3, with one bucket.

use std::{net::TcpListener, path::Path, process::Stdio};

use tokio::{
    process::{Child, Command},
    time::{sleep, timeout},
};

use super::folder::Folder;
use crate::process::server::{LONG, LOOK};

const BUCKET: &str = "chat";
/// Both halves of the key that it knows.
const KEY: &str = "S3RVER";

pub struct Bucket {
    child: Child,
    /// Where its objects are, kept for as long as it is.
    _folder: Folder,
    port: u16,
}

impl Bucket {
    pub async fn start() -> Self {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node_modules/.bin/s3rver");
        assert!(program.exists(), "s3rver is not here: run .ci/npm-ci tests");
        let folder = Folder::fresh();
        let port = free_port();
        let mut command = Command::new(program);
        command
            .args(["--address", "127.0.0.1", "--port", &port.to_string()])
            .args(["--configure-bucket", BUCKET, "--directory"])
            .arg(folder.path())
            .stdout(Stdio::null())
            .kill_on_drop(true);
        let bucket = Self {
            child: command.spawn().unwrap(),
            _folder: folder,
            port,
        };
        let answers = async {
            while tokio::net::TcpStream::connect(("127.0.0.1", port))
                .await
                .is_err()
            {
                sleep(LOOK).await;
            }
        };
        timeout(LONG, answers).await.unwrap();
        bucket
    }

    /// What pods are told of it.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        settings(self.port)
    }

    pub async fn stop(&mut self) {
        self.child.kill().await.unwrap();
    }
}

/// It takes connections, and never answers.
pub struct SilentBucket(TcpListener);

impl SilentBucket {
    pub fn start() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    /// What pods are told of it.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        settings(self.0.local_addr().unwrap().port())
    }
}

fn settings(port: u16) -> Vec<(&'static str, String)> {
    vec![
        ("FILES", format!("s3://{BUCKET}/files")),
        ("AWS_ENDPOINT", format!("http://127.0.0.1:{port}")),
        ("AWS_ALLOW_HTTP", "true".to_owned()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", KEY.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", KEY.to_owned()),
    ]
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
