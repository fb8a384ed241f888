//! The official JavaScript client against several servers, through a proxy that sends every request of
//! a client to another server than the one before.

pub mod embedded;
mod hold;
pub mod pods;
pub mod script;
mod seen;

/// A test for each suite, over the transports that matter to it.
macro_rules! cases {
    ($run:path; $($case:ident: $suite:literal, $transports:literal;)*) => {
        $(#[tokio::test(flavor = "multi_thread")]
        async fn $case() {
            $run($suite, $transports).await;
        })*
    };
}
pub(crate) use cases;

macro_rules! suites {
    ($run:path) => {
        crate::e2e::cases!($run;
            conversation_over_websocket: "e2e/conversation", "websocket";
            conversation_over_polling: "e2e/conversation", "polling";
            conversation_over_polling_then_websocket: "e2e/conversation", "default";
            hands_over_websocket: "e2e/hands", "websocket";
            hands_over_polling: "e2e/hands", "polling";
            hands_over_polling_then_websocket: "e2e/hands", "default";
            marks_over_websocket: "e2e/marks", "websocket";
            marks_over_polling: "e2e/marks", "polling";
            marks_over_polling_then_websocket: "e2e/marks", "default";
            identity_over_websocket: "e2e/identity", "websocket";
            identity_over_polling: "e2e/identity", "polling";
            recovery_over_websocket: "e2e/recovery", "websocket";
            recovery_over_polling: "e2e/recovery", "polling";
            recovery_over_polling_then_websocket: "e2e/recovery", "default";
            transports_through_the_proxy: "e2e/transports", "default";
            faults_over_websocket: "e2e/faults", "websocket";
            faults_over_polling: "e2e/faults", "polling";
            retries_over_websocket: "e2e/retries", "websocket";
            retries_over_polling: "e2e/retries", "polling";
            sleep_over_websocket: "e2e/sleep", "websocket";
            sleep_over_polling: "e2e/sleep", "polling";
            tabs_over_websocket: "e2e/tabs", "websocket";
            tabs_over_polling: "e2e/tabs", "polling";
            window_over_websocket: "e2e/window", "websocket";
            window_over_polling: "e2e/window", "polling";
            upgrade_through_the_proxy: "e2e/upgrade", "default";
            v2_over_websocket: "e2e/v2", "websocket";
            v2_over_polling: "e2e/v2", "polling";
            v2_over_polling_then_websocket: "e2e/v2", "default";
        );
    };
}
use suites;

use crate::support::lengths;

/// Settings that a suite runs with beside the usual ones, by their names in the environment.
fn settings(suite: &str) -> Vec<(&'static str, &'static str)> {
    let (interval, timeout) = lengths::pings();
    match suite {
        // A reload takes no second, but for a client that polls on a busy machine.
        "e2e/hands" => vec![("OPERATOR_GRACE", "3s"), ("TRANSFER_TIMEOUT", "2s")],
        "e2e/sleep" => vec![("PING_INTERVAL", interval), ("PING_TIMEOUT", timeout)],
        // It begins when a loss is noticed: of who was between two polls, when its time is over.
        "e2e/window" => vec![
            ("RECOVERY_WINDOW", "1s"),
            ("PING_INTERVAL", "1s"),
            ("PING_TIMEOUT", "1s"),
        ],
        "e2e/v2" => vec![
            ("ALLOW_EIO3", "true"),
            ("PING_INTERVAL", "1s"),
            ("PING_TIMEOUT", "3s"),
        ],
        _ => crate::seeds::settings_of(suite),
    }
}
