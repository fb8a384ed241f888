use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::Millis;

/// Position of an entry in its partition: the hub's clock in ms, then a counter within that ms.
/// One increasing sequence per partition, so one id is a cut across all logs of a workspace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId {
    pub ms: Millis,
    pub seq: u32,
}

impl EntryId {
    /// Before every entry.
    pub const ZERO: Self = Self { ms: 0, seq: 0 };

    /// The id of an entry written at `now`: never below what was given out before, whatever the
    /// clock says (it may step back after a failover).
    #[must_use]
    pub fn next(self, now: Millis) -> Self {
        if now > self.ms {
            return Self { ms: now, seq: 0 };
        }
        match self.seq.checked_add(1) {
            Some(seq) => Self { ms: self.ms, seq },
            None => Self {
                ms: self.ms.saturating_add(1),
                seq: 0,
            },
        }
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.ms, self.seq)
    }
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an offset")]
pub struct ParseOffsetError;

impl FromStr for EntryId {
    type Err = ParseOffsetError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (ms, seq) = text.split_once('-').ok_or(ParseOffsetError)?;
        let ms = ms.parse().map_err(|_| ParseOffsetError)?;
        let seq = seq.parse().map_err(|_| ParseOffsetError)?;
        Ok(Self { ms, seq })
    }
}

impl Serialize for EntryId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EntryId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// One life of a partition's hot state: a random value, given when none is found. A partition that
/// lost its state gets another one, so that offsets of the old life are not mistaken for its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub String);

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a client has seen, as `epoch:ms-seq`; opaque to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offset {
    pub epoch: Epoch,
    pub at: EntryId,
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.epoch, self.at)
    }
}

impl FromStr for Offset {
    type Err = ParseOffsetError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (epoch, at) = text.split_once(':').ok_or(ParseOffsetError)?;
        Ok(Self {
            epoch: Epoch(epoch.to_owned()),
            at: at.parse()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_grow_though_the_clock_steps_back() {
        let first = EntryId::ZERO.next(1000);
        let second = first.next(1000);
        let third = second.next(400);
        assert!(first < second && second < third);
        assert_eq!(third, EntryId { ms: 1000, seq: 2 });
        let full = EntryId {
            ms: 5,
            seq: u32::MAX,
        };
        assert_eq!(full.next(5), EntryId { ms: 6, seq: 0 });
    }

    #[test]
    fn an_offset_reads_what_it_wrote() {
        let offset = Offset {
            epoch: Epoch("e1".into()),
            at: EntryId { ms: 7, seq: 3 },
        };
        assert_eq!(offset.to_string().parse(), Ok(offset));
        for text in [
            "", "e1", "e1:", "e1:7", "e1:7-", "e1:-3", "e1:7-x", "a:b:7-3",
        ] {
            assert_eq!(text.parse::<Offset>(), Err(ParseOffsetError), "{text}");
        }
    }
}
