//! Reading of what commits wrote.

use std::{collections::HashSet, sync::Arc};

use async_trait::async_trait;

use super::{
    RedisHub, Unreadable, entry,
    entry::Fields,
    script::{Reply, Script},
};
use crate::{
    hub::{Deadline, FIND_LOOK, Log, LogPage, Logs, Unavailable},
    model::{
        Agent, Entry, EntryId, Epoch, MessageId, Millis, Offset, Operator, OperatorId, Partition,
        Session, SessionId, WorkspaceId,
    },
};

static TOP: Script = Script::new("top", include_str!("top.lua"));
static READ: Script = Script::new("read", include_str!("read.lua"));
static MESSAGES: Script = Script::new("messages", include_str!("messages.lua"));
static SESSION: Script = Script::new("session", include_str!("session.lua"));
static SESSIONS: Script = Script::new("sessions", include_str!("sessions.lua"));
static FIND: Script = Script::new("find", include_str!("find.lua"));
static OPERATORS: Script = Script::new("operators", include_str!("operators.lua"));
static QUEUE: Script = Script::new("queue", include_str!("queue.lua"));
static DUE: Script = Script::new("due", include_str!("due.lua"));

/// Where a partition is.
pub struct Top {
    pub epoch: Epoch,
    pub last: EntryId,
    pub persisted: EntryId,
}

#[async_trait]
impl Logs for RedisHub {
    async fn session(
        &self,
        workspace: &WorkspaceId,
        session: &SessionId,
    ) -> Result<Option<(Session, Option<u64>)>, Unavailable> {
        let call = self
            .call()
            .key(self.keys.session(workspace, session))
            .key(self.keys.in_workspace(workspace, "queue"))
            .arg(session.as_str());
        let partition = Partition::of(workspace);
        let mut reply = self.run(partition, &SESSION, call).await?;
        Ok(row(&mut reply, workspace, session)?)
    }

    async fn sessions(
        &self,
        workspace: &WorkspaceId,
    ) -> Result<Vec<(Session, Option<u64>)>, Unavailable> {
        let mut cursor = "0".to_owned();
        let (mut found, mut seen) = (Vec::new(), HashSet::new());
        loop {
            let call = self
                .call()
                .key(self.keys.in_workspace(workspace, "sessions"))
                .key(self.keys.in_workspace(workspace, "queue"))
                .arg(self.keys.session(workspace, &SessionId::new("")))
                .arg(cursor);
            let partition = Partition::of(workspace);
            let mut reply = self.run(partition, &SESSIONS, call).await?;
            cursor = reply.text()?;
            let mut rows = reply.list()?;
            while !rows.is_empty() {
                let mut columns = rows.list()?;
                let id = SessionId::new(columns.text()?);
                // A scan may come by the same one twice.
                if let Some(row) = row(&mut columns, workspace, &id)?
                    && seen.insert(id)
                {
                    found.push(row);
                }
            }
            if cursor == "0" {
                return Ok(found);
            }
        }
    }

    async fn read(&self, log: &Log, after: EntryId, limit: usize) -> Result<LogPage, Unavailable> {
        Ok(self.page(log, after, limit).await?.0)
    }

    async fn messages_before(
        &self,
        workspace: &WorkspaceId,
        session: &SessionId,
        before_seq: u64,
        limit: usize,
    ) -> Result<Vec<Arc<Entry>>, Unavailable> {
        let log = Log::Session(workspace.clone(), session.clone());
        let call = self
            .call()
            .key(self.keys.log(&log).0)
            .number(before_seq)
            .number(limit as u64);
        let partition = Partition::of(workspace);
        let reply = self.run(partition, &MESSAGES, call).await?;
        Ok(entries(reply)?)
    }

    async fn top(&self, workspace: &WorkspaceId) -> Result<Offset, Unavailable> {
        let top = self.top_of(Partition::of(workspace)).await?;
        Ok(Offset {
            epoch: top.epoch,
            at: top.last,
        })
    }

    async fn find_message(
        &self,
        workspace: &WorkspaceId,
        session: &SessionId,
        message: MessageId,
    ) -> Result<Option<u64>, Unavailable> {
        let log = Log::Session(workspace.clone(), session.clone());
        let call = self
            .call()
            .key(self.keys.log(&log).0)
            .arg(message.to_string())
            .number(FIND_LOOK as u64);
        let partition = Partition::of(workspace);
        let mut reply = self.run(partition, &FIND, call).await?;
        Ok(reply.maybe()?)
    }

    async fn operators(&self, workspace: &WorkspaceId) -> Result<Vec<Operator>, Unavailable> {
        let call = self
            .call()
            .key(self.keys.in_workspace(workspace, "operators"))
            .key(self.keys.in_workspace(workspace, "away"));
        let mut reply = self.run(Partition::of(workspace), &OPERATORS, call).await?;
        let mut operators = Vec::new();
        while !reply.is_empty() {
            let id = OperatorId::new(reply.text()?);
            let name = reply.text()?;
            let away = reply.flag()?;
            operators.push(Operator {
                agent: Agent { id, name },
                away,
            });
        }
        Ok(operators)
    }

    async fn queue(
        &self,
        workspace: &WorkspaceId,
        limit: usize,
    ) -> Result<Vec<SessionId>, Unavailable> {
        let queue = self.keys.in_workspace(workspace, "queue");
        let call = self.call().key(queue).number(limit as u64);
        let partition = Partition::of(workspace);
        let mut reply = self.run(partition, &QUEUE, call).await?;
        let mut waiting = Vec::new();
        while !reply.is_empty() {
            waiting.push(SessionId::new(reply.text()?));
        }
        Ok(waiting)
    }

    async fn due(
        &self,
        partition: Partition,
        now: Millis,
        limit: usize,
    ) -> Result<Vec<Deadline>, Unavailable> {
        let call = self
            .call()
            .key(self.keys.of(partition, "deadlines"))
            .number(now)
            .number(limit as u64);
        let mut reply = self.run(partition, &DUE, call).await?;
        Ok(deadlines(&mut reply)?)
    }
}

impl RedisHub {
    pub async fn top_of(&self, partition: Partition) -> Result<Top, Unavailable> {
        let call = self.life(partition);
        let mut reply = self.run(partition, &TOP, call).await?;
        Ok(Top {
            epoch: Epoch(reply.text()?),
            last: reply.parsed()?,
            persisted: reply.parsed()?,
        })
    }

    /// A page of a log, and the newest id of its partition at that moment.
    pub async fn page(
        &self,
        log: &Log,
        after: EntryId,
        limit: usize,
    ) -> Result<(LogPage, EntryId), Unavailable> {
        let (stream, hash) = self.keys.log(log);
        let call = self
            .life(log.partition())
            .key(stream)
            .key(hash)
            .arg(kind(log))
            .arg(after.to_string())
            .number(limit as u64)
            .number(self.retention.ended_ms);
        let mut reply = self.run(log.partition(), &READ, call).await?;
        let epoch = Epoch(reply.text()?);
        let last = reply.parsed()?;
        let (complete, more) = (reply.flag()?, reply.flag()?);
        let page = LogPage {
            epoch,
            entries: entries(reply.list()?)?,
            complete,
            more,
        };
        Ok((page, last))
    }
}

pub fn kind(log: &Log) -> &'static str {
    match log {
        Log::Session(..) => "session",
        Log::Feed(_) => "feed",
    }
}

pub fn entries(mut reply: Reply) -> Result<Vec<Arc<Entry>>, Unreadable> {
    let mut entries = Vec::with_capacity(reply.len());
    while !reply.is_empty() {
        entries.push(Arc::new(entry::entry(&reply.bytes()?)?));
    }
    Ok(entries)
}

fn row(
    reply: &mut Reply,
    workspace: &WorkspaceId,
    id: &SessionId,
) -> Result<Option<(Session, Option<u64>)>, Unreadable> {
    let position = reply.maybe()?;
    let fields = Fields::read(reply.list()?)?;
    fields
        .map(|fields| Ok((fields.session(workspace.clone(), id.clone())?, position)))
        .transpose()
}

/// Names and times in turn, to the end of the answer.
pub fn deadlines(reply: &mut Reply) -> Result<Vec<Deadline>, Unreadable> {
    let mut due = Vec::new();
    while !reply.is_empty() {
        due.push(deadline(&reply.text()?, reply.parsed()?)?);
    }
    Ok(due)
}

/// As it was named by `commits::deadline`.
fn deadline(member: &str, at: f64) -> Result<Deadline, Unreadable> {
    let (length, rest) = member.split_once(':').ok_or(Unreadable)?;
    let length: usize = length.parse().map_err(|_| Unreadable)?;
    let (workspace, name) = rest.split_at_checked(length).ok_or(Unreadable)?;
    Ok(Deadline {
        workspace: WorkspaceId::new(workspace),
        name: name.strip_prefix(':').ok_or(Unreadable)?.to_owned(),
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "scores are whole milliseconds, exact up to 2^53"
        )]
        at: at as Millis,
    })
}
