use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;
use tokio_tungstenite::{connect_async, tungstenite::client::IntoClientRequest as _};

use super::{
    client::Client,
    house::{House, add, login},
};
use crate::process::{server::Server, talk::Person};

#[tokio::test(flavor = "multi_thread")]
async fn a_password_gives_a_token_that_sockets_and_rest_take() {
    let house = House::start().await;
    let password = add(house.folder.path(), "ada", "supervisor", "default").await;
    let credentials = json!({ "operator": "ada", "password": password });
    let answer = house.nobody().post("/login", credentials).await;
    let cookie = answer.headers["set-cookie"].to_str().unwrap().to_owned();
    let logged_in = answer.granted();
    assert_eq!(logged_in["operator"]["agentId"], "ada");
    assert_eq!(logged_in["operator"]["role"], "supervisor");
    let token = logged_in["token"].as_str().unwrap();
    let me = Client::with_token(house.server.address, token)
        .get("/me")
        .await;
    assert_eq!(me.granted()["agentName"], "Ada Quitte");
    Person::operator(house.server.address, token).await;
    assert!(cookie.starts_with(&format!("switchboard_login={token}; ")));
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"));
    let log = house.server.stop().await.join("\n");
    assert!(!log.contains(token) && !log.contains(&password));
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_the_cookie_of_a_login_says_who_asks_on_the_own_pages_only() {
    let house = House::start().await;
    let password = add(house.folder.path(), "ada", "agent", "default").await;
    let token = login(&house.nobody(), "ada", &password).await;
    let cookie = format!("other=1; switchboard_login={token}");
    let browser = house.nobody().with("cookie", &cookie);
    assert_eq!(browser.get("/me").await.granted()["agentId"], "ada");
    let own = format!("http://{}", house.server.address);
    browser.with("origin", &own).get("/me").await.granted();
    let foreign = browser
        .with("origin", "https://evil.example")
        .get("/me")
        .await;
    foreign.refused(403, "forbidden");
    // A form of a foreign page can send no JSON.
    let form = browser.with("content-type", "text/plain");
    let body = json!({ "seq": 1 });
    let posted = form
        .ask(reqwest::Method::POST, "/sessions/x/read", None)
        .await;
    posted.refused(415, "invalid");
    browser
        .post("/sessions/x/read", body)
        .await
        .refused(404, "not_found");

    assert!(by_cookie(&house.server, &cookie, &own).await["sid"].is_string());
    let out = browser.post("/logout", json!({})).await;
    assert_eq!(out.status, 204);
    let cleared = out.headers["set-cookie"].to_str().unwrap();
    assert!(cleared.starts_with("switchboard_login=; ") && cleared.contains("Max-Age=0"));
}

/// What a CONNECT of an operator who shows nothing else is answered.
async fn by_cookie(server: &Server, cookie: &str, origin: &str) -> Value {
    use futures_util::{SinkExt as _, StreamExt as _};
    use tokio_tungstenite::tungstenite::Message;
    let url = format!(
        "ws://{}/socket.io/?EIO=4&transport=websocket",
        server.address
    );
    let mut request = url.into_client_request().unwrap();
    request
        .headers_mut()
        .insert("cookie", cookie.parse().unwrap());
    request
        .headers_mut()
        .insert("origin", origin.parse().unwrap());
    let (mut stream, _) = connect_async(request).await.unwrap();
    stream.next().await.unwrap().unwrap();
    stream.send(Message::text("40")).await.unwrap();
    let answer = stream.next().await.unwrap().unwrap().into_text().unwrap();
    let joined = answer
        .strip_prefix("40")
        .unwrap_or_else(|| panic!("{answer}"));
    serde_json::from_str(joined).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_unknown_wrong_and_disabled_are_told_the_same_in_as_much_time() {
    let house = House::start_with(&["--rate-login", "0", "--rate-login-network", "0"]).await;
    let password = add(house.folder.path(), "ada", "agent", "default").await;
    let admin = house.operator("root", "admin").await;
    let gone = add(house.folder.path(), "gone", "agent", "default").await;
    admin.post("/operators/gone/disable", json!({})).await;
    let nobody = house.nobody();
    let attempts = [
        (
            "unknown",
            json!({ "operator": "eve", "password": password }),
        ),
        (
            "wrong",
            json!({ "operator": "ada", "password": "not the password" }),
        ),
        ("disabled", json!({ "operator": "gone", "password": gone })),
        (
            "elsewhere",
            json!({ "workspace": "shop", "operator": "ada", "password": password }),
        ),
    ];
    let mut answers = Vec::new();
    for (what, credentials) in attempts {
        let mut best = Duration::MAX;
        let mut said = Value::Null;
        for _ in 0..5 {
            let begun = Instant::now();
            said = nobody
                .post("/login", credentials.clone())
                .await
                .refused(401, "unauthorized");
            best = best.min(begun.elapsed());
        }
        answers.push((what, said, best));
    }
    let (_, first, base) = answers[1].clone();
    for (what, said, time) in answers {
        assert_eq!(said, first, "{what}");
        // A password is compared in each of them, which takes far longer than all else.
        assert!(time > base / 3, "{what}: {time:?} of {base:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p8_attempts_to_log_in_are_limited_by_account_and_by_network() {
    let limits = ["--rate-login", "3/1h", "--rate-login-network", "5/1h"];
    let house = House::start_with(&limits).await;
    let password = add(house.folder.path(), "ada", "agent", "default").await;
    let nobody = house.nobody();
    let with = |id: &str, password: &str| json!({ "operator": id, "password": password });
    for _ in 0..3 {
        let refused = nobody.post("/login", with("ada", "not the password")).await;
        refused.refused(401, "unauthorized");
    }
    let limited = nobody.post("/login", with("ada", &password)).await;
    let after: u64 = limited.headers["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    let said = limited.refused(429, "rate_limited");
    assert!(said["retryAfterMs"].as_u64().unwrap().div_ceil(1000) == after && after > 3000);
    // The fifth of this network, whomever it asks for.
    nobody
        .post("/login", with("eve", &password))
        .await
        .refused(401, "unauthorized");
    nobody
        .post("/login", with("eva", &password))
        .await
        .refused(429, "rate_limited");
    house
        .server
        .measured_with("switchboard_limit_total{limit=\"login\"} 1")
        .await;
    house
        .server
        .measured_with("switchboard_limit_total{limit=\"login_network\"} 1")
        .await;
    house
        .server
        .measured_with("switchboard_logins_total{result=\"refused\"} 4")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_changes_its_password_is_logged_in_anew_and_only_there() {
    let house = House::start().await;
    let password = add(house.folder.path(), "ada", "agent", "default").await;
    let token = login(&house.nobody(), "ada", &password).await;
    let old = Client::with_token(house.server.address, &token);
    let change =
        |current: &str, password: &str| json!({ "current": current, "password": password });
    old.post(
        "/me/password",
        change("not the password", "another password"),
    )
    .await
    .refused(401, "unauthorized");
    let short = old
        .post("/me/password", change(&password, "short"))
        .await
        .refused(400, "invalid");
    assert_eq!(short["field"], "password");
    let renewed = old
        .post("/me/password", change(&password, "another password"))
        .await
        .granted();
    let new = Client::with_token(house.server.address, renewed["token"].as_str().unwrap());
    new.get("/me").await.granted();
    super::revocation::until_refused(&old).await;
    new.get("/me").await.granted();
    let with = |password: &str| json!({ "operator": "ada", "password": password });
    house
        .nobody()
        .post("/login", with(&password))
        .await
        .refused(401, "unauthorized");
    house
        .nobody()
        .post("/login", with("another password"))
        .await
        .granted();
}
