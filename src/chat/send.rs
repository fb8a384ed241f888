use super::{
    Chat,
    actor::{GuestActor, OperatorActor},
    attempt::Repeat,
    done::{Done, Told, mark},
    rules,
};
use crate::{
    hub::Commit,
    model::{DedupId, MessageId, Notice, Reject, Reply, Send, SessionId, WorkspaceId},
};

impl Chat {
    pub(super) async fn guest_says(
        &self,
        actor: &GuestActor,
        send: Send,
        dedup: &DedupId,
    ) -> Result<Done, Reject> {
        let session = actor.bound()?;
        let send = self.checked(&actor.workspace, send)?;
        let id = MessageId::draw();
        let repeat = repeat_of(&send);
        // That it is open is for the commit to find out, since a repeat of a message gets its first
        // result though the session has ended since.
        let mut commit = rules::send::by_guest(actor, session, id, send, dedup);
        commit.rate = self.settings.rates.guest.rate("guest", session.as_str());
        self.say("guest", id, commit, repeat).await
    }

    pub(super) async fn staff_says(
        &self,
        actor: &OperatorActor,
        session: SessionId,
        send: Send,
        dedup: &DedupId,
    ) -> Result<Done, Reject> {
        let send = self.checked(&actor.workspace, send)?;
        let id = MessageId::draw();
        let repeat = repeat_of(&send);
        let mut commit = rules::send::by_staff(actor, &session, id, send, dedup);
        commit.rate = self
            .settings
            .rates
            .operator
            .rate("operator", actor.id.as_str());
        let mut done = self.say("operator", id, commit, repeat).await?;
        if let Reply::Sent { id, at, .. } = done.reply {
            done.notices
                .insert(0, Told::with_reply(Notice::Sent { session, id, at }));
        }
        Ok(done)
    }

    /// Whether that can be said there.
    pub fn check(&self, workspace: &WorkspaceId, send: &Send) -> Result<(), Reject> {
        self.checked(workspace, send.clone()).map(drop)
    }

    /// As it is stored.
    fn checked(&self, workspace: &WorkspaceId, send: Send) -> Result<Send, Reject> {
        rules::send::check(&send, self.settings.max_text)?;
        rules::strip(&self.settings.strip_tags, workspace, send)
    }

    async fn say(
        &self,
        role: &'static str,
        drawn: MessageId,
        commit: Commit,
        repeat: Repeat,
    ) -> Result<Done, Reject> {
        let (written, before) = self.write_loaded(&commit, repeat).await?;
        let first = written
            .stamped
            .first()
            .and_then(|entry| Some((entry.id, entry.message?)));
        let (Some((entry, (id, seq))), Some(session)) = (first, commit.session) else {
            tracing::error!("the hub has stamped no message on a commit that holds one");
            return Err(Reject::unavailable());
        };
        // Written before, but under the id drawn here: by an attempt of ours whose answer was lost.
        let duplicate = before && id != drawn;
        if !duplicate {
            self.metrics.received.with_label_values(&[role]).inc();
        }
        let stored = Some(mark(&commit.workspace, &written.epoch, entry));
        let reply = Reply::Sent {
            id,
            seq,
            at: entry.ms,
            duplicate,
        };
        let notices = vec![Told {
            notice: Notice::Stored { session, seq },
            mark: stored.clone(),
        }];
        Ok(Done {
            reply,
            notices,
            mark: stored,
            bound: None,
        })
    }
}

fn repeat_of(send: &Send) -> Repeat {
    match send.client_id {
        Some(_) => Repeat::ClientId,
        None => Repeat::Request,
    }
}
