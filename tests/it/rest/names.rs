//! What no workspace may be called: ids that begin with its name would lead to another one.

use serde_json::json;
use switchboard::{dialect::widget::Conversation, model::WorkspaceId, server::auth::Keyring};

use super::house::House;
use crate::process::{
    server::{run, switchboard},
    talk::Person,
};

const REFUSED: [&str; 3] = ["widget", "widget:shop", "widget:widget"];
const TAKEN: [&str; 3] = ["widgets", "a-widget", "shop:widget"];

#[test]
fn p6_ids_of_conversations_lead_to_their_workspace() {
    let page = WorkspaceId::new("default");
    let leads_back = |name: &str| {
        let conversation = Conversation::draw(WorkspaceId::new(name));
        Conversation::parse(&conversation.to_string(), &page) == Some(conversation)
    };
    for name in TAKEN {
        assert!(WorkspaceId::is_name(name) && leads_back(name), "{name}");
    }
    for name in REFUSED {
        assert!(!WorkspaceId::is_name(name) && !leads_back(name), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p6_no_workspace_is_made_or_named_like_a_word_of_ids() {
    let house = House::start().await;
    let admin = house.operator("root", "admin").await;
    let secret = std::fs::read_to_string(house.folder.path().join("jwt-secret")).unwrap();
    let keys = Keyring::new(&[secret.trim()]).unwrap();
    for name in REFUSED {
        for args in [
            vec!["workspace", "add", name],
            vec!["operator", "list", "--workspace", name],
            vec!["identity-secret", "--workspace", name],
            vec![
                "token",
                "--operator",
                "7",
                "--name",
                "Ada",
                "--workspace",
                name,
            ],
            vec!["--workspaces", name],
            vec!["--strip-tags", name],
        ] {
            let mut command = switchboard();
            command.args(&args).env("DATA_DIR", house.folder.path());
            let output = run(&mut command).await;
            let says = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(2), "{args:?}: {says}");
            assert!(says.contains("no workspace is called widget"), "{says}");
        }
        let refused = admin
            .post("/workspaces", json!({ "workspace": name }))
            .await;
        assert_eq!(refused.refused(400, "invalid")["field"], "workspace");
        let claims = json!({ "sub": "7", "workspace": name, "exp": 99_999_999_999_u64 });
        let operator = keys.sign(&claims).unwrap();
        let address = house.server.address;
        let refused = Person::join(address, "/", &json!({ "token": operator })).await;
        assert_eq!(refused.err().unwrap()["data"]["code"], "unauthorized");
        let mut guest = Person::guest(address).await;
        let start = json!({ "name": "Marie", "workspace": name });
        let refused = guest.ask("guest:start", start).await;
        assert_eq!(refused["error"]["field"], "workspace", "{refused}");
    }
    for name in TAKEN {
        let made = admin
            .post("/workspaces", json!({ "workspace": name }))
            .await;
        assert_eq!(made.status, 201);
    }
}
