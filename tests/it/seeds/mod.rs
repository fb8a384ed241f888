//! The five front ends of whose documents this relay is made (`tests/seeds`): each row of what they demand, what shows
//! that it is so, and what is still open.

mod anew;
mod defaults;
mod encoded;
mod names;
mod pods;
pub mod ran;
mod rows;
mod settings;
mod table;
mod words;

/// The suites of front ends, each over the transports that it allows.
macro_rules! suites {
    ($run:path) => {
        crate::e2e::cases!($run;
            seed_000_over_websocket: "seeds/000", "websocket";
            seed_000_over_polling: "seeds/000", "polling";
            seed_001_over_websocket: "seeds/001", "websocket";
            seed_001_over_polling: "seeds/001", "polling";
            seed_001_over_polling_then_websocket: "seeds/001", "default";
            seed_002_over_websocket: "seeds/002", "websocket";
            seed_003_over_websocket: "seeds/003", "websocket";
            seed_003_over_polling: "seeds/003", "polling";
            seed_004_over_websocket: "seeds/004", "websocket";
            seed_004_over_polling: "seeds/004", "polling";
            images_over_websocket: "seeds/images", "websocket";
            images_over_polling: "seeds/images", "polling";
            images_over_polling_then_websocket: "seeds/images", "default";
            dialects_over_websocket: "seeds/dialects", "websocket";
            dialects_over_polling: "seeds/dialects", "polling";
            limits_over_websocket: "seeds/limits", "websocket";
            limits_over_polling: "seeds/limits", "polling";
            rooms_over_websocket: "seeds/rooms", "websocket";
            rooms_over_polling: "seeds/rooms", "polling";
            rooms_over_polling_then_websocket: "seeds/rooms", "default";
        );
    };
}
use suites;

mod embedded {
    super::suites!(crate::e2e::embedded::run);
}

mod cluster {
    super::suites!(crate::seeds::pods::run);
}

/// Settings that a suite runs with beside the usual ones, by their names in the environment.
pub fn settings_of(suite: &str) -> Vec<(&'static str, &'static str)> {
    match suite {
        // A hundred messages one after the other; and a page with a client of version 2.
        "seeds/001" => vec![("RATE_GUEST", "200/1s"), ("ALLOW_EIO3", "true")],
        "seeds/003" => vec![("DIALECT", "operator-a"), ("GUEST_GRACE", "3s")],
        "seeds/004" => vec![("GUEST_GRACE", "1s")],
        "seeds/dialects" => vec![
            ("DIALECT", "other=operator-a"),
            ("STRICT_EVENTS", "other"),
            ("GUEST_NAMESPACES", "/help,/support"),
            ("OPERATOR_NAMESPACES", "/team"),
        ],
        // As many as in the seeds, in windows into which a busy machine gets all of them.
        "seeds/limits" => vec![("RATE_GUEST", "5/5s"), ("RATE_OPERATOR", "100/20s")],
        "seeds/images" => vec![("RATE_GUEST", "50/1s")],
        _ => Vec::new(),
    }
}
