use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Hash tags that the keys of all workspaces are spread over. Fixed for the life of a deployment:
/// a sid and a recovery id carry theirs.
pub const PARTITIONS: u8 = 64;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        text_id!(@type $(#[$doc])* #[derive(Debug)] $name);
    };
    // A bearer secret, or made of one: shows itself to nobody who prints it.
    (secret $(#[$doc:meta])* $name:ident) => {
        text_id!(@type $(#[$doc])* $name);

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
    (@type $(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is: whoever parses client input checks it first.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id! {
    /// A tenant. `default` always exists.
    WorkspaceId
}
text_id! {
    /// One conversation of a guest: a random uuid. It selects and never authorises; logs name it.
    SessionId
}
text_id! {
    /// A member of staff, as named by the `sub` claim of its token.
    OperatorId
}
text_id! {
    /// One running process; drawn anew at each start.
    PodId
}
text_id! {
    secret
    /// An Engine.IO session id. A bearer secret: never logged, never a metric label.
    Sid
}
text_id! {
    /// A Socket.IO id: names one socket towards its own client.
    SocketId
}
text_id! {
    /// Names what is needed to recover a socket, and the origin of what that socket wrote.
    RecoveryId
}
text_id! {
    secret
    /// Makes a retried commit find its first result. Unique within a session.
    DedupId
}

/// Both ids below begin with the partition of their own keys, so that any pod finds the slot
/// without a look-up: two hex digits, then 128 random bits.
macro_rules! placed_id {
    ($name:ident, $version:literal) => {
        impl $name {
            pub fn draw(partition: Partition) -> Self {
                Self(format!(
                    concat!($version, "{:02x}{}"),
                    partition.0,
                    random_text()
                ))
            }

            /// `None` for an id that this release did not make.
            pub fn partition(&self) -> Option<Partition> {
                let digits = self.0.strip_prefix($version)?.get(..2)?;
                let number = u8::from_str_radix(digits, 16).ok()?;
                (number < PARTITIONS).then_some(Partition(number))
            }
        }
    };
}

placed_id!(Sid, "1");
placed_id!(RecoveryId, "r1");

impl WorkspaceId {
    /// What ids of the widget's conversations begin with, `widget:WORKSPACE:UUID`, also more than once: of a workspace
    /// that is called so they would lead to another one.
    const NOT_A_NAME: &str = "widget";

    /// Whether a workspace may be called so, as far as ids are concerned.
    pub fn is_name(text: &str) -> bool {
        let rest = text.strip_prefix(Self::NOT_A_NAME);
        !rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    }
}

impl SocketId {
    pub fn draw() -> Self {
        Self(random_text())
    }
}

impl PodId {
    pub fn draw() -> Self {
        Self(random_text())
    }
}

impl DedupId {
    /// For a commit that no client repeats: drawn once, before the first attempt.
    pub fn draw() -> Self {
        Self(random_text())
    }
}

impl SessionId {
    /// The same secret seed gives the same session, so that a repeated request that creates one
    /// does not create two. The seed holds a sid (128 random bits), hence so does the id.
    pub fn from_seed(seed: &DedupId) -> Self {
        let digest = Sha256::digest(seed.0.as_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        Self(
            uuid::Builder::from_random_bytes(bytes)
                .into_uuid()
                .to_string(),
        )
    }
}

/// A message's id: uuid v7, drawn by the pod before the first attempt to commit it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageId(pub Uuid);

impl MessageId {
    pub fn draw() -> Self {
        Self(Uuid::now_v7())
    }

    /// When it was drawn, in ms; `None` for an id that was not drawn here.
    pub fn drawn_at(&self) -> Option<u64> {
        let (seconds, nanos) = self.0.get_timestamp()?.to_unix();
        Some(seconds * 1000 + u64::from(nanos / 1_000_000))
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One of [`PARTITIONS`]: all keys of a workspace are in its partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Partition(u8);

impl Partition {
    pub fn of(workspace: &WorkspaceId) -> Self {
        Self::of_key(&workspace.0)
    }

    /// For a key that is of no workspace: many are spread evenly.
    pub fn of_key(key: &str) -> Self {
        Self(Sha256::digest(key.as_bytes())[0] % PARTITIONS)
    }

    /// For the keys of a connection, whose workspace is not known yet.
    pub fn random() -> Self {
        Self(rand::random::<u8>() % PARTITIONS)
    }

    pub fn all() -> impl Iterator<Item = Self> + Clone {
        (0..PARTITIONS).map(Self)
    }

    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// 128 random bits as 22 characters that need no escape in a URL.
fn random_text() -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(rand::random::<[u8; 16]>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sid_names_its_partition() {
        for partition in Partition::all() {
            assert_eq!(Sid::draw(partition).partition(), Some(partition));
        }
    }

    #[test]
    fn a_foreign_sid_names_none() {
        for text in ["", "1", "1ff", "2aa", "1é", "140aaaaaaaaaaaaaaaaaaaaaa"] {
            assert_eq!(Sid::new(text).partition(), None, "{text}");
        }
    }

    #[test]
    fn one_seed_gives_one_session() {
        let seed = DedupId::new("sid:t:0");
        assert_eq!(SessionId::from_seed(&seed), SessionId::from_seed(&seed));
        assert_ne!(
            SessionId::from_seed(&seed),
            SessionId::from_seed(&DedupId::new("sid:t:1"))
        );
    }
}
