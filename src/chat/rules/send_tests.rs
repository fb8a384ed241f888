use super::*;
use crate::chat::rules::cases::{ann, dedup, guest, id, operator};

fn saying(text: &str, client_id: Option<&str>) -> Send {
    Send {
        text: text.to_owned(),
        client_id: client_id.map(str::to_owned),
        ..Send::default()
    }
}

#[test]
fn p8_a_text_has_its_bounds() {
    let cases = [
        ("hi", None),
        ("  hi  ", None),
        ("12345678", None),
        ("éééé", None),
        ("123456789", Some(Code::TooLarge)),
        ("ééééé", Some(Code::TooLarge)),
        ("         ", Some(Code::TooLarge)),
        ("", Some(Code::Invalid)),
        (" \n\t\u{a0}", Some(Code::Invalid)),
        ("a\0b", Some(Code::Invalid)),
    ];
    for (text, expected) in cases {
        let reject = check(&saying(text, None), 8).err();
        assert_eq!(
            reject.as_ref().map(|reject| reject.code),
            expected,
            "{text:?}"
        );
        assert!(
            reject.is_none_or(|reject| reject.field == Some("message")),
            "{text:?}"
        );
    }
}

#[test]
fn p5_the_sender_is_the_actor() {
    let drawn = MessageId::draw();
    for (name, expected) in [(Some("Zoe"), "Zoe"), (None, "Guest")] {
        let actor = GuestActor {
            name: name.map(str::to_owned),
            ..guest(Some("s"))
        };
        let commit = by_guest(&actor, &id("s"), drawn, saying(" x ", None), &dedup());
        assert_eq!((commit.guard, commit.dedup), (Guard::Open, dedup()));
        let [entry] = commit.append.as_slice() else {
            panic!("one entry")
        };
        assert_eq!(entry.origin, Some(guest(None).recovery));
        let NewChange::Message {
            id,
            direction,
            sender,
            content,
            client_id,
        } = &entry.change
        else {
            panic!("a message")
        };
        assert_eq!((*id, *direction, client_id), (drawn, Direction::In, &None));
        assert_eq!(content.text(), " x ", "as it was written");
        assert_eq!((sender.kind, sender.id.as_str()), (SenderKind::Guest, "s"));
        assert_eq!(sender.name, expected);
    }
    let commit = by_staff(&ann(), &id("s"), drawn, saying("x", Some("c")), &dedup());
    let NewChange::Message {
        direction,
        sender,
        client_id,
        ..
    } = &commit.append[0].change
    else {
        panic!("a message")
    };
    assert_eq!(
        (*direction, sender.kind),
        (Direction::Out, SenderKind::Operator)
    );
    assert_eq!((sender.id.as_str(), sender.name.as_str()), ("ann", "Ann"));
    assert_eq!(client_id.as_deref(), Some("c"));
    assert!(
        commit.set.agent.is_none() && commit.queue.is_none(),
        "to write is not to take"
    );
}

#[test]
fn p3_a_client_id_names_the_message_of_one_sender() {
    let staff = |operator_id: &str, client_id: &str, request: &str| {
        let send = saying("x", Some(client_id));
        let request = DedupId::new(request);
        by_staff(
            &operator(operator_id),
            &id("s"),
            MessageId::draw(),
            send,
            &request,
        )
        .dedup
    };
    assert_eq!(
        staff("ann", "1", "r1"),
        staff("ann", "1", "r2"),
        "whatever request carries it"
    );
    assert_ne!(staff("ann", "1", "r"), staff("ann", "2", "r"));
    assert_ne!(staff("ann", "1", "r"), staff("bob", "1", "r"));
    assert_ne!(staff("a:b", "c", "r"), staff("a", "b:c", "r"));
    assert_ne!(staff("a", "1:c", "r"), staff("a:1", "c", "r"));

    let send = saying("x", Some("1"));
    let by_guest = by_guest(
        &guest(Some("s")),
        &id("s"),
        MessageId::draw(),
        send,
        &dedup(),
    )
    .dedup;
    assert_ne!(
        by_guest,
        staff("s", "1", "r"),
        "a guest is not the operator of the same id"
    );
}
