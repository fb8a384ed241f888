//! Who may work where, as this pod last heard: asked of the database every two seconds, and believed when it
//! does not answer. The chat goes on without it, and nobody who was sent away comes back.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use tokio::{sync::mpsc, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::{
    history::{Accounts, Unavailable},
    metrics::ChatMetrics,
    model::{Account, OperatorId, Revocation, WorkspaceId},
};

/// Whoever is revoked is gone from every pod within this and the moment that an answer takes.
const EVERY: Duration = Duration::from_secs(2);
/// Workspaces that are known without asking; whether there is a further one is asked when it is named.
const WORKSPACES_MAX: usize = 10_000;
/// Operators who are disabled, or have tokens that are void, the latest of them: of those before nobody is connected any
/// more. Of more, whether a token holds is asked each time that somebody connects with one.
const REVOCATIONS_MAX: usize = 100_000;
/// Operators who have just connected, and wait for their row.
const NOTED_MAX: usize = 1024;
/// Of those whose row is known to be there; then all are forgotten, and noted once more.
const SEEN_MAX: usize = 10_000;

/// The workspace that always exists.
const DEFAULT: &str = "default";

pub struct Directory {
    accounts: Arc<dyn Accounts>,
    /// Those that the settings name.
    configured: Vec<WorkspaceId>,
    known: RwLock<Known>,
    noted: mpsc::Sender<Account>,
    metrics: ChatMetrics,
}

/// Rows that are to be written.
pub struct Noted(mpsc::Receiver<Account>);

#[derive(Default, PartialEq)]
struct Known {
    workspaces: HashSet<WorkspaceId>,
    revoked: HashMap<(WorkspaceId, OperatorId), Revocation>,
    /// There are more than are held here.
    more_revoked: bool,
}

impl Directory {
    /// Knows nothing before [`Directory::refresh`].
    pub fn new(
        accounts: Arc<dyn Accounts>,
        configured: Vec<WorkspaceId>,
        metrics: ChatMetrics,
    ) -> (Self, Noted) {
        let (noted, rows) = mpsc::channel(NOTED_MAX);
        let directory = Self {
            accounts,
            configured,
            known: RwLock::default(),
            noted,
            metrics,
        };
        (directory, Noted(rows))
    }

    /// Whether anything has changed.
    pub async fn refresh(&self) -> Result<bool, Unavailable> {
        let workspaces = self.accounts.workspaces(WORKSPACES_MAX).await?;
        let mut revoked = self.accounts.revocations(REVOCATIONS_MAX + 1).await?;
        let more_revoked = revoked.len() > REVOCATIONS_MAX;
        if more_revoked {
            self.hit_limit("revocations");
            revoked.truncate(REVOCATIONS_MAX);
        }
        let revoked = revoked.into_iter();
        let now = Known {
            workspaces: workspaces.into_iter().map(|it| it.id).collect(),
            revoked: revoked
                .map(|it| ((it.workspace.clone(), it.operator.clone()), it))
                .collect(),
            more_revoked,
        };
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let changed = *known != now;
        *known = now;
        Ok(changed)
    }

    /// Keeps it true until `stop`; `changed` is called when it was not.
    pub async fn run(&self, noted: Noted, stop: CancellationToken, changed: impl Fn()) {
        let kept = async { tokio::join!(self.keep(changed), self.write_noted(noted)) };
        stop.run_until_cancelled(kept).await;
    }

    async fn keep(&self, changed: impl Fn()) {
        let mut every = tokio::time::interval(EVERY);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            every.tick().await;
            // A database that does not answer has said so itself.
            if self.refresh().await == Ok(true) {
                changed();
            }
        }
    }

    /// Beside: a write that takes its time keeps nobody here who is to go.
    async fn write_noted(&self, mut noted: Noted) {
        let mut seen = HashSet::new();
        while let Some(account) = noted.0.recv().await {
            self.write(&mut seen, account).await;
        }
    }

    /// Whether guests may start a session there.
    pub async fn has(&self, workspace: &WorkspaceId) -> Result<bool, Unavailable> {
        // A release before may have made one.
        if !WorkspaceId::is_name(workspace.as_str()) {
            return Ok(false);
        }
        if workspace.as_str() == DEFAULT || self.configured.contains(workspace) {
            return Ok(true);
        }
        if self.known().workspaces.contains(workspace) {
            return Ok(true);
        }
        // Made a moment ago, or one of very many.
        Ok(self.accounts.workspace(workspace).await?.is_some())
    }

    /// As [`Directory::has`], as far as is known without asking: for whoever names any.
    pub fn knows(&self, workspace: &WorkspaceId) -> bool {
        let is_own = workspace.as_str() == DEFAULT || self.configured.contains(workspace);
        is_own || self.known().workspaces.contains(workspace)
    }

    /// Whether a token of this operator, issued then (in seconds), is void.
    pub fn is_revoked(&self, workspace: &WorkspaceId, operator: &OperatorId, issued: u64) -> bool {
        let known = self.known();
        let key = (workspace.clone(), operator.clone());
        let revoked = known.revoked.get(&key);
        revoked.is_some_and(|it| it.disabled || issued < it.valid_from)
    }

    /// As [`Directory::is_revoked`], of somebody who connects: where not all are known the database is asked.
    pub async fn admits(
        &self,
        workspace: &WorkspaceId,
        operator: &OperatorId,
        issued: u64,
    ) -> Result<bool, Unavailable> {
        if self.is_revoked(workspace, operator, issued) {
            return Ok(false);
        }
        if !self.known().more_revoked {
            return Ok(true);
        }
        let account = self.accounts.operator(workspace, operator).await?;
        Ok(account.is_none_or(|it| !it.disabled && it.valid_from <= issued))
    }

    /// Somebody has come with a good token: there is to be a row of its. With the database away there will be
    /// one the next time.
    pub fn note(&self, account: Account) {
        if self.noted.try_send(account).is_err() {
            self.hit_limit("operators_noted");
        }
    }

    async fn write(&self, seen: &mut HashSet<(WorkspaceId, OperatorId, String)>, account: Account) {
        let key = (
            account.workspace.clone(),
            account.id.clone(),
            format!("{}:{}", account.role.as_str(), account.name),
        );
        if seen.contains(&key) || self.accounts.note_operator(&account).await.is_err() {
            return;
        }
        if seen.len() >= SEEN_MAX {
            seen.clear();
        }
        seen.insert(key);
    }

    fn known(&self) -> std::sync::RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn hit_limit(&self, limit: &str) {
        self.metrics.limited.with_label_values(&[limit]).inc();
    }
}
