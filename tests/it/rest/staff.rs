use serde_json::json;

use super::{client::Client, house::House};

#[tokio::test(flavor = "multi_thread")]
async fn admins_add_operators_and_others_do_not() {
    let house = House::start().await;
    let admin = house.operator("root", "admin").await;
    let supervisor = house.operator("sue", "supervisor").await;
    let bob = json!({ "agentId": "bob", "agentName": "Bob", "password": "a long password" });
    supervisor
        .post("/operators", bob.clone())
        .await
        .refused(403, "forbidden");
    let made = admin.post("/operators", bob.clone()).await;
    assert_eq!(made.status, 201);
    assert_eq!(made.granted()["role"], "agent");
    let twice = admin.post("/operators", bob).await.refused(409, "conflict");
    assert_eq!(twice["field"], "agentId");
    let listed = supervisor.get("/operators?limit=2").await.granted();
    let ids: Vec<_> = listed["operators"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["agentId"].clone())
        .collect();
    assert_eq!(ids, ["bob", "root"]);
    let next = format!(
        "/operators?limit=2&cursor={}",
        listed["cursor"].as_str().unwrap()
    );
    let rest = admin.get(&next).await.granted();
    assert_eq!(rest["operators"][0]["agentId"], "sue");
    assert!(rest.get("cursor").is_none());
    for (field, wrong) in [
        (
            "agentId",
            json!({ "agentId": "guest", "agentName": "G", "password": "a long password" }),
        ),
        (
            "agentName",
            json!({ "agentId": "x", "password": "a long password" }),
        ),
        (
            "role",
            json!({ "agentId": "x", "agentName": "X", "role": "king", "password": "a long password" }),
        ),
        (
            "password",
            json!({ "agentId": "x", "agentName": "X", "password": "short" }),
        ),
        (
            "agentId",
            json!({ "agentId": "a\u{0}b", "agentName": "X", "password": "a long password" }),
        ),
    ] {
        let refused = admin
            .post("/operators", wrong)
            .await
            .refused(400, "invalid");
        assert_eq!(refused["field"], field);
    }
    admin
        .post("/operators/root/disable", json!({}))
        .await
        .refused(409, "conflict");
    admin
        .post(
            "/operators/root/password",
            json!({ "password": "a long password" }),
        )
        .await
        .refused(409, "conflict");
    admin
        .post("/operators/nobody/disable", json!({}))
        .await
        .refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_of_default_makes_workspaces_that_guests_can_start_in_at_once() {
    let house = House::start().await;
    let admin = house.operator("root", "admin").await;
    let agent = house.operator("ada", "agent").await;
    let shop = json!({ "workspace": "shop", "name": "The shop" });
    agent
        .post("/workspaces", shop.clone())
        .await
        .refused(403, "forbidden");
    assert_eq!(admin.post("/workspaces", shop.clone()).await.status, 201);
    admin
        .post("/workspaces", shop)
        .await
        .refused(409, "conflict");
    let mut guest = crate::process::talk::Person::guest(house.server.address).await;
    guest
        .granted("guest:start", json!({ "workspace": "shop" }))
        .await;
    let seen = |list: serde_json::Value| list["workspaces"].as_array().unwrap().len();
    assert_eq!(seen(admin.get("/workspaces").await.granted()), 2);
    assert_eq!(seen(agent.get("/workspaces").await.granted()), 1);
    // Its own operators are not the first one's.
    let password = super::house::add(house.folder.path(), "root", "admin", "shop").await;
    let credentials = json!({ "workspace": "shop", "operator": "root", "password": password });
    let login = house.nobody().post("/login", credentials).await.granted();
    let shop = Client::with_token(house.server.address, login["token"].as_str().unwrap());
    assert_eq!(seen(shop.get("/workspaces").await.granted()), 1);
    shop.post("/workspaces", json!({ "workspace": "more" }))
        .await
        .refused(403, "forbidden");
    let mine = shop.get("/operators").await.granted();
    assert_eq!(mine["operators"].as_array().unwrap().len(), 1);
}
