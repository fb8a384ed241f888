use std::{collections::BTreeMap, sync::Arc};

use switchboard::model::{
    Direction, Entry, EntryId, Guest, Marks, Offer, OperatorId, Session, Status,
};

use super::{
    Place,
    support::{Book, STORED, agent, answered, at, body, changed, said, session, started},
};

pub async fn p7_unread_and_preview_follow_the_messages(place: &impl Place) {
    let mut book = Book::open(place).await;
    let session = session("default");
    book.put([started(&session, 10)]).await;
    book.put([
        said(&session, 1, 11, "hello"),
        said(&session, 2, 12, "anyone?"),
    ])
    .await;
    let row = book.session(&session).await.unwrap();
    assert_eq!((row.unread, row.last_seq, row.last_activity), (2, 2, 12));
    assert_eq!(row.last_message.unwrap().text, "anyone?");

    // Taken and answered between two messages of one batch, as the hub saw it.
    let mut taken = Session {
        status: Status::Active,
        version: 2,
        unread: 0,
        ..session.clone()
    };
    taken.note(body(&said(&session, 3, 13, "hm")), at(13));
    taken.unread = 0;
    let entries = [
        said(&session, 3, 13, "hm"),
        changed(&taken, 14),
        answered(&session, 4, 15, "here I am"),
        said(&session, 5, 16, "good"),
    ];
    assert_eq!(book.put(entries).await, STORED);
    let row = book.session(&session).await.unwrap();
    assert_eq!(
        (row.status, row.unread, row.last_seq),
        (Status::Active, 1, 5)
    );
    let preview = row.last_message.unwrap();
    assert_eq!(
        (preview.text.as_str(), preview.direction, preview.at),
        ("good", Direction::In, 16)
    );
}

pub async fn a_session_comes_back_as_it_was(place: &impl Place) {
    let mut book = Book::open(place).await;
    let bare = session("default");
    let mut full = Session {
        status: Status::Ended,
        version: 7,
        guest: Guest {
            name: Some("Zoë".into()),
            email: Some("zoe@example.org".into()),
            phone: Some("+41".into()),
            page: Some("https://example.org/?a=b".into()),
            metadata: Some(serde_json::json!({"plan": "pro", "n": [1, 2.5, null], "nul": "a\0b"})),
            identity: Some("user 7 \"'ä".into()),
        },
        agent: Some(agent("7")),
        created_at: 5,
        ..session("default")
    };
    full.note(body(&answered(&full, 9, 11, "bye")), at(11));
    let full = Session {
        unread: 3,
        queued: EntryId { ms: 7, seq: 5 },
        offer: Some(Offer {
            from: agent("7"),
            to: OperatorId::new("8 \"'\0"),
            expires_at: 99,
        }),
        marks: Marks {
            delivered_in: 8,
            delivered_out: 7,
            read_in: 6,
            read_out: 5,
        },
        receipts: BTreeMap::from([("guest".into(), 5), ("operator:ann \"'\0".into(), 6)]),
        left: 4,
        unverified: true,
        ..full
    };
    book.put([changed(&bare, 10), changed(&full, 12)]).await;
    assert_eq!(
        book.session(&bare).await,
        Some(Session {
            last_entry: at(10),
            ..bare
        })
    );
    assert_eq!(
        book.session(&full).await,
        Some(Session {
            last_entry: at(12),
            ..full
        })
    );
}

pub async fn an_older_snapshot_does_not_overwrite_a_newer_one(place: &impl Place) {
    let mut book = Book::open(place).await;
    let session = session("default");
    let newer = Session {
        status: Status::Active,
        ..session.clone()
    };
    book.put([started(&session, 10), changed(&newer, 12)]).await;
    // An entry that carries an old view of its session, whatever its own place.
    let stale = Session {
        last_entry: at(11),
        ..session.clone()
    };
    let entry = Entry {
        after: Some(Box::new(stale)),
        ..Entry::clone(&started(&session, 13))
    };
    assert_eq!(book.put([Arc::new(entry)]).await, STORED);
    let row = book.session(&session).await.unwrap();
    assert_eq!((row.status, row.last_entry), (Status::Active, at(12)));
}
