use std::{
    collections::{BTreeSet, HashMap, HashSet, VecDeque},
    sync::Arc,
};

use indexmap::IndexMap;

use super::limits::Windows;
use crate::{
    hub::{DEDUP_KEPT, DEDUP_MOST, Edge, LogPage, MarkOp, Stamped, StatusOp, Subject},
    model::{
        DedupId, Direction, Entry, EntryId, Epoch, Millis, OperatorId, Receipt, Session, SessionId,
        Sid, Status,
    },
};

/// Stored entries that a session's log keeps beyond what is needed, so that a page of history and
/// a recovery rarely touch the database.
const LOG_KEPT: usize = 512;

/// Stored entries that a feed keeps at most, however young: beyond that a recovery is refused, and the
/// client reads the history.
const FEED_KEPT: usize = 200_000;

/// The keys of one workspace.
#[derive(Debug, Default)]
pub(super) struct Workspace {
    pub sessions: HashMap<SessionId, Held>,
    pub feed: LogTail,
    pub dedup: DedupTable,
    /// Waiting sessions by [`Session::queued`].
    pub queue: BTreeSet<(EntryId, SessionId)>,
    /// Those who are present, with their names.
    pub operators: HashMap<OperatorId, String>,
    pub away: HashSet<OperatorId>,
    pub unique: HashMap<String, SessionId>,
    pub rates: Windows,
    /// Who spoke last of what, and until when that holds.
    pub turns: HashMap<String, (String, Millis)>,
    pub presence: HashMap<Subject, HashSet<Sid>>,
}

/// A session with what belongs to it.
#[derive(Debug)]
pub(super) struct Held {
    pub session: Session,
    pub log: LogTail,
    pub dedup: DedupTable,
}

/// The newest part of a log.
#[derive(Debug, Default)]
pub(super) struct LogTail {
    entries: VecDeque<Arc<Entry>>,
    /// The newest entry that was trimmed; what came after it is all here.
    trimmed: EntryId,
    /// The newest entry ever; outlives the entries.
    pub last: EntryId,
}

#[derive(Debug, Default)]
pub(super) struct DedupTable(IndexMap<DedupId, First>);

/// What a repeat is answered with.
#[derive(Clone, Debug)]
pub(super) struct First {
    pub epoch: Epoch,
    pub stamped: Vec<Stamped>,
    pub top: EntryId,
    pub edge: Edge,
}

impl Workspace {
    pub fn queue_position(&self, session: &SessionId) -> Option<u64> {
        let index = self
            .queue
            .iter()
            .position(|(_, waiting)| waiting == session)?;
        Some(index as u64 + 1)
    }

    /// `now`: the place of one that has never been there.
    pub fn enter_queue(&mut self, id: &SessionId, now: EntryId) {
        let Some(held) = self.sessions.get_mut(id) else {
            return;
        };
        let session = &mut held.session;
        if session.queued == EntryId::ZERO {
            session.queued = now;
        }
        self.queue.insert((session.queued, id.clone()));
    }

    pub fn leave_queue(&mut self, session: &SessionId) {
        self.queue.retain(|(_, waiting)| waiting != session);
    }

    /// Whether somebody else than this connection is there as the subject.
    pub fn is_present(&self, subject: &Subject, but: Option<&Sid>) -> bool {
        let set = self.presence.get(subject).into_iter().flatten();
        set.into_iter().any(|sid| Some(sid) != but)
    }

    pub fn enter(&mut self, subject: &Subject, sid: &Sid, name: Option<&String>) -> Edge {
        if let (Subject::Operator(id), Some(name)) = (subject, name) {
            self.operators.insert(id.clone(), name.clone());
        }
        let set = self.presence.entry(subject.clone()).or_default();
        let first = set.is_empty();
        set.insert(sid.clone());
        if first { Edge::Online } else { Edge::Unchanged }
    }

    pub fn leave(&mut self, subject: &Subject, sid: &Sid) -> Edge {
        let Some(set) = self.presence.get_mut(subject) else {
            return Edge::Unchanged;
        };
        if !set.remove(sid) || !set.is_empty() {
            return Edge::Unchanged;
        }
        self.presence.remove(subject);
        if let Subject::Operator(id) = subject {
            self.operators.remove(id);
        }
        Edge::Offline
    }

    pub fn note_left(&mut self, session: Option<&SessionId>) {
        let held = session.and_then(|id| self.sessions.get_mut(id));
        if let Some(Held { session, .. }) = held {
            session.left = session.last_seq;
        }
    }

    pub fn note_status(&mut self, op: &StatusOp) -> Edge {
        let changed = if op.away {
            self.away.insert(op.operator.clone())
        } else {
            self.away.remove(&op.operator)
        };
        if changed {
            Edge::Raised
        } else {
            Edge::Unchanged
        }
    }

    pub fn dedup_table(&mut self, session: Option<&SessionId>) -> Option<&mut DedupTable> {
        match session {
            None => Some(&mut self.dedup),
            Some(session) => self.sessions.get_mut(session).map(|held| &mut held.dedup),
        }
    }

    pub fn trim_feed(&mut self, persisted: EntryId, keep_from: Millis) {
        self.feed.trim(|entry, left| {
            entry.id <= persisted && (entry.id.ms < keep_from || left > FEED_KEPT)
        });
    }

    /// Never a waiting one: the queue would lose it.
    pub fn forget_idle(&mut self, persisted: EntryId, idle_since: Millis) {
        let presence = &self.presence;
        self.sessions.retain(|id, held| {
            held.session.status != Status::Active
                || held.log.last > persisted
                || held.session.last_activity > idle_since
                || presence.contains_key(&Subject::Guest(id.clone()))
        });
        let sessions = &self.sessions;
        self.unique
            .retain(|_, holder| sessions.contains_key(holder));
    }

    /// `false` if it may not be forgotten yet.
    pub fn forget(&mut self, session: &SessionId, persisted: EntryId) -> bool {
        match self.sessions.get(session) {
            Some(held) if held.log.last > persisted => false,
            Some(held) if held.session.status.is_open() => true,
            _ => {
                self.sessions.remove(session);
                self.unique.retain(|_, holder| holder != session);
                true
            }
        }
    }
}

impl Held {
    /// The number that the mark came to, and whether that is a rise.
    pub fn mark(&mut self, op: &MarkOp) -> (u64, Edge) {
        let session = &mut self.session;
        let seq = op.seq.min(session.last_seq);
        let direction = op.by.reads();
        let marks = &mut session.marks;
        let own = session.receipts.get(&op.by.key()).copied().unwrap_or(0);
        let known = match op.receipt {
            Receipt::Delivered => marks.delivered(direction),
            Receipt::Read => own,
        };
        if seq <= known {
            return (seq, Edge::Unchanged);
        }
        let top = match (op.receipt, direction) {
            (Receipt::Delivered, Direction::In) => &mut marks.delivered_in,
            (Receipt::Delivered, Direction::Out) => &mut marks.delivered_out,
            (Receipt::Read, Direction::In) => &mut marks.read_in,
            (Receipt::Read, Direction::Out) => &mut marks.read_out,
        };
        let rises = seq > *top;
        *top = seq.max(*top);
        if op.receipt == Receipt::Read {
            session.receipts.insert(op.by.key(), seq);
            if rises && direction == Direction::In {
                // All above it are the guest's: who writes has read. Never more than before, since
                // numbers may have holes after a loss.
                session.unread = session.unread.min(session.last_seq - seq);
            }
        }
        (seq, Edge::Raised)
    }
}

impl LogTail {
    pub fn push(&mut self, entry: Arc<Entry>) {
        self.last = entry.id;
        self.entries.push_back(entry);
    }

    /// As [`LogTail::push`], into a session's log, which forgets what is stored and too much.
    pub fn push_bounded(&mut self, entry: Arc<Entry>, persisted: EntryId) {
        self.push(entry);
        self.trim(|entry, left| entry.id <= persisted && left > LOG_KEPT);
    }

    /// A log whose older part is elsewhere: nothing up to `at` is here.
    pub fn starting_after(at: EntryId) -> Self {
        Self {
            entries: VecDeque::new(),
            trimmed: at,
            last: at,
        }
    }

    pub fn page(&self, epoch: &Epoch, after: EntryId, limit: usize) -> LogPage {
        let start = self.entries.partition_point(|entry| entry.id <= after);
        let entries: Vec<_> = self.entries.range(start..).take(limit).cloned().collect();
        LogPage {
            epoch: epoch.clone(),
            complete: self.trimmed <= after,
            more: start + entries.len() < self.entries.len(),
            entries,
        }
    }

    pub fn newest_first(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.entries.iter().rev()
    }

    fn trim(&mut self, may_go: impl Fn(&Entry, usize) -> bool) {
        while let Some(entry) = self.entries.front() {
            if !may_go(entry, self.entries.len()) {
                break;
            }
            self.trimmed = entry.id;
            self.entries.pop_front();
        }
    }
}

impl DedupTable {
    pub fn get(&self, id: &DedupId) -> Option<First> {
        self.0.get(id).cloned()
    }

    /// `keep_from`: younger results are kept, and those that are not stored.
    pub fn put(&mut self, id: DedupId, first: First, persisted: EntryId, keep_from: Millis) {
        for _ in 0..2 {
            let oldest = self.0.first().map(|(_, oldest)| oldest.top);
            let old = |top: EntryId| top.ms <= keep_from || self.0.len() >= DEDUP_MOST;
            let goes = |top: EntryId| old(top) && top <= persisted;
            if self.0.len() < DEDUP_KEPT || !oldest.is_some_and(goes) {
                break;
            }
            self.0.shift_remove_index(0);
        }
        self.0.insert(id, first);
    }
}
