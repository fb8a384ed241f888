use std::sync::Arc;

use switchboard::{
    history::Imported,
    model::{Change, Direction, Entry, Epoch, Partition, Session, Status, WorkspaceId},
};

use super::{
    Place,
    support::{Book, STORED, answered, at, of, said, session, started},
};

pub async fn p1_what_is_imported_is_there_and_who_writes_goes_on(place: &impl Place) {
    let (history, imports) = place.open_both().await;
    let mut book = Book::over(history, Epoch("first".into())).await;
    let live = session("default");
    book.put([started(&live, 1_000)]).await;

    let old = session("default");
    let stored = imports.import(book.partition, talk(&old)).await;
    assert_eq!(stored, Ok(Imported::default()));
    assert_eq!(
        book.texts(&old, u64::MAX, 10).await,
        ["here I am", "anyone?", "hello"]
    );
    let row = book.session(&old).await.unwrap();
    assert_eq!((row.status, row.last_seq), (Status::Ended, 3));
    let preview = row.last_message.unwrap();
    assert_eq!(
        (preview.text.as_str(), preview.direction),
        ("here I am", Direction::Out)
    );
    // The writer of the partition has noticed nothing.
    let next = said(&live, 1, 1_001, "hello");
    assert_eq!(book.put([next]).await, STORED);
    assert_eq!(book.reopened().await, at(1_001));
}

pub async fn p3_what_is_imported_again_changes_nothing(place: &impl Place) {
    let (history, imports) = place.open_both().await;
    let mut book = Book::over(history, Epoch("first".into())).await;
    let old = session("default");
    let talk = talk(&old);
    // An import that ended half way.
    let half = imports.import(book.partition, talk[..2].to_vec()).await;
    assert_eq!(half, Ok(Imported::default()));
    let whole = imports.import(book.partition, talk.clone()).await;
    let known = |known| Ok(Imported { known, refused: 0 });
    assert_eq!(whole, known(1));
    assert_eq!(
        book.session(&old).await.unwrap().status,
        Status::Ended,
        "the second half was read as well"
    );

    // It has gone on here since.
    let reopened = Session {
        version: 9,
        ..old.clone()
    };
    book.put([started(&reopened, 1_000), said(&old, 4, 1_001, "me again")])
        .await;
    assert_eq!(imports.import(book.partition, talk).await, known(3));
    let row = book.session(&old).await.unwrap();
    assert_eq!(
        (row.status, row.version, row.last_seq),
        (Status::Waiting, 9, 4)
    );
    assert_eq!(
        book.texts(&old, u64::MAX, 10).await,
        ["me again", "here I am", "anyone?", "hello"]
    );
}

pub async fn p7_open_sessions_that_were_imported_are_to_be_put_back(place: &impl Place) {
    let (history, imports) = place.open_both().await;
    // Nobody has written the partition yet: such a one counts as having all of its sessions.
    let partition = Partition::of(&WorkspaceId::new("default"));
    let old = session("default");
    let import = imports.import(partition, vec![started(&old, 10)]).await;
    assert_eq!(import, Ok(Imported::default()));
    let book = Book::over(history, Epoch("first".into())).await;
    assert_eq!(book.history.restored().await, Ok(vec![]));
    let open = book.history.open_sessions(None, 10).await.unwrap();
    assert_eq!(open[0].id, old.id);

    // As of one that has them all.
    let done = book
        .history
        .set_restored(partition, Some(&book.epoch))
        .await;
    assert_eq!(done, Ok(()));
    let import = imports
        .import(partition, vec![started(&session("default"), 11)])
        .await;
    assert_eq!(import, Ok(Imported::default()));
    assert_eq!(book.history.restored().await, Ok(vec![]));
}

fn talk(session: &Session) -> Vec<Arc<Entry>> {
    let messages = [
        said(session, 1, 11, "hello"),
        said(session, 2, 12, "anyone?"),
        answered(session, 3, 13, "here I am"),
    ];
    let mut after = session.clone();
    for entry in &messages {
        after.note(super::support::body(entry), entry.id);
    }
    (after.status, after.last_entry) = (Status::Ended, at(14));
    let end = Entry {
        after: Some(Box::new(after)),
        ..of(session, 14, Change::Ended)
    };
    let [first, second, third] = messages;
    vec![started(session, 10), first, second, third, Arc::new(end)]
}
