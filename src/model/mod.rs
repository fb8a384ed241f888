//! The words of the relay as types: no I/O, no async, nothing of the layers above.
//!
//! The serde form of these types is the internal one (hub and history). No client ever sees it:
//! what a client sees is written by `dialect`.

mod address;
mod alias;
mod aside;
mod attachment;
mod clock;
mod command;
mod entry;
pub mod format;
mod frame;
mod ids;
pub mod limits;
mod message;
mod notice;
mod offset;
mod reject;
mod reply;
mod session;
mod skew;
mod staff;
mod workspaces;

pub use address::Address;
pub use alias::{Alias, Other};
pub use aside::Aside;
pub use attachment::{Attachment, Given, Links, Upload};
pub use clock::{Clock, Millis, timestamp};
pub use command::{
    Asks, Command, GuestCommand, HistoryQuery, Join, Proof, React, Receipt, Resume, Send,
    SessionQuery, StaffCommand, Start, Toward, Watch,
};
pub use entry::{Change, Entry, OfferEnd, Prev};
pub use format::FORMAT;
pub use frame::Frame;
pub use ids::{
    DedupId, MessageId, OperatorId, PARTITIONS, Partition, PodId, RecoveryId, SessionId, Sid,
    SocketId, WorkspaceId,
};
pub use message::{Content, Direction, Message, Participant, Reaction, Sender, SenderKind};
pub use notice::Notice;
pub use offset::{EntryId, Epoch, Offset, ParseOffsetError};
pub use reject::{Code, Reject};
pub use reply::{HistoryMessage, Operator, Reply};
pub use session::{Agent, Guest, Marks, Offer, Preview, Session, Status};
pub use skew::Skew;
pub use staff::{Account, PasswordHash, Revocation, Role, Workspace};
pub use workspaces::WorkspaceSet;
