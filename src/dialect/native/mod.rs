//! Our own vocabulary, spoken by the widget and the dashboard.

mod aside;
mod decode;
mod entry;
mod reply;
mod view;

pub(super) use aside::encode_aside;
pub(super) use decode::{decode, is_query};
pub(super) use entry::encode_entry;
pub(super) use reply::{encode_error, encode_notice, encode_reject, encode_reply};
