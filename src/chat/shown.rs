use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{
    Actor, Chat,
    rules::{self, shown::WINDOW_MS},
};
use crate::{
    hub::Limit,
    model::{
        Code, HistoryMessage, HistoryQuery, Message, MessageId, Millis, OperatorId, Participant,
        Reject, Send, SenderKind, Session, WorkspaceId,
    },
};

/// Messages looked through, from the newest on.
const LOOK: usize = 100;
/// What was sent over a socket and is asked for by HTTP may still be on its way; ..
const ARRIVES: Duration = Duration::from_secs(2);
/// .. whether it has arrived is looked at so often.
const EVERY: Duration = Duration::from_millis(100);
/// Who was given which message is forgotten once its text would be taken for another one's, with some room for clocks.
const TAKEN: Limit = Limit {
    max: 1,
    window_ms: WINDOW_MS + 10_000,
};

/// A message that a page shows and whose row it wants, by what it knows of it.
#[derive(Clone, Debug)]
pub struct Shown {
    pub side: SenderKind,
    /// Who has said it, if it was an operator other than the asker.
    pub operator: Option<OperatorId>,
    pub text: String,
    /// `Attachment::id` of what was said with it.
    pub file: Option<String>,
    /// As its event has called it.
    pub id: Option<MessageId>,
    /// As its sender has called it.
    pub client_id: Option<String>,
    /// Of the request: one that is sent again has the same.
    pub key: Option<String>,
}

impl Shown {
    /// What it is called, once a request has said it.
    pub fn name(&self) -> Option<String> {
        rules::shown::name_of(self)
    }
}

impl Chat {
    /// The message that it is; `None` for an own one that nobody has heard. Each is given to each asker once: of two
    /// that say the same, the first that is asked for is the older one. So pages of three operators that each ask for
    /// both get the same two.
    pub async fn recognised(
        &self,
        actor: &Actor,
        session: &Session,
        shown: &Shown,
    ) -> Result<Option<Message>, Reject> {
        if let Some(id) = shown.id {
            return self.by_its_id(actor, session, shown, id).await.map(Some);
        }
        let is_own = rules::shown::is_own(actor, shown);
        let is_repeat = match &shown.key {
            Some(key) => !self.is_first(actor, session, key).await?,
            None => false,
        };
        let texts = self.texts(&session.workspace, &shown.text);
        let mut until = None;
        loop {
            let (page, _) = self.as_asked(actor, session, newest()).await?;
            let name = rules::shown::name_of(shown);
            let named = name.and_then(|it| rules::shown::called(&page, actor, shown, &it));
            if let Some(named) = named {
                return Ok(Some(named.clone()));
            }
            let like = rules::shown::like(&page, actor, shown, &texts);
            let is_open = !is_repeat && (shown.client_id.is_none() || !is_own);
            if is_open && let Some(free) = self.first_free(actor, session, &like).await? {
                return Ok(Some(free.clone()));
            }
            let latest = like.last().copied().cloned();
            if !is_own {
                let never = Reject::new(Code::Forbidden, NEVER_SAID);
                let never = Reject {
                    field: Some("senderType"),
                    ..never
                };
                return latest.map(Some).ok_or(never);
            }
            if is_repeat && latest.is_some() {
                return Ok(latest);
            }
            let patience = match until {
                Some(until) => until,
                None => self.patience(actor, shown).await?,
            };
            until = Some(patience);
            if Instant::now() >= patience {
                return Ok(None);
            }
            sleep(EVERY).await;
        }
    }

    /// It has been given to the asker, who is not to get it for another that says the same.
    pub async fn take_shown(
        &self,
        actor: &Actor,
        session: &Session,
        message: MessageId,
    ) -> Result<bool, Reject> {
        self.is_first(actor, session, &message.to_string()).await
    }

    async fn by_its_id(
        &self,
        actor: &Actor,
        session: &Session,
        shown: &Shown,
        id: MessageId,
    ) -> Result<Message, Reject> {
        let is_it = |page: Vec<HistoryMessage>| {
            let mut messages = page.into_iter().map(|it| it.message);
            messages.find(|it| it.id == id && rules::shown::is_by(it, actor, shown))
        };
        let (page, _) = self.as_asked(actor, session, newest()).await?;
        if let Some(message) = is_it(page) {
            return Ok(message);
        }
        let none = || Reject {
            field: Some("messageId"),
            ..Reject::new(Code::NotFound, "No such message in this conversation")
        };
        let place = self.history.session_of(&session.workspace, id).await;
        let place = place.map_err(|_| Reject::unavailable())?;
        let (_, seq) = place.filter(|(of, _)| *of == session.id).ok_or_else(none)?;
        let query = HistoryQuery {
            before_seq: Some(seq.saturating_add(1)),
            limit: 1,
        };
        let (page, _) = self.as_asked(actor, session, query).await?;
        is_it(page).ok_or_else(none)
    }

    /// As far as the asker may see.
    async fn as_asked(
        &self,
        actor: &Actor,
        session: &Session,
        query: HistoryQuery,
    ) -> Result<(Vec<HistoryMessage>, bool), Reject> {
        let above = match actor {
            Actor::Guest(guest) => guest.since,
            Actor::Operator(_) => 0,
        };
        self.page(&session.workspace, &session.id, query, above)
            .await
    }

    /// The oldest of them, of this minute, that the asker has not been given.
    async fn first_free<'a>(
        &self,
        actor: &Actor,
        session: &Session,
        like: &[&'a Message],
    ) -> Result<Option<&'a Message>, Reject> {
        let since: Millis = self.clock.now().saturating_sub(WINDOW_MS);
        for message in like.iter().copied().filter(|message| message.at >= since) {
            if self.take_shown(actor, session, message.id).await? {
                return Ok(Some(message));
            }
        }
        Ok(None)
    }

    /// Whether this asker names it for the first time in a while, on whichever pod.
    async fn is_first(&self, actor: &Actor, session: &Session, name: &str) -> Result<bool, Reject> {
        let by = match actor {
            Actor::Guest(_) => Participant::Guest,
            Actor::Operator(operator) => Participant::Operator(operator.id.clone()),
        };
        let by = by.key();
        let (workspace, session) = (session.workspace.as_str(), &session.id);
        let who = format!(
            "{}:{workspace}:{session}:{}:{by}:{name}",
            workspace.len(),
            by.len()
        );
        let Some(rate) = TAKEN.rate("shown", &who) else {
            return Ok(true);
        };
        let full = self.hub.charge(&rate).await;
        full.map(|full| full.is_none())
            .map_err(|_| Reject::unavailable())
    }

    /// As it was written, and as it would be stored.
    pub(super) fn texts(&self, workspace: &WorkspaceId, text: &str) -> Vec<String> {
        let send = Send {
            text: text.to_owned(),
            ..Send::default()
        };
        let stored = rules::strip(&self.settings.strip_tags, workspace, send);
        let mut texts = vec![text.to_owned()];
        texts.extend(stored.ok().map(|stored| stored.text));
        texts
    }

    /// Until when its message may still arrive: at once for whoever has no socket, and of one that has a name, by
    /// which it is one message whichever way is faster.
    async fn patience(&self, actor: &Actor, shown: &Shown) -> Result<Instant, Reject> {
        let comes = match actor {
            Actor::Operator(operator) if shown.client_id.is_none() => {
                self.is_connected(operator).await?
            }
            _ => false,
        };
        let now = Instant::now();
        Ok(if comes { now + ARRIVES } else { now })
    }
}

const NEVER_SAID: &str = "Nobody has said that here: what a guest or a colleague says is stored as it is said, and nobody \
                          else can say it";

fn newest() -> HistoryQuery {
    HistoryQuery {
        before_seq: None,
        limit: LOOK,
    }
}
