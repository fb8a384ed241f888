//! Our own vocabulary, spoken by the widget and the dashboard.

mod aside;
mod asyncapi;
mod decode;
mod entry;
mod reply;
mod view;
mod vocabulary;

pub(super) use aside::encode_aside;
pub(super) use asyncapi::asyncapi;
pub(super) use decode::{decode, is_query};
pub(super) use entry::encode_entry;
pub(super) use reply::{encode_error, encode_notice, encode_reject, encode_reply};

use super::{Audience, Events};

pub(super) fn events(audience: Audience) -> Events {
    let (asked, told) = (
        vocabulary::asked_by(audience),
        vocabulary::told_to(audience),
    );
    Events {
        asked: asked.iter().map(|asked| asked.event).collect(),
        told: told.iter().map(|told| told.event).collect(),
    }
}
