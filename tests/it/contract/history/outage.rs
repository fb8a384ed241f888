//! P1 and P11 with a server that dies, on one of its own.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use switchboard::{
    history::{Appended, Batch, History, Unavailable},
    model::{EntryId, Epoch, Partition, Session, WorkspaceId},
};
use tokio::{
    sync::watch,
    time::{Instant, interval, timeout},
};

use super::{
    Place,
    postgres::Schema,
    support::{Book, at, said, session},
};
use crate::support::folder::Folder;

/// Longer than any call may take.
const BOUND: Duration = Duration::from_secs(12);
const BATCH: u64 = 50;
const BATCHES: u64 = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p1_p11_postgres_killed_in_the_middle_of_appends_keeps_every_batch_whole() {
    let mut server = Server::start().await;
    let schema = Schema::on(&server.url()).await;
    let history = schema.open().await;
    let conversation = session("default");
    let (progress, mut seen) = watch::channel(0);
    let writing = tokio::spawn(write(Arc::clone(&history), conversation.clone(), progress));
    for batches in [20, 60, 100] {
        seen.wait_for(|stored| *stored >= batches).await.unwrap();
        server.kill();
        while_down(&history).await;
        server.restart().await;
    }
    let failures = timeout(BOUND * 5, writing).await.unwrap().unwrap();
    assert!(failures > 0, "the server died unnoticed");

    let book = Book::over(history, Epoch("first".into())).await;
    assert_eq!(book.cursor, at(BATCHES * BATCH));
    let read = book.messages(&conversation, u64::MAX, usize::MAX).await;
    let read: Vec<_> = read.iter().rev().map(|(entry, _)| *entry).collect();
    let sent: Vec<_> = (1..=BATCHES * BATCH).map(at).collect();
    assert_eq!(read, sent);
}

/// No connection breaks then, and no answer comes: only limits end it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p11_postgres_that_stands_still_is_given_up_in_time() {
    let server = Server::start().await;
    let schema = Schema::on(&server.url()).await;
    let mut book = Book::open(&schema).await;
    let conversation = session("default");
    book.put([said(&conversation, 1, 1, "before")]).await;
    book.texts(&conversation, u64::MAX, 10).await;

    server.signal("-STOP");
    let during = Batch {
        entries: vec![said(&conversation, 2, 2, "during")],
        to: at(2),
        ..batch(book.partition, &book.epoch, at(1), &conversation)
    };
    let (appended, read) = tokio::join!(
        timeout(BOUND, book.history.append(during)),
        timeout(
            BOUND,
            book.history
                .session(&conversation.workspace, &conversation.id)
        ),
    );
    assert_eq!(appended.expect("bounded"), Err(Unavailable));
    assert_eq!(read.expect("bounded"), Err(Unavailable));

    server.signal("-CONT");
    let from = book.reopened().await;
    book.put([said(&conversation, 3, 3, "after")]).await;
    let texts = book.texts(&conversation, u64::MAX, 10).await;
    let stored = if from == at(2) { 3 } else { 2 };
    assert_eq!(texts.len(), stored, "{texts:?}");
}

/// What is asked of a server that is away is refused within a bound, every time.
async fn while_down(history: &Arc<dyn History>) {
    for _ in 0..3 {
        let asked = timeout(BOUND, history.ping()).await.expect("bounded");
        assert_eq!(asked, Err(Unavailable));
    }
}

/// As the history's writer does: after a failure it asks where the cursor is and goes on from there.
/// A batch whose answer was lost may be stored; then all of it is, and the cursor is behind it.
async fn write(history: Arc<dyn History>, session: Session, progress: watch::Sender<u64>) -> u64 {
    let partition = Partition::of(&WorkspaceId::new("default"));
    let epoch = Epoch("first".into());
    let (mut failures, mut cursor) = (0, None);
    loop {
        let from = match cursor {
            Some(from) => from,
            None => match history.open_cursor(partition, &epoch).await {
                Ok(from) => from,
                Err(Unavailable) => {
                    failures += 1;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                }
            },
        };
        assert_eq!(from.ms % BATCH, 0, "half a batch");
        progress.send_replace(from.ms / BATCH);
        if from.ms == BATCHES * BATCH {
            return failures;
        }
        let begun = Instant::now();
        let batch = batch(partition, &epoch, from, &session);
        let to = batch.to;
        cursor = match history.append(batch).await {
            Ok(Appended::Stored { duplicates }) => {
                assert_eq!(duplicates, 0);
                Some(to)
            }
            Ok(Appended::Superseded) => panic!("nobody else writes"),
            Err(Unavailable) => {
                failures += 1;
                None
            }
        };
        assert!(begun.elapsed() < BOUND);
    }
}

fn batch(partition: Partition, epoch: &Epoch, from: EntryId, session: &Session) -> Batch {
    let entries: Vec<_> = (from.ms + 1..=from.ms + BATCH)
        .map(|n| said(session, n, n, "one of many"))
        .collect();
    Batch {
        partition,
        epoch: epoch.clone(),
        from,
        to: at(from.ms + BATCH),
        entries,
    }
}

/// A server of this test alone, which it may kill.
struct Server {
    data: PathBuf,
    port: u16,
    running: Child,
    _folder: Folder,
}

impl Server {
    async fn start() -> Self {
        let folder = Folder::fresh();
        let data = folder.path().join("data");
        // Postgres refuses to be run by root.
        run(Command::new("chmod").arg("755").arg(folder.path()));
        std::fs::create_dir(&data).unwrap();
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(&data));
        }
        let mut initdb = program("initdb");
        run(initdb
            .args([
                "-U",
                "switchboard",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--no-locale",
                "-D",
            ])
            .arg(&data));
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let running = spawn(&data, port);
        let mut server = Self {
            data,
            port,
            running,
            _folder: folder,
        };
        server.ready().await;
        server
    }

    fn url(&self) -> String {
        format!("postgres://switchboard@127.0.0.1:{}/postgres", self.port)
    }

    /// The processes of its connections die with it.
    fn kill(&mut self) {
        self.running.kill().unwrap();
        self.running.wait().unwrap();
    }

    /// To it and the processes of its connections.
    fn signal(&self, signal: &str) {
        let parent = self.running.id().to_string();
        let children = Command::new("pgrep")
            .args(["-P", &parent])
            .output()
            .unwrap();
        let children = String::from_utf8(children.stdout).unwrap();
        run(Command::new("kill")
            .args([signal, &parent])
            .args(children.split_whitespace()));
    }

    async fn restart(&mut self) {
        self.running = spawn(&self.data, self.port);
        self.ready().await;
    }

    /// It ends by itself while a process of its predecessor is still there.
    async fn ready(&mut self) {
        let mut again = interval(Duration::from_millis(50));
        timeout(Duration::from_secs(30), async {
            while tokio_postgres::connect(&self.url(), tokio_postgres::NoTls)
                .await
                .is_err()
            {
                again.tick().await;
                if self.running.try_wait().unwrap().is_some() {
                    self.running = spawn(&self.data, self.port);
                }
            }
        })
        .await
        .expect("Postgres starts");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.running.kill();
        let _ = self.running.wait();
    }
}

fn spawn(data: &Path, port: u16) -> Child {
    let port = port.to_string();
    program("postgres")
        .arg("-D")
        .arg(data)
        .args([
            "-p",
            &port,
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "unix_socket_directories=",
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The newest that is installed, run as the user that its package made if we are root.
fn program(name: &str) -> Command {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let newest = versions
        .map(|version| version.unwrap().path().join("bin").join(name))
        .filter(|path| path.exists())
        .max();
    let path = newest.unwrap_or_else(|| name.into());
    if !is_root() {
        return Command::new(path);
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=postgres", "--regid=postgres", "--clear-groups"])
        .arg(path)
        .current_dir("/tmp");
    command
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

fn run(command: &mut Command) {
    let done = command.output().unwrap();
    assert!(
        done.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
}
