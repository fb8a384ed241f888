//! What is in front of the relay, in browsers and with people, and cannot be seen from here.

use super::item::Item;
use crate::config::Config;

pub fn items(config: &Config) -> Vec<Item> {
    let silence = config
        .settings()
        .map(|settings| settings.silence_ms() / 1000);
    // A contradiction is told of with the settings.
    let idle = silence.unwrap_or(config.silence().as_secs());
    let port = config.listen().port();
    let mut items = vec![
        Item::note(
            "tls",
            "the relay speaks plain HTTP; certificates are of what is in front of it",
            "curl https://HOST/livez says ok without a warning, and wss://HOST/socket.io/ has the same certificate",
        ),
        Item::note(
            "load-balancer",
            "WebSockets, long-polling, and no sticky sessions",
            format!(
                "let it pass Upgrade and Connection, wait for more than {idle} s without a byte, ask /readyz on port {port}, and set X-Forwarded-For"
            ),
        ),
        Item::note(
            "frontend",
            "pages connect to /socket.io/ or /chat/, and have that address themselves",
            "open a page of yours: its console tells of no refused origin, and a message gets its ack",
        ),
        Item::note(
            "compression",
            "perMessageDeflate is never negotiated, since it costs memory for every connection",
            "nothing, unless a page insists on it",
        ),
        Item::note(
            "reconnection",
            "clients notice a lost connection and come back by themselves",
            format!(
                "leave `reconnection` of socket.io-client on; a silent connection ends after {idle} s"
            ),
        ),
        Item::note(
            "monitoring",
            format!("metrics are at http://{}/metrics", config.metrics_listen),
            "have Prometheus fetch it, alert on hub_up, history_up, hub_memory_percent and spool_entries, and keep it off the public network",
        ),
        Item::note(
            "queries",
            "each has its index, as long as all indexes are there",
            "watch db_query_seconds; `make explain` shows the plans on a million messages",
        ),
        Item::note(
            "load",
            "how many clients a pod carries depends on what they do",
            "try it before they come: cargo run --release -p loadtest, as in README.md",
        ),
    ];
    items.push(backup(config));
    items
}

fn backup(config: &Config) -> Item {
    let (found, advice) = if config.cluster.is_some() {
        (
            "what was said is in Postgres, what goes on in Redis",
            "back up Postgres before migrations, and try a restore once",
        )
    } else {
        (
            "everything is in DATA_DIR",
            "back it up while the server is stopped, or by sqlite3 .backup, and try a restore once",
        )
    };
    Item::note("backup", found, advice)
}
