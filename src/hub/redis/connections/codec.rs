//! The values of a connection, as Redis holds them and as the scripts answer them.

use bytes::Bytes;
use bytestring::ByteString;
use indexmap::IndexMap;

use super::super::{
    pack::{Parts, Unreadable, pack},
    script::{Call, Reply},
};
use crate::{
    hub::{Batch, Beat, ClosedBy, Hold, Listener, Log, Mark, OutboxItem, Tombstone},
    model::{Epoch, Frame, Partition, SessionId, WorkspaceId},
};

pub fn beat(call: Call, beat: &Beat) -> Call {
    call.number(beat.ping_at)
        .flag(beat.sent)
        .number(beat.expires_at)
}

pub fn read_beat(reply: &mut Reply) -> Result<Beat, Unreadable> {
    Ok(Beat {
        ping_at: reply.parsed()?,
        sent: reply.flag()?,
        expires_at: reply.parsed()?,
    })
}

/// Whether it is held, and the item.
pub fn item(call: Call, item: &OutboxItem) -> Call {
    let mut packed = write_frames(&item.frames);
    if let Some(Hold {
        mark,
        until,
        otherwise,
    }) = &item.hold
    {
        let frames = std::mem::take(&mut packed);
        pack(&mut packed, &frames);
        pack(&mut packed, mark.partition.index().to_string().as_bytes());
        pack(&mut packed, mark.epoch.0.as_bytes());
        pack(&mut packed, mark.id.to_string().as_bytes());
        pack(&mut packed, until.to_string().as_bytes());
        pack(&mut packed, &write_frames(otherwise));
    }
    call.flag(item.hold.is_some()).arg(Bytes::from(packed))
}

pub fn read_held(packed: &[u8]) -> Result<(Vec<Frame>, Hold), Unreadable> {
    let mut parts = Parts::new(packed);
    let frames = read_frames(parts.bytes()?)?;
    let partition: usize = parts.parsed()?;
    let mark = Mark {
        partition: Partition::all().nth(partition).ok_or(Unreadable)?,
        epoch: Epoch(parts.text()?.to_owned()),
        id: parts.parsed()?,
    };
    let hold = Hold {
        mark,
        until: parts.parsed()?,
        otherwise: read_frames(parts.bytes()?)?,
    };
    Ok((frames, hold))
}

pub fn write_frames(frames: &[Frame]) -> Vec<u8> {
    let mut packed = Vec::new();
    for frame in frames {
        let (kind, content): (_, &[u8]) = match frame {
            Frame::Text(text) => (b"t", text.as_bytes()),
            Frame::Binary(bytes) => (b"b", bytes),
        };
        pack(&mut packed, kind);
        pack(&mut packed, content);
    }
    packed
}

pub fn read_frames(packed: &[u8]) -> Result<Vec<Frame>, Unreadable> {
    let (mut parts, mut frames) = (Parts::new(packed), Vec::new());
    while !parts.is_empty() {
        frames.push(match parts.bytes()? {
            b"t" => Frame::Text(ByteString::from(parts.text()?)),
            b"b" => Frame::Binary(Bytes::copy_from_slice(parts.bytes()?)),
            _ => return Err(Unreadable),
        });
    }
    Ok(frames)
}

/// The log of a socket; nothing, if it replays none.
pub fn log(log: Option<&Log>) -> Bytes {
    let mut packed = Vec::new();
    if let Some(log) = log {
        pack(&mut packed, log.workspace().as_str().as_bytes());
        if let Log::Session(_, session) = log {
            pack(&mut packed, session.as_str().as_bytes());
        }
    }
    packed.into()
}

pub fn read_listeners(packed: &[u8]) -> Result<IndexMap<String, Listener>, Unreadable> {
    let (mut parts, mut listeners) = (Parts::new(packed), IndexMap::new());
    while !parts.is_empty() {
        let nsp = parts.text()?.to_owned();
        let mut log = Parts::new(parts.bytes()?);
        let workspace = WorkspaceId::new(log.text()?);
        let log = match log.is_empty() {
            true => Log::Feed(workspace),
            false => Log::Session(workspace, SessionId::new(log.text()?)),
        };
        let cursor = parts.parsed()?;
        listeners.insert(nsp, Listener { log, cursor });
    }
    Ok(listeners)
}

pub fn batch(batch: &Batch) -> Bytes {
    let mut packed = Vec::new();
    pack(&mut packed, batch.outbox.to_string().as_bytes());
    pack(&mut packed, if batch.ping { b"1" } else { b"" });
    for (nsp, cursor) in &batch.cursors {
        pack(&mut packed, nsp.as_bytes());
        pack(&mut packed, cursor.to_string().as_bytes());
    }
    packed.into()
}

pub fn read_batch(packed: &[u8]) -> Result<Batch, Unreadable> {
    let mut parts = Parts::new(packed);
    let (outbox, ping) = (parts.parsed()?, !parts.bytes()?.is_empty());
    let mut cursors = IndexMap::new();
    while !parts.is_empty() {
        cursors.insert(parts.text()?.to_owned(), parts.parsed()?);
    }
    Ok(Batch {
        outbox,
        cursors,
        ping,
    })
}

pub fn by(by: ClosedBy) -> &'static str {
    match by {
        ClosedBy::Client => "client",
        ClosedBy::Server => "server",
        ClosedBy::Expired => "expired",
        ClosedBy::Upgrade => "upgrade",
    }
}

pub fn read_tombstone(reply: &mut Reply) -> Result<Tombstone, Unreadable> {
    let name = reply.text()?;
    let all = [
        ClosedBy::Client,
        ClosedBy::Server,
        ClosedBy::Expired,
        ClosedBy::Upgrade,
    ];
    let by = all.into_iter().find(|by| self::by(*by) == name);
    Ok(Tombstone {
        by: by.ok_or(Unreadable)?,
        farewell: reply.flag()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::EntryId;

    #[test]
    fn what_is_held_is_read_as_it_was() {
        let frames = vec![
            Frame::text("4é:1"),
            Frame::Binary(Bytes::from_static(b"\0\xff:")),
        ];
        let hold = Hold {
            mark: Mark {
                partition: Partition::random(),
                epoch: Epoch("3:abc".into()),
                id: EntryId { ms: 7, seq: 1 },
            },
            until: u64::MAX,
            otherwise: vec![Frame::text("")],
        };
        let whole = OutboxItem {
            frames: frames.clone(),
            hold: Some(hold.clone()),
        };
        let call = item(Call::default(), &whole);
        let packed = call.args[1].as_bytes().unwrap();
        assert_eq!(read_held(packed), Ok((frames, hold)));
        assert_eq!(read_held(b"1:x"), Err(Unreadable));
    }

    #[test]
    fn sockets_are_read_as_they_were() {
        let workspace = WorkspaceId::new("a:1");
        let logs = [
            Log::Feed(workspace.clone()),
            Log::Session(workspace, SessionId::new("b")),
        ];
        let (mut packed, mut expected) = (Vec::new(), IndexMap::new());
        for (nsp, log_of) in ["/", "/staff"].into_iter().zip(logs) {
            let cursor = EntryId { ms: 5, seq: 2 };
            pack(&mut packed, nsp.as_bytes());
            pack(&mut packed, &log(Some(&log_of)));
            pack(&mut packed, cursor.to_string().as_bytes());
            let listener = Listener {
                log: log_of,
                cursor,
            };
            expected.insert(nsp.to_owned(), listener);
        }
        assert_eq!(read_listeners(&packed), Ok(expected));
    }
}
