//! A schema of one test in the Postgres that all share.

use std::thread;

use tokio::{runtime, time::timeout};
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

use super::servers;
use crate::process::server::LONG;

/// Removed, with all that is in it, when it is dropped.
pub struct Schema {
    server: String,
    pub name: String,
}

impl Schema {
    pub async fn fresh() -> Self {
        Self::on(servers::postgres().await).await
    }

    /// In another server than that one.
    pub async fn on(server: &str) -> Self {
        let name = format!("test_{}", Uuid::new_v4().simple());
        let create = format!("CREATE SCHEMA {name}");
        client(server).await.batch_execute(&create).await.unwrap();
        let server = server.to_owned();
        Self { server, name }
    }

    pub fn url(&self) -> String {
        let joint = if self.server.contains('?') { '&' } else { '?' };
        let Self { server, name } = self;
        format!("{server}{joint}options=-c%20search_path%3D{name}")
    }

    pub async fn client(&self) -> Client {
        client(&self.url()).await
    }
}

impl Drop for Schema {
    /// On a thread of its own: the test's runtime cannot wait here.
    fn drop(&mut self) {
        let server = self.server.clone();
        let drop = format!("SET lock_timeout = '5s'; DROP SCHEMA {} CASCADE", self.name);
        let dropped = thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build();
            let dropped = async {
                if let Ok((client, connection)) = tokio_postgres::connect(&server, NoTls).await {
                    tokio::spawn(connection);
                    let _ = client.batch_execute(&drop).await;
                }
            };
            // A test that has failed may leave a server behind that was stopped.
            runtime.unwrap().block_on(async {
                let _ = timeout(LONG, dropped).await;
            });
        });
        let _ = dropped.join();
    }
}

async fn client(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}
