//! Nothing is done for whose token has ended, however late the timer is that ends its socket.

use serde_json::json;
use switchboard::{model::Clock, server::Mount};

use super::{
    NATIVE,
    page::{Page, Site, WAYS, Way},
};
use crate::trouble::house::House;

/// Longer than its tokens last there.
const HOURS_MS: u64 = 3 * 3_600_000;

/// On a clock that is moved, which no timer hears of.
async fn house(clock: &Clock) -> House {
    let mut settings = crate::engine::echo_settings();
    let calm = |mount: Mount| Mount {
        ping_interval_ms: HOURS_MS,
        ..mount
    };
    settings.mounts = settings.mounts.into_iter().map(calm).collect();
    House::at(clock.clone(), settings).await
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_an_event_after_the_end_is_refused_though_no_timer_has_run() {
    let clock = Clock::manual(Clock::System.now());
    let house = house(&clock).await;
    let site = Site::new(&[house.address], NATIVE);
    let mut pages = Vec::new();
    for way in WAYS {
        let page = Page::join(&site, way, &House::auth("7")).await;
        pages.push((way, page.unwrap()));
    }
    clock.advance(HOURS_MS / 2);
    for (way, mut page) in pages {
        let asked = page.emit("staff:sessions", &json!({})).await;
        match way {
            Way::WebSocket => {
                asked.unwrap();
                assert_eq!(page.farewell().await, "41");
                assert!(!page.has_answers());
            }
            Way::Polling => assert!(asked.is_err()),
        }
    }
    for transport in ["websocket", "polling"] {
        let labels = [transport, "token ended"];
        let closed = house.metrics.closed.with_label_values(&labels);
        assert_eq!(closed.get(), 1, "{transport}");
    }
}
