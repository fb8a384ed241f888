use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::link::LinkError;
use crate::server::receive::Fault;

/// Why the connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Link(LinkError),
    Fault(Fault),
    Client,
    PingTimeout,
    JoinTimeout,
    Fenced,
    Gap,
    /// Its pod may have been given up for dead.
    Lease,
    Drain,
}

impl End {
    /// A metric's.
    pub fn label(self) -> &'static str {
        match self {
            Self::Link(error) => error.label(),
            Self::Fault(fault) => fault.label(),
            Self::Client => "client",
            Self::PingTimeout => "ping timeout",
            Self::JoinTimeout => "join timeout",
            Self::Fenced => "fenced",
            Self::Gap => "gap",
            Self::Lease => "lease",
            Self::Drain => "drain",
        }
    }

    /// Clients come back by themselves after any of them.
    pub fn code(self) -> CloseCode {
        match self {
            Self::Link(LinkError::TooLarge) => CloseCode::Size,
            Self::Link(LinkError::NotUtf8) => CloseCode::Invalid,
            Self::Link(LinkError::Malformed) | Self::Fault(Fault::Protocol) => CloseCode::Protocol,
            Self::Fault(Fault::Trouble | Fault::PutOff) => CloseCode::Again,
            Self::Drain => CloseCode::Restart,
            _ => CloseCode::Normal,
        }
    }
}
