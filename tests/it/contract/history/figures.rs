//! Batches of any size; and how fast they are, with `--release -- figures --nocapture`.

use std::time::Duration;

use tokio::time::Instant;

use super::{
    postgres::Schema,
    support::{Book, STORED, said, session, started},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p1_batches_of_any_size_are_stored_whole() {
    const SESSIONS: usize = 50;
    const ROWS: usize = 4_000;
    for size in [100, 500, 1000] {
        let schema = Schema::fresh().await;
        let mut book = Book::open(&schema).await;
        let sessions: Vec<_> = (0..SESSIONS).map(|_| session("default")).collect();
        book.put((1..).zip(&sessions).map(|(n, session)| started(session, n)))
            .await;
        let entries: Vec<_> = (0..ROWS)
            .map(|n| {
                said(
                    &sessions[n % SESSIONS],
                    1 + n as u64,
                    100 + n as u64,
                    &"x".repeat(120),
                )
            })
            .collect();
        let mut times: Vec<Duration> = Vec::new();
        let begun = Instant::now();
        for batch in entries.chunks(size) {
            let at = Instant::now();
            assert_eq!(book.put(batch.to_vec()).await, STORED);
            times.push(at.elapsed());
        }
        let rate = ROWS as f64 / begun.elapsed().as_secs_f64();
        let client = schema.client().await;
        let stored = client.query_one("SELECT count(*) FROM messages", &[]);
        assert_eq!(stored.await.unwrap().get::<_, i64>(0), ROWS as i64);
        times.sort();
        let at = |part: usize| times[(times.len() - 1) * part / 100];
        println!(
            "batches of {size}: {rate:.0} rows/s, p50 {:?}, p99 {:?}",
            at(50),
            at(99)
        );
    }
}
