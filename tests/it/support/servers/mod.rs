//! Redis and Postgres for tests: real ones, private to this test process, and gone with it.

pub mod ask;
mod cluster;
mod private;
mod sentinel;
mod tests;

use tokio::sync::OnceCell;

pub use cluster::Cluster;
pub use sentinel::Sentinel;

use private::Private;

/// The URL of a Redis that all tests of this process share: keep to a key prefix of your own, and
/// never flush. `TEST_REDIS_URL` names another one.
pub async fn redis() -> &'static str {
    static SHARED: OnceCell<Shared> = OnceCell::const_new();
    Shared::url(&SHARED, "TEST_REDIS_URL", &["redis"]).await
}

/// The URL of a Postgres that all tests of this process share: keep to a schema of your own.
/// `TEST_DATABASE_URL` names another one.
///
/// Its commits do not wait for the disk. That is still honest for whatever a test can do to it: only
/// a machine that goes down would lose them, a killed server does not.
pub async fn postgres() -> &'static str {
    static SHARED: OnceCell<Shared> = OnceCell::const_new();
    let quick = ["postgres", "-c", "fsync=off", "-c", "full_page_writes=off"];
    Shared::url(&SHARED, "TEST_DATABASE_URL", &quick).await
}

/// A Redis of one test, which may trouble it. Every write is on the disk before it is answered.
pub struct Redis(Private);

impl Redis {
    /// With further options, as `["--maxmemory", "10mb"]`.
    pub async fn start(options: &[&str]) -> Self {
        Self(Private::start(&[&["redis"], options].concat()).await)
    }

    pub fn url(&self) -> &str {
        self.0.url()
    }

    pub fn pid(&self) -> u32 {
        self.0.pid()
    }

    /// SIGKILL; over when this returns. Nothing if it is dead already.
    pub async fn kill(&mut self) {
        self.0.order("kill").await;
    }

    /// On the same port and data, as after a crash. Once it takes connections.
    pub async fn restart(&mut self) {
        self.0.restart().await;
    }

    /// SIGSTOP: connections stay open, and nothing is answered.
    pub async fn pause(&mut self) {
        self.0.order("pause").await;
    }

    /// SIGCONT.
    pub async fn resume(&mut self) {
        self.0.order("resume").await;
    }
}

/// A Postgres of one test, which may trouble it. Commits wait for the disk.
pub struct Postgres(Private);

impl Postgres {
    pub async fn start() -> Self {
        Self(Private::start(&["postgres"]).await)
    }

    pub fn url(&self) -> &str {
        self.0.url()
    }

    pub fn pid(&self) -> u32 {
        self.0.pid()
    }

    /// SIGKILL to it and to what serves its connections; over when this returns.
    pub async fn kill(&mut self) {
        self.0.order("kill").await;
    }

    /// On the same port and data, as after a crash. Once it takes connections.
    pub async fn restart(&mut self) {
        self.0.restart().await;
    }
}

/// A proxy of one test.
pub struct Nginx(Private);

impl Nginx {
    /// With `listen 127.0.0.1:@port@`, and its files in `@folder@`.
    pub async fn start(settings: &str) -> Self {
        Self(Private::start(&["nginx", settings]).await)
    }

    pub fn url(&self) -> &str {
        self.0.url()
    }
}

/// Kept until the process ends: a static is never dropped, and that is what it is for.
enum Shared {
    Given(String),
    Own(Private),
}

impl Shared {
    async fn url(
        cell: &'static OnceCell<Self>,
        variable: &'static str,
        arguments: &[&str],
    ) -> &'static str {
        let start = async || match given(variable) {
            Some(url) => Self::Given(url),
            None => Self::Own(Private::start(arguments).await),
        };
        match cell.get_or_init(start).await {
            Self::Given(url) => url,
            Self::Own(server) => server.url(),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "only whoever runs the tests knows whether there is one"
)]
fn given(variable: &str) -> Option<String> {
    std::env::var(variable).ok()
}
