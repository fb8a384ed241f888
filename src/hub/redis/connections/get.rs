//! A GET: one round trip to begin, one for each look, one to finish.
//!
//! What is held back is judged here and not in Lua: the scripts would need how far all partitions are
//! stored with every call, for something that is mostly not there. So an item whose condition has come
//! true costs a second call, which moves it to the outbox. Between the two nothing can go wrong: what
//! is stored stays stored, what is late stays late, and only the listener moves anything.

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
    hub::{
        ABANDON_GRACE_MS, Batch, BeginGet, Drained, FAREWELL_MS, Generation, GetRequest, Persisted,
        Unavailable,
    },
    model::{Millis, Sid},
};

static BEGIN: Script = script("begin_get", include_str!("begin_get.lua"));
static DRAIN: Script = script("drain", include_str!("drain.lua"));
static RELEASE: Script = script("release", include_str!("release.lua"));
static FINISH: Script = script("finish_get", include_str!("finish_get.lua"));
static ABANDON: Script = script("abandon_get", include_str!("abandon_get.lua"));

pub async fn begin(
    hub: &RedisHub,
    sid: &Sid,
    request: GetRequest,
) -> Result<BeginGet, Unavailable> {
    let Some((partition, call)) = hub.on(sid, draw()) else {
        return Ok(BeginGet::Unknown);
    };
    let call = call
        .arg(cache_buster(request.t.as_deref()))
        .arg(request.pod.as_str())
        .number(request.until)
        .number(request.now)
        .number(FAREWELL_MS);
    let reply = hub.run_held(partition, &BEGIN, call).await?;
    let (generation, mut seen) = match read(reply)? {
        Begun::Listening(generation, seen) => (generation, seen),
        Begun::Otherwise(begun) => return Ok(*begun),
    };
    let due = seen.due(request.now, &request.persisted);
    if !due.is_empty()
        && let Some(newer) = release(hub, sid, generation, &due).await?
    {
        seen = newer;
    }
    Ok(BeginGet::Listening {
        generation,
        state: seen.state.clone(),
        beat: seen.beat,
        drained: seen.drained(),
    })
}

pub async fn drain(
    hub: &RedisHub,
    sid: &Sid,
    generation: Generation,
    (now, persisted): (Millis, &Persisted),
) -> Result<Option<Drained>, Unavailable> {
    let Some((partition, call)) = hub.on(sid, draw()) else {
        return Ok(None);
    };
    let call = call.number(generation);
    let reply = hub.run_held(partition, &DRAIN, call).await?;
    let Some(seen) = read_seen(reply)? else {
        return Ok(None);
    };
    let due = seen.due(now, persisted);
    let seen = match due.is_empty() {
        true => Some(seen),
        false => release(hub, sid, generation, &due).await?,
    };
    Ok(seen.map(Seen::drained))
}

/// `None` if the listener is not that any more.
async fn release(
    hub: &RedisHub,
    sid: &Sid,
    generation: Generation,
    due: &[(&str, Vec<u8>)],
) -> Result<Option<Seen>, Unavailable> {
    let Some((partition, call)) = hub.on(sid, draw()) else {
        return Ok(None);
    };
    let call = call.number(generation).number(due.len() as u64);
    let call = due.iter().fold(call, |call, (number, frames)| {
        call.arg(*number).arg(frames.as_slice())
    });
    Ok(read_seen(hub.run_held(partition, &RELEASE, call).await?)?)
}

pub async fn finish(
    hub: &RedisHub,
    sid: &Sid,
    generation: Generation,
    batch: &Batch,
) -> Result<bool, Unavailable> {
    let Some((partition, call)) = hub.on(sid, draw()) else {
        return Ok(false);
    };
    let call = call
        .number(generation)
        .arg(codec::batch(batch))
        .flag(batch.ping);
    Ok(hub.run_held(partition, &FINISH, call).await?.flag()?)
}

pub async fn abandon(
    hub: &RedisHub,
    sid: &Sid,
    generation: Generation,
    now: Millis,
) -> Result<(), Unavailable> {
    if let Some((partition, call)) = hub.on(sid, draw()) {
        let call = call.number(generation).number(now + ABANDON_GRACE_MS);
        hub.run(partition, &ABANDON, call).await?;
    }
    Ok(())
}

enum Begun {
    Listening(Generation, Seen),
    Otherwise(Box<BeginGet>),
}

fn read(mut reply: Reply) -> Result<Begun, Unreadable> {
    Ok(Begun::Otherwise(Box::new(match reply.text()?.as_str() {
        "listening" => {
            let generation = reply.parsed()?;
            return Ok(Begun::Listening(generation, Seen::read(&mut reply)?));
        }
        "repeat" => {
            let batch = codec::read_batch(&reply.bytes()?)?;
            let (state, drained) = Seen::read(&mut reply)?.repeated();
            BeginGet::Repeat {
                state,
                drained,
                batch,
            }
        }
        "upgrading" => BeginGet::Upgrading,
        "overlap" => BeginGet::Overlap(Box::new(Seen::read(&mut reply)?.departed())),
        "tombstone" => BeginGet::Tombstone(codec::read_tombstone(&mut reply)?),
        "unknown" => BeginGet::Unknown,
        _ => return Err(Unreadable),
    })))
}

fn read_seen(mut reply: Reply) -> Result<Option<Seen>, Unreadable> {
    match reply.text()?.as_str() {
        "seen" => Seen::read(&mut reply).map(Some),
        "none" => Ok(None),
        _ => Err(Unreadable),
    }
}
