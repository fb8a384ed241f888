//! Socket.IO v5, and v4 where it differs: many namespaces over one Engine.IO connection.
//!
//! | file | answers |
//! |---|---|
//! | `packet` | what can be said |
//! | `parse` | one text message as a packet, perhaps with attachments still to come |
//! | `surrogate` | the JSON that UTF-8 cannot hold, so that its sender can be told |
//! | `placeholder` | does each stand-in for bytes have its attachment? |
//! | `decoder` | text and binary messages, over any number of requests, as whole packets |
//! | `admit` | may the client say this in this namespace now? |
//! | `encode` | packets and the server's replies as text |
//! | `v2` | the same, where clients of version 2 say it otherwise |
//!
//! The way in is [`Decoder`], then [`admit()`]; the way out is [`encode`]. Acknowledgement ids and
//! offsets are carried here and given meaning elsewhere.

mod admit;
mod decoder;
pub mod encode;
mod packet;
mod parse;
mod placeholder;
mod surrogate;
pub mod v2;

pub use admit::{Admitted, Violation, admit};
pub use decoder::{DecodeError, Decoder};
pub use encode::Encoded;
pub use packet::{Ack, Event, EventName, Kind, MAX_ATTACHMENTS, Packet, ROOT};
pub use parse::{MAX_NAMESPACE, ParseError, Parsed, parse};
