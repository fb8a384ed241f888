//! What a guest shows to be let into a session, and what is nothing of the kind.

use serde_json::{Value, json};
use switchboard::{
    model::{Clock, Proof, RecoveryId, SessionId, WorkspaceId},
    server::auth::{GuestClaims, Identity, Keyring, PidClaims},
};

use super::{
    server::{Server, run, switchboard},
    talk::{Person, last_line, message},
};
use crate::support::folder::Folder;

const KEY: &str = "a signing key of more than 32 bytes";
const OLDER: &str = "an older one that has more than 32 bytes";
const REMOVED: &str = "one that nobody lists any more, of 32 bytes";
const JWT: &str = "a secret that has more than 32 bytes";

async fn site(folder: &Folder) -> Server {
    let mut command = switchboard();
    command
        .args(["--listen=127.0.0.1:0", "--metrics-listen=127.0.0.1:0"])
        .env("DATA_DIR", folder.path().join("data"))
        .env("SIGNING_KEY", format!("{KEY},{OLDER}"))
        .env("JWT_SECRET", JWT)
        .env("WORKSPACES", "other");
    Server::spawn(command).await
}

fn sign(key: &str, claims: &impl serde::Serialize) -> String {
    Keyring::new(&[key]).unwrap().sign(claims).unwrap()
}

fn now() -> u64 {
    Clock::System.now() / 1000
}

fn lives(token: &Value) -> u64 {
    let keys = Keyring::new(&[KEY]).unwrap();
    let claims = GuestClaims::verify(&keys, token.as_str().unwrap()).unwrap();
    claims.exp - claims.iat
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_a_guest_comes_back_by_a_token_of_ours_alone() {
    let folder = Folder::fresh();
    let server = site(&folder).await;
    let mut owner = Person::guest(server.address).await;
    let started = owner.granted("guest:start", json!({ "name": "Ann" })).await;
    let id = started["sessionId"].as_str().unwrap();
    assert_eq!(lives(&started["token"]), 30 * 24 * 60 * 60);
    let (workspace, session) = (WorkspaceId::new("default"), SessionId::new(id));
    let claims = |at: u64| GuestClaims::new(workspace.clone(), session.clone(), at);
    let good = |key: &str| sign(key, &claims(now()));
    for key in [KEY, OLDER] {
        let mut page = Person::guest(server.address).await;
        let back = page
            .granted("guest:start", json!({ "token": good(key) }))
            .await;
        assert_eq!(
            (&back["sessionId"], &back["reconnected"]),
            (&json!(id), &json!(true))
        );
    }

    let operator = json!({ "sub": "7", "name": "Ada", "workspace": "default", "exp": now() + 60 });
    let pid = PidClaims::new(RecoveryId::new("r"), "/public-portal".into());
    let elsewhere = GuestClaims::new(WorkspaceId::new("other"), session.clone(), now());
    let mut stranger = Person::guest(server.address).await;
    for (what, start) in [
        (
            "expired",
            json!({ "token": sign(KEY, &claims(now() - 31 * 24 * 60 * 60)) }),
        ),
        ("by a removed key", json!({ "token": good(REMOVED) })),
        ("by the operators' secret", json!({ "token": good(JWT) })),
        ("of an operator", json!({ "token": sign(JWT, &operator) })),
        (
            "of an operator, by our key",
            json!({ "token": sign(KEY, &operator) }),
        ),
        ("of a socket", json!({ "token": sign(KEY, &pid) })),
        (
            "of another workspace",
            json!({ "token": sign(KEY, &elsewhere), "workspace": "default" }),
        ),
        (
            "for another workspace",
            json!({ "token": good(KEY), "workspace": "other" }),
        ),
        ("cut", json!({ "token": &good(KEY)[..40] })),
        ("the session's id", json!({ "token": id })),
    ] {
        let answer = stranger.ask("guest:start", start).await;
        let error = &answer["error"];
        assert_eq!(
            (&error["code"], &error["field"]),
            (&json!("unauthorized"), &json!("token")),
            "{what}: {answer}"
        );
    }
    // A session of that id in another workspace is none, and none is told of.
    let lost = json!({ "token": sign(KEY, &elsewhere) });
    let anew = stranger.granted("guest:start", lost).await;
    assert_eq!(anew["reconnected"], false);
    assert_ne!(anew["sessionId"], id);
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_a_printed_identity_secret_signs_for_its_workspace() {
    let folder = Folder::fresh();
    let server = site(&folder).await;
    let printed = async |workspace: &str| {
        let mut command = switchboard();
        command
            .args(["identity-secret", "--workspace", workspace])
            .env("DATA_DIR", folder.path().join("elsewhere"))
            .env("SIGNING_KEY", KEY);
        last_line(&run(&mut command).await.stdout)
    };
    let secret = printed("default").await;
    assert_ne!(secret, printed("other").await);
    let keys = Keyring::new(&[secret.as_str()]).unwrap();
    let claims = json!({ "sub": "customer-7", "name": "Zoe", "exp": now() + 60 });
    let identity = keys.sign(&claims).unwrap();
    let by_server = Keyring::new(&[KEY]).unwrap();
    let proof = Proof::Token(identity.clone());
    let workspace = WorkspaceId::new("default");
    assert!(Identity::verify(&by_server, &workspace, &proof, now()).is_some());

    let mut guest = Person::guest(server.address).await;
    let elsewhere = json!({ "identity": identity, "workspace": "other" });
    let refused = guest.ask("guest:start", elsewhere).await;
    assert_eq!(refused["error"]["code"], "unauthorized");
    assert_eq!(refused["error"]["field"], "identity");
    let start = json!({ "identity": identity, "name": "Mallory" });
    let started = guest.granted("guest:start", start).await;
    assert_eq!(
        lives(&started["token"]),
        24 * 60 * 60,
        "of a verified guest"
    );
    let token = json!({ "token": started["token"] });
    let mut page = Person::guest(server.address).await;
    let back = page.granted("guest:start", token).await;
    assert_eq!(back["sessionId"], started["sessionId"]);
    assert_eq!(
        lives(&back["token"]),
        24 * 60 * 60,
        "and so is the next one"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_p6_a_verified_guest_is_the_same_after_the_hub_has_lost_everything() {
    let folder = Folder::fresh();
    let server = site(&folder).await;
    let keys = Keyring::new(&[KEY]).unwrap();
    let secret = Identity::secret(&keys, &WorkspaceId::new("default")).unwrap();
    let claims =
        json!({ "sub": "customer-7", "name": "Zoe", "email": "z@example.org", "exp": now() + 60 });
    let identity = json!({ "identity": sign(&secret, &claims) });
    let mut guest = Person::guest(server.address).await;
    let started = guest.granted("guest:start", identity.clone()).await;
    guest
        .granted("guest:message", message("for me alone", "1"))
        .await;
    server.kill().await;

    let server = site(&folder).await;
    let mut impostor = Person::guest(server.address).await;
    let same = json!({ "name": "Zoe", "email": "z@example.org" });
    let other = impostor.granted("guest:start", same).await;
    assert_ne!(other["sessionId"], started["sessionId"]);
    let mut guest = Person::guest(server.address).await;
    let back = guest.granted("guest:start", identity).await;
    assert_eq!(back["sessionId"], started["sessionId"]);
    assert_eq!(back["reconnected"], true);
    let history = guest.history("guest:history", None).await;
    assert_eq!(history[0]["message"], "for me alone");
}
