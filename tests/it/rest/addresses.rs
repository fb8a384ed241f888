//! What is signed about a file: the address that opens it, until it ends, and the name by which a message sends it. And
//! what a browser is told beside the file.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use switchboard::server::auth::Keyring;

use super::{client::Client, house::House};
use crate::{process::talk::Person, support::signer::now};

const PNG: &[u8] = include_bytes!("../../fixtures/files/dot.png");
const PATH: &str = "/api/v1/files/";

/// A guest in a session of its own, staff, and the key with which their relay signs.
struct Scene {
    house: House,
    keys: Keyring,
    guest: Person,
    session: String,
    /// The guest's.
    token: String,
    ada: Client,
}

impl Scene {
    async fn set() -> Self {
        let house = House::start().await;
        let key = std::fs::read_to_string(house.folder.path().join("signing-key")).unwrap();
        let keys = Keyring::new(&[key.trim()]).unwrap();
        let mut guest = Person::guest(house.server.address).await;
        let started = guest.granted("guest:start", json!({})).await;
        let text = |name: &str| started[name].as_str().unwrap().to_owned();
        let ada = house.operator("ada", "agent").await;
        Self {
            keys,
            session: text("sessionId"),
            token: text("token"),
            house,
            guest,
            ada,
        }
    }

    /// What the upload is answered with: its name for a message, and what is signed of its address.
    async fn upload(&self, bytes: &[u8]) -> (String, String) {
        let path = format!("/sessions/{}/attachments", self.session);
        let told = self
            .ada
            .upload(&path, "file", bytes.to_vec())
            .await
            .granted();
        let text = |name: &str| told[name].as_str().unwrap();
        let address = text("url").strip_prefix(PATH).unwrap();
        (text("attachmentId").to_owned(), address.to_owned())
    }

    /// The same, with these instead; what is `null` is left out.
    fn signed_again(&self, token: &str, changes: &Value) -> String {
        let mut claims = claims(token);
        let fields = claims.as_object_mut().unwrap();
        for (name, value) in changes.as_object().unwrap() {
            if value.is_null() {
                fields.remove(name);
            } else {
                fields.insert(name.clone(), value.clone());
            }
        }
        self.keys.sign(&claims).unwrap()
    }

    async fn opens(&self, address: &str) -> bool {
        let nobody = self.house.nobody();
        match self.file(address).await {
            (200, _, bytes) => {
                assert_eq!(bytes, PNG);
                true
            }
            _ => {
                let refused = nobody.get(&format!("/files/{address}")).await;
                refused.refused(404, "not_found");
                false
            }
        }
    }

    async fn file(&self, address: &str) -> (u16, HeaderMap, Vec<u8>) {
        let url = format!("http://{}{PATH}{address}", self.house.server.address);
        let response = reqwest::get(url).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        (status, headers, response.bytes().await.unwrap().to_vec())
    }

    /// Whether staff by a request, and the guest by its socket, can send what is called so: both, or neither.
    async fn sends(&mut self, upload: &str) -> bool {
        let message = json!({ "message": "", "type": "image", "attachmentId": upload });
        let path = format!("/sessions/{}/messages", self.session);
        let by_staff = self.ada.post(&path, message.clone()).await;
        let by_guest = self.guest.ask("guest:message", message).await;
        if by_staff.status < 300 {
            assert_eq!(by_guest["ok"], true, "{by_guest}");
            return true;
        }
        let refused = by_staff.refused(404, "not_found");
        assert_eq!(refused["field"], "attachmentId");
        assert_eq!(by_guest["error"]["code"], "not_found", "{by_guest}");
        assert_eq!(by_guest["error"]["field"], "attachmentId");
        false
    }
}

fn claims(token: &str) -> Value {
    let claims = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn p6_an_address_opens_its_file_until_it_ends() {
    let scene = Scene::set().await;
    let (_, address) = scene.upload(PNG).await;
    assert!(scene.opens(&address).await);
    for (changes, opens) in [
        (json!({}), true),
        (json!({ "exp": now() + 60 }), true),
        (json!({ "exp": now() - 1 }), false),
        (json!({ "exp": 0 }), false),
        (json!({ "exp": null }), false),
        (json!({ "exp": "later" }), false),
        (json!({ "id": "0000" }), false),
        (json!({ "session": "another" }), false),
        (json!({ "workspace": "other" }), false),
    ] {
        let address = scene.signed_again(&address, &changes);
        assert_eq!(scene.opens(&address).await, opens, "{changes}");
    }
    let foreign = Keyring::new(&["a key of somebody else, of 32 bytes"]).unwrap();
    let foreign = foreign.sign(&claims(&address)).unwrap();
    assert!(!scene.opens(&foreign).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn p6_an_upload_is_sent_in_its_session_until_it_ends() {
    let mut scene = Scene::set().await;
    let (upload, _) = scene.upload(PNG).await;
    for (changes, sends) in [
        (json!({}), true),
        (json!({ "exp": now() + 60 }), true),
        (json!({ "exp": now() - 1 }), false),
        (json!({ "exp": null }), false),
        (json!({ "session": "another" }), false),
        (json!({ "workspace": "other" }), false),
    ] {
        let upload = scene.signed_again(&upload, &changes);
        assert_eq!(scene.sends(&upload).await, sends, "{changes}");
    }
}

/// Each is signed with the same key: only what it says that it is for tells one from the other.
#[tokio::test(flavor = "multi_thread")]
async fn p6_what_is_signed_for_one_thing_does_for_no_other() {
    let mut scene = Scene::set().await;
    let (upload, address) = scene.upload(PNG).await;
    let guest = scene.token.clone();
    for other in [upload.clone(), guest.clone()] {
        assert!(!scene.opens(&other).await, "{other}");
    }
    for other in [address.clone(), guest.clone()] {
        assert!(!scene.sends(&other).await, "{other}");
    }
    // With all that the other has.
    let both = |token: &str, with: &str| {
        let (mut all, with) = (claims(with), claims(token));
        let fields = all.as_object_mut().unwrap();
        fields.extend(with.as_object().unwrap().clone());
        all
    };
    let all = both(&address, &upload);
    for (audience, opens) in [
        (json!("file"), true),
        (json!("upload"), false),
        (json!("guest"), false),
        (json!(null), false),
    ] {
        let mut changes = all.clone();
        changes["aud"] = audience.clone();
        let token = scene.signed_again(&address, &changes);
        assert_eq!(scene.opens(&token).await, opens, "{audience}");
        let sends = audience == "upload";
        assert_eq!(scene.sends(&token).await, sends, "{audience}");
    }
    // Nor is anybody a guest, or an operator, by the address of a file.
    for token in [&address, &upload] {
        let start = json!({ "token": token });
        let mut page = Person::guest(scene.house.server.address).await;
        let refused = page.ask("guest:start", start).await;
        assert_eq!(refused["error"]["code"], "unauthorized", "{refused}");
        let staff = Client::with_token(scene.house.server.address, token);
        staff.get("/sessions").await.refused(401, "unauthorized");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_nothing_of_a_file_is_run_and_only_pictures_are_shown_in_their_place() {
    let scene = Scene::set().await;
    for (bytes, kind, shown) in [
        (PNG, "image/png", "inline"),
        (
            b"a text".as_slice(),
            "text/plain; charset=utf-8",
            "attachment",
        ),
        (
            b"%PDF-1.7\n%%EOF".as_slice(),
            "application/pdf",
            "attachment",
        ),
    ] {
        let (_, address) = scene.upload(bytes).await;
        let (status, headers, sent) = scene.file(&address).await;
        assert_eq!((status, sent.as_slice()), (200, bytes), "{kind}");
        let says = |name: &str| headers[name].to_str().unwrap().to_owned();
        assert_eq!(says("content-type"), kind);
        let place = says("content-disposition");
        let name = place.strip_prefix(&format!("{shown}; filename*=UTF-8''"));
        assert!(name.is_some_and(|it| it.starts_with("a%20file")), "{place}");
        assert_eq!(says("x-content-type-options"), "nosniff");
        let policy = says("content-security-policy");
        let rules: Vec<&str> = policy.split("; ").collect();
        assert!(rules.contains(&"default-src 'none'"), "{policy}");
        assert!(rules.contains(&"sandbox"), "{policy}");
        assert!(!policy.contains("script"), "{policy}");
        // No longer than its address opens it.
        let kept = says("cache-control");
        let kept = kept.strip_prefix("private, max-age=").unwrap();
        let kept: u64 = kept.split(',').next().unwrap().parse().unwrap();
        let left = claims(&address)["exp"].as_u64().unwrap() - now();
        assert!(kept > 0 && kept <= left + 5, "{kept} of {left} s");
    }
}
