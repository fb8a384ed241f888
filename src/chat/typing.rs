use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

use super::{
    Chat,
    actor::{GuestActor, OperatorActor},
    attempt::ended,
    done::Done,
};
use crate::{
    hub::{Log, Turn, TurnOp},
    model::{
        Agent, Aside, DedupId, OperatorId, Participant, Reject, Reply, SessionId, WorkspaceId,
    },
};

/// Who does not say again that it types has stopped: the word that says so may be lost.
const LASTS: Duration = Duration::from_secs(8);
/// What is said sooner than this after the same was said is not told again.
const AGAIN: Duration = Duration::from_secs(1);
/// That it is over is told once more after so long, and so within 10 s of the last word: what is in no log is lost on
/// whoever is between two polls, mostly because of the message that was typed.
const OVER_AGAIN: Duration = Duration::from_secs(1);
/// The word of the last who spoke is kept for longer than its end needs to be told.
const KEPT_MS: u64 = 30_000;
/// Who may type at a time, by what this pod has heard; of more nobody is told.
const TYPING_MAX: usize = 10_000;

/// Who types, as far as this pod was told last; and who has just stopped.
#[derive(Debug, Default)]
pub(super) struct Typing {
    at_it: Mutex<HashMap<Typist, Since>>,
    some: Notify,
}

/// `None`: the guest.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Typist {
    workspace: WorkspaceId,
    session: SessionId,
    by: Option<OperatorId>,
}

#[derive(Clone, Debug)]
struct Since {
    told: Instant,
    ends: Instant,
    /// Told to be over, which is told again when this ends.
    over: bool,
    /// Of the last word that was told.
    token: String,
    agent: Option<Agent>,
}

impl Chat {
    pub(super) async fn guest_types(&self, actor: &GuestActor, on: bool) -> Result<Done, Reject> {
        let typist = Typist {
            workspace: actor.workspace.clone(),
            session: actor.bound()?.clone(),
            by: None,
        };
        self.types(typist, None, on).await
    }

    pub(super) async fn staff_types(
        &self,
        actor: &OperatorActor,
        session: &SessionId,
        on: bool,
    ) -> Result<Done, Reject> {
        let known = self.known(&actor.workspace, session).await?;
        if !known.status.is_open() {
            return Err(ended());
        }
        let typist = Typist {
            workspace: actor.workspace.clone(),
            session: session.clone(),
            by: Some(actor.id.clone()),
        };
        self.types(typist, Some(actor.agent()), on).await
    }

    /// Ends what was not said again. Runs until it is dropped.
    pub async fn end_typing(&self) {
        loop {
            let Some(next) = self.typing.next_end() else {
                self.typing.some.notified().await;
                continue;
            };
            // Whoever stops meanwhile may be the first that ends.
            tokio::time::sleep_until(next.min(Instant::now() + OVER_AGAIN)).await;
            for (typist, since) in self.typing.take_ended() {
                // Unless another pod has heard of it since. Lost, clients end it by themselves.
                let op = if since.over {
                    TurnOp::IfOver
                } else {
                    TurnOp::EndIfLast
                };
                let agent = since.agent.clone();
                let told = self.tell_typing(&typist, agent, (since.token, op)).await;
                if told.is_ok_and(|told| told && !since.over) {
                    self.typing.over(&typist, since.agent.as_ref());
                }
            }
        }
    }

    async fn types(&self, typist: Typist, agent: Option<Agent>, on: bool) -> Result<Done, Reject> {
        let rates = &self.settings.rates;
        let rate = match &typist.by {
            None => rates.guest_signal(&typist.session),
            Some(operator) => rates.operator_told(&typist.workspace, operator),
        };
        let token = DedupId::draw().as_str().to_owned();
        let op = if on {
            if !self.typing.begin(&typist, &token, agent.as_ref()) {
                return Ok(Done::of(Reply::Done));
            }
            TurnOp::Take { for_ms: KEPT_MS }
        } else {
            self.typing.over(&typist, agent.as_ref());
            TurnOp::End
        };
        self.charge(rate).await?;
        self.tell_typing(&typist, agent, (token, op)).await?;
        Ok(Done::of(Reply::Done))
    }

    async fn tell_typing(
        &self,
        typist: &Typist,
        by: Option<Agent>,
        (token, op): (String, TurnOp),
    ) -> Result<bool, Reject> {
        let (workspace, session) = (typist.workspace.clone(), typist.session.clone());
        let who = typist.by.clone();
        let who = who.map_or(Participant::Guest, Participant::Operator).key();
        let turn = Turn {
            name: format!("typing:{session}:{who}"),
            token,
            op,
        };
        let channel = match by {
            None => Log::Feed(workspace),
            Some(_) => Log::Session(workspace, session.clone()),
        };
        let aside = Aside::Typing {
            session,
            by,
            on: matches!(op, TurnOp::Take { .. }),
        };
        let told = self.hub.tell_in_turn(&channel, aside, &turn).await;
        told.map_err(|_| Reject::unavailable())
    }
}

impl Typing {
    /// Says whether to tell it: not what was told a moment ago.
    fn begin(&self, typist: &Typist, token: &str, agent: Option<&Agent>) -> bool {
        let now = Instant::now();
        let mut at_it = self.lock();
        if let Some(since) = at_it.get_mut(typist)
            && !since.over
            && now < since.told + AGAIN
        {
            since.ends = now + LASTS;
            return false;
        }
        if at_it.len() >= TYPING_MAX && !at_it.contains_key(typist) {
            return false;
        }
        let since = Since {
            told: now,
            ends: now + LASTS,
            over: false,
            token: token.to_owned(),
            agent: agent.cloned(),
        };
        at_it.insert(typist.clone(), since);
        drop(at_it);
        self.some.notify_one();
        true
    }

    fn over(&self, typist: &Typist, agent: Option<&Agent>) {
        let now = Instant::now();
        let mut at_it = self.lock();
        if at_it.len() >= TYPING_MAX && !at_it.contains_key(typist) {
            return;
        }
        let since = Since {
            told: now,
            ends: now + OVER_AGAIN,
            over: true,
            token: String::new(),
            agent: agent.cloned(),
        };
        at_it.insert(typist.clone(), since);
        drop(at_it);
        self.some.notify_one();
    }

    fn next_end(&self) -> Option<Instant> {
        self.lock().values().map(|since| since.ends).min()
    }

    fn take_ended(&self) -> Vec<(Typist, Since)> {
        let now = Instant::now();
        let is_over = |_: &Typist, since: &mut Since| since.ends <= now;
        self.lock().extract_if(is_over).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Typist, Since>> {
        self.at_it.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
