//! What is stored.

use anyhow::Context;
use tokio_postgres::{Client, NoTls};

use crate::chaos::{record::Message, verdict::Row};

pub struct Rows(Client);

impl Rows {
    pub async fn connect(url: &str) -> anyhow::Result<Self> {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        tokio::spawn(connection);
        Ok(Self(client))
    }

    /// Entries that no table could take; there should be none.
    pub async fn poison(&self) -> anyhow::Result<i64> {
        let row = self.0.query_one("SELECT count(*) FROM poison", &[]);
        Ok(row.await?.get(0))
    }

    /// In the order of their entries.
    pub async fn all(&self) -> anyhow::Result<Vec<Row>> {
        let all = "SELECT workspace, session, text, id::text, seq FROM messages \
            ORDER BY workspace, session, entry_ms, entry_seq";
        let rows = self.0.query(all, &[]).await?;
        let row = |row: &tokio_postgres::Row| {
            let seq: i64 = row.get(4);
            Ok(Row {
                workspace: row.get(0),
                session: row.get(1),
                message: Message {
                    cid: row.get(2),
                    id: row.get(3),
                    seq: u64::try_from(seq).context("a number below 0")?,
                },
            })
        };
        rows.iter().map(row).collect()
    }
}
