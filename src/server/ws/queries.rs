//! Questions whose answers take time: what is live goes out meanwhile, ahead of pages of history.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::{
    model::SocketId,
    server::{App, Pod, app::Turn, receive::Query},
};

/// Questions of one connection that are answered beside it; the next one waits its turn, and what comes
/// after it with it.
pub const QUERIES_MAX: usize = 4;

/// Gone with the connection.
pub struct Queries<A: App>(JoinSet<Answered<A>>);

/// What became of a question.
pub struct Answered<A: App> {
    pub nsp: String,
    /// That asked.
    pub socket: SocketId,
    pub id: Option<u64>,
    pub turn: Turn<A::Socket>,
}

impl<A: App> Queries<A> {
    pub fn new() -> Self {
        Self(JoinSet::new())
    }

    /// How many more are taken.
    pub fn room(&self) -> usize {
        QUERIES_MAX.saturating_sub(self.0.len())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn ask(&mut self, pod: &Arc<Pod<A>>, query: Query<A::Socket>) {
        let app = Arc::clone(&pod.app);
        self.0.spawn(async move {
            let Query {
                socket,
                event,
                named,
            } = query;
            let id = event.id;
            let turn = app.event(&socket, event, named).await;
            Answered {
                nsp: socket.nsp,
                socket: socket.id,
                id,
                turn,
            }
        });
    }

    /// The next answer; for ever if nothing is asked.
    pub async fn next(&mut self) -> Answered<A> {
        loop {
            match self.0.join_next().await {
                Some(Ok(answered)) => return answered,
                // It has panicked: its client asks again, or goes on without.
                Some(Err(_)) => tracing::error!("a question has failed"),
                None => std::future::pending().await,
            }
        }
    }
}
