use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use super::reactions::Reactions;
use crate::{
    history::StoredMessage,
    model::{Change, Entry, EntryId, HistoryMessage, Message, Session, limits},
};

/// A page of history: the newest `limit` messages with numbers between the two.
#[derive(Clone, Copy, Debug)]
pub(in crate::chat) struct Wanted {
    pub before: u64,
    /// Those up to this number are not for the asker.
    pub above: u64,
    pub limit: usize,
}

/// Whether what the hub holds is the whole page, so that the history need not be asked (and may be
/// away). The hub forgets from the old end only: what it holds has no holes, and every reaction to a
/// message in it is newer than that and in it as well.
pub(in crate::chat) fn suffices(session: &Session, wanted: Wanted, hot: &[Arc<Entry>]) -> bool {
    let mut messages = 0;
    let mut reaches_first = false;
    for message in hot.iter().filter_map(|entry| entry.message()) {
        messages += 1;
        reaches_first |= message.seq <= wanted.above + 1;
    }
    let is_empty = session.last_seq <= wanted.above || wanted.before <= wanted.above + 1;
    is_empty || messages > wanted.limit || reaches_first
}

/// The newest `limit` messages of both, ascending, each once, with their reactions; and whether there
/// are older ones. Both lists hold one more than asked for, where there is one.
pub(in crate::chat) fn merge(
    hot: &[Arc<Entry>],
    stored: Vec<StoredMessage>,
    wanted: Wanted,
) -> (Vec<HistoryMessage>, bool) {
    let mut reactions = Reactions::default();
    let mut seen = HashSet::new();
    let mut ordered: BTreeMap<EntryId, Message> = BTreeMap::new();
    for entry in hot {
        match &entry.change {
            Change::Message { message } if seen.insert(message.id) => {
                ordered.insert(entry.id, message.clone());
            }
            Change::Reacted { reaction } => reactions.take(entry.id, reaction),
            _ => {}
        }
    }
    for StoredMessage {
        entry,
        message,
        reactions: known,
    } in stored
    {
        reactions.take_stored(message.id, known);
        if seen.insert(message.id) {
            ordered.insert(entry, message);
        }
    }
    ordered.retain(|_, message| message.seq > wanted.above);
    let fits = fitting(ordered.values().rev(), wanted.limit.min(ordered.len()));
    let surplus = ordered.len() - fits;
    let messages = ordered.into_values().skip(surplus);
    let messages = messages.map(|message| HistoryMessage {
        reactions: reactions.of(message.id),
        message,
    });
    (messages.collect(), surplus > 0)
}

/// How many of the newest messages make a page: at most `limit` (of which there are), with at most
/// [`limits::HISTORY_BYTES`] of text, but one at least.
fn fitting<'a>(newest_first: impl Iterator<Item = &'a Message>, limit: usize) -> usize {
    let sizes = newest_first
        .take(limit)
        .scan(0, |bytes: &mut usize, message| {
            *bytes += message.content.text().len();
            Some(*bytes)
        });
    let fits = sizes
        .take_while(|bytes| *bytes <= limits::HISTORY_BYTES)
        .count();
    fits.max(limit.min(1))
}

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;
