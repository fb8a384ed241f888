use std::{error::Error, fmt};

use serde::Serialize;

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// A name that stays, for programs.
    pub item: &'static str,
    pub status: Status,
    pub found: String,
    /// What to do; nothing if all is well.
    #[serde(rename = "do", skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    /// A start would be refused for it, whatever the world is like.
    #[serde(skip)]
    pub is_setting: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Ok,
    /// It cannot be seen from here: somebody has to look.
    Note,
    Warn,
    Fail,
}

impl Status {
    pub const ALL: [Self; 4] = [Self::Ok, Self::Note, Self::Warn, Self::Fail];
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Warn => "warn",
            Self::Fail => "fail",
        })
    }
}

impl Item {
    pub fn ok(item: &'static str, found: impl Into<String>) -> Self {
        Self {
            item,
            status: Status::Ok,
            found: line(&found.into()),
            advice: None,
            is_setting: false,
        }
    }

    pub fn note(item: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::ok(item, found).with(Status::Note, advice)
    }

    pub fn warn(item: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::ok(item, found).with(Status::Warn, advice)
    }

    pub fn fail(item: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::ok(item, found).with(Status::Fail, advice)
    }

    /// A setting that a start refuses.
    pub fn wrong(item: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            is_setting: true,
            ..Self::fail(item, found, advice)
        }
    }

    /// Not looked at, since something else is in the way that is told of already.
    pub fn unseen(item: &'static str, behind: &str) -> Self {
        let advice = format!("mend {behind} first, and run this again");
        Self::note(item, "not looked at", advice)
    }

    fn with(self, status: Status, advice: impl Into<String>) -> Self {
        Self {
            status,
            advice: Some(line(&advice.into())),
            ..self
        }
    }
}

/// An error with its causes.
pub fn told(error: &(dyn Error + 'static)) -> String {
    let chain: Vec<String> = anyhow::Chain::new(error).map(ToString::to_string).collect();
    chain.join(": ")
}

/// A line stays one, and a terminal is told nothing, whatever a server says.
fn line(text: &str) -> String {
    let letters = text.chars();
    let letters = letters.map(|letter| if letter.is_control() { ' ' } else { letter });
    letters.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_one_line() {
        let item = Item::warn("a", "one\ntwo\u{1b}[2J", "three\r\n");
        assert_eq!(item.found, "one two [2J");
        assert_eq!(item.advice.as_deref(), Some("three  "));
    }
}
