use serde::{Deserialize, Serialize};

use super::{Agent, SessionId};

/// Said to the readers of a log beside it: in no log, without an offset, and lost on whoever does not
/// listen at that moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Aside {
    /// To a waiting guest: its place in the queue is this now, from 1.
    Queue { position: u64 },
    /// Who is at it right now; `by` is the operator, or nobody for the guest.
    Typing {
        session: SessionId,
        by: Option<Agent>,
        on: bool,
    },
}
