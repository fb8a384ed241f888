use std::time::Duration;

use tokio::time::Instant;

use super::{Chat, rules};
use crate::{
    hub::{Commit, Outcome, Rate, Written},
    model::{Code, Millis, Reject, SessionId},
};

/// Pauses between the attempts at one commit, while the hub does not say what became of it. Their
/// sum is far below the patience of a client, which repeats by itself afterwards.
const PAUSES_MS: [u64; 2] = [50, 100];
/// A hub that has held a commit for longer than this has tried for long enough: the client is told,
/// before it gives up waiting.
const PATIENCE: Duration = Duration::from_secs(2);

/// How often a rule decides anew because something else was faster. Each round that loses is one
/// in which another commit won, so more than this is a storm and not bad luck.
pub(super) const DECISIONS: usize = 3;

/// What became of a commit, where the rules can go on from it.
pub(super) enum Wrote {
    Now(Box<Written>),
    /// An earlier request, or an attempt of this one whose result was lost, had written it.
    Before(Box<Written>),
    /// Read again and decide anew.
    Conflict,
    /// The guest's identity belongs to this session.
    Exists(SessionId),
    /// The hub does not hold the session.
    Absent,
}

/// What the dedup id of a commit was made of.
#[derive(Clone, Copy)]
pub(super) enum Repeat {
    ClientId,
    Request,
}

impl Repeat {
    fn label(self) -> &'static str {
        match self {
            Self::ClientId => "client_id",
            Self::Request => "request",
        }
    }
}

impl Chat {
    /// Commits; repeats it, with the same ids, while the hub does not answer or takes no writes.
    pub(super) async fn write(&self, commit: &Commit, repeat: Repeat) -> Result<Wrote, Reject> {
        let look_at = self.clock.now() + self.settings.presence_look_ms;
        let looked_after = rules::presence::looked_after(commit, look_at);
        let commit = looked_after.as_ref().unwrap_or(commit);
        let mut pauses = PAUSES_MS.into_iter();
        let mut ours = false;
        let begun = Instant::now();
        loop {
            match self.hub.commit(commit.clone()).await {
                Outcome::Unknown => ours = true,
                Outcome::Busy => {}
                outcome => {
                    if matches!(outcome, Outcome::Duplicate(_)) && !ours {
                        self.metrics
                            .duplicates
                            .with_label_values(&[repeat.label()])
                            .inc();
                    }
                    if matches!(outcome, Outcome::Committed(_)) {
                        self.moved.note(commit);
                    }
                    if let (Outcome::Limited { .. }, Some(rate)) = (&outcome, &commit.rate) {
                        self.count_limited(rate);
                    }
                    if let Outcome::Committed(written) = &outcome {
                        log_change(commit, written);
                    }
                    return settled(outcome);
                }
            }
            let pause = pauses.next().filter(|_| begun.elapsed() < PATIENCE);
            let pause = pause.ok_or_else(Reject::unavailable)?;
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
    }

    /// Counts what is told and not written.
    pub(super) async fn charge(&self, rate: Option<Rate>) -> Result<(), Reject> {
        let Some(rate) = rate else { return Ok(()) };
        let charged = self.hub.charge(&rate).await;
        match charged.map_err(|_| Reject::unavailable())? {
            None => Ok(()),
            Some(retry_after_ms) => {
                self.count_limited(&rate);
                Err(limited(retry_after_ms))
            }
        }
    }

    fn count_limited(&self, rate: &Rate) {
        self.hit_limit(rate.name());
    }

    /// As [`Chat::write`], and fetches the session from the history if the hub has let go of it.
    /// Refuses if it is nowhere, or ended there. For guards that no other commit makes conflict.
    pub(super) async fn write_loaded(
        &self,
        commit: &Commit,
        repeat: Repeat,
    ) -> Result<(Box<Written>, bool), Reject> {
        for _ in 0..DECISIONS {
            match self.write(commit, repeat).await? {
                Wrote::Now(written) => return Ok((written, false)),
                Wrote::Before(written) => return Ok((written, true)),
                Wrote::Conflict | Wrote::Exists(_) => {}
                Wrote::Absent => {
                    let session = commit.session.as_ref().ok_or_else(Reject::unavailable)?;
                    self.load(&commit.workspace, session).await?;
                }
            }
        }
        Err(unsettled())
    }
}

/// Others were faster, again and again.
pub(super) fn unsettled() -> Reject {
    Reject::new(Code::Conflict, "The session is changing, please try again")
}

pub(super) fn ended() -> Reject {
    Reject::new(Code::Ended, "The session has ended")
}

/// One line per change of status or hands, with ids alone: what was said is nobody's business here.
fn log_change(commit: &Commit, written: &Written) {
    let Some(session) = &written.session else {
        return;
    };
    let set = &commit.set;
    let changes = set.status.is_some() || set.agent.is_some() || set.create.is_some();
    if changes && !written.stamped.is_empty() {
        tracing::info!(
            workspace = %session.workspace,
            session = %session.id,
            status = session.status.as_str(),
            agent = session.agent.as_ref().map(|agent| agent.id.as_str()),
            "session changed"
        );
    }
}

fn limited(retry_after_ms: Millis) -> Reject {
    Reject::limited("Too many messages, please wait a moment", retry_after_ms)
}

fn settled(outcome: Outcome) -> Result<Wrote, Reject> {
    match outcome {
        Outcome::Committed(written) => Ok(Wrote::Now(written)),
        Outcome::Duplicate(written) => Ok(Wrote::Before(written)),
        Outcome::Conflict => Ok(Wrote::Conflict),
        Outcome::Exists(holder) => Ok(Wrote::Exists(holder)),
        Outcome::Absent => Ok(Wrote::Absent),
        Outcome::Gone => Err(ended()),
        Outcome::Limited { retry_after_ms } => Err(limited(retry_after_ms)),
        Outcome::Busy | Outcome::Unknown => Err(Reject::unavailable()),
    }
}
