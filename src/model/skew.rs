use std::time::Duration;

use super::Millis;

/// How far another machine's clock is from this one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skew {
    /// Above zero: the other one is ahead.
    pub ms: i64,
    /// The other one was read at some moment of the question: it may be off by so much more.
    pub within_ms: u64,
}

impl Skew {
    /// Of a clock that said `theirs` to a question that was asked at `asked_at` and took so long.
    pub fn new(asked_at: Millis, took: Duration, theirs: Millis) -> Self {
        let half = u64::try_from(took.as_micros().div_ceil(2_000)).unwrap_or(u64::MAX);
        let signed = |ms: Millis| i64::try_from(ms).unwrap_or(i64::MAX);
        let middle = signed(asked_at.saturating_add(half));
        Self {
            ms: signed(theirs).saturating_sub(middle),
            within_ms: half,
        }
    }

    /// What it is at least, either way.
    pub fn at_least_ms(self) -> u64 {
        self.ms.unsigned_abs().saturating_sub(self.within_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_of_a_question_is_no_skew() {
        let of = |took_ms, theirs| Skew::new(10_000, Duration::from_millis(took_ms), theirs);
        assert_eq!(
            of(200, 10_100),
            Skew {
                ms: 0,
                within_ms: 100
            }
        );
        assert_eq!(of(200, 10_190).at_least_ms(), 0);
        assert_eq!(
            of(200, 12_100),
            Skew {
                ms: 2_000,
                within_ms: 100
            }
        );
        assert_eq!(of(200, 12_100).at_least_ms(), 1_900);
        assert_eq!(
            of(0, 7_000),
            Skew {
                ms: -3_000,
                within_ms: 0
            }
        );
        assert_eq!(of(0, u64::MAX).ms, i64::MAX - 10_000);
    }
}
