//! What this machine lets a process have, beside what MAX_CONNECTIONS asks for.

use std::fs;

use super::item::Item;
use crate::config::Config;

/// Files that are open beside the clients' connections: backends, the listeners, the log.
const FILES_BESIDE: u64 = 128;

const MIB: u64 = 1024 * 1024;
/// A pod without clients, with room for what waits to be written.
const MEMORY_BESIDE: u64 = 128 * MIB;
/// A parked poll, the dearest connection, with what the kernel has of it (k8s/base/deployment.yaml).
const MEMORY_EACH: u64 = 19 * 1024;

/// Where Linux says how much a process may have: by control group, else the machine.
const GROUPS: [&str; 2] = [
    "/sys/fs/cgroup/memory.max",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes",
];
const MACHINE: &str = "/proc/meminfo";

pub fn items(config: &Config) -> Vec<Item> {
    let connections = config.max_connections() as u64;
    let limit = rlimit::Resource::NOFILE.get().ok().map(|(soft, _)| soft);
    vec![
        files(connections, limit),
        memory(connections, memory_limit()),
    ]
}

fn files(connections: u64, limit: Option<u64>) -> Item {
    const ITEM: &str = "open-files";
    let needed = connections.saturating_add(FILES_BESIDE);
    let Some(limit) = limit else {
        return Item::note(
            ITEM,
            "the limit cannot be read",
            format!("allow {needed} (ulimit -n)"),
        );
    };
    if limit >= needed {
        let found =
            format!("{limit} are allowed here, and MAX_CONNECTIONS={connections} needs {needed}");
        return Item::ok(ITEM, found);
    }
    let most = limit.saturating_sub(FILES_BESIDE);
    Item::warn(
        ITEM,
        format!("{limit} are allowed here: enough for {most} of MAX_CONNECTIONS={connections}"),
        format!(
            "allow {needed} (ulimit -n, LimitNOFILE of systemd), or set MAX_CONNECTIONS={}",
            most.max(1)
        ),
    )
}

fn memory(connections: u64, limit: Option<u64>) -> Item {
    const ITEM: &str = "memory";
    let needed = MEMORY_BESIDE.saturating_add(connections.saturating_mul(MEMORY_EACH));
    let needed_mib = needed.div_ceil(MIB);
    let Some(limit) = limit else {
        return Item::note(
            ITEM,
            "the limit cannot be read",
            format!("allow {needed_mib} MiB"),
        );
    };
    let found = format!(
        "{} MiB are allowed here, and MAX_CONNECTIONS={connections} takes about {needed_mib} MiB",
        limit / MIB
    );
    if limit >= needed {
        return Item::ok(ITEM, found);
    }
    Item::warn(
        ITEM,
        found,
        "allow more, or set MAX_CONNECTIONS lower and run more pods",
    )
}

/// In bytes.
fn memory_limit() -> Option<u64> {
    let group = GROUPS.iter().filter_map(|path| {
        // `max`, which is none, is no number.
        fs::read_to_string(path).ok()?.trim().parse::<u64>().ok()
    });
    let machine = fs::read_to_string(MACHINE).ok();
    let machine = machine.and_then(|text| total(&text));
    group.chain(machine).min()
}

fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib.saturating_mul(1024))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relay::check::item::Status;

    #[test]
    fn a_limit_below_what_clients_need_is_told() {
        let needed = 15_000 + FILES_BESIDE;
        assert_eq!(files(15_000, Some(needed)).status, Status::Ok);
        let short = files(15_000, Some(1024));
        assert_eq!(short.status, Status::Warn);
        assert!(short.found.contains("enough for 896 of"), "{}", short.found);
        assert!(short.advice.unwrap().starts_with("allow 15128 "));
        assert_eq!(files(15_000, None).status, Status::Note);
        // 15,000 take about 279 MiB, as the manifest reckons.
        assert_eq!(memory(15_000, Some(1024 * MIB)).status, Status::Ok);
        assert_eq!(memory(15_000, Some(400 * MIB)).status, Status::Warn);
    }

    #[test]
    fn the_machines_memory_is_read() {
        let text = "MemTotal:       16303428 kB\nMemFree: 1 kB\n";
        assert_eq!(total(text), Some(16_303_428 * 1024));
        assert_eq!(total("MemFree: 1 kB\n"), None);
        assert!(memory_limit().is_some_and(|limit| limit > MIB));
    }
}
