//! A POST: one round trip to claim the connection, one to write all that it did.

use super::{
    super::{
        RedisHub,
        pack::Unreadable,
        script::{Reply, Script},
    },
    cache_buster, codec, draw, script,
    seen::Seen,
};
use crate::{
    hub::{BeginPost, ClaimId, Listener, OUTBOX_MAX, PostRequest, PostResult, Posted, Unavailable},
    model::{EntryId, Sid},
};

static BEGIN: Script = script("begin_post", include_str!("begin_post.lua"));
static FINISH: Script = script("finish_post", include_str!("finish_post.lua"));

pub async fn begin(
    hub: &RedisHub,
    sid: &Sid,
    request: &PostRequest,
) -> Result<BeginPost, Unavailable> {
    let claim = draw();
    let Some((partition, call)) = hub.on(sid, claim) else {
        return Ok(BeginPost::Unknown);
    };
    let call = call
        .arg(cache_buster(request.t.as_deref()))
        .number(request.until)
        .number(request.now)
        .number(OUTBOX_MAX as u64);
    let reply = hub.run_held(partition, &BEGIN, call).await?;
    Ok(read(reply, claim)?)
}

fn read(mut reply: Reply, claim: ClaimId) -> Result<BeginPost, Unreadable> {
    Ok(match reply.text()?.as_str() {
        "claimed" => BeginPost::Claimed {
            claim,
            state: reply.bytes()?,
            beat: codec::read_beat(&mut reply)?,
            listeners: codec::read_listeners(&reply.bytes()?)?,
        },
        "running" => BeginPost::Running,
        "done" => BeginPost::Done,
        "overlap" => BeginPost::Overlap(Box::new(Seen::read(&mut reply)?.departed())),
        "overflow" => BeginPost::Overflow(Box::new(Seen::read(&mut reply)?.departed())),
        "tombstone" => BeginPost::Tombstone(codec::read_tombstone(&mut reply)?),
        "unknown" => BeginPost::Unknown,
        _ => return Err(Unreadable),
    })
}

pub async fn finish(
    hub: &RedisHub,
    sid: &Sid,
    claim: ClaimId,
    result: PostResult,
) -> Result<Posted, Unavailable> {
    let Some((partition, call)) = hub.on(sid, draw()) else {
        return Ok(Posted::Ended);
    };
    let mut call = call
        .number(claim)
        .arg(result.state)
        .flag(result.beat.is_some());
    if let Some(beat) = &result.beat {
        call = codec::beat(call, beat);
    }
    call = call.number(result.listeners.len() as u64);
    for (nsp, listener) in &result.listeners {
        let cursor = listener.as_ref().map_or(EntryId::ZERO, |it| it.cursor);
        let log = listener.as_ref().map(|Listener { log, .. }| log);
        call = call
            .arg(nsp.as_str())
            .arg(codec::log(log))
            .arg(cursor.to_string());
    }
    call = call.number(result.outbox.len() as u64);
    call = result.outbox.iter().fold(call, codec::item);
    let mut reply = hub.run_held(partition, &FINISH, call).await?;
    match reply.text()?.as_str() {
        "done" => Ok(Posted::Done),
        "superseded" => Ok(Posted::Superseded),
        "ended" => Ok(Posted::Ended),
        _ => Err(Unreadable.into()),
    }
}
