//! Whether what clients saw, and what is stored, is what was promised.
//!
//! | file | |
//! |---|---|
//! | `said` | what was said, acknowledged and stored |
//! | `witness` | what one client saw of it |
//! | `recovery` | how long each fault was felt |
//! | `table` | the verdict as people read it |

mod recovery;
mod said;
pub mod table;
mod witness;

use std::collections::BTreeMap;

use switchboard::model::Millis;

use super::record::{Record, What};
pub use recovery::{Felt, Window, felt};
pub use said::Row;
use said::Said;
use witness::Witness;

/// A promise that was not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Breach {
    /// Acknowledged and stored, but somebody entitled to it never saw it.
    Lost,
    /// Came twice by itself, or is stored twice.
    Duplicated,
    Reordered,
    /// Came to somebody who is not entitled to it.
    Leaked,
    /// Acknowledged, but not stored.
    FalseAck,
    /// Not the same to all: an id, a number, or a message that nobody said.
    Differing,
}

impl Breach {
    pub const ALL: [Self; 6] = [
        Self::Lost,
        Self::Duplicated,
        Self::Reordered,
        Self::Leaked,
        Self::FalseAck,
        Self::Differing,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Duplicated => "duplicated",
            Self::Reordered => "reordered",
            Self::Leaked => "leaked",
            Self::FalseAck => "false acks",
            Self::Differing => "differing",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub breach: Breach,
    /// When the message was first sent, if it was.
    pub at: Millis,
    pub says: String,
}

#[derive(Debug, Default)]
pub struct Verdict {
    /// When each of them was first sent.
    pub acknowledged: Vec<Millis>,
    /// When each message arrived by itself, at each client.
    pub delivered: Vec<Millis>,
    pub refused: Vec<Millis>,
    /// Connections after the first of each client: recovered or not.
    pub connected: Vec<(Millis, bool)>,
    pub findings: Vec<Finding>,
}

impl Verdict {
    pub fn count(&self, breach: Breach) -> usize {
        let of_it = |finding: &&Finding| finding.breach == breach;
        self.findings.iter().filter(of_it).count()
    }

    /// A run in which nothing was delivered has shown nothing.
    pub fn kept(&self) -> bool {
        self.findings.is_empty() && !self.acknowledged.is_empty() && !self.delivered.is_empty()
    }
}

/// `rows` are in the order of their entries.
pub fn judge(records: &[Record], rows: &[Row]) -> Verdict {
    let mut verdict = Verdict::default();
    let said = Said::gather(records, rows, &mut verdict);
    let mut witnesses: BTreeMap<&str, Witness<'_>> = BTreeMap::new();
    for record in records {
        if let What::Hello { role, workspace } = &record.what {
            let witness = Witness::new(&record.who, *role, workspace);
            witnesses.insert(&record.who, witness);
        }
        if let Some(witness) = witnesses.get_mut(record.who.as_str()) {
            witness.see(record, &said, &mut verdict);
        }
    }
    for witness in witnesses.values() {
        witness.ask_for_more(&said, &mut verdict);
    }
    verdict
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
