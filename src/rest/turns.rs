//! What one operator may ask for how often, and how much is asked for at a time.

use std::time::Duration;

use tokio::{sync::SemaphorePermit, time::timeout};

use super::{Rest, caller::Caller, files::OwnTurn, problem::Problem, who::Who};
use crate::{
    hub::Limit,
    model::{Address, Millis, OperatorId, Reject},
};

/// Changes of accounts by one operator: each costs a core for a moment, and stays in the list of those who are sent
/// away.
const CHANGES: Limit = Limit {
    max: 60,
    window_ms: 60_000,
};
/// Of the own password, whose current one is asked for.
const OWN_PASSWORD: Limit = Limit {
    max: 10,
    window_ms: 300_000,
};
/// After which one that sends too many files at a time may try again: one of them may have been received by then.
const OWN_UPLOAD_RETRY_MS: Millis = 1_000;
/// For a page's turn.
const TURN: Duration = Duration::from_secs(5);

impl Rest {
    /// A turn to read pages of the history.
    pub async fn read_turn(&self, caller: &Caller) -> Result<SemaphorePermit<'_>, Problem> {
        self.charge_read(caller).await?;
        self.turn().await
    }

    async fn charge_read(&self, caller: &Caller) -> Result<(), Problem> {
        let limit = self.settings.rate_read;
        self.charge(limit.rate("operator_read", &who(caller))).await
    }

    async fn turn(&self) -> Result<SemaphorePermit<'_>, Problem> {
        match timeout(TURN, self.reads.acquire()).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) | Err(_) => {
                self.hit_limit("reads");
                Err(Reject::unavailable().into())
            }
        }
    }

    /// The same for somebody who has shown no token; whoever has is charged as staff.
    pub async fn page_turn(
        &self,
        caller: Option<&Caller>,
        address: Address,
    ) -> Result<SemaphorePermit<'_>, Problem> {
        self.charge_page(caller, address).await?;
        self.turn().await
    }

    /// Without a turn: of what reads little, or has to wait for something.
    pub async fn charge_page(
        &self,
        caller: Option<&Caller>,
        address: Address,
    ) -> Result<(), Problem> {
        match caller {
            Some(caller) => self.charge_read(caller).await,
            None => Ok(self.parts.chat.charge_page(address).await?),
        }
    }

    /// One of the few turns to send files that each operator, and each session's guest, has.
    pub fn own_upload_turn(&self, who: &Who) -> Result<OwnTurn<'_>, Problem> {
        let sender = match who {
            Who::Operator(caller) => format!("operator {}", self::who(caller)),
            // Imported ids may be in two workspaces, whose names have no blanks.
            Who::Guest(claims) => format!("guest {} {}", claims.workspace, claims.session),
        };
        self.own_uploads.take(sender).ok_or_else(|| {
            self.hit_limit("own_uploads");
            let says = "Too many files at a time, please wait until one is there";
            let reject = Reject::limited(says, OWN_UPLOAD_RETRY_MS);
            self.parts.files.count(reject.code.as_str());
            reject.into()
        })
    }

    /// A turn to receive a file.
    pub async fn upload_turn(&self) -> Result<SemaphorePermit<'_>, Problem> {
        match timeout(TURN, self.uploads.acquire()).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) | Err(_) => {
                self.hit_limit("uploads");
                Err(Reject::unavailable().into())
            }
        }
    }

    pub async fn charge_change(&self, caller: &Caller) -> Result<(), Problem> {
        self.charge(CHANGES.rate("accounts", &who(caller))).await
    }

    pub async fn charge_own_password(&self, caller: &Caller) -> Result<(), Problem> {
        self.charge(OWN_PASSWORD.rate("own_password", &who(caller)))
            .await
    }

    /// Who did what to whom, for those who look into it later.
    pub fn note_change(&self, caller: &Caller, what: &'static str, operator: &OperatorId) {
        let (by, workspace) = (&caller.id, &caller.workspace);
        tracing::info!(%by, %workspace, %operator, what, "account changed");
    }
}

fn who(caller: &Caller) -> String {
    let workspace = caller.workspace.as_str();
    format!("{}:{workspace}:{}", workspace.len(), caller.id)
}
