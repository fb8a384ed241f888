//! Engine.IO and Socket.IO as clients see them, on one server object and on two that share a hub:
//! there each request of a connection goes to the other server than the one before.

#[path = "../../conformance/echo.rs"]
#[expect(dead_code, reason = "an example of its own, which has a main")]
mod echo;

mod client;
mod site;

/// Stamps each case, a function of the number of servers.
macro_rules! on_one_and_two_servers {
    ($($case:ident,)*) => {
        on_one_and_two_servers!(@on one_server 1; $($case,)*);
        on_one_and_two_servers!(@on two_servers 2; $($case,)*);
    };
    (@on $site:ident $servers:literal; $($case:ident,)*) => {
        mod $site {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                super::$case($servers).await;
            })*
        }
    };
}

mod bodies;
mod drain;
mod handshake;
mod heartbeat;
mod limits;
mod namespaces;
mod origin;
mod polling;
mod rates;
mod repeats;
mod upgrade;
mod upgrade_failures;
mod websocket;

/// Of a server with short times.
pub fn echo_settings() -> switchboard::server::Settings {
    echo::settings()
}
