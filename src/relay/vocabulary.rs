//! Which vocabulary a new connection speaks: what it says, then what the settings say of its workspace, then where it
//! has come in. What is still open then is shown by its first events.

use super::param;
use crate::{
    dialect::Dialect,
    model::WorkspaceId,
    server::{ConnectRequest, Refusal},
};

/// Where front ends that say with an event who they are come in.
const CHAT: &str = "/chat/";

/// Vocabularies of workspaces, by the settings.
#[derive(Clone, Debug, Default)]
pub struct Vocabularies {
    /// Of every other workspace.
    pub any: Option<Dialect>,
    pub of: Vec<(WorkspaceId, Dialect)>,
}

impl Vocabularies {
    fn of(&self, workspace: &WorkspaceId) -> Option<Dialect> {
        let mut named = self.of.iter();
        let named = named.find(|(name, _)| name == workspace);
        named.map(|(_, dialect)| *dialect).or(self.any)
    }

    /// Of who has shown whose workspace it is of, which need not be the one that it has named.
    pub fn settled(&self, spoken: Dialect, workspace: &WorkspaceId) -> Dialect {
        match (spoken, self.of(workspace)) {
            (Dialect::Operator, Some(set)) if set.joins() => set,
            _ => spoken,
        }
    }

    /// A setting is of those front ends whose place this is: it does not turn the others on the same deployment
    /// into something that they are not.
    pub fn spoken(
        &self,
        request: &ConnectRequest<'_>,
        workspace: &WorkspaceId,
    ) -> Result<Dialect, Refusal> {
        if let Some(hint) = hint(request) {
            return Dialect::named(hint).ok_or_else(unknown);
        }
        let is_chat = request.mount == CHAT;
        if !is_chat && is_widget(request) {
            return Ok(Dialect::Widget);
        }
        let set = self.of(workspace).filter(|set| set.joins() == is_chat);
        Ok(set.unwrap_or(if is_chat {
            Dialect::Operator
        } else {
            Dialect::Native
        }))
    }
}

/// Its pages connect for an account of an organisation, and name both.
fn is_widget(request: &ConnectRequest<'_>) -> bool {
    let names = |name: &str| request.auth.contains_key(name) || param(request, name).is_some();
    names("orgId") && names("accountId")
}

fn hint<'a>(request: &'a ConnectRequest<'_>) -> Option<&'a str> {
    let said = request.auth.get("dialect").and_then(|it| it.as_str());
    said.or_else(|| param(request, "dialect"))
}

fn unknown() -> Refusal {
    let names: Vec<&str> = Dialect::NAMES.iter().map(|(name, _)| *name).collect();
    Refusal::Denied {
        message: format!("Unknown dialect: it is one of {}", names.join(", ")),
        data: None,
    }
}
