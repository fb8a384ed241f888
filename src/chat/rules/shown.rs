use crate::{
    chat::{Actor, Shown},
    model::{HistoryMessage, Message, Millis, OperatorId, SenderKind},
};

/// Two messages that say the same are told apart by when they were said: what was said longer ago is another one.
pub(in crate::chat) const WINDOW_MS: Millis = 60_000;

/// Whether the asker itself has said it, as it says: then it may be said for it, if nobody has heard it yet.
pub(in crate::chat) fn is_own(actor: &Actor, shown: &Shown) -> bool {
    match actor {
        Actor::Guest(_) => shown.side == SenderKind::Guest,
        Actor::Operator(operator) => {
            let named = shown.operator.as_ref();
            shown.side == SenderKind::Operator && named.is_none_or(|named| *named == operator.id)
        }
    }
}

/// Messages of a page that it can be, by who has said them and what: ascending. `texts`: as it was written, and as it
/// would be stored.
pub(in crate::chat) fn like<'a>(
    messages: &'a [HistoryMessage],
    actor: &Actor,
    shown: &Shown,
    texts: &[String],
) -> Vec<&'a Message> {
    let messages = messages.iter().map(|it| &it.message);
    let by_it = messages.filter(|message| is_by(message, actor, shown));
    let says_it = |message: &&Message| match (&shown.file, message.content.file()) {
        // Its bytes are what it is known by: pages say nothing with a picture.
        (Some(id), Some(file)) => *id == file.id,
        (None, None) => texts.iter().any(|text| text == message.content.text()),
        _ => false,
    };
    by_it.filter(says_it).collect()
}

/// Before the key of a request, as the name of the message that it has said.
const BY_REQUEST: &str = "http:";

/// What its sender has called it, or calls it if a request says it.
pub(in crate::chat) fn name_of(shown: &Shown) -> Option<String> {
    let by_request = || shown.key.as_ref().map(|key| format!("{BY_REQUEST}{key}"));
    shown.client_id.clone().or_else(by_request)
}

/// What an operator has said by a request, ascending.
pub(in crate::chat) fn by_request<'a>(
    messages: &'a [HistoryMessage],
    operator: &OperatorId,
    texts: &[String],
) -> Vec<&'a Message> {
    let messages = messages.iter().map(|it| &it.message);
    let is_one = |message: &&Message| {
        let (sender, name) = (&message.sender, message.client_id.as_deref());
        let is_own = sender.kind == SenderKind::Operator && sender.id == operator.as_str();
        is_own && name.is_some_and(|name| name.starts_with(BY_REQUEST))
    };
    let says_it = |message: &&Message| texts.iter().any(|text| text == message.content.text());
    messages.filter(is_one).filter(says_it).collect()
}

/// By the sender's own id of it.
pub(in crate::chat) fn called<'a>(
    messages: &'a [HistoryMessage],
    actor: &Actor,
    shown: &Shown,
    name: &str,
) -> Option<&'a Message> {
    let mut messages = messages.iter().map(|it| &it.message).rev();
    let is_it = |message: &&Message| message.client_id.as_deref() == Some(name);
    messages.find(|message| is_it(message) && is_by(message, actor, shown))
}

pub(in crate::chat) fn is_by(message: &Message, actor: &Actor, shown: &Shown) -> bool {
    let operator = match (&shown.operator, actor) {
        _ if shown.side == SenderKind::Guest => None,
        (Some(named), _) => Some(named),
        (None, Actor::Operator(operator)) => Some(&operator.id),
        // A guest's page knows names alone.
        (None, Actor::Guest(_)) => None,
    };
    let sender = &message.sender;
    sender.kind == shown.side && operator.is_none_or(|id| id.as_str() == sender.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        chat::rules::cases::{ann, guest, id},
        model::{Content, Direction, MessageId, OperatorId, Sender},
    };

    fn shown(side: SenderKind, operator: Option<&str>) -> Shown {
        Shown {
            side,
            operator: operator.map(OperatorId::new),
            text: "ok".into(),
            file: None,
            id: None,
            client_id: None,
            key: None,
        }
    }

    fn said(kind: SenderKind, by: &str, text: &str, client_id: Option<&str>) -> HistoryMessage {
        HistoryMessage {
            message: Message {
                id: MessageId::draw(),
                session: id("s"),
                seq: 1,
                direction: match kind {
                    SenderKind::Guest => Direction::In,
                    SenderKind::Operator => Direction::Out,
                },
                sender: Sender {
                    kind,
                    id: by.into(),
                    name: by.into(),
                },
                content: Content::Text { text: text.into() },
                client_id: client_id.map(Into::into),
                at: 1,
            },
            reactions: Vec::new(),
        }
    }

    #[test]
    fn only_what_is_ones_own_may_be_said_for_one() {
        let (ann, guest) = (Actor::Operator(ann()), Actor::Guest(guest(Some("s"))));
        for (actor, side, operator, expected) in [
            (&ann, SenderKind::Operator, None, true),
            (&ann, SenderKind::Operator, Some("ann"), true),
            (&ann, SenderKind::Operator, Some("ben"), false),
            (&ann, SenderKind::Guest, None, false),
            (&ann, SenderKind::Guest, Some("ann"), false),
            (&guest, SenderKind::Guest, None, true),
            (&guest, SenderKind::Operator, None, false),
            (&guest, SenderKind::Operator, Some("guest"), false),
        ] {
            let is = is_own(actor, &shown(side, operator));
            assert_eq!(is, expected, "{actor:?} {side:?} {operator:?}");
        }
    }

    #[test]
    fn what_was_said_by_a_request_is_known_by_its_name() {
        let operator = SenderKind::Operator;
        let page = [
            said(operator, "ann", "ok", None),
            said(operator, "ann", "ok", Some("c1")),
            said(operator, "ann", "ok", Some("http:k1")),
            said(operator, "ben", "ok", Some("http:k1")),
            said(operator, "ann", "no", Some("http:k2")),
            said(SenderKind::Guest, "ann", "ok", Some("http:k3")),
        ];
        let found = by_request(&page, &OperatorId::new("ann"), &["ok".to_owned()]);
        let ids: Vec<_> = found.iter().map(|it| it.id).collect();
        assert_eq!(ids, [page[2].message.id]);
        let keyed = |client_id: Option<&str>| Shown {
            client_id: client_id.map(Into::into),
            key: Some("k1".into()),
            ..shown(operator, None)
        };
        assert_eq!(name_of(&keyed(None)).as_deref(), Some("http:k1"));
        assert_eq!(name_of(&keyed(Some("c1"))).as_deref(), Some("c1"));
        assert_eq!(name_of(&shown(operator, None)), None);
    }

    #[test]
    fn a_message_is_known_by_who_has_said_it_and_what() {
        let page = [
            said(SenderKind::Guest, "s", "ok", None),
            said(SenderKind::Operator, "ann", "ok", Some("c1")),
            said(SenderKind::Operator, "ben", "ok", Some("c1")),
            said(SenderKind::Operator, "ann", "OK", None),
            said(SenderKind::Operator, "ann", "ok", None),
        ];
        let (ann, guest) = (Actor::Operator(ann()), Actor::Guest(guest(Some("s"))));
        for (actor, side, operator, expected) in [
            (&ann, SenderKind::Guest, None, vec![0]),
            (&ann, SenderKind::Operator, None, vec![1, 4]),
            (&ann, SenderKind::Operator, Some("ben"), vec![2]),
            (&guest, SenderKind::Operator, None, vec![1, 2, 4]),
        ] {
            let shown = shown(side, operator);
            let like = like(&page, actor, &shown, &["ok".to_owned()]);
            let ids: Vec<_> = like.iter().map(|it| it.id).collect();
            let expected: Vec<_> = expected
                .iter()
                .map(|at: &usize| page[*at].message.id)
                .collect();
            assert_eq!(ids, expected, "{side:?} {operator:?}");
        }
        let named = called(&page, &ann, &shown(SenderKind::Operator, None), "c1");
        assert_eq!(named.unwrap().id, page[1].message.id);
    }
}
