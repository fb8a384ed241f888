//! Engine.IO and Socket.IO as clients see them, in three settings: an embedded server, one pod on Redis,
//! and three of them, where each request and each upgrade goes to the next one in turn.

#[path = "../../conformance/echo.rs"]
#[expect(dead_code, reason = "an example of its own, which has a main")]
mod echo;

mod backend;
mod client;
mod gated;
mod site;

/// Stamps each case, a function of the setting.
macro_rules! in_three_settings {
    ($($case:ident,)*) => {
        in_settings!(embedded Embedded; $($case,)*);
        on_redis!($($case,)*);
    };
}

/// What an embedded server cannot show.
macro_rules! on_redis {
    ($($case:ident,)*) => {
        in_settings!(one_pod_on_redis OnePod; $($case,)*);
        in_settings!(three_pods_on_redis ThreePods; $($case,)*);
    };
}

macro_rules! in_settings {
    ($name:ident $setting:ident; $($case:ident,)*) => {
        mod $name {
            use crate::engine::site::Setting;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                super::$case(Setting::$setting).await;
            })*
        }
    };
}

mod binary;
mod bodies;
mod deaths;
mod drain;
mod handshake;
mod heartbeat;
mod kills;
mod leaving;
mod limits;
mod namespaces;
mod origin;
mod polling;
mod rates;
mod repeats;
mod upgrade;
mod upgrade_failures;
mod v3;
mod websocket;

/// Of a server with short times.
pub fn echo_settings() -> switchboard::server::Settings {
    echo::settings()
}
