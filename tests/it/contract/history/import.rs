use std::sync::Arc;

use switchboard::{
    history::{Clash, Imported, Unavailable},
    model::{Change, Direction, Entry, Epoch, Partition, Session, Status, WorkspaceId},
};

use super::{
    Place,
    support::{Book, STORED, answered, at, of, said, session, started},
};

const STORED_ALL: Result<Imported, Unavailable> = Ok(Imported::Stored { known: 0 });

pub async fn p1_what_is_imported_is_there_and_who_writes_goes_on(place: &impl Place) {
    let (history, imports) = place.open_both().await;
    let mut book = Book::over(history, Epoch("first".into())).await;
    let live = session("default");
    book.put([started(&live, 1_000)]).await;

    let old = session("default");
    let stored = imports.import(book.partition, talk(&old)).await;
    assert_eq!(stored, STORED_ALL);
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
    assert_eq!(half, STORED_ALL);
    let whole = imports.import(book.partition, talk.clone()).await;
    let known = |known| Ok(Imported::Stored { known });
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
    assert_eq!(import, STORED_ALL);
    let book = Book::over(history, Epoch("first".into())).await;
    let history = &book.history;
    let open = history.open_sessions(None, 10).await.unwrap();
    assert_eq!(open[0].id, old.id);
    let before = restored(&book).await;
    assert_ne!(before, book.epoch);

    // As of one that has them all; while it puts them back, there is one more.
    let more = vec![started(&session("default"), 11)];
    assert_eq!(imports.import(partition, more).await, STORED_ALL);
    let told = history.set_restored(partition, &book.epoch, Some(&before));
    assert_eq!(told.await, Ok(false));
    let before = restored(&book).await;
    let told = history.set_restored(partition, &book.epoch, Some(&before));
    assert_eq!(told.await, Ok(true));
    assert_eq!(restored(&book).await, book.epoch);
    let more = vec![started(&session("default"), 12)];
    assert_eq!(imports.import(partition, more).await, STORED_ALL);
    assert_ne!(restored(&book).await, book.epoch);
}

/// Nothing of a call is stored then.
pub async fn p1_what_has_the_place_of_another_is_named(place: &impl Place) {
    let (history, imports) = place.open_both().await;
    let mut book = Book::over(history, Epoch("first".into())).await;
    let old = session("default");
    let first = talk(&old);
    let import = async |entries| imports.import(book.partition, entries).await;
    assert_eq!(import(first.clone()).await, STORED_ALL);
    let refused = |clash| Ok(Imported::Refused(clash));

    // The same id of another file.
    let other = Session {
        created_at: 2,
        ..old.clone()
    };
    let fresh = session("default");
    let both = vec![started(&fresh, 9), started(&other, 10)];
    assert_eq!(import(both).await, refused(Clash::Session(old.id.clone())));
    assert_eq!(book.session(&fresh).await, None);

    // The same messages in another session, as after an import into another workspace.
    let mut stolen = Entry::clone(&first[1]);
    stolen.session = Some(fresh.id.clone());
    if let Change::Message { message } = &mut stolen.change {
        message.session = fresh.id.clone();
    }
    let theft = vec![started(&fresh, 10), Arc::new(stolen)];
    assert_eq!(
        import(theft).await,
        refused(Clash::Message(fresh.id.clone()))
    );
    assert_eq!(book.session(&fresh).await, None);

    // What is new there would have the number of what was said here since, or of what was taken away there.
    let late = vec![started(&old, 10), said(&old, 3, 15, "late")];
    assert_eq!(import(late).await, refused(Clash::GoneOn(old.id.clone())));
    let next = vec![started(&old, 10), said(&old, 4, 15, "and on")];
    assert_eq!(import(next).await, STORED_ALL);
    assert_eq!(book.texts(&old, u64::MAX, 1).await, ["and on"]);

    // Its place is taken: nothing is set aside.
    let taken = vec![
        started(&fresh, 9),
        started(&old, 10),
        said(&old, 5, 15, "again"),
    ];
    assert_eq!(import(taken).await, refused(Clash::Refused(old.id.clone())));
    assert_eq!(place.poison().await, vec![]);
    book.put([said(&old, 6, 1_000, "here")]).await;
}

async fn restored(book: &Book) -> Epoch {
    let all = book.history.restored().await.unwrap();
    let [(partition, epoch)] = all.as_slice() else {
        panic!("{all:?}")
    };
    assert_eq!(*partition, book.partition);
    epoch.clone()
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
