//! One commit: its arguments, in the order in which the script reads them, and its answer.

use async_trait::async_trait;

use super::{
    RedisHub, entry,
    entry::Fields,
    keys::{Keys, measured},
    link::Failure,
    pack::{Parts, Unreadable},
    recoveries,
    script::{Call, Reply, Script},
};
use crate::{
    hub::{
        Commit, Commits, DEDUP_KEPT, DEDUP_KEPT_MS, DEDUP_MOST, DeadlineOp, Draft, Edge, Guard,
        Log, NewChange, Outcome, Presence, PresenceOp, QueueOp, RecordOp, Since, Stamped, Subject,
        Written,
    },
    model::{EntryId, Epoch, MessageId, Partition, Receipt, SessionId, WorkspaceId},
};

pub static COMMIT: Script = Script::with("commit", recoveries::COMMON, include_str!("commit.lua"));

/// Stored entries that a session's log keeps, about; as the hub in memory does.
const LOG_KEPT: u64 = 512;

#[async_trait]
impl Commits for RedisHub {
    async fn commit(&self, commit: Commit) -> Outcome {
        if self.faults.is_down() {
            return Outcome::Unknown;
        }
        match self.faults.take_unknown() {
            Some(false) => Outcome::Unknown,
            Some(true) => {
                self.commit_now(commit).await;
                Outcome::Unknown
            }
            None => self.commit_now(commit).await,
        }
    }
}

impl RedisHub {
    async fn commit_now(&self, commit: Commit) -> Outcome {
        let partition = Partition::of(&commit.workspace);
        let full = fills(&commit) && self.servers.is_full(partition);
        let call = self.life(partition).maybe(self.writer.get());
        let format = self.format();
        let only = if full { "full" } else { "" };
        let call = write(call, &self.keys, &commit, (format, only));
        let reply = match self.link.run_in_turn(partition, &COMMIT, call).await {
            Ok(reply) => reply,
            Err(Failure::Busy) => return Outcome::Busy,
            Err(Failure::Unknown) => return Outcome::Unknown,
        };
        let (outcome, told) = read(reply, &commit).unwrap_or_else(|Unreadable| {
            tracing::error!("the answer to a commit cannot be read");
            (Outcome::Unknown, false)
        });
        if let Outcome::Committed(written) = &outcome
            && !written.stamped.is_empty()
            && !told
        {
            self.subscriber.dirty.mark(partition);
        }
        if let (Outcome::Committed(written), Some(op)) = (&outcome, &commit.record)
            && !is_here(op, partition)
            && self.record_elsewhere(op, written).await.is_err()
        {
            // Repeated, it is a duplicate, which has done all but this: the socket is recovered less
            // well, or its record lives longer than it should.
            tracing::warn!("a record of recovery could not be written");
        }
        if let Outcome::Committed(written) | Outcome::Duplicate(written) = &outcome {
            self.servers.keep(commit, format, written.epoch.clone());
        }
        outcome
    }
}

/// What people go on adding, and which therefore ends first where there is little room. What goes on about it
/// (hands, marks, departures) is bounded by it, or makes room.
fn fills(commit: &Commit) -> bool {
    commit.append.iter().any(|draft| {
        matches!(
            draft.change,
            NewChange::Message { .. } | NewChange::Started | NewChange::Reacted { .. }
        )
    })
}

/// The part of a deadline's name that tells workspaces apart.
pub fn deadline(workspace: &WorkspaceId, name: &str) -> String {
    format!("{}:{name}", measured(workspace))
}

/// How a presence is named in the index of a partition.
pub fn member(presence: &Presence) -> String {
    entry::to_json(presence)
}

/// What another server is told that may have missed it, if it has the same life. `life` has what tells of the
/// partition.
pub fn again(life: Call, keys: &Keys, commit: &Commit, (format, epoch): (u8, &Epoch)) -> Call {
    // Its writer may be this process, which then hears of it by its channel.
    write(life.arg(""), keys, commit, (format, epoch.0.as_str()))
}

/// `call` has what tells of the partition and of its writer. `only`: `full` for nothing that is new, or the life
/// that it has to be.
fn write(call: Call, keys: &Keys, commit: &Commit, (format, only): (u8, &str)) -> Call {
    let (workspace, partition) = (&commit.workspace, Partition::of(&commit.workspace));
    let (feed, of_workspace) = keys.log(&Log::Feed(workspace.clone()));
    let key = commit
        .session
        .as_ref()
        .map(|id| keys.session(workspace, id));
    let dedup = format!("{}:dedup", key.as_ref().unwrap_or(&of_workspace));
    let mut call = call
        .arg(keys.of(partition, "writer:"))
        .arg(only)
        .key(keys.of(partition, "ingest"))
        .key(keys.of(partition, "held"))
        .key(keys.of(partition, "workspaces"))
        .key(of_workspace)
        .key(feed)
        .key(keys.in_workspace(workspace, "queue"))
        .key(keys.of(partition, "deadlines"))
        .key(dedup)
        .arg(keys.channel(&Log::Feed(workspace.clone())));
    let told = commit
        .session
        .as_ref()
        .map(|id| keys.channel(&Log::Session(workspace.clone(), id.clone())));
    call = call
        .maybe(told)
        .arg(keys.session(workspace, &SessionId::new("")))
        .maybe(commit.session.as_ref())
        .arg(commit.dedup.as_str())
        .number(DEDUP_KEPT as u64)
        .number(DEDUP_KEPT_MS)
        .number(DEDUP_MOST as u64)
        .number(LOG_KEPT);
    if let Some(key) = key {
        call = call
            .key(key.clone())
            .key(format!("{key}:log"))
            .key(keys.in_workspace(workspace, "sessions"));
    }
    call = checks(call, keys, commit);
    call = presence(call, keys, commit);
    call = fields(call, commit);
    call = queue(call, commit);
    call = status(mark(call, commit), keys, commit);
    call = call
        .flag(commit.set.left)
        .number(commit.append.len() as u64);
    for draft in &commit.append {
        call = append(call, commit, draft, format);
    }
    match &commit.record {
        Some(op) if is_here(op, partition) => recoveries::record(call, keys, op),
        _ => call.arg(""),
    }
}

/// A record is in the partition of the workspace that its socket came to: that of the commit, but for
/// a guest who has chosen another one since.
fn is_here(op: &RecordOp, partition: Partition) -> bool {
    let id = match op {
        RecordOp::Begin(record) => &record.recovery.id,
        RecordOp::Leave { id, .. } => id,
    };
    id.partition() == Some(partition)
}

fn checks(mut call: Call, keys: &Keys, commit: &Commit) -> Call {
    let workspace = &commit.workspace;
    call = call.flag(commit.unique.is_some());
    if let Some(unique) = &commit.unique {
        call = call
            .arg(unique.key.as_str())
            .number(unique.window_ms)
            .arg(match unique.since {
                Since::Activity => "active",
                Since::Creation => "created",
            })
            .maybe((!unique.shared).then(|| keys.in_workspace(workspace, "at:guest:")))
            .maybe(match &commit.presence {
                Some(PresenceOp::Enter { presence, .. }) => Some(presence.sid.as_str()),
                _ => None,
            })
            .key(keys.in_workspace(workspace, "unique"));
    }
    let (guard, version) = match commit.guard {
        Guard::Any => ("any", None),
        Guard::Open => ("open", None),
        Guard::Absent => ("absent", None),
        Guard::Version(version) => ("version", Some(version)),
    };
    call = call
        .arg(guard)
        .maybe(version)
        .flag(commit.set.create.is_some() && commit.session.is_some());
    call = match &commit.presence {
        Some(PresenceOp::Enter { presence, .. }) if commit.alone => call
            .arg("1")
            .key(keys.presence(workspace, &presence.subject))
            .arg(presence.sid.as_str()),
        _ => call.arg(""),
    };
    call = call.number(commit.deadlines.len() as u64);
    for op in &commit.deadlines {
        let (op, name, at, only_on) = match op {
            DeadlineOp::Set { name, at, only_on } => ("set", name, *at, *only_on),
            DeadlineOp::Clear { name } => ("clear", name, 0, None),
            DeadlineOp::Due { name } => ("due", name, 0, None),
            DeadlineOp::Take { name, at } => ("take", name, *at, None),
            DeadlineOp::While { name } => ("while", name, 0, None),
        };
        call = call
            .arg(op)
            .arg(deadline(workspace, name))
            .number(at)
            .maybe(only_on.map(edge));
    }
    call = call.flag(commit.rate.is_some());
    if let Some(rate) = &commit.rate {
        call = call
            .arg(rate.key.as_str())
            .number(rate.max.into())
            .number(rate.window_ms)
            .key(keys.in_workspace(workspace, "rates"));
    }
    call
}

fn fields(mut call: Call, commit: &Commit) -> Call {
    let set = &commit.set;
    if let (Some(session), Some(_)) = (&set.create, &commit.session) {
        call = entry::create(call, session);
    }
    call = call.number(set.known.len() as u64);
    for (id, stamped) in &set.known {
        call = call
            .arg(id.as_str())
            .arg(stamped.id.to_string())
            .arg(stamp(stamped));
    }
    // An agent may be taken away, so nothing is not the same as none.
    let agent = set.agent.as_ref();
    call.maybe(set.status.map(crate::model::Status::as_str))
        .arg(agent.map_or_else(|| "-".to_owned(), |agent| entry::agent(agent.as_ref())))
        .arg(
            set.guest
                .as_ref()
                .map_or_else(|| "-".to_owned(), entry::to_json),
        )
        .arg(
            set.offer
                .as_ref()
                .map_or_else(|| "-".to_owned(), |offer| entry::offer(offer.as_ref())),
        )
        .arg(match set.unverified {
            None => "-",
            Some(true) => "1",
            Some(false) => "",
        })
}

fn queue(call: Call, commit: &Commit) -> Call {
    // Without a session there is nothing to queue.
    let queue = commit.queue.filter(|_| commit.session.is_some());
    call.maybe(queue.map(|op| match op {
        QueueOp::Enter => "enter",
        QueueOp::Leave => "leave",
    }))
}

fn presence(call: Call, keys: &Keys, commit: &Commit) -> Call {
    let (op, presence, pod, name) = match &commit.presence {
        None => return call.arg(""),
        Some(PresenceOp::Enter {
            presence,
            pod,
            name,
        }) => ("enter", presence, pod.as_ref(), name.as_ref()),
        Some(PresenceOp::Leave(presence)) => ("leave", presence, None, None),
    };
    let operator = match &presence.subject {
        Subject::Operator(id) => Some(id),
        Subject::Guest(_) => None,
    };
    let partition = Partition::of(&commit.workspace);
    let call = call
        .arg(op)
        .arg(presence.sid.as_str())
        .arg(member(presence))
        .maybe(pod)
        .maybe(operator)
        .maybe(name)
        .key(keys.presence(&presence.workspace, &presence.subject))
        .key(keys.of(partition, "indexed"));
    // There may be none, and where their slot moves a guest must not wait for one.
    let call = match operator {
        Some(_) => call.key(keys.in_workspace(&presence.workspace, "operators")),
        None => call,
    };
    match (&commit.presence, pod) {
        (Some(PresenceOp::Leave(_)), _) => call.arg(keys.of(partition, "pod:")),
        (_, Some(pod)) => call.key(keys.pod(partition, pod)),
        _ => call,
    }
}

fn mark(call: Call, commit: &Commit) -> Call {
    let Some(mark) = commit.mark.as_ref().filter(|_| commit.session.is_some()) else {
        return call.arg("");
    };
    call.arg(match mark.receipt {
        Receipt::Delivered => "delivered",
        Receipt::Read => "read",
    })
    .arg(mark.by.key())
    .arg(mark.by.reads().as_str())
    .number(mark.seq)
}

fn status(call: Call, keys: &Keys, commit: &Commit) -> Call {
    let Some(status) = &commit.status else {
        return call.arg("");
    };
    call.arg(if status.away { "away" } else { "back" })
        .arg(status.operator.as_str())
        .key(keys.in_workspace(&commit.workspace, "away"))
}

fn append(call: Call, commit: &Commit, draft: &Draft, format: u8) -> Call {
    let call = call.maybe(draft.only_on.map(edge));
    let call = match &draft.change {
        NewChange::Message {
            id,
            direction,
            content,
            ..
        } => call
            .arg("message")
            .arg(direction.as_str())
            .arg(id.to_string())
            .arg(content.preview()),
        NewChange::Read { .. } => call.arg("read").arg("").arg("").arg(""),
        NewChange::Delivered { .. } | NewChange::GuestLeft => {
            call.arg("quiet").arg("").arg("").arg("")
        }
        NewChange::Reacted { .. } => call.arg("reacted").arg("").arg("").arg(""),
        _ => call.arg("").arg("").arg("").arg(""),
    };
    call.arg(bytes::Bytes::from(entry::body(commit, draft, format)))
}

fn edge(edge: Edge) -> &'static str {
    match edge {
        Edge::Online => "online",
        Edge::Offline => "offline",
        Edge::Raised => "raised",
        Edge::Unchanged => "same",
    }
}

fn stamp(stamped: &Stamped) -> String {
    match &stamped.message {
        Some((id, seq)) => format!("{} {id} {seq}", stamped.id),
        None => stamped.id.to_string(),
    }
}

/// The outcome, and whether another process has been told that there is something to store.
fn read(mut reply: Reply, commit: &Commit) -> Result<(Outcome, bool), Unreadable> {
    let tag = reply.text()?;
    let outcome = match tag.as_str() {
        "committed" => {
            let written = written(&mut reply, commit)?;
            return Ok((Outcome::Committed(Box::new(written)), reply.flag()?));
        }
        "duplicate" => Outcome::Duplicate(Box::new(written(&mut reply, commit)?)),
        "exists" => Outcome::Exists(SessionId::new(reply.text()?)),
        "limited" => Outcome::Limited {
            retry_after_ms: reply.parsed()?,
        },
        "busy" => Outcome::Busy,
        "conflict" => Outcome::Conflict,
        "gone" => Outcome::Gone,
        "absent" => Outcome::Absent,
        _ => return Err(Unreadable),
    };
    Ok((outcome, false))
}

fn written(reply: &mut Reply, commit: &Commit) -> Result<Written, Unreadable> {
    let first = reply.bytes()?;
    let queue_position = reply.maybe()?;
    let session = match (&commit.session, Fields::read(reply.list()?)?) {
        (Some(id), Some(fields)) => Some(fields.session(commit.workspace.clone(), id.clone())?),
        _ => None,
    };
    let mut first = Parts::new(&first);
    let epoch = Epoch(first.text()?.to_owned());
    let top: EntryId = first.parsed()?;
    let edge = match first.text()? {
        "online" => Edge::Online,
        "offline" => Edge::Offline,
        "raised" => Edge::Raised,
        _ => Edge::Unchanged,
    };
    let mut stamped = Vec::new();
    while !first.is_empty() {
        stamped.push(read_stamp(first.text()?)?);
    }
    Ok(Written {
        epoch,
        stamped,
        top,
        session,
        queue_position,
        edge,
    })
}

fn read_stamp(text: &str) -> Result<Stamped, Unreadable> {
    let mut words = text.split(' ');
    let id = words.next().and_then(|id| id.parse().ok());
    let message = match (words.next(), words.next()) {
        (Some(id), Some(seq)) => {
            let id = id.parse().map_err(|_| Unreadable)?;
            Some((MessageId(id), seq.parse().map_err(|_| Unreadable)?))
        }
        _ => None,
    };
    Ok(Stamped {
        id: id.ok_or(Unreadable)?,
        message,
    })
}
