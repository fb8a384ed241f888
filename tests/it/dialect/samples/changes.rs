use switchboard::{
    dialect::Audience,
    model::{
        Aside, Change, Content, Direction, Entry, Marks, Notice, OfferEnd, Participant, Reaction,
        WorkspaceId,
    },
};

use super::{
    active, alice, attachment, bare, bob, busy, ended, entry, id, message, message_id, offer,
    reacted, started, waiting,
};

/// Every kind of entry.
pub fn entries() -> Vec<(&'static str, Entry)> {
    let (hands, said) = (of_hands(), of_messages());
    let all = of_life().into_iter().chain(hands).chain(said);
    all.chain(of_operators()).collect()
}

fn of_life() -> Vec<(&'static str, Entry)> {
    let unknown = || Some(waiting());
    vec![
        ("started, nothing known", entry(Change::Started, unknown())),
        ("started, without its session", entry(Change::Started, None)),
        ("returned", entry(Change::Returned, Some(busy()))),
        ("guest gone", entry(Change::GuestLeft, Some(busy()))),
        ("ended", entry(Change::Ended, Some(ended()))),
        ("ended, nothing known", entry(Change::Ended, unknown())),
    ]
}

/// Whose a session is.
fn of_hands() -> Vec<(&'static str, Entry)> {
    let assigned = |before| {
        let agent = alice();
        entry(Change::Assigned { agent, before }, Some(active()))
    };
    let closed = |why| {
        let offer = offer();
        entry(Change::OfferClosed { offer, why }, Some(active()))
    };
    let released = Change::Released { agent: alice() };
    let opened = Change::OfferOpened { offer: offer() };
    let offered = Change::Offered { offer: offer() };
    vec![
        ("assigned", assigned(None)),
        ("handed over", assigned(Some(bob()))),
        ("released", entry(released, Some(waiting()))),
        ("offer opened", entry(opened, Some(busy()))),
        ("offered", entry(offered, Some(busy()))),
        ("offer declined", closed(OfferEnd::Declined)),
        ("offer expired", closed(OfferEnd::Expired)),
    ]
}

/// What was said, and what became of it.
fn of_messages() -> Vec<(&'static str, Entry)> {
    let said = |direction| {
        let message = message(direction);
        entry(Change::Message { message }, None)
    };
    let with = |direction, mime, text: &str| {
        let mut message = message(direction);
        message.content = Content::new(text.into(), Some(Box::new(attachment(mime))));
        entry(Change::Message { message }, None)
    };
    let delivered = |direction| entry(Change::Delivered { direction, seq: 4 }, Some(busy()));
    let read = |by, seq| entry(Change::Read { by, seq }, Some(busy()));
    let reacted = |by, on| {
        let reaction = Reaction {
            message: message_id(1),
            by,
            emoji: "❤️".into(),
            on,
        };
        entry(Change::Reacted { reaction }, Some(busy()))
    };
    let by_alice = || Participant::Operator(alice().id);
    vec![
        ("message in", said(Direction::In)),
        ("message out", said(Direction::Out)),
        ("picture in", with(Direction::In, "image/png", "look")),
        ("picture out", with(Direction::Out, "image/png", "")),
        ("file in", with(Direction::In, "application/pdf", "")),
        ("file out", with(Direction::Out, "application/pdf", "here")),
        ("delivered in", delivered(Direction::In)),
        ("delivered out", delivered(Direction::Out)),
        ("read by the guest", read(Participant::Guest, 2)),
        ("read by an operator", read(by_alice(), 3)),
        ("reaction of the guest", reacted(Participant::Guest, true)),
        (
            "reaction of an operator taken back",
            reacted(by_alice(), false),
        ),
    ]
}

fn of_operators() -> Vec<(&'static str, Entry)> {
    let agent = alice();
    let online = Change::OperatorOnline {
        agent: agent.clone(),
    };
    let offline = Change::OperatorOffline {
        agent: agent.clone(),
    };
    let status = |away| {
        let agent = agent.clone();
        entry(Change::OperatorStatus { agent, away }, None)
    };
    vec![
        ("operator online", entry(online, None)),
        ("operator offline", entry(offline, None)),
        ("operator away", status(true)),
        ("operator back", status(false)),
    ]
}

pub fn asides() -> Vec<(&'static str, Aside)> {
    let typing = |by, on| Aside::Typing {
        session: id(),
        by,
        on,
    };
    vec![
        ("place in the queue", Aside::Queue { position: 3 }),
        ("the guest types", typing(None, true)),
        ("the guest types no more", typing(None, false)),
        ("an operator types", typing(Some(alice()), true)),
        ("an operator types no more", typing(Some(alice()), false)),
    ]
}

/// With the side that they are said to, and the token that goes with them.
pub fn notices() -> Vec<(&'static str, Audience, Notice, Option<&'static str>)> {
    let (guest, operator) = (Audience::Guest, Audience::Operator);
    let sent = Notice::Sent {
        session: id(),
        id: message_id(2),
        at: message(Direction::Out).at,
    };
    let stored = || Notice::Stored {
        session: id(),
        seq: 2,
    };
    let marks = |direction, marks| Notice::Marks {
        session: id(),
        direction,
        marks,
    };
    let unread = Marks {
        delivered_in: 4,
        ..Marks::default()
    };
    let unsaid = Marks {
        read_out: 4,
        ..Marks::default()
    };
    let waited = |written| Notice::Waited {
        workspace: WorkspaceId::new("default"),
        written,
    };
    let waited_long = waited(reacted(message(Direction::Out)));
    vec![
        (
            "started",
            guest,
            Notice::Started(started(false, Some(3))),
            Some("token"),
        ),
        (
            "started again",
            guest,
            Notice::Started(started(true, None)),
            Some("token"),
        ),
        ("sent", operator, sent, None),
        ("stored", guest, stored(), None),
        ("stored", operator, stored(), None),
        ("marks in", guest, marks(Direction::In, busy().marks), None),
        (
            "marks out",
            operator,
            marks(Direction::Out, busy().marks),
            None,
        ),
        ("marks, not read", guest, marks(Direction::In, unread), None),
        (
            "marks, read and hence delivered",
            operator,
            marks(Direction::Out, unsaid),
            None,
        ),
        ("marks, nothing", guest, marks(Direction::In, unsaid), None),
        (
            "waited in",
            operator,
            waited(bare(message(Direction::In))),
            None,
        ),
        (
            "waited out",
            guest,
            waited(bare(message(Direction::Out))),
            None,
        ),
        ("waited, with reactions", guest, waited_long, None),
    ]
}
