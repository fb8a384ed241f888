use std::sync::Arc;

use switchboard::{
    history::Appended,
    model::{Entry, EntryId, Epoch},
};

use super::{
    Place,
    support::{Book, STORED, at, bare, said, session, started},
};

pub async fn p1_of_two_writers_one_wins(place: &impl Place) {
    let mut first = Book::open(place).await;
    let mut second = Book::over(Arc::clone(&first.history), first.epoch.clone()).await;
    let session = session("default");
    assert_eq!(
        second
            .put([started(&session, 10), said(&session, 1, 11, "second")])
            .await,
        STORED
    );
    let late = first
        .put([started(&session, 10), said(&session, 1, 11, "first")])
        .await;
    assert_eq!(late, Appended::Superseded);
    assert_eq!(second.texts(&session, u64::MAX, 10).await, ["second"]);

    let mut third = Book::over(Arc::clone(&first.history), Epoch("newer".into())).await;
    assert_eq!(
        second.put([said(&session, 2, 12, "of an old epoch")]).await,
        Appended::Superseded
    );
    assert_eq!(third.put([said(&session, 2, 12, "third")]).await, STORED);
    assert_eq!(
        third.texts(&session, u64::MAX, 10).await,
        ["third", "second"]
    );
}

pub async fn the_cursor_survives_a_change_of_epoch(place: &impl Place) {
    let mut book = Book::open(place).await;
    assert_eq!(book.cursor, EntryId::ZERO);
    assert_eq!(
        book.history.cursors().await,
        Ok(vec![]),
        "opened, but never written"
    );
    book.put([Arc::new(Entry {
        id: EntryId { ms: 10, seq: 3 },
        ..bare("default", 10)
    })])
    .await;

    book.epoch = Epoch("second".into());
    assert_eq!(
        book.put([Arc::new(bare("default", 11))]).await,
        Appended::Superseded
    );
    assert_eq!(book.reopened().await, EntryId { ms: 10, seq: 3 });
    assert_eq!(book.put([Arc::new(bare("default", 11))]).await, STORED);
    assert_eq!(
        book.history.cursors().await,
        Ok(vec![(book.partition, at(11))])
    );
}

pub async fn p1_of_eight_that_append_at_once_one_wins(place: &impl Place) {
    let history = place.open().await;
    let session = session("default");
    for round in 1..=5 {
        let mut books = Vec::new();
        for _ in 0..8 {
            books.push(Book::over(Arc::clone(&history), Epoch("first".into())).await);
        }
        let mut writers = tokio::task::JoinSet::new();
        for (n, mut book) in books.into_iter().enumerate() {
            let entry = said(&session, round, 10 + round, &format!("of {n}"));
            writers.spawn(async move { book.put([entry]).await });
        }
        let answers = writers.join_all().await;
        let stored = answers.iter().filter(|answer| **answer == STORED).count();
        assert_eq!(stored, 1, "{answers:?}");
    }
    let book = Book::over(history, Epoch("first".into())).await;
    assert_eq!(book.texts(&session, u64::MAX, 100).await.len(), 5);
}
