//! The wire: Engine.IO v4 below, Socket.IO v5 above, the two before them where they differ, and
//! nothing else.
//!
//! Everything here is sans-IO: bytes and instants come in, packets, text and deadlines go out. No
//! sockets, no tasks, no clock of its own (time is a `u64` of milliseconds on whichever clock the
//! caller keeps), and no knowledge of what travels inside an event. That is what lets any pod
//! handle any request of a connection: whatever must outlive one request
//! ([`engine::Heartbeat`], [`socket::Decoder`]) is a small value that serialises.
//!
//! * [`engine`]: requests, packets and polling payloads, heartbeat, upgrade probe.
//! * [`socket`]: namespaces, events, acknowledgements, binary attachments.
//!
//! Guarantees that hold for the whole module: no input makes it panic, every list taken from a
//! peer has a bound, and an error's text never repeats what the peer sent, so it may be logged.

pub mod engine;
pub mod socket;
