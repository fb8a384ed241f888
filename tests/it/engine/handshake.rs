use reqwest::Method;
use serde_json::{Value, json};

use super::{
    client::{Client, RAW, Reply, SOCKETS},
    site::{Setting, Site},
};

in_three_settings! {
    the_greeting_has_five_keys_on_both_transports,
    bad_handshakes_are_refused_with_the_code_of_the_first_fault,
    bad_websocket_handshakes_are_refused,
    unknown_connections_are_refused_by_code,
    other_methods_on_a_known_connection_are_refused_and_do_no_harm,
    the_path_is_a_prefix_with_its_slash,
    a_connection_is_unknown_on_the_other_path,
    every_answer_is_typed_and_never_stored,
}

async fn the_greeting_has_five_keys_on_both_transports(setting: Setting) {
    let site = Site::quick(setting).await;
    let client = Client::new(&site, RAW);
    let polling = client.get("EIO=4&transport=polling").await;
    let mut socket = client.connect("EIO=4&transport=websocket").await.unwrap();
    let greetings = [
        (polling.ok().to_owned(), json!(["websocket"])),
        (socket.next().await.unwrap(), json!([])),
    ];
    for (greeting, upgrades) in greetings {
        let mut open: Value = serde_json::from_str(&greeting[1..]).unwrap();
        let sid = open["sid"].take();
        assert!(
            sid.as_str().is_some_and(|sid| sid.len() >= 20),
            "{greeting}"
        );
        let expected = json!({
            "sid": null, "upgrades": upgrades, "pingInterval": 300, "pingTimeout": 200,
            "maxPayload": 1_000_000,
        });
        assert_eq!(open, expected);
    }
}

async fn bad_handshakes_are_refused_with_the_code_of_the_first_fault(setting: Setting) {
    let site = Site::calm(setting).await;
    let client = Client::new(&site, RAW);
    let transport = (400, 0, "Transport unknown".to_owned());
    let method = (400, 2, "Bad handshake method".to_owned());
    let request = (400, 3, "Bad request".to_owned());
    let version = (400, 5, "Unsupported protocol version".to_owned());
    let cases = [
        (Method::GET, "", &transport),
        (Method::GET, "EIO=4", &transport),
        (Method::GET, "EIO=4&transport=abc", &transport),
        (Method::GET, "EIO=4&transport=webtransport", &transport),
        (Method::GET, "transport=polling", &version),
        (Method::GET, "EIO=3&transport=polling", &version),
        (Method::GET, "EIO=abc&transport=polling", &version),
        (Method::GET, "EIO=4&transport=websocket", &request),
        (Method::POST, "EIO=4&transport=polling", &method),
        (Method::PUT, "EIO=4&transport=polling", &method),
        (Method::DELETE, "EIO=4&transport=polling", &method),
    ];
    for (verb, query, expected) in cases {
        let reply = client.request(verb.clone(), query, "").await;
        assert_eq!(reply.refused(), *expected, "{verb} {query}");
    }
}

async fn bad_websocket_handshakes_are_refused(setting: Setting) {
    let site = Site::calm(setting).await;
    let client = Client::new(&site, RAW);
    let queries = [
        "EIO=3&transport=websocket",
        "EIO=abc&transport=websocket",
        "transport=websocket",
        "EIO=4&transport=abc",
        "EIO=4&transport=polling",
        "EIO=4",
    ];
    for query in queries {
        let refused = client.connect(query).await;
        let Err(tokio_tungstenite::tungstenite::Error::Http(answer)) = refused.map(|_| ()) else {
            panic!("let in: {query}");
        };
        assert_eq!(answer.status(), 400, "{query}");
    }
    // An HTTP error would raise an error that nobody catches in the reference client.
    let mut late = client
        .connect("EIO=4&transport=websocket&sid=unknown")
        .await
        .unwrap();
    assert_eq!(late.closed().await.0, [""; 0]);
}

async fn unknown_connections_are_refused_by_code(setting: Setting) {
    let site = Site::calm(setting).await;
    let client = Client::new(&site, RAW);
    let unknown = (400, 1, "Session ID unknown".to_owned());
    let long = "x".repeat(4000);
    for sid in ["unknown", "%F0%9F%92%A9", "1.2.3", long.as_str()] {
        let query = format!("EIO=4&transport=polling&sid={sid}");
        assert_eq!(client.get(&query).await.refused(), unknown);
        assert_eq!(
            client.request(Method::POST, &query, "4x").await.refused(),
            unknown
        );
        assert_eq!(
            client.request(Method::POST, &query, "1").await.refused(),
            unknown
        );
    }
}

async fn other_methods_on_a_known_connection_are_refused_and_do_no_harm(setting: Setting) {
    let site = Site::calm(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    for verb in [Method::PUT, Method::DELETE, Method::PATCH] {
        let reply = polling
            .client
            .request(verb.clone(), &polling.query(""), "4x")
            .await;
        assert_eq!(
            reply.refused(),
            (400, 3, "Bad request".to_owned()),
            "{verb}"
        );
    }
    polling.is_alive().await;
}

async fn the_path_is_a_prefix_with_its_slash(setting: Setting) {
    let site = Site::calm(setting).await;
    let get = async |path| {
        let client = Client::new(&site, path);
        client.get("EIO=4&transport=polling").await
    };
    for path in ["/engine.io", "/socket.io", "/elsewhere/", "/socket.iox/"] {
        assert_eq!(get(path).await.status, 404, "{path}");
    }
    for path in [
        "/engine.io/",
        "/engine.io/more",
        "/socket.io/",
        "/socket.io/foo",
    ] {
        assert!(get(path).await.ok().starts_with("0{"), "{path}");
    }
}

async fn a_connection_is_unknown_on_the_other_path(setting: Setting) {
    let site = Site::calm(setting).await;
    let (client, elsewhere) = (Client::new(&site, RAW), Client::new(&site, SOCKETS));
    let unknown = (400, 1, "Session ID unknown".to_owned());
    for method in [Method::GET, Method::POST] {
        let query = client.handshake().await.query("");
        assert_eq!(
            elsewhere.request(method, &query, "40").await.refused(),
            unknown
        );
    }
}

async fn every_answer_is_typed_and_never_stored(setting: Setting) {
    let site = Site::calm(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    let kind = |reply: &Reply| reply.header("content-type").to_owned();
    let open = polling.client.get("EIO=4&transport=polling").await;
    assert_eq!(kind(&open), "text/plain; charset=UTF-8");
    let post = polling.post("", "4x").await;
    assert_eq!(
        (kind(&post), post.body.as_str()),
        ("text/html".to_owned(), "ok")
    );
    let get = polling.poll("").await;
    assert_eq!(kind(&get), "text/plain; charset=UTF-8");
    let large = polling.post("", vec![b'4'; 1_000_001]).await;
    let bad = polling.post("", "abc").await;
    assert_eq!(kind(&bad), "application/json");
    let gone = polling.poll("").await;
    for reply in [open, post, get, large, bad, gone] {
        assert_eq!(reply.header("cache-control"), "no-store", "{reply:?}");
    }
}
