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
mod delivered;
mod directory;
mod done;
mod due;
mod end;
mod find;
mod hands;
mod history;
mod load;
mod look_up;
mod marks;
mod presence;
mod queue;
mod react;
mod resent;
mod rules;
mod send;
mod sessions;
mod shown;
mod start;
mod status;
mod typing;
mod writer;

use std::sync::Arc;

use crate::{
    history::History,
    hub::{Hub, Limit, Rate, Since},
    metrics::ChatMetrics,
    model::{
        Address, Clock, Code, Command, DedupId, GuestCommand, Millis, OperatorId, Reject,
        SessionId, StaffCommand, WorkspaceId, WorkspaceSet,
    },
};

pub use actor::{Actor, GuestActor, OperatorActor};
pub use directory::{Directory, Noted};
pub use done::{Bound, Done, Told};
pub use shown::Shown;
pub use writer::Writer;

pub struct Chat {
    hub: Arc<dyn Hub>,
    history: Arc<dyn History>,
    directory: Arc<Directory>,
    clock: Clock,
    settings: ChatSettings,
    metrics: ChatMetrics,
    moved: queue::Moved,
    delivered: delivered::Delivered,
    typing: typing::Typing,
    numbers: find::Numbers,
}

/// What it is made of.
pub struct ChatParts {
    pub hub: Arc<dyn Hub>,
    pub history: Arc<dyn History>,
    pub directory: Arc<Directory>,
    pub clock: Clock,
    pub settings: ChatSettings,
    pub metrics: ChatMetrics,
}

#[derive(Clone, Debug)]
pub struct ChatSettings {
    /// Longest text of a message, in bytes.
    pub max_text: usize,
    /// Where what is said is stored without its tags. Elsewhere it is stored as it was written, and whoever shows it
    /// shows a text.
    pub strip_tags: WorkspaceSet,
    /// A guest comes back to its session by name and e-mail address alone, ..
    pub reuse_by_email: bool,
    /// .. within this, ..
    pub reuse_window_ms: Millis,
    /// .. counted from here.
    pub reuse_since: Since,
    /// An operator without a connection keeps its sessions for so long.
    pub operator_grace_ms: Millis,
    /// A guest without a connection counts as there for so long.
    pub guest_grace_ms: Millis,
    /// Between two looks at whether a polling connection is still there of which nobody has said that
    /// it is gone.
    pub presence_look_ms: Millis,
    /// An offer of a session is answered within this.
    pub transfer_timeout_ms: Millis,
    pub rates: Rates,
}

/// What one may do how often, on all pods together.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// Messages of a guest, in its session.
    pub guest: Limit,
    /// Messages of an operator, in all sessions.
    pub operator: Limit,
    /// Sessions that are started from one network.
    pub start: Limit,
    /// Files of one person.
    pub upload: Limit,
}

/// What is no message may be asked so much more often than messages may be sent: several go with each.
const SIGNALS: u32 = 10;

impl Rates {
    /// Of what a guest asks beside its messages.
    fn guest_signal(&self, session: &SessionId) -> Option<Rate> {
        let limit = self.guest.times(SIGNALS);
        limit.rate("guest_signal", session.as_str())
    }

    /// Pages of one network that connect or read, before anybody knows whose they are.
    fn page(&self, network: &str) -> Option<Rate> {
        let limit = self.guest.times(SIGNALS);
        limit.rate("page", network)
    }

    fn operator_signal(&self, operator: &OperatorId) -> Option<Rate> {
        let limit = self.operator.times(SIGNALS);
        limit.rate("operator_signal", operator.as_str())
    }

    /// The same where nothing is committed: such windows are of no workspace by themselves.
    fn operator_told(&self, workspace: &WorkspaceId, operator: &OperatorId) -> Option<Rate> {
        let limit = self.operator.times(SIGNALS);
        limit.rate("operator_signal", &who(workspace, operator))
    }
}

/// Operators of two workspaces may have one id.
fn who(workspace: &WorkspaceId, operator: &OperatorId) -> String {
    let workspace = workspace.as_str();
    format!("{}:{workspace}:{operator}", workspace.len())
}

impl Chat {
    pub fn new(parts: ChatParts) -> Self {
        Self {
            hub: parts.hub,
            history: parts.history,
            directory: parts.directory,
            clock: parts.clock,
            settings: parts.settings,
            metrics: parts.metrics,
            moved: queue::Moved::default(),
            delivered: delivered::Delivered::default(),
            typing: typing::Typing::default(),
            numbers: find::Numbers::default(),
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
            // Who joins or watches is settled before anything is asked.
            _ => Err(Reject::new(Code::Forbidden, "This is not for you to ask")),
        };
        result.inspect_err(|reject| self.count_refusal(actor, reject))
    }

    /// Of visitors who have shown nothing yet.
    pub async fn charge_page(&self, address: Address) -> Result<(), Reject> {
        self.charge(self.settings.rates.page(&address.network()))
            .await
    }

    /// Of whoever sends a file, before it is looked at, or one that is there: all who are told of it may get all of it.
    pub async fn charge_upload(&self, actor: &Actor) -> Result<(), Reject> {
        let upload = self.settings.rates.upload;
        let rate = match actor {
            Actor::Guest(guest) => upload.rate("guest_upload", guest.bound()?.as_str()),
            Actor::Operator(operator) => {
                let who = who(&operator.workspace, &operator.id);
                upload.rate("operator_upload", &who)
            }
        };
        self.charge(rate).await
    }

    /// Of what is asked beside the rules. Who has no session yet asks for nothing that would cost anything.
    pub async fn charge_signal(&self, actor: &Actor) -> Result<(), Reject> {
        let rates = &self.settings.rates;
        let rate = match actor {
            Actor::Operator(operator) => rates.operator_told(&operator.workspace, &operator.id),
            Actor::Guest(guest) => {
                let session = guest.session.as_ref();
                session.and_then(|session| rates.guest_signal(session))
            }
        };
        self.charge(rate).await
    }

    /// A bound that is not of a rate.
    pub fn hit_limit(&self, limit: &str) {
        self.metrics.limited.with_label_values(&[limit]).inc();
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
            GuestCommand::History(query) => self.own_messages(actor, query).await,
            GuestCommand::Typing { on } => self.guest_types(actor, on).await,
            GuestCommand::Receipt { receipt, seq } => {
                self.guest_has(actor, receipt, seq, dedup).await
            }
            GuestCommand::React(react) => self.guest_reacts(actor, react, dedup).await,
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
            StaffCommand::Leave { session } => self.leave(actor, &session, dedup).await,
            StaffCommand::Transfer { session, to } => {
                self.transfer(actor, &session, &to, dedup).await
            }
            StaffCommand::Answer { session, accept } => {
                self.answer_offer(actor, &session, accept, dedup).await
            }
            StaffCommand::Typing { session, on } => self.staff_types(actor, &session, on).await,
            StaffCommand::Receipt {
                session,
                receipt,
                seq,
            } => self.staff_has(actor, &session, (receipt, seq), dedup).await,
            StaffCommand::React { session, react } => {
                self.staff_reacts(actor, session, react, dedup).await
            }
            StaffCommand::Status { away } => self.set_status(actor, away, dedup).await,
            StaffCommand::Operators => self.operators(actor).await,
            StaffCommand::End { session } => self.end_by_staff(actor, session, dedup).await,
        }
    }
}
