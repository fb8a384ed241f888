//! What one client saw.

use std::collections::{HashMap, HashSet};

use super::{Breach, Finding, Verdict, said::Said};
use crate::chaos::record::{Message, Record, Role, What};

pub struct Witness<'a> {
    who: &'a str,
    role: Role,
    workspace: &'a str,
    connected: bool,
    /// By their ids.
    heard: HashSet<&'a str>,
    /// Heard, but not what is stored: the hub has lost it before it was stored, and acknowledged it to
    /// nobody. Forgiven with the next connection that is not recovered, since then the history is read
    /// again and stands in the place of all this.
    doubtful: Vec<Finding>,
    /// Heard or loaded.
    seen: HashSet<&'a str>,
    /// The highest number heard in each session.
    last: HashMap<&'a str, u64>,
}

impl<'a> Witness<'a> {
    pub fn new(who: &'a str, role: Role, workspace: &'a str) -> Self {
        Self {
            who,
            role,
            workspace,
            connected: false,
            heard: HashSet::new(),
            doubtful: Vec::new(),
            seen: HashSet::new(),
            last: HashMap::new(),
        }
    }

    pub fn see(&mut self, record: &'a Record, said: &Said<'_>, verdict: &mut Verdict) {
        match &record.what {
            What::Started { session } => self.start(session, said, verdict),
            What::Connect { recovered } => {
                if self.connected {
                    verdict.connected.push((record.at, *recovered));
                }
                self.connected = true;
                if !recovered {
                    self.doubtful.clear();
                }
            }
            What::Heard { session, message } => {
                let came = self.hear(session, message, said, verdict);
                verdict.delivered.extend(came.then_some(record.at));
            }
            What::Loaded {
                session,
                messages,
                last,
            } => {
                let page = self.load(session, messages, said, verdict);
                if *last {
                    self.ask_for_all(session, &page, said, verdict);
                } else {
                    self.seen.extend(page);
                }
            }
            _ => {}
        }
    }

    /// Whatever was acknowledged, is stored, and never came.
    pub fn ask_for_more(&self, said: &Said<'_>, verdict: &mut Verdict) {
        verdict.findings.extend(self.doubtful.iter().cloned());
        for (cid, sent) in &said.sent {
            let owed = sent.acked.is_some() && sent.stored.is_some() && sent.who != self.who;
            if owed && self.entitled(sent.session, said) && !self.seen.contains(cid) {
                let says = format!("never came to {}", self.who);
                verdict.findings.push(said.find(Breach::Lost, cid, says));
            }
        }
    }

    fn start(&self, session: &str, said: &Said<'_>, verdict: &mut Verdict) {
        let before = said.homes.get(self.who).copied().unwrap_or_default();
        if before != session {
            verdict.findings.push(Finding {
                breach: Breach::Differing,
                at: 0,
                says: format!("{} was in {before} and is put into {session}", self.who),
            });
        }
    }

    fn entitled(&self, session: &str, said: &Said<'_>) -> bool {
        match self.role {
            Role::Guest => said.homes.get(self.who) == Some(&session),
            Role::Operator => said.sessions.get(session) == Some(&self.workspace),
        }
    }

    /// Whether it is what was said, and meant for this one.
    fn check(
        &mut self,
        session: &str,
        message: &Message,
        said: &Said<'_>,
        verdict: &mut Verdict,
    ) -> bool {
        let cid = message.cid.as_str();
        let mut find = |breach, says: String| {
            verdict.findings.push(said.find(breach, cid, says));
            false
        };
        let Some(sent) = said.sent.get(cid) else {
            return find(
                Breach::Differing,
                format!("came to {}, nobody said it", self.who),
            );
        };
        if sent.session != session || !self.entitled(session, said) {
            return find(Breach::Leaked, format!("of {session} came to {}", self.who));
        }
        match sent.stored {
            Some(row) if row.id != message.id => {
                let says = format!("came to {} as {message:?}, stored as {row:?}", self.who);
                self.doubtful.push(said.find(Breach::Differing, cid, says));
                false
            }
            Some(row) if row.seq != message.seq => find(
                Breach::Differing,
                format!("came to {} as {message:?}, stored as {row:?}", self.who),
            ),
            _ => true,
        }
    }

    /// Whether it is the message, and has not come before.
    fn hear(
        &mut self,
        session: &'a str,
        message: &'a Message,
        said: &Said<'_>,
        verdict: &mut Verdict,
    ) -> bool {
        if !self.check(session, message, said, verdict) {
            return false;
        }
        let cid = message.cid.as_str();
        let mut find = |breach, how| {
            let says = format!("came to {} {how}", self.who);
            verdict.findings.push(said.find(breach, cid, says));
        };
        self.seen.insert(cid);
        if !self.heard.insert(&message.id) {
            find(Breach::Duplicated, "twice");
            return false;
        }
        let last = self.last.entry(session).or_default();
        if message.seq <= *last {
            find(Breach::Reordered, "after later ones");
        }
        *last = (*last).max(message.seq);
        true
    }

    /// Reads a history, and gives what is rightly in it.
    fn load(
        &mut self,
        session: &str,
        messages: &'a [Message],
        said: &Said<'_>,
        verdict: &mut Verdict,
    ) -> HashSet<&'a str> {
        let mut page = HashSet::new();
        let mut before = 0;
        for message in messages {
            if !self.check(session, message, said, verdict) {
                continue;
            }
            let cid = message.cid.as_str();
            let mut find = |breach, how| {
                let says = format!("is in a history of {} {how}", self.who);
                verdict.findings.push(said.find(breach, cid, says));
            };
            if !page.insert(cid) {
                find(Breach::Duplicated, "twice");
            } else if message.seq <= before {
                find(Breach::Reordered, "out of order");
            }
            before = message.seq;
        }
        page
    }

    /// By the last history everything is there; it is no excuse for what never came.
    fn ask_for_all(
        &self,
        session: &str,
        page: &HashSet<&str>,
        said: &Said<'_>,
        verdict: &mut Verdict,
    ) {
        for (cid, sent) in &said.sent {
            let owed = sent.session == session && sent.acked.is_some() && sent.stored.is_some();
            if owed && !page.contains(cid) {
                let says = format!("is missing in the last history of {}", self.who);
                verdict.findings.push(said.find(Breach::Lost, cid, says));
            }
        }
    }
}
