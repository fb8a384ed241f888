use std::time::Duration;

use super::{
    Chat,
    actor::GuestActor,
    attempt::{DECISIONS, Repeat, Wrote, unsettled},
    done::{Bound, Done, Told, mark},
    rules,
};
use crate::{
    hub::{Commit, Edge, Log, Mark, Written},
    model::{
        Code, DedupId, Direction, HistoryQuery, Notice, Offset, Reject, Reply, Resume, Session,
        SessionId, Start, WorkspaceId, limits,
    },
};

/// Entries after a start that are looked through for the first message.
const LOOK: usize = 100;

impl Chat {
    /// Goes on with the guest's open session, or starts one.
    pub(super) async fn start(
        &self,
        actor: &GuestActor,
        start: Start,
        dedup: &DedupId,
    ) -> Result<Done, Reject> {
        let workspace = rules::start::workspace(actor, &start).clone();
        let exists = self.directory.has(&workspace).await;
        if !exists.map_err(|_| Reject::unavailable())? {
            return Err(rules::start::no_such_workspace());
        }
        for resume in rules::start::candidates(actor, &start, &workspace) {
            if !self.may_go_on(&start, &resume).await? {
                continue;
            }
            if let Some(done) = self.rejoin(actor, &resume, dedup).await? {
                return Ok(done);
            }
        }
        let begun = self.begin(actor, workspace, start, dedup).await;
        if begun.is_err() {
            // It has left its session for one that it did not get: it is there still, and nobody else
            // may come back to it by name. If this fails too, its next attempt says so.
            let _ = self.guest_arrived(actor, &DedupId::draw()).await;
        }
        begun
    }

    /// Who a session's guest is does not change, so that it can be looked at before.
    async fn may_go_on(&self, start: &Start, resume: &Resume) -> Result<bool, Reject> {
        if start.identity.is_none() {
            return Ok(true);
        }
        match self.session(&resume.workspace, &resume.session).await {
            Ok((session, _)) => Ok(rules::start::may_go_on(start, &session)),
            Err(reject) if matches!(reject.code, Code::Ended | Code::NotFound) => Ok(false),
            Err(reject) => Err(reject),
        }
    }

    /// `None` if the session has ended, or is gone: then the guest starts a new one.
    async fn rejoin(
        &self,
        actor: &GuestActor,
        resume: &Resume,
        dedup: &DedupId,
    ) -> Result<Option<Done>, Reject> {
        let Resume {
            workspace,
            session,
            since,
        } = resume;
        let mut commit = rules::start::rejoin(actor, workspace, session, dedup);
        commit.rate = self.settings.rates.guest_signal(session);
        let (written, before) = match self.write_loaded(&commit, Repeat::Request).await {
            Ok(found) => found,
            Err(reject) if matches!(reject.code, Code::Ended | Code::NotFound) => return Ok(None),
            Err(reject) => return Err(reject),
        };
        self.leave_other(actor, session).await?;
        // Nothing new was written, but the session that is confirmed here may itself be so new that
        // only the hub has it.
        let newest = written.session.as_ref().map(|session| session.last_entry);
        let stored = newest.map(|id| mark(workspace, &written.epoch, id));
        let was_away = written.edge == Edge::Online;
        // What has come since the first result is in the log that it begins to read.
        let newest = if before && was_away {
            self.newest_then(workspace, session, &written).await?
        } else {
            written.session.as_ref().map_or(0, |it| it.last_seq)
        };
        let mut done = self.started(*written, (true, *since), stored)?;
        if was_away {
            self.add_waited(&mut done, *since, newest).await?;
        }
        Ok(Some(done))
    }

    async fn begin(
        &self,
        actor: &GuestActor,
        workspace: WorkspaceId,
        start: Start,
        dedup: &DedupId,
    ) -> Result<Done, Reject> {
        let (is_verified, separate) = (start.identity.is_some(), start.separate);
        let reuse = &self.settings;
        let by_name = (reuse.reuse_window_ms, reuse.reuse_since);
        let mut guest = rules::start::guest(start);
        guest.name = rules::strip_name(&self.settings.strip_tags, &workspace, guest.name);
        let unique = rules::start::unique(
            &guest,
            (reuse.reuse_by_email && !separate).then_some(by_name),
        );
        let mut commit = rules::start::begin(actor, &workspace, guest, dedup, self.clock.now());
        commit.unique = unique;
        let network = actor.address.network();
        commit.rate = self.settings.rates.start.rate("start", &network);
        let session = SessionId::from_seed(dedup);
        // Before there is a new session: if this fails, the guest's next attempt leaves none behind.
        self.leave_other(actor, &session).await?;
        for _ in 0..DECISIONS {
            let holder = match self.write_new(&commit).await? {
                Begun::Written(written) => {
                    let stored = written
                        .stamped
                        .first()
                        .map(|entry| mark(&workspace, &written.epoch, entry.id));
                    return self.started(*written, (false, 0), stored);
                }
                Begun::Before => return self.begun_before(workspace, session).await,
                Begun::Exists(holder) => holder,
            };
            let back = if is_verified {
                let whole = Resume {
                    workspace: workspace.clone(),
                    session: holder,
                    since: 0,
                };
                self.rejoin(actor, &whole, dedup).await?
            } else {
                self.come_back(actor, &workspace, &holder, dedup).await?
            };
            if let Some(done) = back {
                return Ok(done);
            }
        }
        Err(unsettled())
    }

    /// By name and e-mail address alone. `None` if somebody else was faster, or it has ended.
    async fn come_back(
        &self,
        actor: &GuestActor,
        workspace: &WorkspaceId,
        session: &SessionId,
        dedup: &DedupId,
    ) -> Result<Option<Done>, Reject> {
        let commit = rules::start::come_back(actor, workspace, session, dedup);
        let written = match self.write(&commit, Repeat::Request).await {
            Ok(Wrote::Now(written) | Wrote::Before(written)) => written,
            Ok(Wrote::Conflict | Wrote::Exists(_) | Wrote::Absent) => return Ok(None),
            Err(reject) if reject.code == Code::Ended => return Ok(None),
            Err(reject) => return Err(reject),
        };
        self.leave_other(actor, session).await?;
        let stored = written.stamped.first();
        let stored = stored.map(|entry| mark(workspace, &written.epoch, entry.id));
        let since = self.newest_then(workspace, session, &written).await?;
        self.started(*written, (true, since), stored).map(Some)
    }

    /// The newest message when this was written. The first result of a repeat has the session as it is
    /// now: what was said since is for this guest, live.
    async fn newest_then(
        &self,
        workspace: &WorkspaceId,
        session: &SessionId,
        written: &Written,
    ) -> Result<u64, Reject> {
        let newest = written.session.as_ref().map_or(0, |it| it.last_seq);
        let log = Log::Session(workspace.clone(), session.clone());
        let since = self.hub.read(&log, written.top, LOOK).await;
        let since = since.map_err(|_| Reject::unavailable())?;
        let mut messages = since.entries.iter().filter_map(|entry| entry.message());
        Ok(messages.next().map_or(newest, |first| first.seq - 1))
    }

    async fn write_new(&self, commit: &Commit) -> Result<Begun, Reject> {
        let wrote = self.write(commit, Repeat::Request).await;
        match wrote.map_err(too_many)? {
            Wrote::Now(written) | Wrote::Before(written) => Ok(Begun::Written(written)),
            Wrote::Conflict => Ok(Begun::Before),
            Wrote::Exists(holder) => Ok(Begun::Exists(holder)),
            Wrote::Absent => Err(unsettled()),
        }
    }

    /// The id is drawn from the request, so a session that is there already is of this request, so
    /// long ago that the hub has forgotten the result.
    async fn begun_before(
        &self,
        workspace: WorkspaceId,
        session: SessionId,
    ) -> Result<Done, Reject> {
        // Read first: what is committed between the two is replayed and in the session too.
        let top = self
            .hub
            .top(&workspace)
            .await
            .map_err(|_| Reject::unavailable())?;
        let (session, queue_position) = self.session(&workspace, &session).await?;
        let stored = mark(&workspace, &top.epoch, session.last_entry);
        let found = Found {
            session,
            queue_position,
            reconnected: false,
            since: 0,
        };
        Ok(started(found, top, Some(stored)))
    }

    fn started(
        &self,
        written: Written,
        (reconnected, since): (bool, u64),
        stored: Option<Mark>,
    ) -> Result<Done, Reject> {
        let from = Offset {
            epoch: written.epoch,
            at: written.top,
        };
        let found = Found {
            session: written.session.ok_or_else(Reject::unavailable)?,
            queue_position: written.queue_position,
            reconnected,
            since,
        };
        Ok(started(found, from, stored))
    }

    /// What staff wrote while nobody was there comes first: above what the guest has said it has, else
    /// above what there was when it left.
    async fn add_waited(&self, done: &mut Done, since: u64, newest: u64) -> Result<(), Reject> {
        let Reply::Started { session, .. } = &done.reply else {
            return Ok(());
        };
        let told = match session.marks.delivered(Direction::Out) {
            0 => session.left,
            delivered => delivered,
        };
        let above = told.max(since);
        if newest <= above {
            return Ok(());
        }
        let query = HistoryQuery {
            // What came after the start is in the log that it begins to read.
            before_seq: Some(newest + 1),
            limit: limits::WAITED_MAX,
        };
        let (workspace, id) = (session.workspace.clone(), session.id.clone());
        let (messages, _) = self.page(&workspace, &id, query, above).await?;
        let waited = messages
            .into_iter()
            .filter(|it| it.message.direction == Direction::Out);
        let waited = waited.map(|written| {
            let workspace = workspace.clone();
            Told::with_reply(Notice::Waited { workspace, written })
        });
        done.notices.extend(waited);
        Ok(())
    }
}

enum Begun {
    Written(Box<Written>),
    Before,
    Exists(SessionId),
}

struct Found {
    session: Session,
    queue_position: Option<u64>,
    reconnected: bool,
    since: u64,
}

fn started(found: Found, from: Offset, stored: Option<Mark>) -> Done {
    let Found {
        session,
        queue_position,
        reconnected,
        since,
    } = found;
    let bound = Bound {
        workspace: session.workspace.clone(),
        session: session.id.clone(),
        name: session.guest.display_name().to_owned(),
        verified: session.guest.identity.is_some(),
        since,
        from,
    };
    let marks = Notice::Marks {
        session: session.id.clone(),
        direction: Direction::In,
        marks: session.marks,
    };
    let reply = Reply::Started {
        session: Box::new(session),
        reconnected,
        queue_position,
    };
    let notices = [Notice::Started(reply.clone()), marks];
    Done {
        notices: notices.into_iter().map(Told::with_reply).collect(),
        reply,
        mark: stored,
        bound: Some(bound),
    }
}

/// Minutes, not a moment: the guest is told how long.
fn too_many(reject: Reject) -> Reject {
    let Some(wait_ms) = reject
        .retry_after_ms
        .filter(|_| reject.code == Code::RateLimited)
    else {
        return reject;
    };
    let wait = humantime::format_duration(Duration::from_secs(wait_ms.div_ceil(1000)));
    Reject {
        message: format!(
            "Too many new conversations from your network, please try again in {wait}"
        ),
        ..reject
    }
}
