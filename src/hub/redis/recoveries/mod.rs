//! Records of recovery. One is in the slot of the workspace that its socket came to, and so, but for
//! a guest who chose another one later, is its log: then a socket is recovered in one step.

use async_trait::async_trait;
use bytes::Bytes;

use super::{
    RedisHub, entry,
    keys::Keys,
    logs::{entries, kind},
    pack::Unreadable,
    script::{Call, Reply, Script},
};
use crate::{
    hub::{
        Holder, Join, Joined, NewRecord, RecordOp, Recoveries, Recovery, Resume, Resumed,
        Unavailable, Written,
    },
    model::{EntryId, Epoch, Millis, Offset, Partition, PodId, RecoveryId, Sid, WorkspaceId},
};

pub const COMMON: &str = include_str!("recovery.lua");

static SAVE: Script = Script::with("save_recovery", COMMON, include_str!("save.lua"));
static BEGIN: Script = Script::with("begin_recovery", COMMON, include_str!("begin.lua"));
static LEAVE: Script = Script::with("leave_recovery", COMMON, include_str!("leave.lua"));
static JOIN: Script = Script::with("join", COMMON, include_str!("join.lua"));
static LOOK: Script = Script::with("look_recovery", COMMON, include_str!("look.lua"));
static TAKE: Script = Script::with("take_recovery", COMMON, include_str!("take.lua"));

#[async_trait]
impl Recoveries for RedisHub {
    async fn join(&self, join: Join) -> Result<Joined, Unavailable> {
        let home = Partition::of(&join.workspace);
        let resumed = match (&join.resume, &join.fresh) {
            (None, Some(fresh)) => return self.begin(home, fresh).await,
            (None, None) => None,
            (Some(resume), _) => {
                let request = Request {
                    resume,
                    workspace: &join.workspace,
                    now: join.now,
                    id: rand::random::<u64>().to_string(),
                };
                match self.resume(&request, home).await? {
                    Found::Here(joined) => Some(joined),
                    Found::InSteps(Some(resumed)) => Some(self.joined(home, Some(resumed)).await?),
                    Found::InSteps(None) => None,
                }
            }
        };
        match (resumed, &join.fresh) {
            (Some(joined), fresh) if joined.resumed.is_some() || fresh.is_none() => Ok(joined),
            (_, Some(fresh)) => self.begin(home, fresh).await,
            (_, None) => self.joined(home, None).await,
        }
    }

    async fn save_recovery(
        &self,
        recovery: Recovery,
        now: Millis,
        ttl_ms: Millis,
    ) -> Result<bool, Unavailable> {
        let Some((partition, record)) = self.keys.recovery(&recovery.id) else {
            return Ok(false);
        };
        let call = self
            .call()
            .key(record)
            .arg(recovery.start.epoch.0.as_str())
            .arg(recovery.start.at.to_string());
        let call = write(call, &self.keys, &recovery, now.saturating_add(ttl_ms));
        Ok(self.run(partition, &SAVE, call).await?.flag()?)
    }

    async fn leave_recovery(
        &self,
        id: &RecoveryId,
        sid: &Sid,
        now: Millis,
        window_ms: Millis,
    ) -> Result<(), Unavailable> {
        let Some((partition, record)) = self.keys.recovery(id) else {
            return Ok(());
        };
        let call = self
            .call()
            .key(record)
            .arg(sid.as_str())
            .number(now.saturating_add(window_ms));
        self.run(partition, &LEAVE, call).await.map(drop)
    }
}

/// A wish to recover. The id is drawn once, so that a repeated step finds what the first one did.
struct Request<'a> {
    resume: &'a Resume,
    workspace: &'a WorkspaceId,
    now: Millis,
    id: String,
}

impl Request<'_> {
    /// Whose record it must be.
    fn asks(&self, call: Call) -> Call {
        call.number(self.now)
            .arg(self.resume.nsp.as_str())
            .arg(self.workspace.as_str())
            .maybe(self.resume.subject.as_ref().map(entry::to_json))
    }

    fn expires(&self) -> Millis {
        self.now.saturating_add(self.resume.ttl_ms)
    }

    /// The record as it is now: its text, and where it starts. `None` for one that a later release has
    /// written: there is nothing to recover then, and its client goes on as a new one.
    fn recovery(&self, reply: &mut Reply) -> Result<Option<Recovery>, Unreadable> {
        let whole = reply.bytes()?;
        let (epoch, at) = (Epoch(reply.text()?), reply.parsed()?);
        let known = entry::json(&whole).ok();
        Ok(known.map(|recovery| Recovery {
            start: Offset { epoch, at },
            holder: self.resume.holder.clone(),
            ..recovery
        }))
    }
}

/// What became of a wish.
enum Found {
    /// In one step, which tells the top as well.
    Here(Joined),
    InSteps(Option<Resumed>),
}

/// The part of a commit that is about a record in its own slot.
pub fn record(call: Call, keys: &Keys, op: &RecordOp) -> Call {
    let id = match op {
        RecordOp::Begin(record) => &record.recovery.id,
        RecordOp::Leave { id, .. } => id,
    };
    let Some((_, record)) = keys.recovery(id) else {
        return call.arg("");
    };
    let call = call.key(record);
    match op {
        RecordOp::Begin(NewRecord {
            recovery,
            expires_at,
        }) => write(call.arg("begin"), keys, recovery, *expires_at),
        RecordOp::Leave {
            sid, expires_at, ..
        } => call.arg("leave").arg(sid.as_str()).number(*expires_at),
    }
}

/// All of a record but where it starts.
fn write(call: Call, keys: &Keys, recovery: &Recovery, expires_at: Millis) -> Call {
    let log = recovery.log.as_ref();
    let (stream, hash) = log.map(|log| keys.log(log)).unwrap_or_default();
    let kind = match log {
        None => "",
        Some(log) if Some(log.partition()) != recovery.id.partition() => "elsewhere",
        Some(log) => kind(log),
    };
    call.arg(entry::to_json(recovery))
        .arg(recovery.nsp.as_str())
        .arg(recovery.workspace.as_str())
        .maybe(recovery.subject.as_ref().map(entry::to_json))
        .arg(recovery.holder.pod.as_str())
        .arg(recovery.holder.sid.as_str())
        .number(expires_at)
        .arg(stream)
        .arg(hash)
        .arg(kind)
}

impl RedisHub {
    /// What a commit does to a record in another slot, after it.
    pub async fn record_elsewhere(
        &self,
        op: &RecordOp,
        written: &Written,
    ) -> Result<(), Unavailable> {
        match op {
            RecordOp::Begin(record) => {
                let start = Offset {
                    epoch: written.epoch.clone(),
                    at: written.top,
                };
                let recovery = Recovery {
                    start,
                    ..(*record.recovery).clone()
                };
                let saved = self.save_recovery(recovery, 0, record.expires_at);
                saved.await.map(drop)
            }
            RecordOp::Leave {
                id,
                sid,
                expires_at,
            } => self.leave_recovery(id, sid, 0, *expires_at).await,
        }
    }

    async fn resume(&self, request: &Request<'_>, home: Partition) -> Result<Found, Unavailable> {
        let Some((partition, record)) = self.keys.recovery(&request.resume.id) else {
            return Ok(Found::InSteps(None));
        };
        if partition == home
            && let Some(joined) = self.join_here(request, partition, record.clone()).await?
        {
            return Ok(Found::Here(joined));
        }
        let resumed = self.join_in_steps(request, partition, record).await?;
        Ok(Found::InSteps(resumed))
    }

    /// A new socket, with its record.
    async fn begin(&self, home: Partition, fresh: &NewRecord) -> Result<Joined, Unavailable> {
        let NewRecord {
            recovery,
            expires_at,
        } = fresh;
        let Some((partition, record)) = self.keys.recovery(&recovery.id) else {
            return self.joined(home, None).await;
        };
        let call = self.life(partition).key(record);
        let call = write(call, &self.keys, recovery, *expires_at);
        let mut reply = self.run(partition, &BEGIN, call).await?;
        Ok(Joined {
            top: Offset {
                epoch: Epoch(reply.text()?),
                at: reply.parsed()?,
            },
            resumed: None,
        })
    }

    async fn joined(
        &self,
        partition: Partition,
        resumed: Option<Resumed>,
    ) -> Result<Joined, Unavailable> {
        let top = self.top_of(partition).await?;
        Ok(Joined {
            top: Offset {
                epoch: top.epoch,
                at: top.last,
            },
            resumed,
        })
    }

    /// `None` if the log is in another slot.
    async fn join_here(
        &self,
        request: &Request<'_>,
        partition: Partition,
        record: String,
    ) -> Result<Option<Joined>, Unavailable> {
        let Resume {
            offset,
            holder,
            limit,
            ..
        } = request.resume;
        let offset = offset.as_ref();
        let call = request
            .asks(self.life(partition).key(record))
            .arg(offset.map_or("", |offset| offset.epoch.0.as_str()))
            .maybe(offset.map(|offset| offset.at))
            .arg(holder.pod.as_str())
            .arg(holder.sid.as_str())
            .number(request.expires())
            .number(*limit as u64)
            .arg(request.id.as_str())
            .arg(self.keys.of(partition, "in:"))
            .number(self.retention.ended_ms);
        let mut reply = self.run(partition, &JOIN, call).await?;
        let tag = reply.text()?;
        let top = Offset {
            epoch: Epoch(reply.text()?),
            at: reply.parsed()?,
        };
        let resumed = match tag.as_str() {
            "elsewhere" => return Ok(None),
            "recovered" => resumed(reply, request)?,
            _ => None,
        };
        Ok(Some(Joined { top, resumed }))
    }

    /// Record and log are in two slots: what was read of the log counts if the record can still be
    /// had afterwards. The log only grows meanwhile.
    async fn join_in_steps(
        &self,
        request: &Request<'_>,
        partition: Partition,
        record: String,
    ) -> Result<Option<Resumed>, Unavailable> {
        let call = request.asks(self.call().key(record.clone()));
        let mut reply = self.run(partition, &LOOK, call).await?;
        if reply.is_nothing() {
            return Ok(None);
        }
        let Some(recovery) = request.recovery(&mut reply)? else {
            return Ok(None);
        };
        let from = start(&recovery, request.resume.offset.as_ref());
        let (missed, more) = match &recovery.log {
            None => (Vec::new(), false),
            Some(log) => {
                let (page, last) = self.page(log, from, request.resume.limit).await?;
                if page.epoch != recovery.start.epoch || from > last || !page.complete {
                    return Ok(None);
                }
                (page.entries, page.more)
            }
        };
        let holder = &request.resume.holder;
        let call = request
            .asks(self.call().key(record))
            .arg(holder.pod.as_str())
            .arg(holder.sid.as_str())
            .number(request.expires())
            .arg(request.id.as_str())
            .arg(self.keys.of(partition, "in:"));
        let mut reply = self.run(partition, &TAKE, call).await?;
        let Some(pod) = reply.maybe_bytes()? else {
            return Ok(None);
        };
        Ok(Some(Resumed {
            recovery,
            fenced: fenced(&pod, &reply.bytes()?)?,
            from,
            missed,
            more,
        }))
    }
}

fn resumed(mut reply: Reply, request: &Request<'_>) -> Result<Option<Resumed>, Unreadable> {
    let Some(recovery) = request.recovery(&mut reply)? else {
        return Ok(None);
    };
    let (pod, sid) = (reply.bytes()?, reply.bytes()?);
    let (from, more) = (reply.parsed()?, reply.flag()?);
    Ok(Some(Resumed {
        recovery,
        fenced: fenced(&pod, &sid)?,
        from,
        missed: entries(reply.list()?)?,
        more,
    }))
}

fn fenced(pod: &Bytes, sid: &Bytes) -> Result<Option<Holder>, Unreadable> {
    let text = |bytes: &Bytes| String::from_utf8(bytes.to_vec()).map_err(|_| Unreadable);
    if sid.is_empty() {
        return Ok(None);
    }
    Ok(Some(Holder {
        pod: PodId::new(text(pod)?),
        sid: Sid::new(text(sid)?),
    }))
}

/// An offset of another life of the partition says nothing of this one, nor does one below the
/// start of the socket.
fn start(recovery: &Recovery, offset: Option<&Offset>) -> EntryId {
    match offset {
        Some(offset) if offset.epoch == recovery.start.epoch => offset.at.max(recovery.start.at),
        _ => recovery.start.at,
    }
}
