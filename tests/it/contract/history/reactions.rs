use std::sync::Arc;

use switchboard::{
    history::StoredReaction,
    model::{Change, Entry, MessageId, OperatorId, Participant, Reaction, Session, limits},
};

use super::{
    Place,
    support::{Book, STORED, at, body, of, reacted, said, session, started},
};

fn word(ms: u64, emoji: &str, on: bool) -> StoredReaction {
    StoredReaction {
        entry: at(ms),
        by: Participant::Guest,
        emoji: emoji.into(),
        on,
    }
}

pub async fn p7_a_page_has_the_newest_word_on_each_emoji(place: &impl Place) {
    let mut book = Book::open(place).await;
    let session = session("default");
    let (first, second) = (said(&session, 1, 11, "a"), said(&session, 2, 12, "b"));
    let (to_first, to_second) = (body(&first).id, body(&second).id);
    let ann = Participant::Operator(OperatorId::new("ann"));
    let by_ann = Change::Reacted {
        reaction: Reaction {
            message: to_first,
            by: ann.clone(),
            emoji: "\u{1f44d}".into(),
            on: true,
        },
    };
    let heart = "\u{2764}\u{fe0f}";
    let batch = [
        started(&session, 10),
        first,
        second,
        reacted(&session, 13, to_first, (heart, true)),
        reacted(&session, 14, to_first, ("\u{1f44d}", true)),
        Arc::new(of(&session, 15, by_ann)),
        // Said twice in one batch.
        reacted(&session, 16, to_first, (heart, false)),
    ];
    assert_eq!(book.put(batch).await, STORED);
    let of_second = reacted(&session, 17, to_second, (heart, true));
    assert_eq!(book.put([of_second]).await, STORED);
    let by_ann = StoredReaction {
        by: ann,
        ..word(15, "\u{1f44d}", true)
    };
    let expected = vec![word(14, "\u{1f44d}", true), by_ann, word(16, heart, false)];
    let words = book.words(&session).await;
    assert_eq!(words, [vec![word(17, heart, true)], expected]);
    book.put([reacted(&session, 18, to_first, (heart, true))])
        .await;
    let words = book.words(&session).await;
    assert_eq!(words[1].last(), Some(&word(18, heart, true)));
}

/// After a loss of hot state what was read before is read again.
pub async fn p1_an_older_word_that_comes_late_changes_nothing(place: &impl Place) {
    let mut book = Book::open(place).await;
    let session = session("default");
    let message = said(&session, 1, 11, "a");
    let id = body(&message).id;
    let off = reacted(&session, 20, id, ("x", false));
    book.put([started(&session, 10), message, off]).await;
    let late = [
        reacted(&session, 19, id, ("x", true)),
        said(&session, 2, 21, "b"),
    ];
    assert_eq!(book.put(late).await, STORED);
    assert_eq!(book.words(&session).await[1], [word(20, "x", false)]);
    // In one batch, whichever comes first in it.
    let mixed = [
        reacted(&session, 31, id, ("y", false)),
        reacted(&session, 30, id, ("y", true)),
        said(&session, 3, 32, "c"),
    ];
    assert_eq!(book.put(mixed).await, STORED);
    let expected = [word(20, "x", false), word(31, "y", false)];
    assert_eq!(book.words(&session).await[2], expected);
}

/// Not every backend holds NUL in a text; nor a session whose name has one.
pub async fn p1_a_reaction_that_is_refused_holds_up_nothing(place: &impl Place) {
    let mut book = Book::open(place).await;
    let session = session("default");
    let message = said(&session, 1, 11, "a");
    let id = body(&message).id;
    let mut bad = Session {
        last_entry: at(13),
        ..session.clone()
    };
    bad.guest.name = Some("Zo\0".into());
    let refused = Arc::new(Entry {
        after: Some(Box::new(bad)),
        ..Entry::clone(&reacted(&session, 13, id, ("n\0", true)))
    });
    let batch = [
        started(&session, 10),
        message,
        reacted(&session, 12, id, ("fine", true)),
        Arc::clone(&refused),
        reacted(&session, 14, MessageId::draw(), ("of nothing known", true)),
        said(&session, 2, 15, "beside it"),
    ];
    assert_eq!(book.put(batch).await, STORED);
    assert_eq!(book.reopened().await, at(15));
    let texts = book.texts(&session, u64::MAX, 10).await;
    assert_eq!(texts, ["beside it", "a"]);
    let words = book.words(&session).await;
    match place.poison().await.as_slice() {
        [] => assert_eq!(words[1], [word(12, "fine", true), word(13, "n\0", true)]),
        [one] => {
            assert_eq!(one, &*refused);
            assert_eq!(words[1], [word(12, "fine", true)]);
        }
        other => panic!("{} entries", other.len()),
    }
}

/// That it is one of the session is for the rules to say; what slips through is not shown.
pub async fn p6_words_of_another_session_are_not_at_the_message(place: &impl Place) {
    let mut book = Book::open(place).await;
    let (one, other) = (session("default"), session("default"));
    let foreign = session("other");
    let message = said(&one, 1, 11, "a");
    let id = body(&message).id;
    let batch = [
        message,
        reacted(&other, 12, id, ("x", true)),
        reacted(&foreign, 13, id, ("y", true)),
        reacted(&one, 14, id, ("z", true)),
    ];
    assert_eq!(book.put(batch).await, STORED);
    assert_eq!(book.words(&one).await, [[word(14, "z", true)]]);
}

pub async fn p8_a_message_has_so_many_words(place: &impl Place) {
    let mut book = Book::open(place).await;
    let session = session("default");
    let most = 2 * limits::REACTIONS_SHOWN as u64;
    let messages = [said(&session, 1, 11, "a"), said(&session, 2, 12, "b")];
    let (crowded, calm) = (body(&messages[0]).id, body(&messages[1]).id);
    book.put(messages).await;
    // Every second one was taken away.
    let words = (0..most + 50).map(|n| {
        let on = n.is_multiple_of(2);
        reacted(&session, 100 + n, crowded, (&format!("e{n}"), on))
    });
    let words = words.chain([reacted(&session, 1000, calm, ("x", true))]);
    assert_eq!(book.put(words).await, STORED);
    let words = book.words(&session).await;
    assert_eq!(words[0], [word(1000, "x", true)]);
    assert_eq!(words[1].len() as u64, most);
    assert!(words[1].is_sorted_by(|a, b| a.entry < b.entry));
    let there = words[1].iter().filter(|word| word.on).count() as u64;
    assert_eq!(there, most / 2 + 25, "all that are there");
}

pub async fn the_session_of_a_message_is_known_in_its_workspace(place: &impl Place) {
    let mut book = Book::open(place).await;
    let (session, foreign) = (session("default"), session("other"));
    let message = said(&session, 1, 11, "a");
    let id = body(&message).id;
    book.put([message]).await;
    let (history, workspace) = (&book.history, &session.workspace);
    let found = history.session_of(workspace, id).await;
    assert_eq!(found, Ok(Some((session.id.clone(), 1))));
    assert_eq!(history.session_of(&foreign.workspace, id).await, Ok(None));
    let unknown = history.session_of(workspace, MessageId::draw()).await;
    assert_eq!(unknown, Ok(None));
}
