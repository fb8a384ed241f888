use serde_json::Value;

use super::Document;
use crate::support::relay::Relays;

#[tokio::test(flavor = "multi_thread")]
async fn the_document_is_served_and_may_be_kept() {
    let relays = Relays::start_with(1, &[]).await;
    let url = format!("http://{}/api/v1/asyncapi.json", relays.addresses()[0]);
    let http = reqwest::Client::new();
    let answer = http.get(&url).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/json");
    assert_eq!(answer.headers()["cache-control"], "public, max-age=3600");
    let tag = answer.headers()["etag"].clone();
    let mut served: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    assert_eq!(served["info"]["version"], env!("CARGO_PKG_VERSION"));
    served["info"]["version"] = "1.2.3".into();
    assert_eq!(served, Document::new().0);
    let again = http.get(&url).header("if-none-match", tag).send();
    let again = again.await.unwrap();
    assert_eq!(again.status(), 304);
    assert_eq!(again.bytes().await.unwrap(), "");
    relays.stop().await;
}
