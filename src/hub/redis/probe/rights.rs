//! What a user may do, asked without doing it.

use fred::{clients::Client, error::Error};
use futures_util::future::join_all;

use super::{Asking, ask, is_forbidden};
use crate::model::Partition;

/// What is needed and refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rights {
    All,
    /// These commands, on keys and channels of this deployment.
    Lacks(Vec<&'static str>),
    /// The scripts may be run; of the commands in them nothing is known, since the user may not ask (`ACL`).
    Scripts,
}

/// No script is called so: it is looked for, and the user's right to it before that.
const NO_SCRIPT: &str = "0000000000000000000000000000000000000000";
const KEY: &str = "<key>";
const CHANNEL: &str = "<channel>";

/// What the hub calls, by itself and in scripts, with arguments that make sense. They are never carried out.
const COMMANDS: &[(&str, &[&str])] = &[
    ("DEL", &[KEY]),
    ("EVAL", &["return 1", "1", KEY]),
    ("EVALSHA", &[NO_SCRIPT, "1", KEY]),
    ("EXISTS", &[KEY]),
    ("GET", &[KEY]),
    ("HDEL", &[KEY, "f"]),
    ("HEXISTS", &[KEY, "f"]),
    ("HGET", &[KEY, "f"]),
    ("HGETALL", &[KEY]),
    ("HINCRBY", &[KEY, "f", "1"]),
    ("HLEN", &[KEY]),
    ("HMGET", &[KEY, "f"]),
    ("HRANDFIELD", &[KEY]),
    ("HSET", &[KEY, "f", "v"]),
    ("HSETNX", &[KEY, "f", "v"]),
    ("INFO", &[]),
    ("PEXPIRE", &[KEY, "1"]),
    ("PEXPIREAT", &[KEY, "1"]),
    ("PTTL", &[KEY]),
    ("SADD", &[KEY, "m"]),
    ("SET", &[KEY, "v"]),
    ("SISMEMBER", &[KEY, "m"]),
    ("SMEMBERS", &[KEY]),
    ("SPUBLISH", &[CHANNEL, "m"]),
    ("SRANDMEMBER", &[KEY]),
    ("SREM", &[KEY, "m"]),
    ("SSCAN", &[KEY, "0"]),
    ("SSUBSCRIBE", &[CHANNEL]),
    ("TIME", &[]),
    ("XADD", &[KEY, "*", "f", "v"]),
    ("XLEN", &[KEY]),
    ("XRANGE", &[KEY, "-", "+"]),
    ("XREVRANGE", &[KEY, "+", "-"]),
    ("XTRIM", &[KEY, "MINID", "0"]),
    ("ZADD", &[KEY, "0", "m"]),
    ("ZRANGEBYSCORE", &[KEY, "0", "1"]),
    ("ZRANK", &[KEY, "m"]),
    ("ZREM", &[KEY, "m"]),
    ("ZSCORE", &[KEY, "m"]),
];

impl Asking {
    pub(super) async fn rights(&self, client: &Client) -> Result<Rights, Error> {
        let partition = Partition::random();
        let (key, channel) = (
            self.keys.of(partition, "meta"),
            self.keys.control(partition),
        );
        let script = ask::<String>(client, "EVALSHA", &[NO_SCRIPT, "1", &key]).await;
        if script.is_err_and(|error| is_forbidden(&error)) {
            return Ok(Rights::Lacks(vec!["EVALSHA"]));
        }
        let Ok(user) = ask::<String>(client, "ACL", &["WHOAMI"]).await else {
            return Ok(Rights::Scripts);
        };
        let dry = COMMANDS.iter().map(async |(command, args)| {
            let mut words = vec!["DRYRUN", user.as_str(), command];
            words.extend(args.iter().map(|word| match *word {
                KEY => key.as_str(),
                CHANNEL => channel.as_str(),
                word => word,
            }));
            (*command, ask::<String>(client, "ACL", &words).await)
        });
        let mut lacks = Vec::new();
        for (command, answer) in join_all(dry).await {
            match answer {
                Ok(answer) if answer == "OK" => {}
                Ok(_) => lacks.push(command),
                Err(error) if is_forbidden(&error) => return Ok(Rights::Scripts),
                Err(error) => return Err(error),
            }
        }
        Ok(if lacks.is_empty() {
            Rights::All
        } else {
            Rights::Lacks(lacks)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    /// Whoever calls another command in a script has to name it here as well.
    #[test]
    fn every_command_of_a_script_is_asked_for() {
        let mut called = BTreeSet::new();
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/hub/redis")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let text = fs::read_to_string(&path).unwrap();
                let calls = text.split("call('").skip(1);
                let names = calls.filter_map(|call| call.split('\'').next());
                let is_command = |name: &&str| name.bytes().all(|it| it.is_ascii_uppercase());
                let names = names.filter(is_command).filter(|name| !name.is_empty());
                called.extend(names.map(str::to_owned));
            }
        }
        assert!(called.len() > 30, "{called:?}");
        let known: BTreeSet<String> = COMMANDS
            .iter()
            .map(|(name, _)| (*name).to_owned())
            .collect();
        let unknown: Vec<_> = called.difference(&known).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}
