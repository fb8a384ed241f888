use std::sync::Arc;

use async_trait::async_trait;
use deadpool_postgres::{Client, GenericClient as _, Transaction};
use uuid::Uuid;

use super::{PostgresHistory, append, cursor, failure::Failure, row::int};
use crate::{
    history::{Clash, Imported, Imports, Unavailable},
    model::{Entry, Partition, SessionId},
};

#[async_trait]
impl Imports for PostgresHistory {
    async fn import(
        &self,
        partition: Partition,
        entries: Vec<Arc<Entry>>,
    ) -> Result<Imported, Unavailable> {
        let database = &self.database;
        let work = async { import(&mut database.writer().await?, partition, &entries).await };
        database.write("import", work).await
    }
}

/// What is not committed is rolled back.
async fn import(
    client: &mut Client,
    partition: Partition,
    entries: &[Arc<Entry>],
) -> Result<Imported, Failure> {
    let mut transaction = client.transaction().await?;
    let mark = format!("import:{}", Uuid::new_v4());
    cursor::note_import(&transaction, partition, &mark).await?;
    if let Some(clash) = clash(&transaction, entries).await? {
        return Ok(Imported::Refused(clash));
    }
    let written = append::put(&mut transaction, entries).await?;
    if let Some(session) = written.refused {
        return Ok(Imported::Refused(Clash::Refused(session)));
    }
    transaction.commit().await?;
    Ok(Imported::Stored {
        known: written.duplicates,
    })
}

async fn clash(
    transaction: &Transaction<'_>,
    entries: &[Arc<Entry>],
) -> Result<Option<Clash>, Failure> {
    let others = transaction
        .prepare_cached(
            "SELECT id FROM sessions NATURAL JOIN unnest($1::text[], $2::text[], $3::bigint[])
                 AS given (workspace, id, begun)
             WHERE created_at <> begun LIMIT 1",
        )
        .await?;
    let given: Vec<_> = entries.iter().filter_map(|it| it.after.as_ref()).collect();
    let workspaces: Vec<_> = given.iter().map(|it| it.workspace.as_str()).collect();
    let ids: Vec<_> = given.iter().map(|it| it.id.as_str()).collect();
    let begun: Vec<_> = given.iter().map(|it| int(it.created_at)).collect();
    let other = transaction
        .query_opt(&others, &[&workspaces, &ids, &begun])
        .await?;
    if let Some(row) = other {
        let id: String = row.try_get("id")?;
        return Ok(Some(Clash::Session(SessionId::new(id))));
    }

    let elsewhere = transaction
        .prepare_cached(
            "SELECT given.session, messages.id IS NULL AS is_new
             FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[]) AS given (id, workspace, session, seq)
                 LEFT JOIN messages USING (id)
                 LEFT JOIN sessions ON sessions.workspace = given.workspace AND sessions.id = given.session
             WHERE CASE WHEN messages.id IS NULL THEN sessions.last_seq >= given.seq
                 ELSE (messages.workspace, messages.session) <> (given.workspace, given.session) END
             LIMIT 1",
        )
        .await?;
    let said: Vec<_> = entries
        .iter()
        .filter_map(|entry| Some((entry, entry.message()?)))
        .collect();
    let ids: Vec<_> = said.iter().map(|(_, message)| message.id.0).collect();
    let workspaces: Vec<_> = said.iter().map(|(it, _)| it.workspace.as_str()).collect();
    let sessions: Vec<_> = said.iter().map(|(_, it)| it.session.as_str()).collect();
    let numbers: Vec<_> = said.iter().map(|(_, message)| int(message.seq)).collect();
    let found = transaction
        .query_opt(&elsewhere, &[&ids, &workspaces, &sessions, &numbers])
        .await?;
    let Some(row) = found else {
        return Ok(None);
    };
    let session = SessionId::new(row.try_get::<_, String>("session")?);
    Ok(Some(if row.try_get("is_new")? {
        Clash::GoneOn(session)
    } else {
        Clash::Message(session)
    }))
}
