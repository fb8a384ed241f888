use std::collections::HashMap;

use deadpool_postgres::{GenericClient as _, Transaction};

use super::{
    failure::Failure,
    insert::{Columns, column, insert},
    row::{self, int},
};
use crate::{
    history::words::{offer_text, receipts_text, search_text},
    model::{Entry, Session, SessionId, WorkspaceId},
};

/// What a batch does to session rows: all are read at once, changed in memory and written at once,
/// however many entries concern them.
pub struct Fold<'a> {
    rows: HashMap<(&'a WorkspaceId, &'a SessionId), Folded<'a>>,
    /// Messages whose session is not known here.
    pub orphans: u64,
}

#[derive(Default)]
struct Folded<'a> {
    session: Option<Session>,
    /// The entry that changed it last in this batch, by a snapshot if there is one.
    changed: Option<&'a Entry>,
}

impl<'a> Fold<'a> {
    pub async fn load(
        transaction: &Transaction<'_>,
        entries: &[&'a Entry],
    ) -> Result<Self, Failure> {
        let mut rows = HashMap::<_, Folded<'a>>::new();
        for entry in entries {
            if let Some(id) = &entry.session {
                rows.entry((&entry.workspace, id)).or_default();
            }
        }
        let stored = stored(transaction, rows.keys().copied()).await?;
        let stored = stored.iter().map(|row| ((&row.workspace, &row.id), row));
        let stored: HashMap<_, _> = stored.collect();
        for (key, row) in &mut rows {
            row.session = stored.get(key).map(|session| Session::clone(session));
        }
        Ok(Self { rows, orphans: 0 })
    }

    /// An entry that the row already reflects changes nothing: a batch may begin before the newest
    /// snapshot of a session, and a snapshot may come with a batch that begins after it.
    pub fn take(&mut self, entry: &'a Entry) {
        let Some(id) = &entry.session else { return };
        let row = self.rows.entry((&entry.workspace, id)).or_default();
        if !row.take(entry) {
            self.orphans += 1;
        }
    }

    /// Returns the entries whose snapshots the server does not take.
    pub async fn write(self, transaction: &mut Transaction<'_>) -> Result<Vec<&'a Entry>, Failure> {
        let changed = self.rows.into_values();
        let changed: Vec<(Session, &Entry)> = changed
            .filter_map(|row| Some((row.session?, row.changed?)))
            .collect();
        let sql = include_str!("../../../sql/postgres/queries/put_sessions.sql");
        let inserted = insert(transaction, sql, &changed, columns).await?;
        Ok(inserted.refused.iter().map(|(_, entry)| *entry).collect())
    }
}

impl<'a> Folded<'a> {
    /// `false` for a message without a session to note it.
    fn take(&mut self, entry: &'a Entry) -> bool {
        match (&entry.after, entry.message(), &mut self.session) {
            (Some(after), _, Some(stored)) if stored.last_entry >= after.last_entry => {}
            (Some(after), ..) => {
                self.session = Some(Session::clone(after));
                self.changed = Some(entry);
            }
            (None, Some(message), Some(stored)) => {
                if stored.last_entry < entry.id {
                    stored.note(message, entry.id);
                    self.changed.get_or_insert(entry);
                }
            }
            (None, Some(_), None) => return false,
            (None, None, _) => {}
        }
        true
    }
}

/// A key with NUL is in no row, and asking for it would end the transaction.
async fn stored<'k>(
    transaction: &Transaction<'_>,
    keys: impl Iterator<Item = (&'k WorkspaceId, &'k SessionId)>,
) -> Result<Vec<Session>, Failure> {
    let keys = keys.map(|(workspace, id)| (workspace.as_str(), id.as_str()));
    let (workspaces, ids): (Vec<_>, Vec<_>) = keys
        .filter(|(workspace, id)| !workspace.contains('\0') && !id.contains('\0'))
        .unzip();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let sql = include_str!("../../../sql/postgres/queries/sessions_of_batch.sql");
    let statement = transaction.prepare_cached(sql).await?;
    let rows = transaction.query(&statement, &[&workspaces, &ids]).await?;
    rows.iter().map(row::session).collect()
}

fn columns<'r>(changed: &'r [(Session, &Entry)]) -> Columns<'r> {
    vec![
        column(changed, |(session, _)| session.workspace.as_str()),
        column(changed, |(session, _)| session.id.as_str()),
        column(changed, |(session, _)| session.status.as_str()),
        column(changed, |(session, _)| int(session.version)),
        column(changed, |(session, _)| {
            session.agent.as_ref().map(|agent| agent.id.as_str())
        }),
        column(changed, |(session, _)| {
            session.agent.as_ref().map(|agent| agent.name.as_str())
        }),
        column(changed, |(session, _)| session.guest.name.as_deref()),
        column(changed, |(session, _)| session.guest.email.as_deref()),
        column(changed, |(session, _)| session.guest.phone.as_deref()),
        column(changed, |(session, _)| session.guest.page.as_deref()),
        column(changed, |(session, _)| {
            session.guest.metadata.as_ref().map(ToString::to_string)
        }),
        column(changed, |(session, _)| {
            search_text(&[
                session.guest.name.as_deref(),
                session.guest.email.as_deref(),
            ])
        }),
        column(changed, |(session, _)| int(session.created_at)),
        column(changed, |(session, _)| int(session.last_activity)),
        column(changed, |(session, _)| int(session.last_seq)),
        column(changed, |(session, _)| int(session.last_entry.ms)),
        column(changed, |(session, _)| i64::from(session.last_entry.seq)),
        column(changed, |(session, _)| preview_text(session)),
        column(changed, |(session, _)| {
            session
                .last_message
                .as_ref()
                .map(|preview| preview.direction.as_str())
        }),
        column(changed, |(session, _)| {
            session.last_message.as_ref().map(|preview| int(preview.at))
        }),
        column(changed, |(session, _)| int(session.unread)),
        column(changed, |(session, _)| int(session.queued.ms)),
        column(changed, |(session, _)| i64::from(session.queued.seq)),
        column(changed, |(session, _)| offer_text(session)),
        column(changed, |(session, _)| int(session.marks.delivered_in)),
        column(changed, |(session, _)| int(session.marks.delivered_out)),
        column(changed, |(session, _)| int(session.marks.read_in)),
        column(changed, |(session, _)| int(session.marks.read_out)),
        column(changed, |(session, _)| receipts_text(session)),
        column(changed, |(session, _)| int(session.left)),
        column(changed, |(session, _)| session.unverified),
        column(changed, |(session, _)| session.guest.identity.as_deref()),
    ]
}

/// A copy for lists. Of a message that Postgres refuses it must not take the session's status along,
/// which later snapshots bring.
fn preview_text(session: &Session) -> Option<String> {
    let preview = session.last_message.as_ref()?;
    Some(preview.text.replace('\0', "\u{fffd}"))
}
