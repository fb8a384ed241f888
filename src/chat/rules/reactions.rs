use std::collections::HashMap;

use crate::{
    history::StoredReaction,
    model::{EntryId, MessageId, Participant, Reaction, limits},
};

/// What is known of reactions, from hub and history in any order: of each participant's emoji at a
/// message the newest word holds.
#[derive(Default)]
pub(super) struct Reactions(HashMap<MessageId, HashMap<(Participant, String), Word>>);

/// The entry that said whether it is there.
struct Word {
    entry: EntryId,
    on: bool,
}

impl Reactions {
    pub fn take(&mut self, entry: EntryId, reaction: &Reaction) {
        let word = Word {
            entry,
            on: reaction.on,
        };
        let key = (reaction.by.clone(), reaction.emoji.clone());
        self.note(reaction.message, key, word);
    }

    pub fn take_stored(&mut self, message: MessageId, stored: Vec<StoredReaction>) {
        for StoredReaction {
            entry,
            by,
            emoji,
            on,
        } in stored
        {
            self.note(message, (by, emoji), Word { entry, on });
        }
    }

    /// Those that are there, in the order in which they came, at most [`limits::REACTIONS_SHOWN`].
    pub fn of(&mut self, message: MessageId) -> Vec<(Participant, String)> {
        let known = self.0.remove(&message).unwrap_or_default().into_iter();
        let mut there: Vec<_> = known.filter(|(_, word)| word.on).collect();
        there.sort_by(|(a, first), (b, second)| (first.entry, a).cmp(&(second.entry, b)));
        there.truncate(limits::REACTIONS_SHOWN);
        there.into_iter().map(|(key, _)| key).collect()
    }

    fn note(&mut self, message: MessageId, key: (Participant, String), word: Word) {
        let known = self.0.entry(message).or_default();
        let newer = known.get(&key).is_none_or(|old| old.entry < word.entry);
        if newer {
            known.insert(key, word);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> MessageId {
        MessageId(uuid::Uuid::from_u128(7))
    }

    fn word(at: u64, emoji: &str, on: bool) -> StoredReaction {
        StoredReaction {
            entry: EntryId { ms: at, seq: 0 },
            by: Participant::Guest,
            emoji: emoji.into(),
            on,
        }
    }

    #[test]
    fn p7_the_newest_word_on_an_emoji_holds_wherever_it_is() {
        type Said<'a> = &'a [(u64, &'a str, bool)];
        let cases: [(Said<'_>, &[&str]); 5] = [
            (&[], &[]),
            (&[(1, "a", true), (2, "b", true)], &["a", "b"]),
            (&[(1, "a", true), (2, "a", false)], &[]),
            // What comes late is not the newest for that.
            (&[(2, "a", false), (1, "a", true)], &[]),
            (
                &[(3, "a", true), (2, "a", false), (1, "b", true)],
                &["b", "a"],
            ),
        ];
        for (words, expected) in cases {
            let mut reactions = Reactions::default();
            let stored = words.iter().map(|(at, emoji, on)| word(*at, emoji, *on));
            reactions.take_stored(message(), stored.collect());
            let found = reactions.of(message());
            let found: Vec<_> = found.iter().map(|(_, emoji)| emoji.as_str()).collect();
            assert_eq!(found, expected, "{words:?}");
        }
    }

    #[test]
    fn hub_and_history_say_the_same_once() {
        let mut reactions = Reactions::default();
        let live = Reaction {
            message: message(),
            by: Participant::Guest,
            emoji: "a".into(),
            on: true,
        };
        reactions.take(EntryId { ms: 1, seq: 0 }, &live);
        reactions.take_stored(message(), vec![word(1, "a", true)]);
        assert_eq!(reactions.of(message()).len(), 1);
    }
}
