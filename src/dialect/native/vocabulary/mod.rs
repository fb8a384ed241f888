//! The vocabulary as a table: what each side may ask and what it is told, field by field.
//!
//! Decoders and encoders do not read it; tests hold them equal to it, so that the document that is made
//! of it says nothing that is not so.

mod asked_by_guest;
mod asked_by_staff;
mod fields;
mod records;
mod told_to_guest;
mod told_to_staff;

use crate::dialect::Audience;

pub(super) use records::ALL as RECORDS;

/// Longest number that every client counts exactly.
pub(super) use crate::dialect::fields::SAFE_INTEGER;

/// A request, and what its acknowledgement holds beside `ok`.
pub(super) struct Asked {
    pub event: &'static str,
    pub says: &'static str,
    pub fields: &'static [Field],
    pub ack: &'static [Field],
}

pub(super) struct Told {
    pub event: &'static str,
    pub says: &'static str,
    pub fields: &'static [Field],
}

pub(super) struct Field {
    pub name: &'static str,
    pub presence: Presence,
    pub shape: Shape,
    pub says: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Required,
    Optional,
}

/// What a field holds; sizes are in bytes.
pub(super) enum Shape {
    Text,
    /// At most so long.
    Short(usize),
    /// As `Short`, and not empty.
    Id(usize),
    Uuid,
    Emoji(usize),
    /// ISO 8601 in UTC.
    Time,
    Flag,
    Number {
        low: u64,
        high: u64,
    },
    Word(&'static [&'static str]),
    /// As `Id`, or an object with these fields.
    TextOr(usize, &'static [Field]),
    /// An object of the site's own, as JSON at most so long, if there is a bound.
    Object(Option<usize>),
    /// One of the closed set of reasons for a refusal.
    Code,
    Record(&'static Record),
    List(&'static Record),
    /// Of each item one of the two.
    ListOf([&'static Record; 2]),
}

/// An object that is part of several events.
pub(super) struct Record {
    pub name: &'static str,
    pub says: &'static str,
    pub fields: &'static [Field],
}

pub(super) fn asked_by(audience: Audience) -> &'static [Asked] {
    match audience {
        Audience::Guest => asked_by_guest::ALL,
        Audience::Operator => asked_by_staff::ALL,
    }
}

pub(super) fn told_to(audience: Audience) -> &'static [Told] {
    match audience {
        Audience::Guest => told_to_guest::ALL,
        Audience::Operator => told_to_staff::ALL,
    }
}

const fn required(name: &'static str, shape: Shape, says: &'static str) -> Field {
    Field {
        name,
        presence: Presence::Required,
        shape,
        says,
    }
}

const fn optional(name: &'static str, shape: Shape, says: &'static str) -> Field {
    Field {
        presence: Presence::Optional,
        ..required(name, shape, says)
    }
}
