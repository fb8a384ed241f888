//! What stands in a cell of somebody else's table.

use rusqlite::types::ValueRef;
use time::{
    OffsetDateTime, PrimitiveDateTime,
    format_description::{BorrowedFormatItem, well_known::Rfc3339},
    macros::format_description,
};

use crate::model::{Direction, Millis, Status};

/// As SQLite's own functions write it, in UTC.
const SQLITE: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second][optional [.[subsecond]]]");
/// A number below is of seconds: 5138 as a year of these, 1973 as one of milliseconds.
const MILLIS_FROM: i64 = 100_000_000_000;
/// 2000-01-01.
const FIRST: Millis = 946_684_800_000;

/// `None`: there is nothing, not even a letter, or nothing that is a text.
pub fn text(cell: ValueRef<'_>) -> Option<String> {
    let text = match cell {
        ValueRef::Null | ValueRef::Blob(_) => None,
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(number.to_string()),
        ValueRef::Text(bytes) => std::str::from_utf8(bytes).ok().map(str::to_owned),
    };
    text.filter(|text| !text.is_empty())
}

/// Seconds or milliseconds since 1970, ISO 8601, or as SQLite writes it; UTC where no zone is named. `None` also for
/// what is before there was such a chat: it is some other number.
pub fn time(cell: ValueRef<'_>) -> Option<Millis> {
    read(cell).filter(|at| *at >= FIRST)
}

fn read(cell: ValueRef<'_>) -> Option<Millis> {
    match cell {
        ValueRef::Integer(number) if number < MILLIS_FROM => {
            u64::try_from(number).ok()?.checked_mul(1000)
        }
        ValueRef::Integer(number) => u64::try_from(number).ok(),
        ValueRef::Real(number) => real(number),
        ValueRef::Text(bytes) => {
            let text = std::str::from_utf8(bytes).ok()?.trim();
            // Of a column of texts.
            if let Ok(number) = text.parse::<i64>() {
                return read(ValueRef::Integer(number));
            }
            let at = OffsetDateTime::parse(text, &Rfc3339).or_else(|_| {
                PrimitiveDateTime::parse(&text.replacen('T', " ", 1), SQLITE)
                    .map(PrimitiveDateTime::assume_utc)
            });
            u64::try_from(at.ok()?.unix_timestamp_nanos() / 1_000_000).ok()
        }
        ValueRef::Null | ValueRef::Blob(_) => None,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "of what is within the bounds"
)]
fn real(number: f64) -> Option<Millis> {
    const LAST: f64 = 1e15;
    (0.0..LAST).contains(&number).then(|| {
        let seconds = number < 1e11;
        (if seconds { number * 1000.0 } else { number }).round() as u64
    })
}

const STATUSES: [(Status, &[&str]); 3] = [
    (
        Status::Waiting,
        &["waiting", "pending", "queued", "open", "new"],
    ),
    (
        Status::Active,
        &["active", "assigned", "connected", "in_progress"],
    ),
    (
        Status::Ended,
        &[
            "ended",
            "closed",
            "completed",
            "resolved",
            "finished",
            "archived",
            "expired",
            "disconnected",
            "abandoned",
        ],
    ),
];
const SIDES: [(Direction, &[&str]); 2] = [
    (
        Direction::In,
        &["guest", "visitor", "user", "customer", "client"],
    ),
    (
        Direction::Out,
        &[
            "staff", "agent", "operator", "admin", "support", "system", "bot",
        ],
    ),
];

/// What a session of another chat is, before it is looked at how old it is.
pub fn status(text: &str) -> Option<Status> {
    meaning(&STATUSES, text)
}

pub fn side(text: &str) -> Option<Direction> {
    meaning(&SIDES, text)
}

/// The words of a status, by comma.
pub fn statuses() -> String {
    words(&STATUSES)
}

pub fn sides() -> String {
    words(&SIDES)
}

fn meaning<T: Copy>(known: &[(T, &[&str])], text: &str) -> Option<T> {
    let text = text.trim().to_ascii_lowercase();
    let is_one = |(_, words): &&(T, &[&str])| words.contains(&text.as_str());
    known.iter().find(is_one).map(|(meaning, _)| *meaning)
}

fn words<T>(known: &[(T, &[&str])]) -> String {
    let words: Vec<_> = known
        .iter()
        .flat_map(|(_, words)| *words)
        .copied()
        .collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_however_they_are_written() {
        let text = |text: &'static str| ValueRef::Text(text.as_bytes());
        for (cell, expected) in [
            (text("2024-05-01 10:00:00"), Some(1_714_557_600_000)),
            (text("2024-05-01 10:00:00.250"), Some(1_714_557_600_250)),
            (text("2024-05-01T10:00:00.250Z"), Some(1_714_557_600_250)),
            (text("2024-05-01T10:00:00"), Some(1_714_557_600_000)),
            (text("2024-05-01T12:00:00+02:00"), Some(1_714_557_600_000)),
            (text("1714557600250"), Some(1_714_557_600_250)),
            (
                ValueRef::Integer(1_714_557_600_250),
                Some(1_714_557_600_250),
            ),
            (ValueRef::Integer(1_714_557_600), Some(1_714_557_600_000)),
            (ValueRef::Real(1_714_557_600.25), Some(1_714_557_600_250)),
            (ValueRef::Real(1_714_557_600_250.0), Some(1_714_557_600_250)),
            (text("yesterday"), None),
            (text(""), None),
            (text("1914-05-01 10:00:00"), None),
            (ValueRef::Integer(-1), None),
            (ValueRef::Integer(i64::MIN + 1), None),
            (ValueRef::Real(f64::NAN), None),
            // Days, as SQLite's julianday() counts them.
            (ValueRef::Real(2_460_000.5), None),
            (ValueRef::Null, None),
        ] {
            assert_eq!(time(cell), expected, "{cell:?}");
        }
    }

    #[test]
    fn words_have_one_meaning() {
        assert_eq!(status(" Waiting"), Some(Status::Waiting));
        assert_eq!(status("closed"), Some(Status::Ended));
        assert_eq!(status("snoozed"), None);
        assert_eq!(side("Guest"), Some(Direction::In));
        assert_eq!(side("staff"), Some(Direction::Out));
        assert_eq!(side("ghost"), None);
    }
}
