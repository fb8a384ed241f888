//! How the model's types are read from columns, by name. Queries name their columns: a column that a
//! later release adds must not change the shape of what is prepared.

use serde::de::DeserializeOwned;
use tokio_postgres::{Row, types::FromSqlOwned};
use uuid::Uuid;

use super::failure::Failure;
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

/// The server's integers are signed. Nothing that is counted here comes near their end; what a client
/// asks for may ("before the largest number"), and means the same at it.
pub fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub fn entry_id(row: &Row, ms: &'static str, seq: &'static str) -> Result<EntryId, Failure> {
    Ok(EntryId {
        ms: number(row, ms)?,
        seq: u32::try_from(get::<i64>(row, seq)?).map_err(|_| Failure::Unknown(seq))?,
    })
}

pub fn message(row: &Row) -> Result<StoredMessage, Failure> {
    let message = Message {
        id: MessageId(get::<Uuid>(row, "id")?),
        session: SessionId::new(get::<String>(row, "session")?),
        seq: number(row, "seq")?,
        direction: word(
            row,
            "direction",
            [Direction::In, Direction::Out],
            Direction::as_str,
        )?,
        sender: Sender {
            kind: word(
                row,
                "sender_kind",
                [SenderKind::Guest, SenderKind::Operator],
                sender_kind,
            )?,
            id: get(row, "sender_id")?,
            name: get(row, "sender_name")?,
        },
        content: content(row)?,
        client_id: get(row, "client_id")?,
        at: number(row, "at")?,
    };
    Ok(StoredMessage {
        entry: entry_id(row, "entry_ms", "entry_seq")?,
        message,
        reactions: Vec::new(),
    })
}

pub fn session(row: &Row) -> Result<Session, Failure> {
    let statuses = [Status::Waiting, Status::Active, Status::Ended];
    Ok(Session {
        id: SessionId::new(get::<String>(row, "id")?),
        workspace: WorkspaceId::new(get::<String>(row, "workspace")?),
        status: word(row, "status", statuses, Status::as_str)?,
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
        offer: get::<Option<String>>(row, "offer")?
            .map(|text| json(&text, "offer"))
            .transpose()?,
        marks: Marks {
            delivered_in: number(row, "delivered_in")?,
            delivered_out: number(row, "delivered_out")?,
            read_in: number(row, "read_in")?,
            read_out: number(row, "read_out")?,
        },
        receipts: json(row.try_get("receipts")?, "receipts")?,
        left: number(row, "left_seq")?,
        unverified: get(row, "unverified")?,
    })
}

pub fn message_row(row: &Row) -> Result<MessageRow, Failure> {
    let read_at: Option<i64> = get(row, "read_at")?;
    let read_at = read_at.map(|at| u64::try_from(at).map_err(|_| Failure::Unknown("read_at")));
    Ok(MessageRow {
        id: MessageId(get::<Uuid>(row, "id")?),
        num: number(row, "num")?,
        read_at: read_at.transpose()?,
    })
}

/// With the message that it is at.
pub fn reaction(row: &Row) -> Result<(MessageId, StoredReaction), Failure> {
    let by = Participant::from_key(row.try_get("participant")?);
    let reaction = StoredReaction {
        entry: entry_id(row, "entry_ms", "entry_seq")?,
        by: by.ok_or(Failure::Unknown("participant"))?,
        emoji: get(row, "emoji")?,
        on: get(row, "is_on")?,
    };
    Ok((MessageId(get::<Uuid>(row, "message")?), reaction))
}

fn guest(row: &Row) -> Result<Guest, Failure> {
    let metadata: Option<String> = get(row, "guest_metadata")?;
    Ok(Guest {
        name: get(row, "guest_name")?,
        email: get(row, "guest_email")?,
        phone: get(row, "guest_phone")?,
        page: get(row, "guest_page")?,
        metadata: metadata
            .map(|text| json(&text, "guest_metadata"))
            .transpose()?,
        identity: get(row, "guest_identity")?,
    })
}

pub fn role(row: &Row) -> Result<Role, Failure> {
    Role::named(row.try_get("role")?).ok_or(Failure::Unknown("role"))
}

fn agent(row: &Row) -> Result<Option<Agent>, Failure> {
    let Some(id) = get::<Option<String>>(row, "agent_id")? else {
        return Ok(None);
    };
    Ok(Some(Agent {
        id: OperatorId::new(id),
        name: get(row, "agent_name")?,
    }))
}

fn preview(row: &Row) -> Result<Option<Preview>, Failure> {
    let Some(text) = get(row, "preview_text")? else {
        return Ok(None);
    };
    let directions = [Direction::In, Direction::Out];
    Ok(Some(Preview {
        text,
        direction: word(row, "preview_direction", directions, Direction::as_str)?,
        at: number(row, "preview_at")?,
    }))
}

fn content(row: &Row) -> Result<Content, Failure> {
    let attachment: Option<String> = get(row, "attachment")?;
    let content = words::content(
        row.try_get("type")?,
        get(row, "text")?,
        attachment.as_deref(),
    );
    content.ok_or(Failure::Unknown("type"))
}

fn json<T: DeserializeOwned>(text: &str, column: &'static str) -> Result<T, Failure> {
    serde_json::from_str(text).map_err(|_| Failure::Unknown(column))
}

pub fn get<T: FromSqlOwned>(row: &Row, column: &str) -> Result<T, Failure> {
    Ok(row.try_get(column)?)
}

pub fn number(row: &Row, column: &'static str) -> Result<u64, Failure> {
    u64::try_from(get::<i64>(row, column)?).map_err(|_| Failure::Unknown(column))
}

/// A word that this release does not know is an error: a message is not shown on the wrong side.
fn word<T: Copy, const N: usize>(
    row: &Row,
    column: &'static str,
    all: [T; N],
    name: fn(T) -> &'static str,
) -> Result<T, Failure> {
    let word: &str = row.try_get(column)?;
    let found = all.into_iter().find(|item| name(*item) == word);
    found.ok_or(Failure::Unknown(column))
}
