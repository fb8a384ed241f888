//! The end of a connection that no other operation brings about.

use super::{
    super::{
        RedisHub,
        pack::Unreadable,
        script::{Reply, Script},
    },
    codec, draw, script,
};
use crate::{
    hub::{ClosedBy, Departed, Unavailable},
    model::{Millis, Partition, Sid},
};

static CLOSE: Script = script("close", include_str!("close.lua"));
static EXPIRED: Script = Script::new("expired", include_str!("expired.lua"));

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
    Ok(codec::read_departed(reply)?)
}

pub async fn expired(
    hub: &RedisHub,
    partition: Partition,
    now: Millis,
    limit: usize,
) -> Result<Vec<Sid>, Unavailable> {
    // More than Redis can count is no limit.
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let call = hub
        .link
        .call()
        .key(hub.listed(partition))
        .number(now)
        .arg(limit.to_string());
    let reply = hub.run(partition, &EXPIRED, call).await?;
    Ok(sids(reply)?)
}

fn sids(mut reply: Reply) -> Result<Vec<Sid>, Unreadable> {
    let mut sids = Vec::with_capacity(reply.len());
    while !reply.is_empty() {
        sids.push(Sid::new(reply.text()?));
    }
    Ok(sids)
}
