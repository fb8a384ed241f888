use super::{away, draft, presence};
use crate::{
    chat::GuestActor,
    hub::{Commit, Guard, NewChange, QueueOp, Since, Unique},
    model::{Code, DedupId, Guest, Millis, Reject, Resume, Session, SessionId, Start, WorkspaceId},
};

/// No session is as old, and Redis counts that far.
const ALWAYS: Millis = 1 << 50;

/// The workspace that the guest asks for: the one of its page unless it names another.
pub(in crate::chat) fn workspace<'a>(actor: &'a GuestActor, start: &'a Start) -> &'a WorkspaceId {
    start.workspace_or(&actor.workspace)
}

pub(in crate::chat) fn no_such_workspace() -> Reject {
    let reject = Reject::new(Code::NotFound, "No such workspace");
    Reject {
        field: Some("workspace"),
        ..reject
    }
}

/// The sessions to go on with, if they are open: the one that a token names, else the one that this
/// socket has, unless it asks for another workspace now.
pub(in crate::chat) fn candidates(
    actor: &GuestActor,
    start: &Start,
    workspace: &WorkspaceId,
) -> Vec<Resume> {
    let own = actor
        .session
        .clone()
        .filter(|_| actor.workspace == *workspace);
    let own = own.map(|session| Resume {
        workspace: workspace.clone(),
        session,
        since: actor.since,
    });
    let mut candidates: Vec<_> = start.resume.iter().cloned().chain(own).collect();
    candidates.dedup();
    // The same id in another workspace is somebody else.
    candidates.retain(|resume| start.identity.is_none() || resume.workspace == *workspace);
    candidates
}

/// A verified guest goes on with a session of its own only: not with one of somebody else, nor with one that
/// anybody may have begun and left on its device, to read on in it. Who holds the token of a verified session
/// has got it as its guest.
pub(in crate::chat) fn may_go_on(start: &Start, session: &Session) -> bool {
    start.identity.is_none() || start.identity == session.guest.identity
}

/// The guest is present in its session again, if that is still open.
pub(in crate::chat) fn rejoin(
    actor: &GuestActor,
    workspace: &WorkspaceId,
    session: &SessionId,
    dedup: &DedupId,
) -> Commit {
    let mut commit = Commit::new(
        workspace.clone(),
        Some(session.clone()),
        dedup.clone(),
        Guard::Open,
    );
    commit.presence = Some(presence::enter(actor, workspace, session));
    commit.deadlines = vec![away::ends(session)];
    commit
}

/// Somebody says the name and e-mail address of a session's guest, which proves nothing: it goes on with
/// the session only while nobody else is there, and staff is told.
pub(in crate::chat) fn come_back(
    actor: &GuestActor,
    workspace: &WorkspaceId,
    session: &SessionId,
    dedup: &DedupId,
) -> Commit {
    let mut commit = rejoin(actor, workspace, session, dedup);
    commit.alone = true;
    commit.set.unverified = Some(true);
    commit.append = vec![draft(NewChange::Returned, &actor.recovery)];
    commit
}

/// Whom there is one open session for. A verified guest comes back to its own whenever that was, also while
/// it is there by another device. Of others the same name and e-mail address are the same guest for a time
/// (`by_name`), as far as nobody proves anything; `None` without both of them.
///
/// The two never meet: the key of a name begins with a number.
pub(in crate::chat) fn unique(guest: &Guest, by_name: Option<(Millis, Since)>) -> Option<Unique> {
    if let Some(id) = &guest.identity {
        return Some(Unique {
            key: format!("verified:{id}"),
            window_ms: ALWAYS,
            since: Since::Creation,
            shared: true,
        });
    }
    let (window_ms, since) = by_name?;
    Some(Unique {
        key: name_key(&guest.name, &guest.email)?,
        window_ms,
        since,
        shared: false,
    })
}

fn name_key(name: &Option<String>, email: &Option<String>) -> Option<String> {
    let folded = |text: &Option<String>| {
        let text = text.as_deref().unwrap_or_default().trim().to_lowercase();
        (!text.is_empty()).then_some(text)
    };
    let (name, email) = (folded(name)?, folded(email)?);
    // With a length, so that no two pairs read the same.
    Some(format!("{}:{name}:{email}", name.len()))
}

/// A new session, that waits for an operator. Its id comes from the request, so that the same
/// request makes one session however often it is repeated.
pub(in crate::chat) fn begin(
    actor: &GuestActor,
    workspace: &WorkspaceId,
    guest: Guest,
    dedup: &DedupId,
    now: Millis,
) -> Commit {
    let id = SessionId::from_seed(dedup);
    let session = Session::new(id.clone(), workspace.clone(), guest, now);
    let mut commit = Commit::new(
        workspace.clone(),
        Some(id.clone()),
        dedup.clone(),
        Guard::Absent,
    );
    commit.presence = Some(presence::enter(actor, workspace, &id));
    commit.set.create = Some(Box::new(session));
    commit.queue = Some(QueueOp::Enter);
    commit.append = vec![draft(NewChange::Started, &actor.recovery)];
    commit
}

/// Of a new session.
pub(in crate::chat) fn guest(start: Start) -> Guest {
    Guest {
        name: start.name,
        email: start.email,
        phone: start.phone,
        page: start.page,
        metadata: start.metadata,
        identity: start.identity,
    }
}

#[cfg(test)]
#[path = "start_tests.rs"]
mod tests;
