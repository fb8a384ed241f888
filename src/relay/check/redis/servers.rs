use std::collections::BTreeSet;

use crate::{
    config::Ack,
    hub::redis::{
        CONNECTIONS,
        probe::{Facts, Part, Probe, Rights},
    },
    model::FORMAT,
    relay::check::item::Item,
};

/// Those that answer.
pub struct Servers<'a> {
    answered: Vec<(&'a str, &'a Facts)>,
    /// Another one may take over that has not got the last of what was acknowledged.
    are_replicated: bool,
}

impl<'a> Servers<'a> {
    pub fn of(probe: &'a Probe) -> Self {
        let answered = probe.nodes.iter().filter_map(|node| {
            let facts = node.answer.as_ref().ok()?;
            Some((node.address.as_str(), facts))
        });
        Self {
            answered: answered.collect(),
            are_replicated: probe.nodes.iter().any(|node| node.part == Part::Replica),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.answered.is_empty()
    }

    /// The addresses of those of which this is so.
    fn whose(&self, is_so: impl Fn(&Facts) -> bool) -> Option<String> {
        let those = self.answered.iter().filter(|(_, facts)| is_so(facts));
        let those: Vec<&str> = those.map(|(address, _)| *address).collect();
        (!those.is_empty()).then(|| those.join(", "))
    }

    /// Each answer once.
    fn each<T: Ord>(&self, of: impl Fn(&'a Facts) -> T) -> BTreeSet<T> {
        self.answered.iter().map(|(_, facts)| of(facts)).collect()
    }

    pub fn version(&self) -> Item {
        let versions = self.each(|facts| facts.version.as_str());
        let versions = versions.into_iter().collect::<Vec<_>>().join(", ");
        match self.whose(|facts| !facts.is_new_enough) {
            None => Item::ok("redis-version", versions),
            Some(old) => Item::fail(
                "redis-version",
                format!("{versions}, too old on {old}"),
                "install Redis 7 or newer",
            ),
        }
    }

    pub fn eviction(&self) -> Item {
        const ITEM: &str = "redis-eviction";
        const ADVICE: &str = "set maxmemory-policy noeviction";
        let evicts = |facts: &Facts| {
            facts
                .eviction
                .as_deref()
                .is_some_and(|it| it != "noeviction")
        };
        let policies = self.each(|facts| facts.eviction.as_deref().unwrap_or("unknown"));
        let policies = policies.into_iter().collect::<Vec<_>>().join(", ");
        if let Some(those) = self.whose(|facts| evicts(facts) && facts.max_memory > 0) {
            let found = format!("{policies}: {those} throws away conversations when it is full");
            return Item::fail(ITEM, found, ADVICE);
        }
        if let Some(those) = self.whose(evicts) {
            let found =
                format!("{policies}: {those} will throw away conversations once maxmemory is set");
            return Item::warn(ITEM, found, ADVICE);
        }
        if self.whose(|facts| facts.eviction.is_none()).is_some() {
            return Item::note(ITEM, "maxmemory-policy cannot be read", ADVICE);
        }
        Item::ok(ITEM, policies)
    }

    pub fn memory(&self) -> Item {
        if let Some(those) = self.whose(|facts| facts.max_memory == 0) {
            return Item::warn(
                "redis-memory",
                format!("{those} has no maxmemory, and is ended by its machine when that is full"),
                "set maxmemory: short of it messages are refused (`unavailable`), and nothing is lost",
            );
        }
        let least = self
            .answered
            .iter()
            .map(|(_, facts)| facts.max_memory)
            .min();
        let least = least.unwrap_or_default() / (1024 * 1024);
        Item::ok("redis-memory", format!("maxmemory {least} MiB"))
    }

    /// What a crash of Redis loses of what was acknowledged.
    pub fn durability(&self, ack: Ack) -> Item {
        const ITEM: &str = "redis-durability";
        const ADVICE: &str = "set appendonly yes and appendfsync always, or ACK=stored";
        let stored = ack == Ack::Stored;
        let with = |is_so: &dyn Fn(&Facts) -> bool, found: String, lost: &str| {
            let those = self.whose(is_so)?;
            let found = format!("{found} on {those}");
            Some(if stored {
                let found = format!(
                    "{found}: a crash loses what is going on, but no acknowledged message (ACK=stored)"
                );
                Item::ok(ITEM, found)
            } else {
                Item::warn(ITEM, format!("{found}: a crash loses {lost}"), ADVICE)
            })
        };
        let logs = |facts: &Facts| facts.keeps_log != Some(false);
        let syncs = |facts: &Facts, how| logs(facts) && facts.fsync.as_deref() == Some(how);
        let worst = with(
            &|facts| !logs(facts),
            "appendonly no".into(),
            "every acknowledged message that is not in Postgres yet, and what is going on",
        );
        let worst = worst.or_else(|| {
            with(
                &|facts| syncs(facts, "no"),
                "appendonly yes, appendfsync no".into(),
                "what the system had not written, up to half a minute of acknowledged messages",
            )
        });
        let worst = worst.or_else(|| {
            with(
                &|facts| syncs(facts, "everysec"),
                "appendonly yes, appendfsync everysec".into(),
                "up to the last two seconds of acknowledged messages that are not in Postgres yet",
            )
        });
        if let Some(item) = worst {
            return item;
        }
        if self
            .whose(|facts| facts.fsync.is_none() || facts.keeps_log.is_none())
            .is_some()
        {
            let found = "appendfsync cannot be read: this user may not run CONFIG GET";
            return Item::note(ITEM, found, format!("look there by hand; {ADVICE}"));
        }
        let found =
            "appendonly yes, appendfsync always: a crash loses nothing that was acknowledged";
        let found = if self.are_replicated {
            format!("{found}, and after a failover pods say the last 10 s again")
        } else {
            found.to_owned()
        };
        Item::ok(ITEM, found)
    }

    pub fn rights(&self) -> Item {
        const ITEM: &str = "redis-rights";
        let lacks = self
            .answered
            .iter()
            .find_map(|(address, facts)| match &facts.rights {
                Rights::Lacks(commands) => Some((address, commands.join(", "))),
                _ => None,
            });
        if let Some((address, commands)) = lacks {
            return Item::fail(
                ITEM,
                format!("on {address} the user may not run {commands} on the keys of REDIS_PREFIX"),
                "give it these commands, keys and channels (ACL SETUSER)",
            );
        }
        if self.whose(|facts| facts.rights != Rights::All).is_some() {
            let found = "scripts may be run; whether all commands in them may be cannot be asked";
            return Item::note(
                ITEM,
                found,
                "give the user @read, @write and @pubsub on REDIS_PREFIX:*",
            );
        }
        Item::ok(ITEM, "the user may run all that is needed")
    }

    pub fn connections(&self) -> Item {
        const ITEM: &str = "redis-connections";
        let left = self.answered.iter().filter_map(|(_, facts)| {
            let (used, allowed) = facts.clients;
            Some((allowed?.saturating_sub(used?), used?, allowed?))
        });
        let Some((left, used, allowed)) = left.min() else {
            return Item::note(ITEM, "maxclients cannot be read", "look there by hand");
        };
        let found = format!("{used} of {allowed} are in use, and each pod opens {CONNECTIONS}");
        if left < CONNECTIONS as u64 {
            return Item::fail(ITEM, found, "raise maxclients");
        }
        Item::ok(ITEM, found)
    }

    pub fn format(&self) -> Item {
        const ITEM: &str = "redis-format";
        match self.each(|facts| facts.format).last().copied().flatten() {
            Some(raised) if raised > FORMAT => Item::fail(
                ITEM,
                format!("the deployment was raised to {raised}, and this release knows {FORMAT}"),
                "start a newer release",
            ),
            Some(raised) => Item::ok(
                ITEM,
                format!("raised to {raised}, of {FORMAT} that this release knows"),
            ),
            None => Item::ok(
                ITEM,
                "never raised, so that the release before can be taken back",
            ),
        }
    }
}
