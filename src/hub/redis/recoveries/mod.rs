//! Records of recovery. One is in the slot of the workspace that its socket came to, and so, but for
//! a guest who chose another one later, is its log: then a socket is recovered in one step.

use async_trait::async_trait;
use bytes::Bytes;

use super::{
    RedisHub, entry,
    logs::{entries, kind},
    pack::Unreadable,
    script::{Call, Reply, Script},
};
use crate::{
    hub::{Holder, Join, Joined, Recoveries, Recovery, Resume, Resumed, Unavailable},
    model::{EntryId, Epoch, Millis, Offset, Partition, PodId, RecoveryId, Sid, WorkspaceId},
};

const COMMON: &str = include_str!("recovery.lua");

static SAVE: Script = Script::new("save_recovery", include_str!("save.lua"));
static LEAVE: Script = Script::new("leave_recovery", include_str!("leave.lua"));
static JOIN: Script = Script::with("join", COMMON, include_str!("join.lua"));
static LOOK: Script = Script::with("look_recovery", COMMON, include_str!("look.lua"));
static TAKE: Script = Script::with("take_recovery", COMMON, include_str!("take.lua"));

#[async_trait]
impl Recoveries for RedisHub {
    async fn join(&self, join: Join) -> Result<Joined, Unavailable> {
        let home = Partition::of(&join.workspace);
        let Some(resume) = &join.resume else {
            return self.joined(home, None).await;
        };
        let request = Request {
            resume,
            workspace: &join.workspace,
            now: join.now,
            id: rand::random::<u64>().to_string(),
        };
        match self.keys.recovery(&resume.id) {
            None => self.joined(home, None).await,
            Some((partition, record)) if partition == home => {
                match self.join_here(&request, partition, record.clone()).await? {
                    Some(joined) => Ok(joined),
                    None => {
                        let resumed = self.join_in_steps(&request, partition, record).await?;
                        self.joined(home, resumed).await
                    }
                }
            }
            Some((partition, record)) => {
                let resumed = self.join_in_steps(&request, partition, record).await?;
                self.joined(home, resumed).await
            }
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
        let log = recovery.log.as_ref();
        let (stream, hash) = log.map(|log| self.keys.log(log)).unwrap_or_default();
        let kind = match log {
            None => "",
            Some(log) if log.partition() != partition => "elsewhere",
            Some(log) => kind(log),
        };
        let call = self
            .call()
            .key(record)
            .arg(entry::to_json(&recovery))
            .arg(recovery.nsp.as_str())
            .arg(recovery.workspace.as_str())
            .maybe(recovery.subject.as_ref().map(entry::to_json))
            .arg(recovery.holder.pod.as_str())
            .arg(recovery.holder.sid.as_str())
            .number(now.saturating_add(ttl_ms))
            .arg(recovery.start.epoch.0.as_str())
            .arg(recovery.start.at.to_string())
            .arg(stream)
            .arg(hash)
            .arg(kind);
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

    fn recovery(&self, whole: &[u8]) -> Result<Recovery, Unreadable> {
        Ok(Recovery {
            holder: self.resume.holder.clone(),
            ..entry::json(whole)?
        })
    }
}

impl RedisHub {
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
            .arg(self.keys.of(partition, "in:"));
        let mut reply = self.run(partition, &JOIN, call).await?;
        let tag = reply.text()?;
        let top = Offset {
            epoch: Epoch(reply.text()?),
            at: reply.parsed()?,
        };
        let resumed = match tag.as_str() {
            "elsewhere" => return Ok(None),
            "recovered" => Some(resumed(reply, request)?),
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
        let Some(whole) = reply.maybe_bytes()? else {
            return Ok(None);
        };
        let recovery = request.recovery(&whole)?;
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

fn resumed(mut reply: Reply, request: &Request<'_>) -> Result<Resumed, Unreadable> {
    let recovery = request.recovery(&reply.bytes()?)?;
    let (pod, sid) = (reply.bytes()?, reply.bytes()?);
    let (from, more) = (reply.parsed()?, reply.flag()?);
    Ok(Resumed {
        recovery,
        fenced: fenced(&pod, &sid)?,
        from,
        missed: entries(reply.list()?)?,
        more,
    })
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
