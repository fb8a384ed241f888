//! The official JavaScript client against several servers, through a proxy that sends every request of
//! a client to another server than the one before.

mod embedded;
mod hold;
mod pods;
mod script;
mod seen;

/// The suites, each over the transports that matter to it.
macro_rules! suites {
    ($run:path) => {
        suites!(@stamp $run;
            conversation_over_websocket: "conversation", "websocket";
            conversation_over_polling: "conversation", "polling";
            conversation_over_polling_then_websocket: "conversation", "default";
            hands_over_websocket: "hands", "websocket";
            hands_over_polling: "hands", "polling";
            hands_over_polling_then_websocket: "hands", "default";
            marks_over_websocket: "marks", "websocket";
            marks_over_polling: "marks", "polling";
            marks_over_polling_then_websocket: "marks", "default";
            identity_over_websocket: "identity", "websocket";
            identity_over_polling: "identity", "polling";
            recovery_over_websocket: "recovery", "websocket";
            recovery_over_polling: "recovery", "polling";
            recovery_over_polling_then_websocket: "recovery", "default";
            transports_through_the_proxy: "transports", "default";
            faults_over_websocket: "faults", "websocket";
            faults_over_polling: "faults", "polling";
            retries_over_websocket: "retries", "websocket";
            retries_over_polling: "retries", "polling";
            sleep_over_websocket: "sleep", "websocket";
            sleep_over_polling: "sleep", "polling";
            tabs_over_websocket: "tabs", "websocket";
            tabs_over_polling: "tabs", "polling";
            window_over_websocket: "window", "websocket";
            window_over_polling: "window", "polling";
            upgrade_through_the_proxy: "upgrade", "default";
            v2_over_websocket: "v2", "websocket";
            v2_over_polling: "v2", "polling";
            v2_over_polling_then_websocket: "v2", "default";
        );
    };
    (@stamp $run:path; $($case:ident: $file:literal, $transports:literal;)*) => {
        $(#[tokio::test(flavor = "multi_thread")]
        async fn $case() {
            $run($file, $transports).await;
        })*
    };
}
use suites;

use crate::support::lengths;

/// Settings that a suite runs with beside the usual ones, by their names in the environment.
fn settings(file: &str) -> Vec<(&'static str, &'static str)> {
    let (interval, timeout) = lengths::pings();
    match file {
        // A reload takes no second, but for a client that polls on a busy machine.
        "hands" => vec![("OPERATOR_GRACE", "3s"), ("TRANSFER_TIMEOUT", "2s")],
        "sleep" => vec![("PING_INTERVAL", interval), ("PING_TIMEOUT", timeout)],
        // It begins when a loss is noticed: of who was between two polls, when its time is over.
        "window" => vec![
            ("RECOVERY_WINDOW", "1s"),
            ("PING_INTERVAL", "1s"),
            ("PING_TIMEOUT", "1s"),
        ],
        "v2" => vec![
            ("ALLOW_EIO3", "true"),
            ("PING_INTERVAL", "1s"),
            ("PING_TIMEOUT", "3s"),
        ],
        _ => Vec::new(),
    }
}
