use serde::{Deserialize, Serialize};

use super::{Millis, OperatorId, WorkspaceId};

/// What an operator may do beside talking: each may do all that the ones before it may.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    #[default]
    Agent,
    Supervisor,
    Admin,
}

impl Role {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Supervisor => "supervisor",
            Self::Admin => "admin",
        }
    }

    /// As [`Role::as_str`] writes it; `None` for a role of another release.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Agent, Self::Supervisor, Self::Admin]
            .into_iter()
            .find(|role| role.as_str() == name)
    }
}

/// A tenant, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    pub id: WorkspaceId,
    /// For people; the id if nobody gave another.
    pub name: String,
    pub created_at: Millis,
}

/// A member of staff, as it is kept. It came with `switchboard operator add` or over REST and has a password,
/// or with a token of the site's own, and has none.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    pub workspace: WorkspaceId,
    pub id: OperatorId,
    pub name: String,
    pub role: Role,
    /// In the form of PHC strings, with its salt and parameters.
    pub password: Option<PasswordHash>,
    pub disabled: bool,
    /// Tokens that were issued before this are void, in seconds since the Unix epoch, as in every JWT.
    pub valid_from: u64,
    pub created_at: Millis,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account")
            .field("workspace", &self.workspace)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Not to be logged: offline it can be guessed at.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub String);

/// A token that is no longer good, though its signature is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    pub workspace: WorkspaceId,
    pub operator: OperatorId,
    /// All of its tokens, whenever they were issued; else those issued before `valid_from`.
    pub disabled: bool,
    pub valid_from: u64,
}
