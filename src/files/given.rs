use super::{Files, Place};
use crate::{
    chat::{Actor, Chat, Done},
    model::{
        Command, Given, GuestCommand, Notice, Reject, Reply, Send, SessionId, StaffCommand,
        WorkspaceId,
    },
};

impl Files {
    /// Looks at what comes with a message, and stores it, before anything is decided about the message: what is said to
    /// be there is there. One that is then refused leaves a file behind that nobody can name. A message that is sent
    /// again is looked at again, which stores nothing twice.
    pub async fn resolve(
        &self,
        chat: &Chat,
        actor: &Actor,
        command: Command,
    ) -> Result<Command, Reject> {
        match (actor, command) {
            (Actor::Guest(guest), Command::Guest(GuestCommand::Send(send)))
                if send.given.is_some() =>
            {
                // Whoever has no session is told so.
                let Some(session) = &guest.session else {
                    return Ok(Command::Guest(GuestCommand::Send(send)));
                };
                let max = self.settings().max_guest;
                let workspace = &guest.workspace;
                let place = (workspace, session);
                let send = self.with_file(chat, (actor, place, max), send).await?;
                Ok(Command::Guest(GuestCommand::Send(send)))
            }
            (Actor::Operator(operator), Command::Staff(StaffCommand::Send { session, send }))
                if send.given.is_some() =>
            {
                chat.look(&operator.workspace, &session).await?;
                let max = self.settings().max_staff;
                let place = (&operator.workspace, &session);
                let send = self.with_file(chat, (actor, place, max), send).await?;
                Ok(Command::Staff(StaffCommand::Send { session, send }))
            }
            (_, command) => Ok(command),
        }
    }

    /// Of a file that comes, before it is looked at.
    pub async fn charge(&self, chat: &Chat, actor: &Actor) -> Result<(), Reject> {
        let charged = chat.charge_upload(actor).await;
        charged.inspect_err(|reject| self.count(reject.code.as_str()))
    }

    /// Says where the files are of messages that one is told beside the log.
    pub fn link_done(&self, workspace: &WorkspaceId, done: &mut Done) {
        if let Reply::History { messages, .. } = &mut done.reply {
            for written in messages {
                self.link(workspace, &mut written.message, false);
            }
        }
        for told in &mut done.notices {
            self.link_notice(&mut told.notice);
        }
    }

    pub fn link_notice(&self, notice: &mut Notice) {
        if let Notice::Waited { workspace, written } = notice {
            self.link(workspace, &mut written.message, false);
        }
    }

    async fn with_file(
        &self,
        chat: &Chat,
        (actor, (workspace, session), max): (&Actor, (&WorkspaceId, &SessionId), usize),
        send: Send,
    ) -> Result<Send, Reject> {
        let Some(given) = send.given else {
            return Ok(send);
        };
        let place = Place { workspace, session };
        let file = match given {
            // It came before.
            Given::Uploaded(id) => {
                chat.charge_upload(actor).await?;
                self.uploaded(place, &id)?
            }
            Given::Bytes(upload) => {
                self.charge(chat, actor).await?;
                self.keep(place, *upload, max).await?
            }
        };
        Ok(Send {
            given: None,
            file: Some(file.into()),
            ..send
        })
    }
}
