//! Two server objects in this process that share one hub.

use super::{script::Script, suites};
use crate::support::relay::Relays;

suites!(run);

async fn run(file: &str, transports: &str) {
    let relays = Relays::start(2).await;
    let secrets = relays.config.secrets().unwrap();
    Script::new(file, transports, &relays.addresses(), &secrets)
        .run()
        .await;
    relays.stop().await;
}
