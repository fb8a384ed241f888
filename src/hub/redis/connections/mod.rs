//! Polling connections. Each is one hash, on the partition that its sid names; `connection.lua` says
//! what is in it, and stands before the scripts that change it.
//!
//! ```text
//! get      listening, and what waits for the listener    post  claiming, and the result
//! upgrade  a WebSocket takes over                         end   closing, and who has to be closed
//! codec    values, as Redis holds them                    seen  all of a connection, as scripts show it
//! ```

mod codec;
mod end;
mod get;
mod post;
mod seen;
mod upgrade;

use async_trait::async_trait;

use super::{
    RedisHub,
    script::{Call, Script},
};
use crate::{
    hub::{
        Batch, BeginGet, BeginPost, ClaimId, ClosedBy, Connections, Departed, Drained, Expired,
        Generation, GetRequest, NewConnection, Persisted, PostRequest, PostResult, Posted,
        TOMBSTONE_MS, Unavailable, UpgradeClaim,
    },
    model::{Millis, Partition, PodId, Sid},
};

/// How long what nobody ends is kept after its time: a sweep that is late by less finds whom to tell.
const KEPT_MS: Millis = 3_600_000;

static OPEN: Script = script("open", include_str!("open.lua"));

#[async_trait]
impl Connections for RedisHub {
    async fn open(&self, connection: NewConnection) -> Result<(), Unavailable> {
        let Some((partition, call)) = self.on(&connection.sid, draw()) else {
            return Ok(());
        };
        let call = codec::beat(call.arg(connection.state), &connection.beat);
        self.run(partition, &OPEN, call).await?;
        Ok(())
    }

    async fn begin_get(&self, sid: &Sid, request: GetRequest) -> Result<BeginGet, Unavailable> {
        get::begin(self, sid, request).await
    }

    async fn drain(
        &self,
        sid: &Sid,
        generation: Generation,
        now: Millis,
        persisted: &Persisted,
    ) -> Result<Option<Drained>, Unavailable> {
        get::drain(self, sid, generation, (now, persisted)).await
    }

    async fn finish_get(
        &self,
        sid: &Sid,
        generation: Generation,
        batch: Batch,
    ) -> Result<bool, Unavailable> {
        get::finish(self, sid, generation, &batch).await
    }

    async fn abandon_get(
        &self,
        sid: &Sid,
        generation: Generation,
        now: Millis,
    ) -> Result<(), Unavailable> {
        get::abandon(self, sid, generation, now).await
    }

    async fn begin_post(&self, sid: &Sid, request: PostRequest) -> Result<BeginPost, Unavailable> {
        post::begin(self, sid, &request).await
    }

    async fn finish_post(
        &self,
        sid: &Sid,
        claim: ClaimId,
        result: PostResult,
    ) -> Result<Posted, Unavailable> {
        post::finish(self, sid, claim, result).await
    }

    async fn is_polling(&self, sid: &Sid, now: Millis) -> Result<bool, Unavailable> {
        upgrade::is_polling(self, sid, now).await
    }

    async fn claim_upgrade(
        &self,
        sid: &Sid,
        _pod: &PodId,
        now: Millis,
        until: Millis,
    ) -> Result<UpgradeClaim, Unavailable> {
        upgrade::claim(self, sid, now, until).await
    }

    async fn abort_upgrade(
        &self,
        sid: &Sid,
        claim: ClaimId,
        probed: bool,
    ) -> Result<Option<Departed>, Unavailable> {
        upgrade::abort(self, sid, claim, probed).await
    }

    async fn finish_upgrade(
        &self,
        sid: &Sid,
        claim: ClaimId,
        now: Millis,
    ) -> Result<Option<Departed>, Unavailable> {
        upgrade::finish(self, sid, claim, now).await
    }

    async fn close(
        &self,
        sid: &Sid,
        by: ClosedBy,
        now: Millis,
    ) -> Result<Option<Departed>, Unavailable> {
        end::close(self, sid, by, now).await
    }

    async fn expired(
        &self,
        partition: Partition,
        now: Millis,
        limit: usize,
    ) -> Result<Expired, Unavailable> {
        end::expired(self, partition, now, limit).await
    }
}

/// Names a call however often it is carried out; that of a POST or an upgrade is its claim.
type CallId = u64;

fn draw() -> CallId {
    rand::random()
}

impl RedisHub {
    /// What every call on a connection begins with; `None` for a sid that no release has made.
    fn on(&self, sid: &Sid, id: CallId) -> Option<(Partition, Call)> {
        let (partition, key) = self.keys.connection(sid)?;
        let call = self
            .link
            .call()
            .key(key)
            .key(self.listed(partition))
            .arg(sid.as_str())
            .arg(self.keys.of(partition, "in:"))
            .number(id)
            .number(TOMBSTONE_MS)
            .number(KEPT_MS);
        Some((partition, call))
    }

    /// The connections of a partition by the instant at which they are dead.
    fn listed(&self, partition: Partition) -> String {
        self.keys.of(partition, "connections")
    }
}

const fn script(name: &'static str, source: &'static str) -> Script {
    Script::with(name, include_str!("connection.lua"), source)
}

/// A request's `t`; none is the empty text, which an empty one is not.
fn cache_buster(t: Option<&str>) -> String {
    t.map_or_else(String::new, |t| format!("={t}"))
}
