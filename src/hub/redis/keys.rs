//! Every key and channel, and how long it lives. The one place that names them.
//!
//! All keys of a partition have its tag in braces, hence one slot; so do its channels, or a sharded
//! publication could not be made from a script.
//!
//! | key | holds | goes |
//! |---|---|---|
//! | `meta` | epoch and when it began, last id, persisted, writer's lease | never |
//! | `ingest` | every entry | when stored, [`crate::hub::INGEST_KEPT_MS`] later |
//! | `deadlines` | what is to happen, by time; above it, what keeps the key | when it has happened |
//! | `held` | sessions by last activity | with the session |
//! | `workspaces` | those that have a feed | never |
//! | `format` | the format that the deployment was raised to, in the slot of the pods' leases | never |
//! | `connections` | polling connections by their end | with the connection |
//! | `indexed`, `pod:..` | presence by pod | when it leaves |
//! | `pods`, `given_up` | leases; the pods whose lease has run out | [`crate::hub::GIVEN_UP_MS`] after that |
//! | `w:..` | a workspace: feed, queue, presence, rates | feed: by age, once stored |
//! | `w:..:last:..` | who spoke last of a thing | expires, always |
//! | `s:..` | a session: fields, log, first results | stored, and ended or idle for the retention |
//! | `c:..` | a polling connection and its outbox | expires, always |
//! | `r:..` | a recovery record | expires, always |
//! | `l:..` | the window of a limit, where no commit charges it | expires with the window |

use super::script::Call;
use crate::{
    hub::{Channel, Log, Subject},
    model::{Partition, PodId, RecoveryId, SessionId, Sid, WorkspaceId},
};

/// Hash tags whose slots lie in the middle of 64 equal parts of the slots, so that any even split
/// of a cluster has an even share of the partitions. Never to be changed: keys would be lost.
const TAGS: [&str; 64] = [
    "53t", "j3j", "if5", "kec", "574", "74b", "akm", "6bk", "96a", "frw", "mj8", "oin", "d1i",
    "38o", "mnx", "xw", "he6", "box", "40w", "c9q", "hav", "7ah", "447", "67a", "1js", "fcu",
    "85b", "m5", "1n3", "3me", "e2j", "iu", "712", "52d", "cmk", "4dm", "75r", "h5l", "7av", "ice",
    "3y7", "1za", "2k6", "8ax", "wu7", "931", "yg", "8e8", "7d8", "5gn", "621", "41g", "jc0",
    "qkn", "66q", "i6o", "3h5", "1kc", "2z4", "84r", "3lu", "des", "he", "802",
];

/// Where the pods' leases are.
pub const PODS_AT: usize = 0;

/// Names keys below a prefix, which lets several deployments share one Redis.
#[derive(Clone, Debug)]
pub struct Keys {
    prefix: String,
}

impl Keys {
    /// `prefix` has no braces, so that the tag is the first thing in braces.
    pub fn new(prefix: &str) -> Self {
        Self {
            prefix: prefix.replace(['{', '}'], "_"),
        }
    }

    /// What all keys of a partition begin with.
    pub fn base(&self, partition: Partition) -> String {
        format!("{}:{{{}}}:", self.prefix, TAGS[partition.index()])
    }

    pub fn of(&self, partition: Partition, name: &str) -> String {
        self.base(partition) + name
    }

    /// What format the deployment was raised to.
    pub fn format(&self) -> (Partition, String) {
        let partition = Partition::all()
            .nth(PODS_AT)
            .unwrap_or_else(Partition::random);
        (partition, self.of(partition, "format"))
    }

    /// To every pod, about the partition as a whole.
    pub fn control(&self, partition: Partition) -> String {
        self.of(partition, "all")
    }

    /// What a call begins with whose script learns or begins the life of the partition.
    pub fn life(&self, call: Call, partition: Partition) -> Call {
        call.key(self.of(partition, "meta"))
            .arg(uuid::Uuid::new_v4().simple().to_string())
            .arg(self.control(partition))
    }

    /// To one pod, about the connections of this partition.
    pub fn inbox(&self, partition: Partition, pod: &PodId) -> String {
        self.of(partition, &format!("in:{pod}"))
    }

    /// To the writer of a partition.
    pub fn writer(&self, partition: Partition, pod: &PodId) -> String {
        self.of(partition, &format!("writer:{pod}"))
    }

    /// Presences that a pod is to answer for.
    pub fn pod(&self, partition: Partition, pod: &PodId) -> String {
        self.of(partition, &format!("pod:{pod}"))
    }

    pub fn workspace(&self, workspace: &WorkspaceId) -> String {
        let name = format!("w:{}", measured(workspace));
        self.of(Partition::of(workspace), &name)
    }

    pub fn in_workspace(&self, workspace: &WorkspaceId, name: &str) -> String {
        format!("{}:{name}", self.workspace(workspace))
    }

    pub fn presence(&self, workspace: &WorkspaceId, subject: &Subject) -> String {
        let subject = match subject {
            Subject::Guest(session) => format!("at:guest:{session}"),
            Subject::Operator(operator) => format!("at:operator:{operator}"),
        };
        self.in_workspace(workspace, &subject)
    }

    pub fn session(&self, workspace: &WorkspaceId, session: &SessionId) -> String {
        let name = format!("s:{}:{session}", measured(workspace));
        self.of(Partition::of(workspace), &name)
    }

    /// The stream of a log, and the hash that tells how much of it was trimmed.
    pub fn log(&self, log: &Log) -> (String, String) {
        match log {
            Log::Session(workspace, session) => {
                let key = self.session(workspace, session);
                (format!("{key}:log"), key)
            }
            Log::Feed(workspace) => {
                let key = self.workspace(workspace);
                (format!("{key}:feed"), key)
            }
        }
    }

    /// Where entries of a log are published: beside its stream.
    pub fn channel(&self, channel: &Channel) -> String {
        self.log(channel).0 + ":told"
    }

    /// Of a limit, by whom it counts.
    pub fn window(&self, key: &str) -> (Partition, String) {
        let partition = Partition::of_key(key);
        (partition, self.of(partition, &format!("l:{key}")))
    }

    /// `None` for a sid that no release has made.
    pub fn connection(&self, sid: &Sid) -> Option<(Partition, String)> {
        let partition = sid.partition()?;
        Some((partition, self.of(partition, &format!("c:{sid}"))))
    }

    /// `None` for an id that no release has made.
    pub fn recovery(&self, id: &RecoveryId) -> Option<(Partition, String)> {
        let partition = id.partition()?;
        Some((partition, self.of(partition, &format!("r:{id}"))))
    }
}

/// With its length before it, so that no two pairs of names make one key.
pub fn measured(workspace: &WorkspaceId) -> String {
    let name = workspace.as_str();
    format!("{}:{name}", name.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Redis Cluster counts: CRC-16/XMODEM of what is in the first braces.
    fn slot(key: &str) -> u16 {
        let start = key.find('{').unwrap() + 1;
        let end = start + key[start..].find('}').unwrap();
        let crc = key[start..end].bytes().fold(0_u16, |crc, byte| {
            (0..8).fold(crc ^ (u16::from(byte) << 8), |crc, _| {
                if crc & 0x8000 == 0 {
                    crc << 1
                } else {
                    (crc << 1) ^ 0x1021
                }
            })
        });
        crc % 16384
    }

    #[test]
    fn the_partitions_are_spread_evenly() {
        for partition in Partition::all() {
            let slot = slot(&Keys::new("sb").of(partition, "meta"));
            assert_eq!(usize::from(slot / 256), partition.index());
            assert!((120..136).contains(&(slot % 256)), "{slot}");
        }
    }

    #[test]
    fn all_of_a_workspace_is_in_one_slot() {
        let keys = Keys::new("s{b}");
        for name in ["default", "a{b}c", "}{", "", "é:7"] {
            let workspace = WorkspaceId::new(name);
            let session = SessionId::new("{x}");
            let partition = Partition::of(&workspace);
            let at = slot(&keys.of(partition, "meta"));
            let logs = [
                Log::Feed(workspace.clone()),
                Log::Session(workspace.clone(), session.clone()),
            ];
            for log in &logs {
                let (stream, hash) = keys.log(log);
                for key in [stream, hash, keys.channel(log)] {
                    assert_eq!(slot(&key), at, "{key}");
                }
            }
            let subject = Subject::Guest(session);
            assert_eq!(slot(&keys.presence(&workspace, &subject)), at);
            assert_eq!(slot(&keys.control(partition)), at);
            assert_eq!(slot(&keys.inbox(partition, &PodId::new("{p}"))), at);
        }
    }

    #[test]
    fn two_sessions_never_share_a_key() {
        let keys = Keys::new("sb");
        let key = |workspace: &str, session: &str| {
            let key = keys.session(&WorkspaceId::new(workspace), &SessionId::new(session));
            key.split_once("}:").unwrap().1.to_owned()
        };
        assert_ne!(key("a:1", "b"), key("a", "1:b"));
        assert_ne!(key("1:a", "b"), key("a", "b"));
    }
}
