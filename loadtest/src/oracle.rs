//! Whether each receiver got each message once and in order.

use serde_json::Value;

/// A set of the numbers of one sender's messages, which have no holes: one bit for each.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    words: Vec<u64>,
    len: u64,
}

/// What one receiver has seen.
#[derive(Debug)]
pub struct Oracle {
    senders: Vec<Seen>,
    duplicated: u64,
    reordered: u64,
    stray: u64,
}

#[derive(Clone, Debug, Default)]
struct Seen {
    marks: Marks,
    /// One above the highest so far.
    next: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// The first time.
    New,
    /// Came before.
    Again,
    /// Of no sender of this run, or so far ahead that it cannot have been sent.
    Stray,
}

/// Faults, over all receivers. None of them is acceptable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Acknowledged, and not delivered.
    pub missing: u64,
    pub duplicated: u64,
    /// Came after a later message of the same sender.
    pub reordered: u64,
    /// Delivered, and never sent.
    pub stray: u64,
}

/// A window is smaller, so no true number is further ahead of what has been seen. It bounds what a
/// wrong number can make us allocate.
const FARTHEST: u64 = 10_000_000;

impl Marks {
    /// Whether it was new.
    pub fn insert(&mut self, number: u64) -> bool {
        let (word, bit) = place(number);
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        let new = self.words[word] & bit == 0;
        self.words[word] |= bit;
        self.len += u64::from(new);
        new
    }

    pub fn len(&self) -> u64 {
        self.len
    }

    /// How many of these are not among `others`.
    fn without(&self, others: &Self) -> u64 {
        let theirs = others.words.iter().copied().chain(std::iter::repeat(0));
        let pairs = self.words.iter().zip(theirs);
        pairs
            .map(|(mine, theirs)| u64::from((mine & !theirs).count_ones()))
            .sum()
    }
}

fn place(number: u64) -> (usize, u64) {
    let word = usize::try_from(number / 64).unwrap_or(usize::MAX);
    (word, 1 << (number % 64))
}

impl Oracle {
    pub fn new(senders: usize) -> Self {
        Self {
            senders: vec![Seen::default(); senders],
            duplicated: 0,
            reordered: 0,
            stray: 0,
        }
    }

    pub fn see(&mut self, sender: usize, seq: u64) -> Arrival {
        let Some(seen) = self
            .senders
            .get_mut(sender)
            .filter(|seen| seq <= seen.next + FARTHEST)
        else {
            self.stray += 1;
            return Arrival::Stray;
        };
        if !seen.marks.insert(seq) {
            self.duplicated += 1;
            return Arrival::Again;
        }
        if seq < seen.next {
            self.reordered += 1;
        }
        seen.next = seen.next.max(seq + 1);
        Arrival::New
    }

    /// The faults of this receiver. `sent` and `acked` of each sender: what was acknowledged is
    /// owed, what was merely sent may have come as well.
    pub fn judge<'a>(&self, senders: impl Iterator<Item = (u64, &'a Marks)>) -> Faults {
        let mut faults = Faults {
            duplicated: self.duplicated,
            reordered: self.reordered,
            stray: self.stray,
            missing: 0,
        };
        for ((sent, acked), seen) in senders.zip(&self.senders) {
            faults.missing += acked.without(&seen.marks);
            faults.stray += u64::from(seen.next > sent);
        }
        faults
    }
}

impl Faults {
    pub fn any(self) -> bool {
        self != Self::default()
    }

    /// Adds them to a report.
    pub fn put(self, report: &mut Value) {
        report["missing"] = self.missing.into();
        report["duplicated"] = self.duplicated.into();
        report["reordered"] = self.reordered.into();
        report["stray"] = self.stray.into();
    }
}

impl std::fmt::Display for Faults {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            missing,
            duplicated,
            reordered,
            stray,
        } = self;
        write!(
            f,
            "{missing} missing, {duplicated} duplicated, {reordered} reordered, {stray} stray"
        )
    }
}

impl std::ops::AddAssign for Faults {
    fn add_assign(&mut self, other: Self) {
        self.missing += other.missing;
        self.duplicated += other.duplicated;
        self.reordered += other.reordered;
        self.stray += other.stray;
    }
}

#[cfg(test)]
#[path = "oracle_tests.rs"]
mod tests;
