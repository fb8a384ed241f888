//! Our own vocabulary, spoken by the widget and the dashboard.

mod aside;
mod asyncapi;
mod decode;
mod entry;
mod reply;
mod view;
mod vocabulary;

pub(super) use aside::encode_aside;
pub(super) use asyncapi::{asked, asyncapi, schemas};
pub(super) use decode::{decode, is_query};
pub(super) use entry::encode_entry;
pub(super) use reply::{encode_error, encode_notice, encode_reject, encode_reply};

use serde_json::Value;

use super::{Audience, Events};
use crate::model::Message;

/// As in a page of history, without what was put at it since.
pub(super) fn encode_message(message: &Message) -> Value {
    view::said(message).payload
}

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
