use std::collections::{HashMap, hash_map};

use rusqlite::{Connection, Transaction, named_params};

use super::{read, row::int};
use crate::{
    history::words::{offer_text, receipts_text, search_text},
    model::{Entry, Session, SessionId, WorkspaceId},
};

/// What a batch does to session rows: each row is read once, changed in memory and written once,
/// however many entries concern it.
#[derive(Default)]
pub struct Fold<'a> {
    rows: HashMap<(&'a WorkspaceId, &'a SessionId), Folded>,
    /// Messages whose session is not known here.
    pub orphans: u64,
}

struct Folded {
    session: Option<Session>,
    changed: bool,
}

impl<'a> Fold<'a> {
    /// An entry that the row already reflects changes nothing: a batch may begin before the newest
    /// snapshot of a session, and a snapshot may come with a batch that begins after it.
    pub fn take(
        &mut self,
        transaction: &Transaction<'_>,
        entry: &'a Entry,
    ) -> rusqlite::Result<()> {
        let Some(id) = &entry.session else {
            return Ok(());
        };
        let row = match self.rows.entry((&entry.workspace, id)) {
            hash_map::Entry::Occupied(known) => known.into_mut(),
            hash_map::Entry::Vacant(place) => {
                let session = read::session(transaction, &entry.workspace, id)?;
                place.insert(Folded {
                    session,
                    changed: false,
                })
            }
        };
        if !row.take(entry) {
            self.orphans += 1;
        }
        Ok(())
    }

    pub fn write(self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        let changed = self.rows.into_values().filter(|row| row.changed);
        changed
            .filter_map(|row| row.session)
            .try_for_each(|session| put(transaction, &session))
    }
}

impl Folded {
    /// `false` for a message without a session to note it.
    fn take(&mut self, entry: &Entry) -> bool {
        match (&entry.after, entry.message(), &mut self.session) {
            (Some(after), _, Some(stored)) if stored.last_entry >= after.last_entry => {}
            (Some(after), ..) => {
                self.session = Some(Session::clone(after));
                self.changed = true;
            }
            (None, Some(message), Some(stored)) => {
                if stored.last_entry < entry.id {
                    stored.note(message, entry.id);
                    self.changed = true;
                }
            }
            (None, Some(_), None) => return false,
            (None, None, _) => {}
        }
        true
    }
}

fn put(connection: &Connection, session: &Session) -> rusqlite::Result<()> {
    let (guest, marks) = (&session.guest, &session.marks);
    let (agent, preview) = (session.agent.as_ref(), session.last_message.as_ref());
    connection
        .prepare_cached(include_str!("../../../sql/sqlite/queries/put_session.sql"))?
        .execute(named_params! {
            ":workspace": session.workspace.as_str(),
            ":id": session.id.as_str(),
            ":status": session.status.as_str(),
            ":version": int(session.version),
            ":agent_id": agent.map(|agent| agent.id.as_str()),
            ":agent_name": agent.map(|agent| &agent.name),
            ":guest_name": guest.name,
            ":guest_email": guest.email,
            ":guest_phone": guest.phone,
            ":guest_page": guest.page,
            ":guest_metadata": guest.metadata.as_ref().map(ToString::to_string),
            ":guest_search": search_text(&[guest.name.as_deref(), guest.email.as_deref()]),
            ":created_at": int(session.created_at),
            ":last_activity": int(session.last_activity),
            ":last_seq": int(session.last_seq),
            ":last_entry_ms": int(session.last_entry.ms),
            ":last_entry_seq": session.last_entry.seq,
            ":preview_text": preview.map(|preview| &preview.text),
            ":preview_direction": preview.map(|preview| preview.direction.as_str()),
            ":preview_at": preview.map(|preview| int(preview.at)),
            ":unread": int(session.unread),
            ":queued_ms": int(session.queued.ms),
            ":queued_seq": session.queued.seq,
            ":offer": offer_text(session),
            ":delivered_in": int(marks.delivered_in),
            ":delivered_out": int(marks.delivered_out),
            ":read_in": int(marks.read_in),
            ":read_out": int(marks.read_out),
            ":receipts": receipts_text(session),
            ":left_seq": int(session.left),
            ":unverified": session.unverified,
            ":guest_identity": guest.identity,
        })
        .map(drop)
}
