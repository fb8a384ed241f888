//! Two server objects in this process that share one hub.

use super::{script::Script, settings, suites};
use crate::support::relay::Relays;

suites!(run);

pub async fn run(suite: &str, transports: &str) {
    let flags = settings(suite).into_iter().flat_map(|(name, value)| {
        let name = name.to_lowercase().replace('_', "-");
        [format!("--{name}"), value.to_owned()]
    });
    let flags: Vec<String> = flags.collect();
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let relays = Relays::start_with(2, &flags).await;
    let secrets = relays.config.secrets().unwrap();
    Script::new(suite, transports, &relays.addresses(), &secrets)
        .run()
        .await;
    relays.stop().await;
}
