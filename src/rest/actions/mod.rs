//! Server actions of a front end that keeps a `ChatMessage` table (seed 004), as routes: its rows are what the relay has
//! stored. Whoever shows an operator's token, or the cookie of a login, is that operator; whoever shows the token that
//! a guest was given with its conversation is that guest. What a body says of its sender proves nothing.

pub mod history;
pub mod join;
pub mod read;
pub mod recent;
pub mod save;
mod schemas;

pub use schemas::schemas;

use std::{collections::HashMap, time::Duration};

use serde_json::{Map, Value};
use tokio::time::{sleep, timeout};

use super::{Rest, problem::Problem, who::Who};
use crate::{
    chat::Actor,
    dialect::actions::{self, Known},
    history::MessageRow,
    model::{
        Address, Alias, Code, Message, MessageId, Reject, Reply, Session, SessionId, WorkspaceId,
    },
    server::auth::GuestClaims,
};

/// Between two looks at whether a message is stored.
const LOOK: Duration = Duration::from_millis(20);
/// The same, while nobody says that anything is being stored.
const SILENCE: Duration = Duration::from_millis(500);

/// Who asks about which conversation.
struct Place {
    actor: Actor,
    session: Session,
    number: u64,
}

impl Rest {
    async fn place_of(&self, who: &Who, address: Address, client: Alias) -> Result<Place, Problem> {
        let (chat, workspace) = (&self.parts.chat, who.workspace());
        let session = match who {
            Who::Operator(_) => chat.find(workspace, client, "clientId").await?,
            Who::Guest(claims) => self.own(claims, &client).await?,
        };
        let session = match chat.look(workspace, &session).await.map(|done| done.reply) {
            Ok(Reply::Session { session, .. }) => *session,
            Ok(_) => return Err(Reject::unavailable().into()),
            Err(reject) if reject.code == Code::NotFound => return Err(no_such_client()),
            Err(reject) => return Err(reject.into()),
        };
        let number = self.number(workspace, &session.id).await?;
        let actor = who.actor(address, Some(session.guest.display_name()));
        Ok(Place {
            actor,
            session,
            number,
        })
    }

    /// A guest has one conversation: of what else is called so it learns nothing.
    async fn own(&self, claims: &GuestClaims, client: &Alias) -> Result<SessionId, Problem> {
        let GuestClaims {
            workspace, session, ..
        } = claims;
        if client.id() == Some(session) {
            return Ok(session.clone());
        }
        let named = match client.number() {
            Some(number) => self.parts.chat.session_numbered(workspace, number).await?,
            None => None,
        };
        let own = named.filter(|named| named == session);
        own.ok_or_else(no_such_client)
    }

    async fn number(&self, workspace: &WorkspaceId, session: &SessionId) -> Result<u64, Problem> {
        let named = std::slice::from_ref(session);
        let numbers = self.parts.chat.session_numbers(workspace, named).await?;
        let number = numbers.first().map(|(_, number)| *number);
        number.ok_or_else(|| Reject::unavailable().into())
    }

    /// Messages as rows, which they are once they are stored: until then it waits, but not for long.
    async fn rows(
        &self,
        place: &Place,
        messages: &[Message],
    ) -> Result<Vec<Map<String, Value>>, Problem> {
        let ids: Vec<MessageId> = messages.iter().map(|it| it.id).collect();
        let stored = timeout(
            self.settings.ack_timeout,
            self.stored_rows(&place.session.workspace, &ids),
        );
        let stored = stored.await.map_err(|_| Reject::pending())??;
        let rows = messages.iter().filter_map(|message| {
            let row = stored.get(&message.id)?;
            let is_marked = message.seq <= place.session.marks.read(message.direction);
            let known = Known {
                client: place.number,
                num: row.num,
                is_read: is_marked || row.read_at.is_some(),
                read_at: row.read_at,
            };
            Some(actions::message(message, known))
        });
        Ok(rows.collect())
    }

    async fn stored_rows(
        &self,
        workspace: &WorkspaceId,
        ids: &[MessageId],
    ) -> Result<HashMap<MessageId, MessageRow>, Reject> {
        let mut persisted = self.parts.persisted.clone();
        loop {
            persisted.mark_unchanged();
            let rows = self.parts.chat.message_rows(workspace, ids).await?;
            if rows.len() >= ids.len() {
                return Ok(rows.into_iter().map(|row| (row.id, row)).collect());
            }
            sleep(LOOK).await;
            let _ = timeout(SILENCE, persisted.changed()).await;
        }
    }
}

fn no_such_client() -> Problem {
    let reject = Reject::new(Code::NotFound, "No such client");
    Reject {
        field: Some("clientId"),
        ..reject
    }
    .into()
}
