//! What may happen, as pure functions: from what was read and who asks to the one [`Commit`] that
//! makes it so, or to a refusal. Every rule has its table of cases below it.
//!
//! What only the moment of writing can tell is not asked here but guarded: that a session is still
//! open, that nobody took it meanwhile. So a rule never refuses what a repeat of a request that was
//! carried out would be granted.

pub(super) mod away;
mod claim;
mod end;
pub(super) mod grace;
mod hand;
mod leave;
pub(super) mod list;
mod load;
pub(super) mod marks;
pub(super) mod page;
pub(super) mod presence;
mod react;
mod reactions;
pub(super) mod send;
pub(super) mod shown;
pub(super) mod start;
mod status;
mod strip;
pub(super) mod transfer;

#[cfg(test)]
mod cases;

use crate::{
    hub::{Draft, NewChange},
    model::RecoveryId,
};

pub(super) use claim::claim;
pub(super) use end::end;
pub(super) use hand::OFFER;
pub(super) use leave::leave;
pub(super) use load::{give_up, load};
pub(super) use react::react;
pub(super) use status::status;
pub(super) use strip::{strip, strip_name};

/// An entry that is appended in any case, and that the socket it comes from is not told.
fn draft(change: NewChange, origin: &RecoveryId) -> Draft {
    Draft {
        change,
        origin: Some(origin.clone()),
        to: None,
        only_on: None,
    }
}
