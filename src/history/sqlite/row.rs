//! How the model's types are written in columns. Columns are read by name, so that a column that a
//! later release added does no harm.

use rusqlite::{
    Row,
    types::{FromSql, FromSqlError, FromSqlResult, ValueRef},
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    history::{
        MessageRow, StoredMessage, StoredReaction,
        words::{self, sender_kind},
    },
    model::{
        Agent, Content, Direction, EntryId, Guest, Marks, Message, MessageId, OperatorId,
        Participant, Preview, Role, Sender, SenderKind, Session, SessionId, Status, WorkspaceId,
    },
};

/// SQLite's integers are signed. Nothing that is counted here comes near their end; what a client
/// asks for may ("before the largest number"), and means the same at it.
pub fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub fn entry_id(row: &Row<'_>, ms: &str, seq: &str) -> rusqlite::Result<EntryId> {
    Ok(EntryId {
        ms: number(row, ms)?,
        seq: row.get(seq)?,
    })
}

pub fn message(row: &Row<'_>) -> rusqlite::Result<StoredMessage> {
    let Stored(content) = content(row)?;
    let message = Message {
        id: MessageId(row.get::<_, Stored<Uuid>>("id")?.0),
        session: SessionId::new(row.get::<_, String>("session")?),
        seq: number(row, "seq")?,
        direction: row.get::<_, Stored<_>>("direction")?.0,
        sender: Sender {
            kind: row.get::<_, Stored<_>>("sender_kind")?.0,
            id: row.get("sender_id")?,
            name: row.get("sender_name")?,
        },
        content,
        client_id: row.get("client_id")?,
        at: number(row, "at")?,
    };
    Ok(StoredMessage {
        entry: entry_id(row, "entry_ms", "entry_seq")?,
        message,
        reactions: Vec::new(),
    })
}

pub fn session(row: &Row<'_>) -> rusqlite::Result<Session> {
    Ok(Session {
        id: SessionId::new(row.get::<_, String>("id")?),
        workspace: WorkspaceId::new(row.get::<_, String>("workspace")?),
        status: row.get::<_, Stored<_>>("status")?.0,
        version: number(row, "version")?,
        guest: guest(row)?,
        agent: agent(row)?,
        created_at: number(row, "created_at")?,
        last_activity: number(row, "last_activity")?,
        last_seq: number(row, "last_seq")?,
        last_entry: entry_id(row, "last_entry_ms", "last_entry_seq")?,
        last_message: preview(row)?,
        unread: number(row, "unread")?,
        queued: entry_id(row, "queued_ms", "queued_seq")?,
        offer: row
            .get::<_, Option<Json<_>>>("offer")?
            .map(|stored| stored.0),
        marks: Marks {
            delivered_in: number(row, "delivered_in")?,
            delivered_out: number(row, "delivered_out")?,
            read_in: number(row, "read_in")?,
            read_out: number(row, "read_out")?,
        },
        receipts: row.get::<_, Json<_>>("receipts")?.0,
        left: number(row, "left_seq")?,
        unverified: row.get("unverified")?,
    })
}

pub fn message_row(row: &Row<'_>) -> rusqlite::Result<MessageRow> {
    let read_at: Option<Stored<u64>> = row.get("read_at")?;
    Ok(MessageRow {
        id: MessageId(row.get::<_, Stored<Uuid>>("id")?.0),
        num: number(row, "num")?,
        read_at: read_at.map(|stored| stored.0),
    })
}

/// With the message that it is at.
pub fn reaction(row: &Row<'_>) -> rusqlite::Result<(MessageId, StoredReaction)> {
    let reaction = StoredReaction {
        entry: entry_id(row, "entry_ms", "entry_seq")?,
        by: row.get::<_, Stored<_>>("participant")?.0,
        emoji: row.get("emoji")?,
        on: row.get("is_on")?,
    };
    Ok((
        MessageId(row.get::<_, Stored<Uuid>>("message")?.0),
        reaction,
    ))
}

fn guest(row: &Row<'_>) -> rusqlite::Result<Guest> {
    Ok(Guest {
        name: row.get("guest_name")?,
        email: row.get("guest_email")?,
        phone: row.get("guest_phone")?,
        page: row.get("guest_page")?,
        metadata: row
            .get::<_, Option<Json<Value>>>("guest_metadata")?
            .map(|stored| stored.0),
        identity: row.get("guest_identity")?,
    })
}

pub fn role(row: &Row<'_>) -> rusqlite::Result<Role> {
    Ok(row.get::<_, Stored<_>>("role")?.0)
}

fn agent(row: &Row<'_>) -> rusqlite::Result<Option<Agent>> {
    let Some(id) = row.get::<_, Option<String>>("agent_id")? else {
        return Ok(None);
    };
    Ok(Some(Agent {
        id: OperatorId::new(id),
        name: row.get("agent_name")?,
    }))
}

fn preview(row: &Row<'_>) -> rusqlite::Result<Option<Preview>> {
    let Some(text) = row.get("preview_text")? else {
        return Ok(None);
    };
    let direction = row.get::<_, Stored<_>>("preview_direction")?.0;
    Ok(Some(Preview {
        text,
        direction,
        at: number(row, "preview_at")?,
    }))
}

fn content(row: &Row<'_>) -> rusqlite::Result<Stored<Content>> {
    let (kind, attachment) = (row.get_ref("type")?, row.get_ref("attachment")?);
    let attachment = attachment.as_str_or_null()?;
    let content = words::content(kind.as_str()?, row.get("text")?, attachment);
    Ok(Stored(content.ok_or(FromSqlError::InvalidType)?))
}

pub fn number(row: &Row<'_>, column: &str) -> rusqlite::Result<u64> {
    Ok(row.get::<_, Stored<u64>>(column)?.0)
}

/// A foreign type as a column holds it. A word that this release does not know is an error: a
/// message is not shown on the wrong side.
struct Stored<T>(T);

impl FromSql for Stored<u64> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let number = value.as_i64()?;
        number
            .try_into()
            .map(Self)
            .map_err(|_| FromSqlError::OutOfRange(number))
    }
}

impl FromSql for Stored<Uuid> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Uuid::from_slice(value.as_blob()?)
            .map(Self)
            .map_err(FromSqlError::other)
    }
}

impl FromSql for Stored<Participant> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let participant = Participant::from_key(value.as_str()?);
        participant.map(Self).ok_or(FromSqlError::InvalidType)
    }
}

/// What is one text in its column.
struct Json<T>(T);

impl<T: DeserializeOwned> FromSql for Json<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_str(value.as_str()?)
            .map(Self)
            .map_err(FromSqlError::other)
    }
}

impl FromSql for Stored<Status> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        known(
            value,
            [Status::Waiting, Status::Active, Status::Ended],
            Status::as_str,
        )
    }
}

impl FromSql for Stored<Direction> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        known(value, [Direction::In, Direction::Out], Direction::as_str)
    }
}

impl FromSql for Stored<Role> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let role = Role::named(value.as_str()?);
        role.map(Self).ok_or(FromSqlError::InvalidType)
    }
}

impl FromSql for Stored<SenderKind> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        known(
            value,
            [SenderKind::Guest, SenderKind::Operator],
            sender_kind,
        )
    }
}

fn known<T: Copy, const N: usize>(
    value: ValueRef<'_>,
    all: [T; N],
    name: fn(T) -> &'static str,
) -> FromSqlResult<Stored<T>> {
    let word = value.as_str()?;
    let found = all.into_iter().find(|item| name(*item) == word);
    found.map(Stored).ok_or(FromSqlError::InvalidType)
}
