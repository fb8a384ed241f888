//! Files over HTTP: what is taken, how much of it, and that it is there again after a restart.

use reqwest::{
    Method,
    multipart::{Form, Part},
};
use serde_json::{Value, json};

use super::{client::Client, house::House};
use crate::{
    process::{server::Server, talk::Person},
    support::{
        bucket::{Bucket, SilentBucket},
        pods::Pods,
        token::token,
    },
};

pub const PNG: &[u8] = include_bytes!("../../fixtures/files/dot.png");

#[tokio::test(flavor = "multi_thread")]
async fn p8_a_file_is_bounded_and_looked_at() {
    let house = House::start_with(&["--max-upload-staff", "2000", "--rate-upload", "0"]).await;
    let ada = house.operator("ada", "agent").await;
    let mut guest = Person::guest(house.server.address).await;
    let started = guest.granted("guest:start", json!({})).await;
    let path = attachments(&started);

    let png = ada.upload(&path, "file", PNG.to_vec()).await.granted();
    assert_eq!((&png["width"], &png["height"]), (&json!(1), &json!(1)));
    let again = ada.upload(&path, "file", PNG.to_vec()).await.granted();
    assert_eq!(named(&again), named(&png), "the same file is the same one");
    let exact = ada.upload(&path, "file", vec![b'x'; 2000]).await.granted();
    assert_eq!(exact["mimeType"], "text/plain");

    let over = ada.upload(&path, "file", vec![b'x'; 2001]).await;
    assert_eq!(over.refused(413, "too_large")["field"], "file");
    let refused: [(&str, &[u8]); 6] = [
        ("file", b""),
        ("file", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0"),
        ("file", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("file", b"<html><script>alert(1)</script></html>"),
        ("file", &PNG[..40]),
        ("image", PNG),
    ];
    for (field, bytes) in refused {
        let answer = ada.upload(&path, field, bytes.to_vec()).await;
        assert_eq!(answer.refused(400, "invalid")["field"], "file");
    }
    let json = ada.post(&path, json!({ "file": "x" })).await;
    assert_eq!(json.refused(415, "invalid")["field"], "Content-Type");

    guest.granted("guest:end", json!({})).await;
    let late = ada.upload(&path, "file", PNG.to_vec()).await;
    late.refused(409, "ended");
    let page = house.server.measured().await;
    for outcome in ["stored", "too_large", "invalid"] {
        let series = format!("switchboard_uploads_total{{outcome=\"{outcome}\"}}");
        assert!(page.contains(&series), "{series} in {page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p8_files_of_one_person_are_counted() {
    let house = House::start_with(&["--rate-upload", "2/60s"]).await;
    let mut guest = Person::guest(house.server.address).await;
    let started = guest.granted("guest:start", json!({})).await;
    let path = attachments(&started);
    let resume = started["token"].as_str().unwrap();
    let itself = Client::with_token(house.server.address, resume);
    itself.upload(&path, "file", PNG.to_vec()).await.granted();
    let url = format!("data:image/png;base64,{}", base64(PNG));
    let inline = json!({ "type": "image", "message": "", "file": url });
    guest.granted("guest:message", inline.clone()).await;
    let refused = itself.upload(&path, "file", PNG.to_vec()).await;
    let refused = refused.refused(429, "rate_limited");
    assert!(refused["retryAfterMs"].as_u64().is_some_and(|ms| ms > 0));
    let asked = guest.emit("guest:message", &inline).await.unwrap();
    let refused = guest.answer(asked).await.unwrap();
    assert_eq!(refused["error"]["code"], "rate_limited", "{refused}");
    let page = house.server.measured().await;
    for (outcome, count) in [("stored", 2), ("rate_limited", 2)] {
        let line = format!("switchboard_uploads_total{{outcome=\"{outcome}\"}} {count}\n");
        assert!(page.contains(&line), "{line} in {page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p7_a_file_is_there_after_a_restart() {
    let house = House::start().await;
    let ada = house.operator("ada", "agent").await;
    let mut guest = Person::guest(house.server.address).await;
    let started = guest.granted("guest:start", json!({})).await;
    let uploaded = ada
        .upload(&attachments(&started), "file", PNG.to_vec())
        .await;
    let url = uploaded.granted()["url"].as_str().unwrap().to_owned();
    let House { server, folder } = house;
    server.stop().await;
    let again = Server::start_with(folder.path(), &[]).await;
    assert_eq!(Client::nobody(again.address).bytes(&url).await, PNG);
    again.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p6_p7_a_file_of_one_pod_is_opened_by_another_and_no_other_workspace_reaches_it() {
    let pods = Pods::start_with(2, &[]).await;
    let [here, there] = pods.addresses()[..] else {
        panic!()
    };
    let who = |name, workspace| token(&pods.secrets(), name, "Ada Quitte", workspace, 60);
    let mut guest = Person::guest(here).await;
    let started = guest.granted("guest:start", json!({})).await;
    let path = attachments(&started);
    let ada = Client::with_token(here, &who("ada", "default"));
    let uploaded = ada.upload(&path, "file", PNG.to_vec()).await.granted();
    let url = uploaded["url"].as_str().unwrap();
    assert_eq!(Client::nobody(there).bytes(url).await, PNG);
    parts_are_sent(&Client::nobody(there), &ada, &path).await;
    let stranger = Client::with_token(there, &who("ada", "other"));
    let refused = stranger.upload(&path, "file", PNG.to_vec()).await;
    refused.refused(404, "not_found");
    Client::nobody(here)
        .upload(&path, "file", PNG.to_vec())
        .await
        .refused(401, "unauthorized");
    pods.stop().await;
}

/// With the protocol of S3, as signed and retried by a client that does so everywhere.
#[tokio::test(flavor = "multi_thread")]
async fn p7_a_file_in_a_bucket_is_opened_by_every_pod_and_its_loss_is_told() {
    let mut bucket = Bucket::start().await;
    let settings = bucket.settings();
    let settings: Vec<_> = settings
        .iter()
        .map(|(name, it)| (*name, it.as_str()))
        .collect();
    let pods = Pods::start_with(2, &settings).await;
    let [here, there] = pods.addresses()[..] else {
        panic!()
    };
    let mut guest = Person::guest(here).await;
    let started = guest.granted("guest:start", json!({})).await;
    let path = attachments(&started);
    let itself = Client::with_token(here, started["token"].as_str().unwrap());
    let uploaded = itself.upload(&path, "file", PNG.to_vec()).await.granted();
    let url = uploaded["url"].as_str().unwrap();
    assert_eq!(Client::nobody(there).bytes(url).await, PNG);
    parts_are_sent(&Client::nobody(there), &itself, &path).await;
    bucket.stop().await;
    let refused = itself.upload(&path, "file", b"a text".to_vec()).await;
    refused.refused(503, "unavailable");
    let page = pods.servers()[0].measured().await;
    assert!(
        page.contains("switchboard_file_store_errors_total 1"),
        "{page}"
    );
    pods.stop().await;
}

/// Safari plays no sound and no video without it.
#[tokio::test(flavor = "multi_thread")]
async fn p8_a_part_of_a_file_is_sent_to_whoever_asks_for_it() {
    let house = House::start().await;
    let mut guest = Person::guest(house.server.address).await;
    let started = guest.granted("guest:start", json!({})).await;
    let itself = Client::with_token(house.server.address, started["token"].as_str().unwrap());
    let path = attachments(&started);
    parts_are_sent(&house.nobody(), &itself, &path).await;
    let large = picture(400);
    let uploaded = itself.upload(&path, "file", large).await.granted();
    let smaller = uploaded["thumbnailUrl"].as_str().unwrap();
    let asks = house.nobody().with("range", "bytes=0-0");
    let whole = asks.open(Method::GET, smaller).await;
    assert_eq!(whole.status(), 200, "a smaller picture comes as a whole");
    assert!(!whole.headers().contains_key("accept-ranges"));
    house.server.stop().await;
}

/// Uploads a file, and asks for parts of it, wherever it lies.
async fn parts_are_sent(nobody: &Client, owner: &Client, path: &str) {
    let file: Vec<u8> = (0..2000).map(|at| b'a' + (at % 26) as u8).collect();
    let uploaded = owner.upload(path, "file", file.clone()).await.granted();
    let url = uploaded["url"].as_str().unwrap();
    let whole = nobody.open(Method::GET, url).await;
    assert_eq!(whole.headers()["accept-ranges"], "bytes");
    let tag = whole.headers()["etag"].to_str().unwrap().to_owned();
    assert_eq!(whole.bytes().await.unwrap(), file);

    for (asked, from, to) in [
        ("bytes=0-1", 0, 1),
        ("bytes=700-1299", 700, 1299),
        ("bytes=1999-", 1999, 1999),
        ("bytes=-5", 1995, 1999),
        ("bytes=-5000", 0, 1999),
        ("Bytes=1990-5000", 1990, 1999),
    ] {
        let part = nobody.with("range", asked).open(Method::GET, url).await;
        let head = part.headers().clone();
        assert_eq!(part.status(), 206, "{asked}");
        assert_eq!(head["content-range"], format!("bytes {from}-{to}/2000"));
        assert_eq!(head["content-length"], (to - from + 1).to_string());
        assert_eq!(head["etag"], tag.as_str());
        assert_eq!(head["accept-ranges"], "bytes");
        assert_eq!(head["content-type"], "text/plain; charset=utf-8");
        assert_eq!(part.bytes().await.unwrap(), &file[from..=to], "{asked}");
    }
    for asked in ["bytes=2000-", "bytes=-0", "bytes=99999999999999999999-"] {
        let refused = nobody.with("range", asked).open(Method::GET, url).await;
        assert_eq!(refused.status(), 416, "{asked}");
        assert_eq!(refused.headers()["content-range"], "bytes */2000");
        assert_eq!(
            refused.headers()["content-type"],
            "application/problem+json"
        );
        let problem = refused.bytes().await.unwrap();
        let problem: Value = serde_json::from_slice(&problem).unwrap();
        assert_eq!(
            (&problem["code"], &problem["field"]),
            (&json!("invalid"), &json!("Range"))
        );
    }
    // Whoever cannot be given a part is given all of it.
    for asked in ["bytes=0-1,5-6", "bytes=5-2", "bytes=x", "lines=0-1", ""] {
        let whole = nobody.with("range", asked).open(Method::GET, url).await;
        assert_eq!(whole.status(), 200, "{asked}");
        assert!(!whole.headers().contains_key("content-range"), "{asked}");
        assert_eq!(whole.bytes().await.unwrap(), file, "{asked}");
    }
    let first = nobody.with("range", "bytes=0-1");
    let date = "Mon, 30 Nov 2026 20:00:00 GMT";
    for (known, status) in [(tag.as_str(), 206), ("\"another\"", 200), (date, 200)] {
        let answer = first.with("if-range", known).open(Method::GET, url).await;
        assert_eq!(answer.status(), status, "{known}");
    }
    let known = first.with("if-none-match", &tag);
    let same = known.open(Method::GET, url).await;
    assert_eq!(same.status(), 304);
    let head = first.open(Method::HEAD, url).await;
    assert_eq!(head.status(), 200, "a range is of GET alone");
    assert_eq!(head.headers()["content-length"], "2000");
}

/// A picture with so many pixels on each side.
pub fn picture(side: u32) -> Vec<u8> {
    let mut png = std::io::Cursor::new(Vec::new());
    let picture = image::DynamicImage::new_rgb8(side, side);
    picture.write_to(&mut png, image::ImageFormat::Png).unwrap();
    png.into_inner()
}

/// Which file an address leads to.
fn named(uploaded: &Value) -> Value {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let url = uploaded["url"].as_str().unwrap();
    let claims = url.split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    claims["id"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn p8_a_store_that_is_silent_is_told_in_time() {
    let bucket = SilentBucket::start();
    let settings = bucket.settings();
    let settings: Vec<_> = settings.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let pods = Pods::start_with(1, &settings).await;
    let here = pods.addresses()[0];
    let mut guest = Person::guest(here).await;
    let started = guest.granted("guest:start", json!({})).await;
    let itself = Client::with_token(here, started["token"].as_str().unwrap());
    let path = attachments(&started);
    let upload = itself.upload(&path, "file", PNG.to_vec());
    let (refused, _) = tokio::join!(upload, async {
        // Nobody else waits for it.
        guest
            .granted(
                "guest:message",
                crate::process::talk::message("still here", "1"),
            )
            .await
    });
    refused.refused(503, "unavailable");
    pods.stop().await;
}

pub fn attachments(started: &Value) -> String {
    let session = started["sessionId"].as_str().unwrap();
    format!("/sessions/{session}/attachments")
}

pub fn base64(bytes: &[u8]) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    STANDARD.encode(bytes)
}

/// A form with one file in that field.
pub fn form(field: &str, bytes: Vec<u8>) -> Form {
    let part = Part::bytes(bytes).file_name("a file");
    Form::new().part(field.to_owned(), part)
}
