//! Two processes on Redis and Postgres. Their clients tell nothing of what they have sent, so that scripts compare what
//! is shown and what is stored by themselves.

use super::settings_of;
use crate::{
    e2e::{pods::assert_used, script::Script},
    support::pods::Pods,
};

/// What clients of a suite are refused is counted by this reason.
const COUNTED: [(&str, &str); 3] = [
    ("seeds/002", "not_found"),
    ("seeds/004", "not_found"),
    ("seeds/limits", "rate_limited"),
];

pub async fn run(suite: &str, transports: &str) {
    let pods = Pods::start_with(2, &settings_of(suite)).await;
    let script = Script::new(suite, transports, &pods.addresses(), &pods.secrets());
    script.run().await;
    let mut metrics = String::new();
    for server in pods.servers() {
        let page = server.measured().await;
        assert_used(&page);
        metrics.push_str(&page);
    }
    for (_, reason) in COUNTED.iter().filter(|(counted, _)| *counted == suite) {
        assert!(is_counted(&metrics, reason), "{reason} in {metrics}");
    }
    pods.stop().await;
}

fn is_counted(metrics: &str, reason: &str) -> bool {
    const REFUSED: &str = "switchboard_commands_failed_total{";
    let label = format!("reason=\"{reason}\"");
    let mut refused = metrics.lines().filter(|line| line.starts_with(REFUSED));
    refused.any(|line| line.contains(&label) && !line.ends_with(" 0"))
}
