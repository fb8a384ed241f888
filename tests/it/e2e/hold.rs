//! Lets a script keep the database from storing anything, for as long as it holds a connection to a port.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};
use tokio_postgres::Client;

pub struct Hold {
    pub port: u16,
    serving: JoinHandle<()>,
}

impl Hold {
    /// One script at a time, of the schema that this is connected to.
    pub async fn start(database: Client) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let serving = tokio::spawn(async move {
            while let Ok((mut control, _)) = listener.accept().await {
                let lock = "BEGIN; LOCK TABLE messages IN EXCLUSIVE MODE";
                database.batch_execute(lock).await.unwrap();
                control.write_all(b"held").await.unwrap();
                let _ = control.read(&mut [0]).await;
                database.batch_execute("ROLLBACK").await.unwrap();
            }
        });
        Self { port, serving }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
