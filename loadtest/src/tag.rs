//! What a message says of itself, so that whoever receives it knows which one it is and when it
//! was sent: all sockets are of one process, so there is one clock.

use std::{
    fmt::Write as _,
    hash::{BuildHasher, Hasher, RandomState},
};

use tokio::time::Instant;

/// One run of a scenario. Messages of earlier runs, or of others who use the same relay, are not
/// its own.
pub struct Run {
    marker: String,
    began: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag {
    pub sender: usize,
    /// From 0, without holes.
    pub seq: u64,
    /// Microseconds since the run began.
    pub sent: u64,
}

/// Bytes of a tag whose numbers are as long as they get in practice.
pub const LONGEST: usize = 48;

impl Run {
    pub fn new() -> Self {
        // Its keys are drawn at random, which is all that is asked of it here.
        let drawn = RandomState::new().build_hasher().finish();
        Self {
            marker: format!("load:{:08x}:", drawn >> 32),
            began: Instant::now(),
        }
    }

    /// Microseconds since the run began.
    pub fn now(&self) -> u64 {
        self.at(Instant::now())
    }

    pub fn at(&self, instant: Instant) -> u64 {
        let micros = instant.saturating_duration_since(self.began).as_micros();
        u64::try_from(micros).unwrap_or(u64::MAX)
    }

    /// A text of `size` bytes with the tag in front.
    pub fn text(&self, tag: Tag, size: usize) -> String {
        let mut text = String::with_capacity(size.max(LONGEST));
        text.push_str(&self.marker);
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{}:{}:{};", tag.sender, tag.seq, tag.sent);
        text.extend(std::iter::repeat_n('x', size.saturating_sub(text.len())));
        text
    }

    /// The tag in a text, or in a whole frame: to read the JSON around it would cost the load test
    /// more than the relay pays for writing it.
    pub fn find(&self, text: &str) -> Option<Tag> {
        let (_, tagged) = text.split_once(&self.marker)?;
        let (numbers, _) = tagged.split_once(';')?;
        let mut numbers = numbers.split(':');
        Some(Tag {
            sender: numbers.next()?.parse().ok()?,
            seq: numbers.next()?.parse().ok()?,
            sent: numbers.next()?.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_in_its_frame_and_by_its_own_run_only() {
        let (run, other) = (Run::new(), Run::new());
        let tag = Tag {
            sender: 19_999,
            seq: 12_345_678_901,
            sent: 86_400_000_000,
        };
        let text = run.text(tag, 120);
        assert_eq!(text.len(), 120);
        assert!(run.text(tag, 0).len() <= LONGEST);
        let frame = format!(r#"42["guest:message",{{"message":"{text}"}},"1:2-3"]"#);
        assert_eq!(run.find(&frame), Some(tag));
        assert_eq!(other.find(&frame), None);
        assert_eq!(run.find(&text[..20]), None);
    }
}
