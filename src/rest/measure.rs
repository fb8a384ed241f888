use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use tokio::time::Instant;

use crate::metrics::RestMetrics;

/// Of no route.
const ELSEWHERE: &str = "none";

/// How long each request takes, by its route as the document has it: a path would be a label for each session.
pub async fn measure(
    State(metrics): State<RestMetrics>,
    route: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let begun = Instant::now();
    let response = next.run(request).await;
    let route = route.as_ref().map_or(ELSEWHERE, MatchedPath::as_str);
    let status = match response.status().as_u16() {
        0..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        _ => "5xx",
    };
    let taken = metrics.request_seconds.with_label_values(&[route, status]);
    taken.observe(begun.elapsed().as_secs_f64());
    response
}
