use std::sync::Arc;

use switchboard::model::{Change, Entry, Guest, Session, SessionId, SessionQuery, Status};
use uuid::Uuid;

use super::{
    Place,
    support::{Book, STORED, all, at, body, changed, of, said, session, started},
};

pub async fn p1_a_message_without_its_session_is_stored(place: &impl Place) {
    let mut book = Book::open(place).await;
    let unknown = session("default");
    assert_eq!(
        book.put([said(&unknown, 1, 11, "still here")]).await,
        STORED
    );
    assert_eq!(book.texts(&unknown, u64::MAX, 10).await, ["still here"]);
    assert_eq!(book.session(&unknown).await, None);
}

pub async fn p1_a_taken_place_holds_up_nothing(place: &impl Place) {
    let mut book = Book::open(place).await;
    let session = session("default");
    let clash = [
        said(&session, 1, 11, "first"),
        said(&session, 1, 11, "other"),
    ];
    let other = Entry::clone(&clash[1]);
    assert_eq!(book.put(clash).await, STORED);
    assert_eq!(book.put([said(&session, 2, 12, "next")]).await, STORED);
    assert_eq!(book.texts(&session, u64::MAX, 10).await, ["next", "first"]);
    assert_eq!(place.poison().await, [other]);
}

/// Not every backend can hold NUL in a text. One that cannot keeps the entry aside, whole; what is
/// beside it is stored, wherever in the batch it is.
pub async fn p1_texts_with_nul_hold_up_nothing(place: &impl Place) {
    let mut book = Book::open(place).await;
    let session = session("default");
    let bad = [1, 50, 51, 97, 100];
    let text = |n| match bad.contains(&n) {
        true => format!("{n}\0"),
        false => n.to_string(),
    };
    let entries: Vec<_> = (1..=100)
        .map(|n| said(&session, n, 10 + n, &text(n)))
        .collect();
    book.put([started(&session, 10)]).await;
    assert_eq!(book.put(entries.clone()).await, STORED);
    assert_eq!(book.reopened().await, at(110));

    let mut kept: Vec<_> = book.messages(&session, u64::MAX, 200).await;
    assert!(kept.is_sorted_by(|a, b| a.0 > b.0));
    let poison = place.poison().await;
    kept.extend(poison.iter().map(|entry| (entry.id, body(entry).clone())));
    kept.sort_by_key(|(entry, _)| *entry);
    let sent: Vec<_> = entries
        .iter()
        .map(|entry| (entry.id, body(entry).clone()))
        .collect();
    assert_eq!(kept, sent);
    let told = [0, bad.len()];
    assert!(told.contains(&poison.len()), "all of them or none");
    assert_eq!(book.put([said(&session, 101, 120, "next")]).await, STORED);
}

/// The preview of such a text is in every later snapshot of its session.
pub async fn p1_a_session_goes_on_after_a_text_with_nul(place: &impl Place) {
    let mut book = Book::open(place).await;
    let session = session("default");
    let bad = said(&session, 1, 11, "a\0b");
    let mut ended = Session {
        status: Status::Ended,
        ..session.clone()
    };
    ended.note(body(&bad), at(11));
    let end = Entry {
        after: Some(Box::new(Session {
            last_entry: at(12),
            ..ended
        })),
        ..of(&session, 12, Change::Ended)
    };
    book.put([started(&session, 10), bad]).await;
    assert_eq!(book.put([Arc::new(end)]).await, STORED);
    let row = book.session(&session).await.unwrap();
    assert_eq!((row.status, row.last_entry), (Status::Ended, at(12)));
}

pub async fn p1_a_session_with_nul_holds_up_nothing(place: &impl Place) {
    let mut book = Book::open(place).await;
    let fine = session("default");
    let named = Session {
        guest: Guest {
            name: Some("Zoë\0".into()),
            ..Guest::default()
        },
        ..session("default")
    };
    let keyed = Session {
        id: SessionId::new("a\0b"),
        ..session("default")
    };
    let entries = [
        started(&fine, 10),
        started(&named, 11),
        started(&keyed, 12),
        said(&named, 1, 13, "of a session that may have no row"),
        changed(&fine, 14),
    ];
    assert_eq!(book.put(entries.clone()).await, STORED);
    assert_eq!(book.session(&fine).await.unwrap().last_entry, at(14));
    assert_eq!(book.messages(&named, u64::MAX, 10).await.len(), 1);
    let mut poison = place.poison().await;
    poison.sort_by_key(|entry| entry.id);
    match poison.as_slice() {
        [] => assert_eq!(book.session(&named).await.unwrap().guest, named.guest),
        [one, two] => assert_eq!([one, two], [&*entries[1], &*entries[2]]),
        other => panic!("{other:?}"),
    }
}

pub async fn what_has_nul_is_asked_for_in_vain(place: &impl Place) {
    let mut book = Book::open(place).await;
    let known = session("default");
    book.put([started(&known, 10), said(&known, 1, 11, "there")])
        .await;
    let strange = Session {
        id: SessionId::new("a\0b"),
        ..known
    };
    assert_eq!(book.session(&strange).await, None);
    assert_eq!(book.messages(&strange, u64::MAX, 10).await, []);
    let query = SessionQuery {
        search: Some("\0".into()),
        ..all()
    };
    assert_eq!(book.list(query, None).await, []);
}

/// Longer than an index takes, and not to be compressed.
pub async fn p1_a_key_that_is_too_long_holds_up_nothing(place: &impl Place) {
    let mut book = Book::open(place).await;
    let fine = session("default");
    let id: String = (0..300).map(|_| Uuid::new_v4().to_string()).collect();
    let long = Session {
        id: SessionId::new(id),
        ..session("default")
    };
    let entries = [
        started(&long, 10),
        said(&long, 1, 11, "of a long name"),
        started(&fine, 12),
        said(&fine, 1, 13, "beside it"),
    ];
    assert_eq!(book.put(entries.clone()).await, STORED);
    assert_eq!(book.texts(&fine, u64::MAX, 10).await, ["beside it"]);
    let mut poison = place.poison().await;
    poison.sort_by_key(|entry| entry.id);
    match poison.as_slice() {
        [] => assert_eq!(book.texts(&long, u64::MAX, 10).await, ["of a long name"]),
        [one, two] => assert_eq!([one, two], [&*entries[0], &*entries[1]]),
        other => panic!("{} entries", other.len()),
    }
}
