//! A guest whom its site has verified, and others who would like to be it.

use super::{people::*, *};

fn starts(start: Start) -> Command {
    Command::Guest(GuestCommand::Start(Box::new(start)))
}

fn zoe() -> Start {
    Start {
        name: Some("Zoe".into()),
        email: Some("zoe@x.test".into()),
        ..Start::default()
    }
}

fn verified(id: &str) -> Start {
    Start {
        identity: Some(id.into()),
        ..zoe()
    }
}

fn with_token(start: Start, of: &GuestActor) -> Start {
    Start {
        resume: Some(Resume {
            workspace: of.workspace.clone(),
            session: of.session.clone().unwrap(),
            since: of.since,
        }),
        ..start
    }
}

struct Came {
    actor: GuestActor,
    reconnected: bool,
    verified: bool,
}

impl Came {
    fn session(&self) -> &SessionId {
        self.actor.session.as_ref().unwrap()
    }
}

/// On a new connection of that name.
async fn comes(scene: &Scene, connection: &str, start: Start) -> Came {
    again(scene, visitor(connection, None), start).await
}

async fn again(scene: &Scene, before: GuestActor, start: Start) -> Came {
    let asked = Actor::Guest(before.clone());
    let done = scene.ask(&asked, starts(start)).await.unwrap();
    let Reply::Started { reconnected, .. } = done.reply else {
        panic!("{done:?}")
    };
    let bound = done.bound.unwrap();
    Came {
        actor: GuestActor {
            workspace: bound.workspace,
            session: Some(bound.session),
            since: bound.since,
            ..before
        },
        reconnected,
        verified: bound.verified,
    }
}

async fn talks(scene: &Scene, came: &Came, text: &str) {
    let actor = Actor::Guest(came.actor.clone());
    scene.ask(&actor, says(text, None)).await.unwrap();
}

async fn sees(scene: &Scene, came: &Came) -> Vec<String> {
    let actor = Actor::Guest(came.actor.clone());
    texts(scene.ask(&actor, page(50)).await.unwrap()).0
}

async fn goes(scene: &Scene, came: &Came) {
    scene.goes(Actor::Guest(came.actor.clone())).await;
}

#[tokio::test]
async fn p5_a_verified_guest_has_one_conversation_on_all_of_its_devices() {
    let scene = scene();
    let phone = comes(&scene, "phone", verified("7")).await;
    assert!(!phone.reconnected && phone.verified);
    talks(&scene, &phone, "from my phone").await;
    // At the same time, without a token, by another name.
    let nameless = Start {
        identity: Some("7".into()),
        ..Start::default()
    };
    let desk = comes(&scene, "desk", nameless.clone()).await;
    assert!(desk.reconnected && desk.verified);
    assert_eq!(desk.session(), phone.session());
    assert_eq!(sees(&scene, &desk).await, ["from my phone"]);
    talks(&scene, &desk, "from my desk").await;
    let held = scene.held(phone.session()).await;
    assert!(!held.unverified, "it proves who it is");
    assert_eq!(held.guest.identity.as_deref(), Some("7"));
    assert_eq!(held.guest.name.as_deref(), Some("Zoe"));
    assert_eq!(scene.changes(phone.session()).await, [Change::Started]);

    for came in [&phone, &desk] {
        goes(&scene, came).await;
    }
    // No window.
    scene.clock.advance(40 * 24 * 60 * 60 * 1000);
    let later = comes(&scene, "later", nameless.clone()).await;
    assert_eq!(later.session(), phone.session());
    assert_eq!(
        sees(&scene, &later).await,
        ["from my phone", "from my desk"]
    );
    scene
        .ask(&operator("a"), end(later.session()))
        .await
        .unwrap();
    let anew = comes(&scene, "anew", nameless).await;
    assert!(!anew.reconnected, "it has ended");
}

#[tokio::test]
async fn p5_p6_nobody_comes_to_a_verified_session_by_saying_its_name() {
    let scene = scene();
    let owner = comes(&scene, "owner", verified("7")).await;
    talks(&scene, &owner, "my password is").await;
    goes(&scene, &owner).await;
    let liar = |name: &str, email: &str| Start {
        name: Some(name.into()),
        email: Some(email.into()),
        metadata: Some(serde_json::json!({ "identity": "7", "verified": true })),
        ..Start::default()
    };
    for start in [
        zoe(),
        liar("Zoe", "zoe@x.test"),
        liar("verified:7", "7"),
        liar("verified", "7"),
        liar("7", "7"),
        verified("8"),
        verified("7 "),
        verified("verified:7"),
        Start {
            workspace: Some(WorkspaceId::new("other")),
            ..verified("7")
        },
    ] {
        let impostor = comes(&scene, "impostor", start.clone()).await;
        assert_ne!(impostor.session(), owner.session(), "{start:?}");
        assert_eq!(impostor.verified, start.identity.is_some());
        assert_eq!(sees(&scene, &impostor).await, Vec::<String>::new());
        goes(&scene, &impostor).await;
    }
    assert!(!scene.held(owner.session()).await.unverified);
}

#[tokio::test]
async fn p5_p6_a_verified_guest_is_not_led_into_a_session_of_somebody_else() {
    let scene = scene();
    // Fixation: whoever begins a session leaves its token on another one's device, and reads on in it.
    let mallory = comes(&scene, "mallory", zoe()).await;
    let eight = comes(&scene, "eight", verified("8")).await;
    for fixed in [&mallory, &eight] {
        let victim = with_token(verified("7"), &fixed.actor);
        let victim = comes(&scene, "victim", victim).await;
        assert_ne!(victim.session(), fixed.session());
        talks(&scene, &victim, "secret").await;
        assert_eq!(sees(&scene, fixed).await, Vec::<String>::new());
    }
    // On the socket that has the session already: the page of a shop before and after the login.
    let page = comes(&scene, "page", zoe()).await;
    talks(&scene, &page, "before the login").await;
    let after = again(&scene, page.actor.clone(), verified("9")).await;
    assert!(!after.reconnected && after.verified);
    assert_ne!(after.session(), page.session());
    let switched = again(&scene, after.actor.clone(), verified("10")).await;
    assert_ne!(switched.session(), after.session());
    // Nor does its name lead it there, though nobody is in it.
    goes(&scene, &page).await;
    let named = comes(&scene, "named", verified("11")).await;
    assert!(!named.reconnected);
    assert_ne!(named.session(), page.session());
}

#[tokio::test]
async fn p5_the_token_of_a_verified_session_leads_back_to_it() {
    let scene = scene();
    let owner = comes(&scene, "owner", verified("7")).await;
    talks(&scene, &owner, "one").await;
    for start in [Start::default(), verified("7")] {
        let back = comes(&scene, "back", with_token(start, &owner.actor)).await;
        assert!(
            back.reconnected && back.verified,
            "and its next token is one"
        );
        assert_eq!(back.session(), owner.session());
        assert_eq!(sees(&scene, &back).await, ["one"]);
    }
    let stranger = with_token(verified("8"), &owner.actor);
    let stranger = comes(&scene, "stranger", stranger).await;
    assert!(!stranger.reconnected);
    assert_ne!(stranger.session(), owner.session());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p5_devices_that_start_at_once_meet() {
    let scene = scene();
    for n in 0..30 {
        let id = format!("n{n}");
        let devices = ["1", "2", "3"].map(|device| {
            let (chat, command) = (scene.chat.clone(), starts(verified(&id)));
            let actor = Actor::Guest(visitor(&format!("{device}-{n}"), None));
            tokio::spawn(async move { chat.handle(&actor, command, &DedupId::draw()).await })
        });
        let mut sessions = Vec::new();
        for device in devices {
            let done = device.await.unwrap().unwrap();
            sessions.push(done.bound.unwrap().session);
        }
        sessions.dedup();
        assert_eq!(sessions.len(), 1);
    }
}

/// A socket is in one session: whoever is in the wrong one is there no more.
#[tokio::test]
async fn a_guest_leaves_the_session_that_it_had_before_it_was_verified() {
    let scene = scene();
    let before = comes(&scene, "1", zoe()).await;
    let owner = comes(&scene, "2", verified("7")).await;
    let after = again(&scene, before.actor.clone(), verified("7")).await;
    assert_eq!(after.session(), owner.session());
    // By its name alone somebody else may be there now: it is empty.
    let back = comes(&scene, "3", zoe()).await;
    assert_eq!(back.session(), before.session());
    assert!(!back.verified);
}

/// Its answer was lost.
#[tokio::test]
async fn p3_a_verified_start_repeated_is_one() {
    let scene = scene();
    let owner = comes(&scene, "owner", verified("7")).await;
    let actor = Actor::Guest(visitor("again", None));
    let dedup = DedupId::draw();
    let ask = async || {
        let start = starts(verified("7"));
        scene.chat.handle(&actor, start, &dedup).await.unwrap()
    };
    let (first, second) = (ask().await, ask().await);
    assert_eq!(first.bound, second.bound);
    assert_eq!(first.bound.unwrap().session, *owner.session());
}
