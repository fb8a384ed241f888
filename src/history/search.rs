//! What is a word, for what is stored and for what is searched, on every backend.
//!
//! Neither database is asked: to one a letter is what its locale says, to the other what was one in Unicode
//! 6.1, and each has its own opinion on hyphens and addresses.

use crate::model::WorkspaceId;

/// Of a word, so many letters are looked at. A database has a limit for a word (2046 bytes) and one for all of
/// a text (1 MiB), at which it would refuse the message: with these two neither is reached.
const LETTERS: usize = 64;
/// Of a text, so many different words can be found.
const WORDS: usize = 2_000;

/// The different words of a text, each behind the mark of the workspace, with a space between them.
pub fn stored(workspace: &WorkspaceId, text: &str) -> String {
    let mut words = marked(workspace, text);
    words.truncate(WORDS);
    words.join(" ")
}

/// What all hits have, as they were stored: of the last one only the beginning. Nothing in them can be
/// anybody's syntax, for they are letters and digits. `None` if there is no word in what was asked.
pub struct Asked {
    whole: Vec<String>,
    beginning: String,
}

impl Asked {
    pub fn of(workspace: &WorkspaceId, text: &str) -> Option<Self> {
        let mark = mark(workspace);
        let mut whole: Vec<_> = words(text).map(|word| format!("{mark}{word}")).collect();
        let beginning = whole.pop()?;
        whole.sort_unstable();
        whole.dedup();
        Some(Self { whole, beginning })
    }

    /// In the language of a database: `quote` around each word, `and` between them, `prefix` after the last.
    pub fn written(&self, quote: char, and: &str, prefix: &str) -> String {
        let mut query = String::new();
        for word in &self.whole {
            query += &format!("{quote}{word}{quote}{and}");
        }
        query + &format!("{quote}{}{quote}{prefix}", self.beginning)
    }
}

fn marked(workspace: &WorkspaceId, text: &str) -> Vec<String> {
    let mark = mark(workspace);
    let mut seen = std::collections::HashSet::new();
    let different = words(text).filter(|word| seen.insert(word.clone()));
    different.map(|word| format!("{mark}{word}")).collect()
}

/// Runs of letters and digits. A letter is folded the same wherever it stands, so that the beginning of a word
/// folded is the beginning of the folded word.
fn words(text: &str) -> impl Iterator<Item = String> {
    let runs = text.split(|letter: char| !letter.is_alphanumeric());
    let runs = runs.filter(|run| !run.is_empty());
    runs.map(|run| {
        run.chars()
            .flat_map(char::to_lowercase)
            .take(LETTERS)
            .collect()
    })
}

/// Four digits. It is in the database: the same for ever.
fn mark(workspace: &WorkspaceId) -> String {
    let fnv = workspace
        .as_str()
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        });
    format!("{:04x}", (fnv >> 16) ^ (fnv & 0xffff))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn default() -> WorkspaceId {
        WorkspaceId::new("default")
    }

    #[test]
    fn words_are_letters_and_digits_in_lower_case_each_once() {
        let mark = mark(&default());
        for (text, expected) in [
            ("Hello, hello WORLD", vec!["hello", "world"]),
            ("a-b_c.d@e/f", vec!["a", "b", "c", "d", "e", "f"]),
            (
                "\u{41f}\u{420}\u{418} M\u{dc}LLER 1.5",
                vec!["\u{43f}\u{440}\u{438}", "m\u{fc}ller", "1", "5"],
            ),
            ("\u{1f600}\u{2014}\u{201e}x\u{201c}", vec!["x"]),
            (" *:&|!()'\"\\\0", vec![]),
        ] {
            let expected: Vec<_> = expected
                .iter()
                .map(|word| format!("{mark}{word}"))
                .collect();
            assert_eq!(stored(&default(), text), expected.join(" "), "{text}");
        }
    }

    #[test]
    fn the_mark_of_a_workspace_is_the_one_that_is_stored() {
        let marks = ["", "default", "\u{e4}"].map(|id| mark(&WorkspaceId::new(id)));
        assert_eq!(marks, ["1cd9", "c8e5", "f97f"]);
    }

    #[test]
    fn a_text_has_so_many_words_and_they_are_so_long() {
        let long = "\u{1d400}".repeat(1000);
        assert_eq!(stored(&default(), &long).chars().count(), 4 + LETTERS);
        let many: String = (0..3 * WORDS).map(|n| format!("{n} ")).collect();
        assert_eq!(stored(&default(), &many).split(' ').count(), WORDS);
    }

    #[test]
    fn what_is_asked_is_quoted() {
        let asked = Asked::of(&default(), "b\" OR a' b NE").unwrap();
        let mark = mark(&default());
        let expected = ["a", "b", "or"]
            .map(|word| format!("'{mark}{word}' & "))
            .concat();
        assert_eq!(
            asked.written('\'', " & ", ":*"),
            format!("{expected}'{mark}ne':*")
        );
        assert!(Asked::of(&default(), "-*\" \u{1f600}").is_none());
    }
}
