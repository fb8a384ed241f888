use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use super::Chat;
use crate::model::{Alias, Code, Other, Reject, SessionId, WorkspaceId};

/// Numbers of conversations that this pod knows: who goes by them talks on while the database is away.
const NUMBERS_MAX: usize = 10_000;

/// A conversation keeps its number for good. One that is not here is asked of the history.
#[derive(Debug, Default)]
pub(super) struct Numbers(Mutex<HashMap<(WorkspaceId, u64), SessionId>>);

impl Numbers {
    fn find(&self, workspace: &WorkspaceId, number: u64) -> Option<SessionId> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&(workspace.clone(), number)).cloned()
    }

    /// `false` if there was no room: then it begins anew.
    fn note(&self, workspace: &WorkspaceId, number: u64, session: &SessionId) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let named = (workspace.clone(), number);
        let has_room = known.len() < NUMBERS_MAX || known.contains_key(&named);
        if !has_room {
            known.clear();
        }
        known.insert(named, session.clone());
        has_room
    }
}

impl Chat {
    /// The session that is named so in this workspace. Whether a plain id is one is for the commit to find out. A
    /// refusal is of `field`.
    pub async fn find(
        &self,
        workspace: &WorkspaceId,
        alias: Alias,
        field: &'static str,
    ) -> Result<SessionId, Reject> {
        let found = match alias {
            Alias::Session(id) => Some(id),
            Alias::Number(number) => self.session_numbered(workspace, number).await?,
            Alias::Text(id, other) => match (self.is_session(workspace, &id).await?, other) {
                (true, _) => Some(id),
                (false, Other::Number(number)) => self.session_numbered(workspace, number).await?,
                (false, Other::Widget(named, session)) => named
                    .is_none_or(|named| named == *workspace)
                    .then_some(session),
            },
            Alias::Untyped(id, number) => {
                let is_session = self.is_session(workspace, &id).await?;
                let numbered = self.session_numbered(workspace, number).await?;
                match numbered {
                    Some(other) if is_session && other != id => return Err(ambiguous(field)),
                    _ if is_session => Some(id),
                    numbered => numbered,
                }
            }
        };
        found.ok_or_else(|| no_such_conversation(field))
    }

    pub async fn session_numbered(
        &self,
        workspace: &WorkspaceId,
        number: u64,
    ) -> Result<Option<SessionId>, Reject> {
        if let Some(known) = self.numbers.find(workspace, number) {
            return Ok(Some(known));
        }
        let session = self.history.session_numbered(workspace, number).await;
        let session = session.map_err(|_| Reject::unavailable())?;
        if let Some(session) = &session {
            self.note_number(workspace, number, session);
        }
        Ok(session)
    }

    pub(super) fn note_number(&self, workspace: &WorkspaceId, number: u64, session: &SessionId) {
        if !self.numbers.note(workspace, number, session) {
            self.hit_limit("numbers");
        }
    }

    async fn is_session(&self, workspace: &WorkspaceId, id: &SessionId) -> Result<bool, Reject> {
        match self.known(workspace, id).await {
            Ok(_) => Ok(true),
            Err(reject) if reject.code == Code::NotFound => Ok(false),
            Err(reject) => Err(reject),
        }
    }
}

/// The same for a conversation that was never there and for one of another workspace.
fn no_such_conversation(field: &'static str) -> Reject {
    Reject {
        field: Some(field),
        ..Reject::new(Code::NotFound, "No such conversation")
    }
}

fn ambiguous(field: &'static str) -> Reject {
    let says = format!(
        "{field} is the number of one conversation and the id of another: name it by its other name"
    );
    Reject {
        field: Some(field),
        ..Reject::new(Code::Conflict, says)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p8_numbers_are_bounded() {
        let (numbers, shop) = (Numbers::default(), WorkspaceId::new("shop"));
        let session = SessionId::new("s");
        for number in 0..NUMBERS_MAX as u64 {
            assert!(numbers.note(&shop, number, &session));
        }
        assert!(numbers.note(&shop, 0, &session), "it is known already");
        assert!(!numbers.note(&shop, u64::MAX, &session));
        assert_eq!(numbers.find(&shop, u64::MAX), Some(session));
        assert_eq!(numbers.find(&shop, 0), None);
    }
}
