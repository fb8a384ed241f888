//! What a guest's start has to prove, before anybody decides anything about it.

use super::Relay;
use crate::{
    model::{Code, Command, GuestCommand, Reject, Resume, Start, WorkspaceId},
    server::auth::{GuestClaims, Identity},
};

impl Relay {
    /// A resume token selects a session, and an identity a guest, only once its signature is found to be ours,
    /// or that of the workspace that the guest is to start in.
    pub(super) fn verified(&self, page: &WorkspaceId, command: Command) -> Result<Command, Reject> {
        let Command::Guest(GuestCommand::Start(mut start)) = command else {
            return Ok(command);
        };
        if let Some(token) = start.token.take() {
            let claims = GuestClaims::verify(&self.signing, &token);
            // A guest that names no workspace goes where its token leads.
            let elsewhere = |it: &GuestClaims| {
                start
                    .workspace
                    .as_ref()
                    .is_some_and(|at| *at != it.workspace)
            };
            let claims = claims.filter(|claims| !elsewhere(claims));
            let claims = claims.ok_or_else(|| invalid("token", "Invalid token"))?;
            start.resume = Some(Resume {
                workspace: claims.workspace,
                session: claims.session,
                since: claims.since,
            });
        }
        self.identify(page, &mut start)?;
        Ok(Command::Guest(GuestCommand::Start(start)))
    }

    /// What the site has signed of its visitor goes before what the visitor says.
    fn identify(&self, page: &WorkspaceId, start: &mut Start) -> Result<(), Reject> {
        let Some(proof) = start.proof.take() else {
            return Ok(());
        };
        let (workspace, now) = (start.workspace_or(page), self.clock.now() / 1000);
        let identity = Identity::verify(&self.signing, workspace, &proof, now);
        let identity =
            identity.ok_or_else(|| invalid("identity", "Invalid or expired identity"))?;
        start.name = identity.name.or(start.name.take());
        start.email = identity.email.or(start.email.take());
        start.identity = Some(identity.id);
        Ok(())
    }
}

fn invalid(field: &'static str, message: &str) -> Reject {
    Reject {
        field: Some(field),
        ..Reject::new(Code::Unauthorized, message)
    }
}
