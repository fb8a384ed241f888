use super::draft;
use crate::{
    chat::{GuestActor, OperatorActor},
    hub::{Commit, Guard, NewChange},
    model::{
        Code, Content, DedupId, Direction, Guest, MessageId, RecoveryId, Reject, Send, Sender,
        SenderKind, SessionId, WorkspaceId,
    },
};

/// Whether this text can be a message. It is stored as it was written.
pub(in crate::chat) fn check(send: &Send, max_bytes: usize) -> Result<(), Reject> {
    if send.text.len() > max_bytes {
        let reject = Reject::new(Code::TooLarge, format!("At most {max_bytes} bytes of text"));
        return Err(Reject {
            field: Some("message"),
            ..reject
        });
    }
    if send.text.trim().is_empty() && send.file.is_none() {
        return Err(Reject::field("message", "A message needs a text"));
    }
    // No text column of a database takes it, so it would stop the history of the whole partition.
    if send.text.contains('\0') {
        return Err(Reject::field(
            "message",
            "A text cannot hold the character NUL",
        ));
    }
    Ok(())
}

/// A guest's message to its own session.
pub(in crate::chat) fn by_guest(
    actor: &GuestActor,
    session: &SessionId,
    id: MessageId,
    send: Send,
    dedup: &DedupId,
) -> Commit {
    let sender = Sender {
        kind: SenderKind::Guest,
        id: session.to_string(),
        name: actor
            .name
            .clone()
            .unwrap_or_else(|| Guest::default().display_name().to_owned()),
    };
    let place = Place {
        workspace: &actor.workspace,
        session,
        origin: &actor.recovery,
    };
    let mut send = send;
    // Who came back by name alone does not know what the one before it has said, nor by which ids.
    if let (Some(client_id), true) = (&mut send.client_id, actor.since > 0) {
        *client_id = format!("{}:{client_id}", actor.since);
    }
    message(place, id, sender, send, dedup)
}

/// An operator's message to any open session of its workspace. It does not take the session: a
/// colleague may help out in a chat that is another's, or greet one that waits.
pub(in crate::chat) fn by_staff(
    actor: &OperatorActor,
    session: &SessionId,
    id: MessageId,
    send: Send,
    dedup: &DedupId,
) -> Commit {
    let sender = Sender {
        kind: SenderKind::Operator,
        id: actor.id.to_string(),
        name: actor.name.clone(),
    };
    let place = Place {
        workspace: &actor.workspace,
        session,
        origin: &actor.recovery,
    };
    message(place, id, sender, send, dedup)
}

struct Place<'a> {
    workspace: &'a WorkspaceId,
    session: &'a SessionId,
    origin: &'a RecoveryId,
}

fn message(place: Place<'_>, id: MessageId, sender: Sender, send: Send, dedup: &DedupId) -> Commit {
    let dedup = match &send.client_id {
        Some(client_id) => same_message(&sender, client_id),
        None => dedup.clone(),
    };
    let direction = match sender.kind {
        SenderKind::Guest => Direction::In,
        SenderKind::Operator => Direction::Out,
    };
    let (workspace, session) = (place.workspace.clone(), place.session.clone());
    let mut commit = Commit::new(workspace, Some(session), dedup, Guard::Open);
    let content = Content::new(send.text, send.file);
    let change = NewChange::Message {
        id,
        direction,
        sender,
        content,
        client_id: send.client_id,
    };
    commit.append = vec![draft(change, place.origin)];
    commit
}

/// One id per sender and client id, over connections and pods. With the length of the sender's id,
/// so that no two pairs read the same.
pub(super) fn same_message(sender: &Sender, client_id: &str) -> DedupId {
    let kind = match sender.kind {
        SenderKind::Guest => 'g',
        SenderKind::Operator => 'o',
    };
    DedupId::new(format!(
        "m:{kind}{}:{}:{client_id}",
        sender.id.len(),
        sender.id
    ))
}

#[cfg(test)]
#[path = "send_tests.rs"]
mod tests;
