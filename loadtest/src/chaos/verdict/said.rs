//! What was said, acknowledged and stored.

use std::collections::{BTreeMap, HashMap};

use switchboard::model::Millis;

use super::{Breach, Finding, Verdict};
use crate::chaos::record::{Message, Record, Role, What};

/// Of the table `messages`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub workspace: String,
    pub session: String,
    pub message: Message,
}

/// By `cid`.
#[derive(Default)]
pub struct Said<'a> {
    pub sent: BTreeMap<&'a str, Sent<'a>>,
    /// Workspace of each session.
    pub sessions: HashMap<&'a str, &'a str>,
    /// Session of each guest: it may hear something in it before it knows that it is in.
    pub homes: HashMap<&'a str, &'a str>,
}

pub struct Sent<'a> {
    pub who: &'a str,
    pub session: &'a str,
    pub at: Millis,
    pub acked: Option<(&'a str, u64)>,
    pub stored: Option<&'a Message>,
}

impl<'a> Said<'a> {
    pub fn gather(records: &'a [Record], rows: &'a [Row], verdict: &mut Verdict) -> Self {
        let mut said = Self::default();
        let mut homes: HashMap<&str, &str> = HashMap::new();
        for record in records {
            match &record.what {
                What::Hello { workspace, role } if *role == Role::Guest => {
                    homes.insert(&record.who, workspace);
                }
                What::Started { session } => {
                    let home = homes.get(record.who.as_str()).copied().unwrap_or_default();
                    said.sessions.insert(session, home);
                    said.homes.entry(&record.who).or_insert(session);
                }
                What::Sent { cid, session } => {
                    said.sent.entry(cid).or_insert(Sent {
                        who: &record.who,
                        session,
                        at: record.at,
                        acked: None,
                        stored: None,
                    });
                }
                What::Acked { cid, id, seq } => said.ack(cid, (id, *seq), verdict),
                What::Refused { .. } => verdict.refused.push(record.at),
                _ => {}
            }
        }
        said.store(rows, verdict);
        said.compare(verdict);
        said
    }

    pub fn find(&self, breach: Breach, cid: &str, says: impl Into<String>) -> Finding {
        Finding {
            breach,
            at: self.sent.get(cid).map_or(0, |sent| sent.at),
            says: format!("{cid} {}", says.into()),
        }
    }

    fn ack(&mut self, cid: &'a str, what: (&'a str, u64), verdict: &mut Verdict) {
        let Some(sent) = self.sent.get_mut(cid) else {
            let finding = self.find(Breach::Differing, cid, "is acknowledged and was never sent");
            return verdict.findings.push(finding);
        };
        let before = *sent.acked.get_or_insert(what);
        if before != what {
            let says = format!("is acknowledged as {before:?} and as {what:?}");
            let finding = self.find(Breach::Differing, cid, says);
            verdict.findings.push(finding);
        }
    }

    fn store(&mut self, rows: &'a [Row], verdict: &mut Verdict) {
        let mut last: HashMap<&str, u64> = HashMap::new();
        let mut turn: HashMap<(&str, &str), u64> = HashMap::new();
        for row in rows {
            let cid = row.message.cid.as_str();
            let Some(sent) = self.sent.get_mut(cid) else {
                let finding = self.find(Breach::Differing, cid, "is stored and was never sent");
                verdict.findings.push(finding);
                continue;
            };
            let (session, who) = (sent.session, sent.who);
            let again = sent.stored.replace(&row.message).is_some();
            let mut find = |breach, says: &str| {
                verdict.findings.push(self.find(breach, cid, says));
            };
            if again {
                find(Breach::Duplicated, "is stored twice");
                continue;
            }
            if row.session != session || self.sessions.get(session) != Some(&&*row.workspace) {
                find(Breach::Leaked, "is stored in another session");
            }
            let seq = last.entry(session).or_default();
            if *seq >= row.message.seq {
                find(Breach::Reordered, "is stored with a number of the past");
            }
            *seq = (*seq).max(row.message.seq);
            let turn = turn.entry((who, session)).or_default();
            let number = number(cid);
            if *turn >= number {
                find(Breach::Reordered, "is stored after what was said later");
            }
            *turn = number;
        }
    }

    fn compare(&self, verdict: &mut Verdict) {
        for (cid, sent) in &self.sent {
            let Some((id, seq)) = sent.acked else {
                continue;
            };
            verdict.acknowledged.push(sent.at);
            match sent.stored {
                None => {
                    let finding = self.find(Breach::FalseAck, cid, "is acknowledged, not stored");
                    verdict.findings.push(finding);
                }
                Some(row) if row.id != id || row.seq != seq => {
                    let says = format!("is acknowledged as {id} {seq}, stored as {row:?}");
                    let finding = self.find(Breach::Differing, cid, says);
                    verdict.findings.push(finding);
                }
                Some(_) => {}
            }
        }
    }
}

/// `who:number`: each says one thing after the other, and counts from 1.
fn number(cid: &str) -> u64 {
    let number = cid.rsplit_once(':').and_then(|(_, n)| n.parse().ok());
    number.unwrap_or_default()
}
