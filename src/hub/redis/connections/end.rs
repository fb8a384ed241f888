//! The end of a connection that no other operation brings about.

use super::{
    super::{
        RedisHub, logs,
        pack::Unreadable,
        script::{Reply, Script},
        servers,
    },
    codec, draw, script, seen,
};
use crate::{
    hub::{ClosedBy, Departed, Expired, Unavailable},
    model::{Epoch, Millis, Partition, Sid},
};

static CLOSE: Script = script("close", include_str!("close.lua")).relieving();
static EXPIRED: Script = Script::with("expired", servers::COMMON, include_str!("expired.lua"));

pub async fn close(
    hub: &RedisHub,
    sid: &Sid,
    by: ClosedBy,
    now: Millis,
) -> Result<Option<Departed>, Unavailable> {
    let Some((partition, call)) = hub.on(sid, draw()) else {
        return Ok(None);
    };
    let call = call.arg(codec::by(by)).number(now);
    let reply = hub.run(partition, &CLOSE, call).await?;
    Ok(seen::read_departed(reply)?)
}

pub async fn expired(
    hub: &RedisHub,
    partition: Partition,
    now: Millis,
    limit: usize,
) -> Result<Expired, Unavailable> {
    hub.subscriber.heal_if_deaf(partition).await;
    // More than Redis can count is no limit.
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let call = hub
        .life(partition)
        .key(hub.listed(partition))
        .key(hub.keys.of(partition, "deadlines"))
        .number(now)
        .arg(limit.to_string())
        .maybe(hub.subscriber.probe(partition));
    let known = hub.subscriber.epoch(partition);
    let mut reply = hub.run(partition, &EXPIRED, call).await?;
    let epoch = Epoch(reply.text()?);
    hub.subscriber
        .epoch_answered(partition, known.as_ref(), &epoch);
    // Left by a pod that died before it stored them, or said so while nobody heard it.
    if reply.flag()? {
        hub.subscriber.dirty.mark(partition);
    }
    let expired = Expired {
        connections: sids(reply.list()?)?,
        deadlines: logs::deadlines(&mut reply.list()?)?,
    };
    hub.servers.heard(partition, &mut reply.list()?)?;
    Ok(expired)
}

fn sids(mut reply: Reply) -> Result<Vec<Sid>, Unreadable> {
    let mut sids = Vec::with_capacity(reply.len());
    while !reply.is_empty() {
        sids.push(Sid::new(reply.text()?));
    }
    Ok(sids)
}
