//! An application that can be held in the middle of its work.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;
use serde_json::{Map, Value, json};
use switchboard::{
    hub::RecordOp,
    model::Entry,
    server::{
        Admission, App, Arrival, Arriving, ConnectRequest, Named, Refusal, Saying, Socket, Telling,
        Trouble, Turn, What,
    },
    wire::{
        engine::Message,
        socket::{Event, Kind},
    },
};
use tokio::sync::Semaphore;

use super::echo::Echo;

/// What an event waits at: closed, until permits are added.
#[derive(Clone)]
pub struct Gate {
    pub permits: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
}

impl Gate {
    pub fn closed() -> Self {
        Self {
            permits: Arc::new(Semaphore::new(0)),
            waiting: Arc::default(),
        }
    }

    /// Those that wait at it are dead, and nobody has taken them off.
    pub fn forget(&self) {
        self.waiting.store(0, Ordering::Release);
    }

    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Acquire)
    }
}

/// Answers with an event of so many attachments.
fn attach<S>(count: u64) -> Turn<S> {
    let args = (0..count).map(|num| json!({ "_placeholder": true, "num": num }));
    let event = Event {
        name: "attached".into(),
        args: args.collect(),
        id: None,
        attachments: (0..count).map(|_| Bytes::from_static(&[1, 2, 3])).collect(),
        replaced: false,
    };
    let saying = Saying {
        what: What::Packet(Kind::Event(event)),
        wait: None,
    };
    Turn {
        say: vec![saying],
        ..Turn::default()
    }
}

/// The echo application, where an event `message` whose first argument is `"gated"` waits for a
/// permit of the gate, and `attach` is answered with so many attachments as it says.
pub struct Gated(pub Gate);

impl App for Gated {
    type Socket = Map<String, Value>;
    type Class = ();

    const RECOVERY: bool = false;

    async fn connect(
        &self,
        request: ConnectRequest<'_>,
    ) -> Result<Admission<Self::Socket>, Refusal> {
        Echo.connect(request).await
    }

    async fn arrive(
        &self,
        socket: &Socket<Self::Socket>,
        arriving: Arriving,
    ) -> Result<Arrival<Self::Socket>, Trouble> {
        Echo.arrive(socket, arriving).await
    }

    async fn event(
        &self,
        socket: &Socket<Self::Socket>,
        event: Event,
        named: Named,
    ) -> Turn<Self::Socket> {
        if event.args.first().and_then(Value::as_str) == Some("gated") {
            let Gate { permits, waiting } = &self.0;
            waiting.fetch_add(1, Ordering::AcqRel);
            permits.acquire().await.unwrap().forget();
            waiting.fetch_sub(1, Ordering::AcqRel);
        }
        match event.name.as_str() {
            Some("attach") => attach(event.args.first().and_then(Value::as_u64).unwrap()),
            _ => Echo.event(socket, event, named).await,
        }
    }

    async fn gone(&self, _: &Socket<Self::Socket>, _: Option<RecordOp>) -> Result<bool, Trouble> {
        Ok(false)
    }

    fn class(&self, _: &Self::Socket) {}

    fn encode(&self, (): (), _: &Entry) -> Vec<Telling> {
        Vec::new()
    }

    fn raw(&self, message: Message) -> Option<Message> {
        Echo.raw(message)
    }
}
