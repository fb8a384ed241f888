use bytes::Bytes;
use switchboard::{
    hub::{
        Batch, Beat, BeginGet, BeginPost, ClaimId, ClosedBy, Departed, Drained, Generation,
        GetRequest, Hold, Mark, NewConnection, OutboxItem, Persisted, PostRequest, PostResult,
        Posted, Tombstone, UpgradeClaim,
    },
    model::{EntryId, Epoch, Frame, Millis, PodId, Sid},
};

use super::support::{ALL, Bench};

/// How long a pod is believed to be at a request.
pub const LEASE_MS: Millis = 10_000;
/// How long a connection lives without a heartbeat.
pub const LIFE_MS: Millis = 45_000;

/// A polling client, each of whose requests is answered by a pod of its own.
pub struct Client<'a> {
    pub bench: &'a Bench,
    pub sid: Sid,
    pub beat: Beat,
}

impl<'a> Client<'a> {
    pub async fn open(bench: &'a Bench) -> Self {
        let now = bench.now();
        let beat = Beat {
            ping_at: now + LIFE_MS / 2,
            sent: false,
            expires_at: now + LIFE_MS,
        };
        let sid = Sid::draw(bench.partition());
        let connection = NewConnection {
            sid: sid.clone(),
            state: Bytes::from_static(b"opened"),
            beat,
        };
        bench.hub.open(connection).await.unwrap();
        Self { bench, sid, beat }
    }

    pub fn get_request(&self, pod: &PodId, t: Option<&str>) -> GetRequest {
        GetRequest {
            t: t.map(Into::into),
            pod: pod.clone(),
            now: self.bench.now(),
            until: self.bench.now() + LEASE_MS,
            persisted: Persisted::default(),
        }
    }

    pub async fn get_on(&self, pod: &PodId, t: Option<&str>) -> BeginGet {
        let request = self.get_request(pod, t);
        self.bench.hub.begin_get(&self.sid, request).await.unwrap()
    }

    pub async fn get(&self, t: &str) -> BeginGet {
        self.get_on(&PodId::draw(), Some(t)).await
    }

    pub async fn listen_on(&self, pod: &PodId, t: Option<&str>) -> (Generation, Drained) {
        listening(self.get_on(pod, t).await)
    }

    pub async fn listen(&self, t: &str) -> (Generation, Drained) {
        listening(self.get(t).await)
    }

    pub async fn drain(&self, generation: Generation, persisted: &Persisted) -> Option<Drained> {
        let now = self.bench.now();
        let drained = self
            .bench
            .hub
            .drain(&self.sid, generation, now, persisted)
            .await;
        drained.unwrap()
    }

    pub async fn finish(&self, generation: Generation, batch: Batch) -> bool {
        let finished = self.bench.hub.finish_get(&self.sid, generation, batch);
        finished.await.unwrap()
    }

    /// A whole GET that takes this many items.
    pub async fn takes(&self, t: &str, outbox: usize) -> Vec<OutboxItem> {
        let (generation, drained) = self.listen(t).await;
        assert!(self.finish(generation, items(outbox)).await);
        drained.outbox
    }

    pub async fn abandon(&self, generation: Generation) {
        let now = self.bench.now();
        let abandoned = self.bench.hub.abandon_get(&self.sid, generation, now);
        abandoned.await.unwrap();
    }

    pub fn post_request(&self, t: Option<&str>) -> PostRequest {
        PostRequest {
            t: t.map(Into::into),
            now: self.bench.now(),
            until: self.bench.now() + LEASE_MS,
        }
    }

    pub async fn post(&self, t: &str) -> BeginPost {
        let request = self.post_request(Some(t));
        self.bench.hub.begin_post(&self.sid, request).await.unwrap()
    }

    pub async fn claim(&self, t: &str) -> ClaimId {
        match self.post(t).await {
            BeginPost::Claimed { claim, .. } => claim,
            other => panic!("expected a claim, got {other:?}"),
        }
    }

    pub async fn done(&self, claim: ClaimId, result: PostResult) -> bool {
        let done = self.bench.hub.finish_post(&self.sid, claim, result);
        done.await.unwrap() == Posted::Done
    }

    /// A whole POST with this result.
    pub async fn posts(&self, t: &str, result: PostResult) {
        let claim = self.claim(t).await;
        assert!(self.done(claim, result).await);
    }

    pub async fn upgrade(&self) -> UpgradeClaim {
        let (hub, pod, now) = (&self.bench.hub, PodId::draw(), self.bench.now());
        let claim = hub.claim_upgrade(&self.sid, &pod, now, now + LEASE_MS);
        claim.await.unwrap()
    }

    pub async fn probes(&self) -> ClaimId {
        match self.upgrade().await {
            UpgradeClaim::Claimed { claim, .. } => claim,
            other => panic!("expected a claim, got {other:?}"),
        }
    }

    pub async fn abort(&self, claim: ClaimId, probed: bool) -> Option<Departed> {
        let aborted = self.bench.hub.abort_upgrade(&self.sid, claim, probed);
        aborted.await.unwrap()
    }

    pub async fn upgraded(&self, claim: ClaimId) -> Option<Departed> {
        let finished = self
            .bench
            .hub
            .finish_upgrade(&self.sid, claim, self.bench.now());
        finished.await.unwrap()
    }

    pub async fn close(&self, by: ClosedBy) -> Option<Departed> {
        let closed = self.bench.hub.close(&self.sid, by, self.bench.now());
        closed.await.unwrap()
    }

    pub async fn is_polling(&self) -> bool {
        let polling = self.bench.hub.is_polling(&self.sid, self.bench.now());
        polling.await.unwrap()
    }

    pub async fn is_expired(&self) -> bool {
        let Some(partition) = self.sid.partition() else {
            return false;
        };
        let now = self.bench.now();
        let expired = self.bench.hub.expired(partition, now, ALL).await;
        expired.unwrap().connections.contains(&self.sid)
    }

    /// That every request meets this end, and no farewell.
    pub async fn assert_over(&self, by: ClosedBy) {
        let end = Tombstone {
            by,
            farewell: false,
        };
        let got = self.get("late").await;
        assert!(
            matches!(got, BeginGet::Tombstone(met) if met == end),
            "{got:?}"
        );
        let posted = self.post("late").await;
        assert!(
            matches!(posted, BeginPost::Tombstone(met) if met == end),
            "{posted:?}"
        );
        let upgrade = self.upgrade().await;
        assert!(matches!(upgrade, UpgradeClaim::Refused), "{upgrade:?}");
        assert!(!self.is_polling().await);
    }
}

pub fn listening(begun: BeginGet) -> (Generation, Drained) {
    match begun {
        BeginGet::Listening {
            generation,
            drained,
            ..
        } => (generation, drained),
        other => panic!("expected to listen, got {other:?}"),
    }
}

pub fn items(outbox: usize) -> Batch {
    Batch {
        outbox,
        ..Batch::default()
    }
}

pub fn item(text: &str) -> OutboxItem {
    OutboxItem {
        frames: vec![Frame::text(text)],
        hold: None,
    }
}

/// A position in a life of the bench's partition.
pub fn mark(bench: &Bench, epoch: &str, ms: Millis) -> Mark {
    Mark {
        partition: bench.partition(),
        epoch: Epoch(epoch.into()),
        id: EntryId { ms, seq: 0 },
    }
}

/// Said when the entry is stored, or as `otherwise` when its time has come.
pub fn held(bench: &Bench, text: &str, ms: Millis, until: Millis) -> OutboxItem {
    let mark = mark(bench, "this life", ms);
    OutboxItem {
        hold: Some(Hold {
            mark,
            until,
            otherwise: vec![Frame::text(format!("no {text}"))],
        }),
        ..item(text)
    }
}

/// A POST that changes nothing but the outbox.
pub fn puts(outbox: Vec<OutboxItem>) -> PostResult {
    PostResult {
        state: Bytes::from_static(b"opened"),
        beat: None,
        outbox,
        listeners: Vec::new(),
    }
}

pub fn said(outbox: &[OutboxItem]) -> String {
    let frames = outbox.iter().flat_map(|item| &item.frames);
    let texts: Vec<_> = frames
        .map(|frame| match frame {
            Frame::Text(text) => text.to_string(),
            Frame::Binary(_) => "(binary)".into(),
        })
        .collect();
    texts.join(", ")
}
