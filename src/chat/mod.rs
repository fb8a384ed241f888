//! The rules of chat: commands in, replies out. It encodes nothing and holds no socket.
//!
//! What is decided is in [`rules`]: pure functions that make a [`Commit`](crate::hub::Commit) or a
//! refusal. What is around them, one file per command, reads what a rule needs, writes its decision
//! once, and decides anew where something else was faster. Messages and changes reach their readers
//! through the logs only; what is returned here goes to the one socket that asked.
//!
//! Who asks is an [`Actor`], known from a verified token. Ids in a command select a session within
//! the actor's workspace; one of another workspace is answered as one that does not exist.

mod actor;
mod attempt;
mod claim;
mod done;
mod end;
mod history;
mod load;
mod presence;
mod queue;
mod rules;
mod send;
mod sessions;
mod start;
mod writer;

use std::sync::Arc;

use crate::{
    history::History,
    hub::Hub,
    metrics::ChatMetrics,
    model::{Clock, Code, Command, DedupId, GuestCommand, Reject, StaffCommand, WorkspaceId},
};

pub use actor::{Actor, GuestActor, OperatorActor};
pub use done::{Bound, Done, Told};
pub use writer::Writer;

pub struct Chat {
    hub: Arc<dyn Hub>,
    history: Arc<dyn History>,
    clock: Clock,
    settings: ChatSettings,
    metrics: ChatMetrics,
    moved: queue::Moved,
}

#[derive(Clone, Debug)]
pub struct ChatSettings {
    /// Longest text of a message, in bytes.
    pub max_text: usize,
    /// The workspaces that guests may start a session in, besides `default`.
    pub workspaces: Vec<WorkspaceId>,
}

impl Chat {
    pub fn new(
        hub: Arc<dyn Hub>,
        history: Arc<dyn History>,
        clock: Clock,
        settings: ChatSettings,
        metrics: ChatMetrics,
    ) -> Self {
        Self {
            hub,
            history,
            clock,
            settings,
            metrics,
            moved: queue::Moved::default(),
        }
    }

    /// Carries a command out. `dedup` names this request: the same one with the same id is carried
    /// out once and gets the first result, on whichever pod it arrives.
    pub async fn handle(
        &self,
        actor: &Actor,
        command: Command,
        dedup: &DedupId,
    ) -> Result<Done, Reject> {
        let result = match (actor, command) {
            (Actor::Guest(guest), Command::Guest(command)) => {
                self.guest(guest, command, dedup).await
            }
            (Actor::Operator(operator), Command::Staff(command)) => {
                self.staff(operator, command, dedup).await
            }
            _ => Err(Reject::new(Code::Forbidden, "This is not for you to ask")),
        };
        result.inspect_err(|reject| self.count_refusal(actor, reject))
    }

    /// Also of what could not even be understood.
    pub fn count_refusal(&self, actor: &Actor, reject: &Reject) {
        let labels = [actor.role(), reject.code.as_str()];
        self.metrics.failed.with_label_values(&labels).inc();
    }

    async fn guest(
        &self,
        actor: &GuestActor,
        command: GuestCommand,
        dedup: &DedupId,
    ) -> Result<Done, Reject> {
        match command {
            GuestCommand::Start(start) => self.start(actor, *start, dedup).await,
            GuestCommand::Send(send) => self.guest_says(actor, send, dedup).await,
            GuestCommand::History(query) => {
                self.messages(&actor.workspace, actor.bound()?, query).await
            }
            GuestCommand::Typing { .. } | GuestCommand::Receipt { .. } | GuestCommand::React(_) => {
                Err(Reject::unavailable())
            }
            GuestCommand::End => self.end_by_guest(actor, dedup).await,
        }
    }

    async fn staff(
        &self,
        actor: &OperatorActor,
        command: StaffCommand,
        dedup: &DedupId,
    ) -> Result<Done, Reject> {
        match command {
            StaffCommand::Connect { session } => self.claim(actor, &session, dedup).await,
            StaffCommand::Send { session, send } => {
                self.staff_says(actor, session, send, dedup).await
            }
            StaffCommand::Sessions(query) => self.sessions(actor, query).await,
            StaffCommand::History { session, query } => {
                self.messages(&actor.workspace, &session, query).await
            }
            StaffCommand::Leave { .. }
            | StaffCommand::Transfer { .. }
            | StaffCommand::Answer { .. }
            | StaffCommand::Typing { .. }
            | StaffCommand::Receipt { .. }
            | StaffCommand::React { .. }
            | StaffCommand::Status { .. }
            | StaffCommand::Operators => Err(Reject::unavailable()),
            StaffCommand::End { session } => self.end_by_staff(actor, session, dedup).await,
        }
    }
}
