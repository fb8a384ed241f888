use std::sync::Arc;

use async_trait::async_trait;

use super::{
    MemoryHub, lock,
    slot::Slot,
    workspace::{DedupTable, First, Held, LogTail, Workspace},
};
use crate::{
    hub::{
        Commit, Commits, DEDUP_KEPT_MS, DeadlineOp, Draft, Edge, Guard, Log, NewChange, Outcome,
        PresenceOp, QueueOp, RecordOp, SessionPatch, Since, Stamped, Subject, Written,
    },
    model::{
        Change, Entry, EntryId, Epoch, FORMAT, Millis, Partition, Prev, SessionId, Sid, Status,
    },
};

#[async_trait]
impl Commits for MemoryHub {
    async fn commit(&self, commit: Commit) -> Outcome {
        if self.faults.is_down() {
            return Outcome::Unknown;
        }
        match self.faults.take_unknown() {
            Some(false) => Outcome::Unknown,
            Some(true) => {
                self.commit_now(commit);
                Outcome::Unknown
            }
            None => self.commit_now(commit),
        }
    }
}

impl MemoryHub {
    fn commit_now(&self, commit: Commit) -> Outcome {
        let now = self.clock.now();
        let partition = Partition::of(&commit.workspace);
        let mut slot = self.slot(partition);
        slot.workspaces.entry(commit.workspace.clone()).or_default();
        if let Some(refused) = check(&mut slot, &commit, now) {
            return refused;
        }
        let done = self.apply(&mut slot, &commit, now);
        apply_deadlines(&mut slot, &commit, done.edge);
        let (stamped, entries) = append(&mut slot, &commit, done, now);
        let written = written(&mut slot, &commit, stamped, done.edge, now);
        let top = slot.top();
        match commit.record {
            Some(RecordOp::Begin(record)) => self.begin_record(&mut slot, partition, record, top),
            Some(RecordOp::Leave {
                id,
                sid,
                expires_at,
            }) => self.leave_record(&mut slot, partition, (&id, &sid), expires_at),
            None => {}
        }
        for entry in &entries {
            self.publish(&slot, entry);
        }
        if !entries.is_empty() {
            self.dirty.mark(partition);
        }
        written.map_or(Outcome::Conflict, |written| {
            Outcome::Committed(Box::new(written))
        })
    }

    /// Everything but deadlines and entries.
    fn apply(&self, slot: &mut Slot, commit: &Commit, now: Millis) -> Done {
        let (epoch, next) = (slot.epoch.clone(), slot.last.next(now));
        let mut done = Done::default();
        let Some(workspace) = slot.workspaces.get_mut(&commit.workspace) else {
            return done;
        };
        if let Some(rate) = &commit.rate {
            workspace.rates.charge(rate, now);
        }
        if let Some(id) = &commit.session {
            patch(workspace, &epoch, id, &commit.set);
            if let Some(unique) = &commit.unique {
                workspace.unique.insert(unique.key.clone(), id.clone());
            }
            if let (Some(mark), Some(held)) = (&commit.mark, workspace.sessions.get_mut(id)) {
                (done.mark, done.edge) = held.mark(mark);
            }
            match commit.queue {
                Some(QueueOp::Enter) => workspace.enter_queue(id, next),
                Some(QueueOp::Leave) => workspace.leave_queue(id),
                None => {}
            }
            if commit.set.status == Some(Status::Ended) {
                slot.ended
                    .push_back((now, commit.workspace.clone(), id.clone()));
            }
        }
        if let Some(status) = &commit.status {
            done.edge = workspace.note_status(status);
        }
        match &commit.presence {
            Some(PresenceOp::Enter {
                presence,
                pod,
                name,
            }) => {
                if let Some(pod) = pod {
                    lock(&self.pods).add(pod, presence);
                }
                done.edge = workspace.enter(&presence.subject, &presence.sid, name.as_ref());
            }
            Some(PresenceOp::Leave(presence)) => {
                lock(&self.pods).remove(presence);
                done.edge = workspace.leave(&presence.subject, &presence.sid);
            }
            None => {}
        }
        if commit.set.left && done.edge == Edge::Offline {
            workspace.note_left(commit.session.as_ref());
        }
        done
    }

    fn publish(&self, slot: &Slot, entry: &Arc<Entry>) {
        if let Some(session) = &entry.session {
            let channel = Log::Session(entry.workspace.clone(), session.clone());
            self.bus.entry(&self.faults, &channel, &slot.epoch, entry);
        }
        let channel = Log::Feed(entry.workspace.clone());
        self.bus.entry(&self.faults, &channel, &slot.epoch, entry);
    }
}

/// What the writes came to, which entries depend on.
#[derive(Clone, Copy)]
struct Done {
    edge: Edge,
    /// The number that a mark came to.
    mark: u64,
}

impl Default for Done {
    fn default() -> Self {
        Self {
            edge: Edge::Unchanged,
            mark: 0,
        }
    }
}

/// Dedup, unique, guard, alone, deadline, rate, in this order; changes nothing.
fn check(slot: &mut Slot, commit: &Commit, now: Millis) -> Option<Outcome> {
    if let Some(first) = repeated(slot, commit) {
        return Some(first);
    }
    let workspace = slot.workspaces.get(&commit.workspace)?;
    if let Some(holder) = holder(workspace, commit, now) {
        return Some(Outcome::Exists(holder.clone()));
    }
    if let Some(refused) = guard(workspace, commit) {
        return Some(refused);
    }
    if let (true, Some(PresenceOp::Enter { presence, .. })) = (commit.alone, &commit.presence)
        && workspace.is_present(&presence.subject, Some(&presence.sid))
    {
        return Some(Outcome::Conflict);
    }
    let undue = |op: &DeadlineOp| match op {
        DeadlineOp::Due { name } | DeadlineOp::While { name } => slot
            .deadline(&commit.workspace, name)
            .is_none_or(|at| at > now),
        DeadlineOp::Take { name, at } => slot.deadline(&commit.workspace, name) != Some(*at),
        _ => false,
    };
    if commit.deadlines.iter().any(undue) {
        return Some(Outcome::Conflict);
    }
    let rate = commit.rate.as_ref()?;
    let retry_after_ms = workspace.rates.full(rate, now)?;
    Some(Outcome::Limited { retry_after_ms })
}

/// Who has the unique key.
fn holder<'w>(workspace: &'w Workspace, commit: &Commit, now: Millis) -> Option<&'w SessionId> {
    let unique = commit.unique.as_ref()?;
    let holder = workspace.unique.get(&unique.key)?;
    let session = &workspace.sessions.get(holder)?.session;
    let since = match unique.since {
        Since::Activity => session.last_activity,
        Since::Creation => session.created_at,
    };
    let holds = commit.session.as_ref() != Some(holder)
        && session.status.is_open()
        && now.saturating_sub(since) < unique.window_ms
        && (unique.shared
            || !workspace.is_present(&Subject::Guest(holder.clone()), entering(commit)));
    holds.then_some(holder)
}

/// The connection that enters by the commit.
fn entering(commit: &Commit) -> Option<&Sid> {
    match &commit.presence {
        Some(PresenceOp::Enter { presence, .. }) => Some(&presence.sid),
        _ => None,
    }
}

fn repeated(slot: &mut Slot, commit: &Commit) -> Option<Outcome> {
    let workspace = slot.workspaces.get_mut(&commit.workspace)?;
    let first = workspace
        .dedup_table(commit.session.as_ref())?
        .get(&commit.dedup)?;
    Some(Outcome::Duplicate(Box::new(describe(
        workspace, commit, first,
    ))))
}

fn guard(workspace: &Workspace, commit: &Commit) -> Option<Outcome> {
    let held = commit.session.as_ref().map(|id| workspace.sessions.get(id));
    match (commit.guard, held) {
        (Guard::Absent, Some(None)) => commit.set.create.is_none().then_some(Outcome::Conflict),
        (Guard::Absent, _) => Some(Outcome::Conflict),
        (_, Some(None)) => Some(Outcome::Absent),
        (Guard::Any, _) | (Guard::Open | Guard::Version(_), None) => None,
        (_, Some(Some(held))) if !held.session.status.is_open() => Some(Outcome::Gone),
        (Guard::Version(version), Some(Some(held))) => {
            (held.session.version != version).then_some(Outcome::Conflict)
        }
        (Guard::Open, Some(Some(_))) => None,
    }
}

fn apply_deadlines(slot: &mut Slot, commit: &Commit, edge: Edge) {
    for op in &commit.deadlines {
        match op {
            DeadlineOp::Set { only_on, .. } if only_on.is_some_and(|needed| needed != edge) => {}
            DeadlineOp::While { .. } => {}
            DeadlineOp::Set { name, at, .. } => {
                slot.clear_deadline(&commit.workspace, name);
                slot.deadlines
                    .insert((*at, commit.workspace.clone(), name.clone()));
            }
            DeadlineOp::Clear { name }
            | DeadlineOp::Due { name }
            | DeadlineOp::Take { name, .. } => {
                slot.clear_deadline(&commit.workspace, name);
            }
        }
    }
}

fn patch(workspace: &mut Workspace, epoch: &Epoch, id: &SessionId, set: &SessionPatch) {
    if let Some(session) = &set.create {
        let log = LogTail::starting_after(session.last_entry);
        let mut dedup = DedupTable::default();
        for (id, stamped) in &set.known {
            let first = First {
                epoch: epoch.clone(),
                stamped: vec![*stamped],
                top: stamped.id,
                edge: Edge::Unchanged,
            };
            // All that came along: as many as are kept at least.
            dedup.put(id.clone(), first, EntryId::ZERO, 0);
        }
        let held = Held {
            session: (**session).clone(),
            log,
            dedup,
        };
        workspace.sessions.insert(id.clone(), held);
    }
    let Some(held) = workspace.sessions.get_mut(id) else {
        return;
    };
    let session = &mut held.session;
    if let Some(status) = set.status {
        session.status = status;
    }
    if let Some(agent) = &set.agent {
        session.agent.clone_from(agent);
    }
    if let Some(guest) = &set.guest {
        session.guest.clone_from(guest);
    }
    if let Some(offer) = &set.offer {
        session.offer.clone_from(offer);
    }
    session.unverified = set.unverified.unwrap_or(session.unverified);
    if set.status.is_some() || set.agent.is_some() {
        session.version += 1;
    }
}

fn append(
    slot: &mut Slot,
    commit: &Commit,
    done: Done,
    now: Millis,
) -> (Vec<Stamped>, Vec<Arc<Entry>>) {
    let mut stamped = Vec::new();
    let mut entries = Vec::new();
    for draft in &commit.append {
        if draft.only_on.is_some_and(|needed| needed != done.edge) {
            continue;
        }
        slot.last = slot.last.next(now);
        let Some(workspace) = slot.workspaces.get_mut(&commit.workspace) else {
            break;
        };
        let entry = Arc::new(stamp(workspace, commit, draft, (slot.last, done.mark)));
        let message = entry.message().map(|message| (message.id, message.seq));
        stamped.push(Stamped {
            id: entry.id,
            message,
        });
        if let Some(held) = commit
            .session
            .as_ref()
            .and_then(|id| workspace.sessions.get_mut(id))
        {
            held.log.push_bounded(Arc::clone(&entry), slot.persisted);
        }
        workspace.feed.push(Arc::clone(&entry));
        slot.ingest.push_back(Arc::clone(&entry));
        entries.push(entry);
    }
    (stamped, entries)
}

fn stamp(
    workspace: &mut Workspace,
    commit: &Commit,
    draft: &Draft,
    (id, mark): (EntryId, u64),
) -> Entry {
    let feed = workspace.feed.last;
    let mut held = commit
        .session
        .as_ref()
        .and_then(|session| workspace.sessions.get_mut(session));
    let prev = Prev {
        session: held.as_ref().map_or(EntryId::ZERO, |held| held.log.last),
        feed,
    };
    let session = held.as_ref().map(|held| &held.session);
    let seq = match draft.change {
        NewChange::Read { .. } => mark,
        _ => session.map_or(0, |session| session.last_seq) + 1,
    };
    let of = session.map(|session| &session.id);
    let change = draft.change.clone().stamped(of, seq, id.ms);
    if let Some(held) = &mut held {
        match &change {
            Change::Message { message } => held.session.note(message, id),
            other => held.session.note_change(other, id),
        }
    }
    let is_message = matches!(change, Change::Message { .. });
    Entry {
        v: FORMAT,
        id,
        workspace: commit.workspace.clone(),
        session: commit.session.clone(),
        prev,
        origin: draft.origin.clone(),
        to: draft.to.clone(),
        change,
        after: held
            .filter(|_| !is_message)
            .map(|held| Box::new(held.session.clone())),
    }
}

fn written(
    slot: &mut Slot,
    commit: &Commit,
    stamped: Vec<Stamped>,
    edge: Edge,
    now: Millis,
) -> Option<Written> {
    let first = First {
        epoch: slot.epoch.clone(),
        stamped,
        top: slot.last,
        edge,
    };
    let persisted = slot.persisted;
    let workspace = slot.workspaces.get_mut(&commit.workspace)?;
    if let Some(table) = workspace.dedup_table(commit.session.as_ref()) {
        let keep_from = now.saturating_sub(DEDUP_KEPT_MS);
        table.put(commit.dedup.clone(), first.clone(), persisted, keep_from);
    }
    Some(describe(workspace, commit, first))
}

fn describe(workspace: &Workspace, commit: &Commit, first: First) -> Written {
    let id = commit.session.as_ref();
    Written {
        epoch: first.epoch,
        stamped: first.stamped,
        top: first.top,
        session: id
            .and_then(|id| workspace.sessions.get(id))
            .map(|held| held.session.clone()),
        queue_position: id.and_then(|id| workspace.queue_position(id)),
        edge: first.edge,
    }
}
