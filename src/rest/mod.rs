//! REST under `/api/v1`, for operators and for programs of theirs: the same rules, refusals and answers as
//! the sockets have, since a request is read by the same decoder and answered by the same encoder.
//!
//! | file | what |
//! |---|---|
//! | `caller`, `who`, `login`, `cookie` | who asks |
//! | `ask`, `idempotency`, `stored` | one command, once, acknowledged when it is as safe as acks promise |
//! | `body`, `query`, `problem` | what comes in, and how it is refused |
//! | `document` | all of it as OpenAPI |
//! | `files` | what comes with messages |
//! | the rest | an endpoint each |

mod actions;
mod ask;
mod body;
mod caller;
mod chats;
mod cookie;
mod document;
mod files;
mod idempotency;
mod login;
mod me;
mod measure;
mod messages;
mod operators;
mod problem;
mod query;
mod sessions;
mod stored;
mod turns;
mod who;
mod widget;
mod workspaces;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware::{from_fn_with_state, map_response},
};
use tokio::sync::{Semaphore, watch};
use tower_http::timeout::TimeoutLayer;

use crate::{
    chat::{Chat, Directory},
    files::Files,
    history::Accounts,
    hub::{Hub, Limit, Persisted},
    metrics::Metrics,
    model::Clock,
    server::{
        Guard, Origins,
        auth::{Keyring, Verifier},
        guard_origin,
    },
};

pub use login::{PasswordError, hash_password};

/// What it is made of.
pub struct Parts {
    pub chat: Arc<Chat>,
    pub files: Arc<Files>,
    pub directory: Arc<Directory>,
    pub accounts: Arc<dyn Accounts>,
    pub hub: Arc<dyn Hub>,
    pub clock: Clock,
    /// Of operators' tokens.
    pub operators: Arc<Verifier>,
    /// Signs those of logins; `None` where only others sign, and nobody logs in here.
    pub jwt: Option<Keyring>,
    /// Of guests' tokens.
    pub signing: Keyring,
    /// How far the history is.
    pub persisted: watch::Receiver<Persisted>,
    pub origins: Origins,
    pub metrics: Metrics,
}

#[derive(Clone, Copy, Debug)]
pub struct RestSettings {
    /// What is acknowledged is stored; else it may be in the hub alone.
    pub waits_for_storage: bool,
    pub ack_timeout: Duration,
    /// How long a login lasts.
    pub login_life: Duration,
    /// Attempts to log in, of an account.
    pub rate_login: Limit,
    /// Attempts from a network, at whichever account.
    pub rate_login_network: Limit,
    /// Pages that one operator asks for.
    pub rate_read: Limit,
    /// Bytes of a request's body.
    pub max_body: usize,
}

/// Passwords that are looked at at a time: each takes a core and 19 MiB for a moment.
const PASSWORDS_MAX: usize = 2;
/// Pages of the history that are read at a time: others, and who may come in, are asked by the same few
/// connections.
const READS_MAX: usize = 2;
/// For all of a request, its body included.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

pub struct Rest {
    parts: Parts,
    settings: RestSettings,
    passwords: Semaphore,
    reads: Semaphore,
    uploads: Semaphore,
    own_uploads: files::OwnTurns,
}

pub fn routes(parts: Parts, settings: RestSettings) -> Router {
    let measured = parts.metrics.rest.clone();
    let guard = Guard {
        origins: parts.origins.clone(),
        denied: problem::foreign_page,
    };
    let rest = Arc::new(Rest {
        parts,
        settings,
        passwords: Semaphore::new(PASSWORDS_MAX),
        reads: Semaphore::new(READS_MAX),
        uploads: Semaphore::new(files::UPLOADS_MAX),
        own_uploads: files::OwnTurns::default(),
    });
    let (routes, mut document) = document::endpoints().split_for_parts();
    let (uploads, of_uploads) = document::uploads().split_for_parts();
    document.merge(of_uploads);
    let largest = largest_body(&rest);
    let uploads = uploads
        .method_not_allowed_fallback(problem::method_not_allowed)
        .with_state(Arc::clone(&rest))
        .layer(DefaultBodyLimit::max(largest))
        .layer(timed(files::UPLOAD_TIMEOUT));
    routes
        .method_not_allowed_fallback(problem::method_not_allowed)
        .with_state(rest)
        .merge(document::routes(document))
        .route(
            "/api/v1/{*unknown}",
            axum::routing::any(problem::no_such_path),
        )
        .layer(DefaultBodyLimit::max(settings.max_body))
        .layer(timed(REQUEST_TIMEOUT))
        .merge(uploads)
        .layer(from_fn_with_state(measured, measure::measure))
        .layer(map_response(problem::in_words))
        .layer(from_fn_with_state(guard, guard_origin))
}

fn timed(limit: Duration) -> TimeoutLayer {
    TimeoutLayer::with_status_code(axum::http::StatusCode::REQUEST_TIMEOUT, limit)
}

/// With the largest file in base64, and whatever else may be in a body.
fn largest_body(rest: &Rest) -> usize {
    let files = rest.parts.files.settings();
    let file = files.max_guest.max(files.max_staff);
    file / 3 * 4 + rest.settings.max_body
}
