//! A WebSocket takes a polling connection over: one round trip for each step.

use super::{
    super::{
        RedisHub,
        pack::Unreadable,
        script::{Reply, Script},
    },
    draw, script, seen,
};
use crate::{
    hub::{ClaimId, Departed, Unavailable, UpgradeClaim},
    model::{Millis, Sid},
};

static IS_POLLING: Script = script("is_polling", include_str!("is_polling.lua"));
static CLAIM: Script = script("claim_upgrade", include_str!("claim_upgrade.lua"));
static ABORT: Script = script("abort_upgrade", include_str!("abort_upgrade.lua"));
static FINISH: Script = script("finish_upgrade", include_str!("finish_upgrade.lua"));

pub async fn is_polling(hub: &RedisHub, sid: &Sid, now: Millis) -> Result<bool, Unavailable> {
    let Some((partition, call)) = hub.on(sid, draw()) else {
        return Ok(false);
    };
    let call = call.number(now);
    Ok(hub.run(partition, &IS_POLLING, call).await?.flag()?)
}

pub async fn claim(
    hub: &RedisHub,
    sid: &Sid,
    now: Millis,
    until: Millis,
) -> Result<UpgradeClaim, Unavailable> {
    let claim = draw();
    let Some((partition, call)) = hub.on(sid, claim) else {
        return Ok(UpgradeClaim::Unknown);
    };
    let call = call.number(now).number(until);
    let reply = hub.run(partition, &CLAIM, call).await?;
    Ok(read(reply, claim)?)
}

fn read(mut reply: Reply, claim: ClaimId) -> Result<UpgradeClaim, Unreadable> {
    Ok(match reply.text()?.as_str() {
        "claimed" => UpgradeClaim::Claimed {
            claim,
            state: reply.bytes()?,
        },
        "refused" => UpgradeClaim::Refused,
        "unknown" => UpgradeClaim::Unknown,
        _ => return Err(Unreadable),
    })
}

pub async fn abort(
    hub: &RedisHub,
    sid: &Sid,
    claim: ClaimId,
    probed: bool,
) -> Result<Option<Departed>, Unavailable> {
    let Some((partition, call)) = hub.on(sid, draw()) else {
        return Ok(None);
    };
    let call = call.number(claim).flag(probed);
    let reply = hub.run(partition, &ABORT, call).await?;
    Ok(seen::read_departed(reply)?)
}

pub async fn finish(
    hub: &RedisHub,
    sid: &Sid,
    claim: ClaimId,
    now: Millis,
) -> Result<Option<Departed>, Unavailable> {
    let Some((partition, call)) = hub.on(sid, draw()) else {
        return Ok(None);
    };
    let call = call.number(claim).number(now);
    let reply = hub.run(partition, &FINISH, call).await?;
    Ok(seen::read_departed(reply)?)
}
