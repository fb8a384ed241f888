//! Entries and sessions as Redis holds them.
//!
//! An entry is packed from what the script stamps (id, the ids before it, `seq`, the session after
//! it) and what the pod wrote, which the script does not look into:
//! `version, id, prev in session, prev in feed, seq, after, body`. `after` is a packed session, and
//! `body` the entry as JSON without what is stamped. A session is the fields that the prelude names.

use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::{
    pack::{Parts, Unreadable},
    script::{Call, Reply},
};
use crate::{
    hub::{Commit, Draft},
    model::{
        Agent, Change, Direction, Entry, EntryId, FORMAT, Guest, Marks, Offer, Prev, Preview,
        Session, SessionId, Status, WorkspaceId,
    },
};

/// Version of the packed form.
const PACKED: &str = "1";

/// The part of an entry that is the pod's.
pub fn body(commit: &Commit, draft: &Draft, format: u8) -> Vec<u8> {
    let entry = Entry {
        v: format,
        id: EntryId::ZERO,
        workspace: commit.workspace.clone(),
        session: commit.session.clone(),
        prev: Prev::default(),
        origin: draft.origin.clone(),
        to: draft.to.clone(),
        // The script stamps number and time.
        change: draft.change.clone().stamped(commit.session.as_ref(), 0, 0),
        after: None,
    };
    serde_json::to_vec(&entry).unwrap_or_default()
}

/// Reads what the script packed. What a later release packs differently, it packs behind the ids: an entry
/// that says nothing here has its place all the same, or its readers would take what follows for a gap.
pub fn entry(packed: &[u8]) -> Result<Entry, Unreadable> {
    let mut parts = Parts::new(packed);
    let version = parts.text()?;
    let id: EntryId = parts.parsed()?;
    let prev = Prev {
        session: parts.parsed()?,
        feed: parts.parsed()?,
    };
    if version != PACKED {
        return Ok(unknown(id, prev));
    }
    let seq = parts.text()?;
    let after = parts.bytes()?;
    let body = parts.bytes()?;
    if json::<Head>(body)?.v > FORMAT {
        return Ok(unknown(id, prev));
    }
    let mut entry: Entry = json(body)?;
    if !entry.is_known() {
        return Ok(unknown(id, prev));
    }
    (entry.id, entry.prev) = (id, prev);
    match &mut entry.change {
        Change::Message { message } => {
            message.seq = seq.parse().map_err(|_| Unreadable)?;
            message.at = id.ms;
        }
        Change::Read { seq: read, .. } => *read = seq.parse().map_err(|_| Unreadable)?,
        _ => {}
    }
    if !after.is_empty() {
        let session = entry.session.clone().ok_or(Unreadable)?;
        let fields = Fields::packed(after)?;
        entry.after = Some(Box::new(fields.session(entry.workspace.clone(), session)?));
    }
    Ok(entry)
}

/// All of a body that every release writes.
#[derive(serde::Deserialize)]
struct Head {
    v: u8,
}

fn unknown(id: EntryId, prev: Prev) -> Entry {
    Entry {
        v: 0,
        id,
        workspace: WorkspaceId::new(""),
        session: None,
        prev,
        origin: None,
        to: None,
        change: Change::Unknown,
        after: None,
    }
}

/// The fields of a session, in the order of the prelude. One that an earlier release did not write is
/// empty, or not there at its end.
pub struct Fields(Vec<Bytes>);

impl Fields {
    /// `None` where there is no session.
    pub fn read(mut reply: Reply) -> Result<Option<Self>, Unreadable> {
        let mut values = Vec::with_capacity(reply.len());
        while !reply.is_empty() {
            match reply.maybe_bytes()? {
                // Every session has a status.
                None if values.is_empty() => return Ok(None),
                value => values.push(value.unwrap_or_default()),
            }
        }
        Ok((!values.is_empty()).then_some(Self(values)))
    }

    fn packed(packed: &[u8]) -> Result<Self, Unreadable> {
        let mut parts = Parts::new(packed);
        let mut fields = Vec::new();
        while !parts.is_empty() {
            fields.push(Bytes::copy_from_slice(parts.bytes()?));
        }
        Ok(Self(fields))
    }

    pub fn session(&self, workspace: WorkspaceId, id: SessionId) -> Result<Session, Unreadable> {
        let [
            status,
            version,
            guest,
            agent,
            created,
            active,
            seq,
            last,
            unread,
            preview,
            preview_in,
            preview_at,
            later @ ..,
        ] = self.0.as_slice()
        else {
            return Err(Unreadable);
        };
        let later = |at: usize| later.get(at).map_or(&b""[..], |value| value);
        Ok(Session {
            id,
            workspace,
            status: status_named(text(status)?)?,
            version: parsed(version)?,
            guest: json::<Guest>(guest)?,
            agent: maybe_json::<Agent>(agent)?,
            created_at: parsed(created)?,
            last_activity: parsed(active)?,
            last_seq: parsed(seq)?,
            last_entry: parsed(last)?,
            last_message: preview_of([preview, preview_in, preview_at])?,
            unread: parsed(unread)?,
            queued: maybe(later(0))?.unwrap_or(EntryId::ZERO),
            offer: maybe_json(later(1))?,
            marks: Marks {
                delivered_in: maybe(later(2))?.unwrap_or(0),
                delivered_out: maybe(later(3))?.unwrap_or(0),
                read_in: maybe(later(4))?.unwrap_or(0),
                read_out: maybe(later(5))?.unwrap_or(0),
            },
            receipts: maybe_json(later(6))?.unwrap_or_default(),
            left: maybe(later(7))?.unwrap_or(0),
            unverified: !later(8).is_empty(),
        })
    }
}

/// The arguments that create a session.
pub fn create(call: Call, session: &Session) -> Call {
    let preview = session.last_message.as_ref();
    call.arg(session.status.as_str())
        .number(session.version)
        .arg(to_json(&session.guest))
        .arg(agent(session.agent.as_ref()))
        .number(session.created_at)
        .number(session.last_activity)
        .number(session.last_seq)
        .arg(session.last_entry.to_string())
        .number(session.unread)
        .arg(preview.map_or("", |preview| &preview.text))
        .arg(preview.map_or("", |preview| preview.direction.as_str()))
        .maybe(preview.map(|preview| preview.at))
        .maybe((session.queued != EntryId::ZERO).then_some(session.queued))
        .arg(offer(session.offer.as_ref()))
        .number(session.marks.delivered_in)
        .number(session.marks.delivered_out)
        .number(session.marks.read_in)
        .number(session.marks.read_out)
        .arg(to_json(&session.receipts))
        .number(session.left)
        .flag(session.unverified)
}

pub fn offer(offer: Option<&Offer>) -> String {
    offer.map_or_else(String::new, to_json)
}

pub fn agent(agent: Option<&Agent>) -> String {
    agent.map_or_else(String::new, to_json)
}

pub fn to_json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

pub fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Unreadable> {
    serde_json::from_slice(bytes).map_err(|_| Unreadable)
}

fn preview_of([preview, direction, at]: [&Bytes; 3]) -> Result<Option<Preview>, Unreadable> {
    if at.is_empty() {
        return Ok(None);
    }
    Ok(Some(Preview {
        text: text(preview)?.to_owned(),
        direction: match text(direction)? {
            "in" => Direction::In,
            "out" => Direction::Out,
            _ => return Err(Unreadable),
        },
        at: parsed(at)?,
    }))
}

fn status_named(name: &str) -> Result<Status, Unreadable> {
    [Status::Waiting, Status::Active, Status::Ended]
        .into_iter()
        .find(|status| status.as_str() == name)
        .ok_or(Unreadable)
}

fn maybe_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<Option<T>, Unreadable> {
    if bytes.is_empty() {
        Ok(None)
    } else {
        json(bytes).map(Some)
    }
}

fn text(bytes: &[u8]) -> Result<&str, Unreadable> {
    std::str::from_utf8(bytes).map_err(|_| Unreadable)
}

fn maybe<T: std::str::FromStr>(bytes: &[u8]) -> Result<Option<T>, Unreadable> {
    if bytes.is_empty() {
        Ok(None)
    } else {
        parsed(bytes).map(Some)
    }
}

fn parsed<T: std::str::FromStr>(bytes: &[u8]) -> Result<T, Unreadable> {
    text(bytes)?.parse().map_err(|_| Unreadable)
}
