//! The official JavaScript client against several servers, through a proxy that sends every request of
//! a client to another server than the one before.

mod embedded;
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
            recovery_over_websocket: "recovery", "websocket";
            recovery_over_polling: "recovery", "polling";
            recovery_over_polling_then_websocket: "recovery", "default";
            upgrade_through_the_proxy: "upgrade", "default";
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
