//! Who comes and goes in a scene, and what can be seen of it.

use switchboard::hub::{Channels as _, Deadline, Publications};

use super::*;

/// A guest on a connection of its own.
pub fn visitor(name: &str, session: Option<&SessionId>) -> GuestActor {
    let Actor::Guest(guest) = guest(session) else {
        panic!("a guest")
    };
    GuestActor {
        recovery: RecoveryId::new(format!("r-{name}")),
        sid: Sid::new(format!("sid-{name}")),
        ..guest
    }
}

/// As sessions and entries name an operator.
pub fn as_agent(operator: &str) -> Agent {
    let OperatorActor { id, name, .. } = op(operator);
    Agent { id, name }
}

pub fn staff(command: impl FnOnce(SessionId) -> StaffCommand, session: &SessionId) -> Command {
    Command::Staff(command(session.clone()))
}

pub fn leave(session: &SessionId) -> Command {
    staff(|session| StaffCommand::Leave { session }, session)
}

pub fn reads(session: &SessionId, seq: u64) -> Command {
    let receipt = Receipt::Read;
    staff(
        |session| StaffCommand::Receipt {
            session,
            receipt,
            seq,
        },
        session,
    )
}

/// The session of the reply to a change of hands.
pub fn told(done: Done) -> (Session, Option<u64>) {
    match done.reply {
        Reply::Session {
            session,
            queue_position,
        } => (*session, queue_position),
        other => panic!("{other:?}"),
    }
}

impl Scene {
    pub fn another_pod(&self) -> Arc<Chat> {
        self.another_pod_at(self.clock.clone())
    }

    pub fn another_pod_at(&self, clock: Clock) -> Arc<Chat> {
        Arc::new(Chat::new(ChatParts {
            hub: self.hub.clone(),
            history: self.history.clone(),
            directory: directory(self.history.clone(), &self.metrics),
            clock,
            settings: settings(),
            metrics: self.metrics.clone(),
        }))
    }

    pub async fn arrives(&self, operator: &str) {
        let (operator, draw) = (op(operator), DedupId::draw());
        let arrived = self.chat.operator_arrived(&operator, &draw, None);
        arrived.await.unwrap();
    }

    pub async fn goes(&self, actor: Actor) {
        let draw = DedupId::draw();
        let gone = self.chat.gone(&actor, &draw, None);
        gone.await.unwrap();
    }

    pub async fn held(&self, session: &SessionId) -> Session {
        let found = self.hub.session(&ws(), session).await.unwrap();
        found.unwrap().0
    }

    pub async fn place(&self, session: &SessionId) -> Option<u64> {
        let found = self.hub.session(&ws(), session).await.unwrap();
        found.unwrap().1
    }

    /// What became of a session, its messages aside.
    pub async fn changes(&self, session: &SessionId) -> Vec<Change> {
        let log = Log::Session(ws(), session.clone());
        let page = self.hub.read(&log, EntryId::ZERO, 10_000).await.unwrap();
        let changes = page.entries.into_iter().map(|entry| entry.change.clone());
        changes
            .filter(|change| !matches!(change, Change::Message { .. }))
            .collect()
    }

    /// Apart from those at which somebody looks whether polling connections are still there.
    pub async fn deadlines(&self, now: Millis) -> Vec<Deadline> {
        let mut due = self.all_deadlines(now).await;
        due.retain(|deadline| !deadline.name.starts_with("present:"));
        due
    }

    pub async fn all_deadlines(&self, now: Millis) -> Vec<Deadline> {
        self.hub.due(Partition::of(&ws()), now, 999).await.unwrap()
    }

    /// What every pod does from time to time, on three of them at the same moment.
    pub async fn look(&self) {
        let pods = (0..3).map(|_| {
            let chat = Arc::clone(&self.chat);
            let (hub, now) = (Arc::clone(&self.hub), self.clock.now());
            tokio::spawn(async move {
                for deadline in hub.due(Partition::of(&ws()), now, 99).await.unwrap() {
                    chat.due(deadline).await;
                }
            })
        });
        for pod in pods.collect::<Vec<_>>() {
            pod.await.unwrap();
        }
    }

    /// A pod that reads these logs.
    pub async fn reader(&self, logs: &[Log]) -> Publications {
        let pod = PodId::draw();
        let publications = self.hub.attach(&pod, 1000).await.unwrap().publications;
        for log in logs {
            self.hub.subscribe(&pod, log).await.unwrap();
        }
        publications
    }
}
