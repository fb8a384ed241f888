use std::sync::Arc;

use switchboard::{
    history::Appended,
    model::{Attachment, Change, Content, Entry, SessionQuery, Status, WorkspaceId, limits},
};

use super::{
    Place,
    support::{Book, STORED, all, at, body, said, session, started},
};

pub async fn p1_what_was_appended_is_read_back_in_order(place: &impl Place) {
    let mut book = Book::open(place).await;
    let session = session("default");
    let entries: Vec<_> = (1..=5)
        .map(|n| said(&session, n, 10 + n, "in order"))
        .collect();
    assert_eq!(book.put([started(&session, 10)]).await, STORED);
    assert_eq!(book.put(entries.clone()).await, STORED);

    let read = book.messages(&session, u64::MAX, 10).await;
    let ids: Vec<_> = entries
        .iter()
        .rev()
        .map(|entry| (entry.id, body(entry).clone()))
        .collect();
    assert_eq!(read, ids);
    let row = book.session(&session).await.unwrap();
    assert_eq!((row.last_seq, row.last_entry), (5, at(15)));
    book.history.ping().await.unwrap();
}

pub async fn p7_the_file_of_a_message_is_read_back_with_it(place: &impl Place) {
    let mut book = Book::open(place).await;
    let session = session("default");
    let file = |mime: &str, width| {
        Box::new(Attachment {
            id: "0123abcd".into(),
            name: "grüße \"1\".png".into(),
            mime: mime.into(),
            size: 12_345,
            width,
            height: width,
            has_thumbnail: width.is_some(),
            links: None,
        })
    };
    let contents = [
        Content::new("look".into(), Some(file("image/png", Some(800)))),
        Content::new(String::new(), Some(file("application/pdf", None))),
        Content::new("no file".into(), None),
    ];
    let mut entries = vec![started(&session, 10)];
    for (n, content) in (1..).zip(&contents) {
        let mut entry = Entry::clone(&said(&session, n, 10 + n, ""));
        if let Change::Message { message } = &mut entry.change {
            message.content = content.clone();
        }
        entries.push(Arc::new(entry));
    }
    assert_eq!(book.put(entries).await, STORED);
    let read = book.messages(&session, u64::MAX, 10).await;
    let read: Vec<_> = read.into_iter().rev().map(|(_, it)| it.content).collect();
    assert_eq!(read, contents);
    let row = book.session(&session).await.unwrap();
    assert_eq!(row.last_message.unwrap().text, "no file");
}

pub async fn p1_everything_is_there_after_opening_again(place: &impl Place) {
    let mut book = Book::open(place).await;
    let session = session("default");
    book.put([started(&session, 10), said(&session, 1, 11, "kept")])
        .await;
    let (row, cursor) = (book.session(&session).await, book.cursor);
    let partition = book.partition;
    drop(book);

    let book = Book::open(place).await;
    assert_eq!(book.history.cursors().await.unwrap(), [(partition, cursor)]);
    assert_eq!(book.cursor, cursor);
    assert_eq!(book.session(&session).await, row);
    assert_eq!(book.texts(&session, u64::MAX, 10).await, ["kept"]);
}

pub async fn p3_a_batch_repeated_after_a_lost_answer_is_superseded(place: &impl Place) {
    let mut book = Book::open(place).await;
    let session = session("default");
    let entries = [started(&session, 10), said(&session, 1, 11, "once")];
    let before = book.cursor;
    assert_eq!(book.put(entries.clone()).await, STORED);
    let row = book.session(&session).await;

    book.cursor = before;
    assert_eq!(book.put(entries).await, Appended::Superseded);
    assert_eq!(book.texts(&session, u64::MAX, 10).await, ["once"]);
    assert_eq!(book.session(&session).await, row);
    assert_eq!(book.reopened().await, at(11));
}

pub async fn p3_the_same_message_under_another_entry_is_one_row(place: &impl Place) {
    let mut book = Book::open(place).await;
    let session = session("default");
    let first = said(&session, 1, 11, "once");
    let again = Entry {
        id: at(20),
        ..Entry::clone(&first)
    };
    book.put([started(&session, 10), first]).await;

    let answer = book
        .put([Arc::new(again), said(&session, 2, 21, "next")])
        .await;
    assert_eq!(answer, Appended::Stored { duplicates: 1 });
    let read = book.messages(&session, u64::MAX, 10).await;
    assert_eq!(
        read.iter().map(|(entry, _)| *entry).collect::<Vec<_>>(),
        [at(21), at(11)]
    );
    assert_eq!(book.session(&session).await.unwrap().unread, 2);
}

pub async fn p6_nothing_of_another_workspace_is_there(place: &impl Place) {
    let mut book = Book::open(place).await;
    let session = session("default");
    book.put([started(&session, 10), said(&session, 1, 11, "private")])
        .await;

    let (history, other) = (&book.history, WorkspaceId::new("other"));
    assert_eq!(history.session(&other, &session.id).await, Ok(None));
    assert_eq!(
        history
            .messages_before(&other, &session.id, u64::MAX, 10)
            .await,
        Ok(vec![])
    );
    assert_eq!(history.sessions(&other, &all(), None).await, Ok(vec![]));
    let wanted = SessionQuery {
        status: Some(Status::Waiting),
        search: Some("a".into()),
        ..all()
    };
    assert_eq!(history.sessions(&other, &wanted, None).await, Ok(vec![]));
}

pub async fn p7_any_text_comes_back_as_it_was(place: &impl Place) {
    let mut book = Book::open(place).await;
    let session = session("default");
    let long = "ä".repeat(8 * 1024);
    let texts = [
        "👩‍👩‍👧‍👦 🇨🇭",
        "\u{202e}\u{200f}",
        "\u{feff} '; -- %_\\",
        "",
        "\r\n\t",
        &long,
    ];
    let entries: Vec<_> = (1..)
        .zip(texts)
        .map(|(n, text)| said(&session, n, 10 + n, text))
        .collect();
    assert_eq!(book.put([started(&session, 10)]).await, STORED);
    assert_eq!(book.put(entries).await, STORED);
    let mut read = book.texts(&session, u64::MAX, 10).await;
    read.reverse();
    assert_eq!(read, texts);
    let preview = book.session(&session).await.unwrap().last_message.unwrap();
    assert_eq!(preview.text, "ä".repeat(limits::PREVIEW_CHARS));
}

pub async fn a_batch_of_a_thousand_is_stored(place: &impl Place) {
    let mut book = Book::open(place).await;
    let sessions: Vec<_> = (0..10).map(|_| session("default")).collect();
    let mut entries: Vec<_> = (1..).zip(&sessions).map(|(n, s)| started(s, n)).collect();
    for n in 0..990_u64 {
        let session = &sessions[usize::try_from(n).unwrap() % 10];
        entries.push(said(session, n / 10 + 1, 11 + n, "one of many"));
    }
    assert_eq!(book.put(entries).await, STORED);
    for session in &sessions {
        assert_eq!(book.messages(session, u64::MAX, 1000).await.len(), 99);
        assert_eq!(book.session(session).await.unwrap().unread, 99);
    }
}

/// A client that sent twice may be in one batch with both.
pub async fn p3_the_same_message_twice_in_a_batch_is_one_row(place: &impl Place) {
    let mut book = Book::open(place).await;
    let session = session("default");
    let first = said(&session, 1, 11, "once");
    let again = Entry {
        id: at(12),
        ..Entry::clone(&first)
    };
    let answer = book
        .put([started(&session, 10), first, Arc::new(again)])
        .await;
    assert_eq!(answer, Appended::Stored { duplicates: 1 });
    assert_eq!(book.texts(&session, u64::MAX, 10).await, ["once"]);
    let row = book.session(&session).await.unwrap();
    assert_eq!((row.unread, row.last_entry), (1, at(11)));
    assert_eq!(place.poison().await, []);
}
