//! A pod that dies, or sleeps for longer than its lease: what it served is gone for everybody, once.

use serde_json::{Value, json};

use super::talk::Person;
use crate::support::{pods::Pods, token::token};

const QUICK: [(&str, &str); 2] = [("POD_LEASE", "1s"), ("OPERATOR_GRACE", "2s")];
const STOP: &str = "STOP";
const CONT: &str = "CONT";
const KILL: &str = "KILL";

struct Scene {
    pods: Pods,
    ann: Person,
    bob: Person,
    guest: Person,
    session: Value,
}

impl Scene {
    /// Ann, who has a session, is on the first pod; Bob and the guest are on others.
    async fn begin() -> Self {
        let pods = Pods::start_with(3, &QUICK).await;
        let mut bob = operator(&pods, 1, "8", "Bob").await;
        let mut ann = operator(&pods, 0, "7", "Ann").await;
        assert_eq!(bob.hear("operator:online").await["agentId"], "7");
        let mut guest = Person::guest(pods.addresses()[2]).await;
        let session = guest.granted("guest:start", json!({})).await["sessionId"].clone();
        let claim = json!({ "sessionId": session });
        ann.granted("staff:connect_to_session", claim).await;
        guest.hear("session:agent_joined").await;
        Self {
            pods,
            ann,
            bob,
            guest,
            session,
        }
    }

    /// Ann is gone for her colleague, and what she had waits again; each is told once.
    async fn assert_left_once(&mut self) {
        let gone = self.bob.hear("operator:offline").await;
        assert_eq!(gone["agentId"], "7");
        assert_eq!(self.guest.hear("session:agent_left").await["agentId"], "7");
        loop {
            let told = &self.bob.hear("session:updated").await["session"];
            if told["status"] == "waiting" {
                assert_eq!(told["sessionId"], self.session);
                break;
            }
        }
        // Time for another one to do it again: each pod has looked at everything meanwhile.
        let said = super::talk::message("still here", "1");
        self.guest.granted("guest:message", said).await;
        self.bob.hear("guest:message").await;
        let there = self.bob.granted("staff:operators", json!({})).await;
        assert_eq!(there["operators"].as_array().unwrap().len(), 1, "{there}");
        assert_eq!(self.bob.has_heard("operator:offline"), 0);
        assert_eq!(self.guest.has_heard("session:agent_left"), 0);
    }
}

async fn operator(pods: &Pods, at: usize, id: &str, name: &str) -> Person {
    let token = token(&pods.secrets(), id, name, "default", 3600);
    Person::operator(pods.addresses()[at], &token).await
}

#[tokio::test(flavor = "multi_thread")]
async fn p9_the_operators_of_a_killed_pod_leave_once() {
    let mut scene = Scene::begin().await;
    scene.pods.servers()[0].signal(KILL).await;
    scene.pods.lose(0).await;
    scene.assert_left_once().await;
}

/// Others have taken it for dead: it closes what it served, and who comes back is there again.
#[tokio::test(flavor = "multi_thread")]
async fn p9_a_pod_that_slept_past_its_lease_closes_its_websockets() {
    let mut scene = Scene::begin().await;
    scene.pods.servers()[0].signal(STOP).await;
    scene.assert_left_once().await;
    scene.pods.servers()[0].signal(CONT).await;
    scene.ann.closed().await;
    let lost = "switchboard_pod_lease_lost_total 1";
    scene.pods.servers()[0].measured_with(lost).await;
    let _back = operator(&scene.pods, 1, "7", "Ann").await;
    assert_eq!(scene.bob.hear("operator:online").await["agentId"], "7");
    assert_eq!(scene.bob.has_heard("operator:offline"), 0);
}

/// Whoever says so for the dead may die at it; the next goes on, and nobody leaves twice.
#[tokio::test(flavor = "multi_thread")]
async fn p9_many_leave_once_though_one_who_says_so_dies() {
    const MANY: usize = 40;
    let mut pods = Pods::start_with(3, &QUICK).await;
    let mut bob = operator(&pods, 2, "bob", "Bob").await;
    let mut many = Vec::new();
    for n in 0..MANY {
        many.push(operator(&pods, 0, &format!("n{n}"), "N").await);
    }
    pods.servers()[0].signal(KILL).await;
    pods.lose(0).await;
    let mut gone = vec![bob.hear("operator:offline").await["agentId"].to_string()];
    pods.servers()[0].signal(KILL).await;
    pods.lose(0).await;
    while gone.len() < MANY {
        gone.push(bob.hear("operator:offline").await["agentId"].to_string());
    }
    gone.sort();
    gone.dedup();
    assert_eq!(gone.len(), MANY, "somebody has left twice");
    let there = bob.granted("staff:operators", json!({})).await;
    assert_eq!(there["operators"].as_array().unwrap().len(), 1, "{there}");
    assert_eq!(bob.has_heard("operator:offline"), 0);
}

/// It may come back by its name: nobody is there any more.
#[tokio::test(flavor = "multi_thread")]
async fn p9_the_guests_of_a_killed_pod_have_left() {
    let mut pods = Pods::start_with(2, &QUICK).await;
    let details = json!({ "name": "Marie", "email": "marie@example.org" });
    let mut guest = Person::guest(pods.addresses()[0]).await;
    let first = guest.granted("guest:start", details.clone()).await;
    pods.servers()[0].signal(KILL).await;
    pods.lose(0).await;
    let mut again = Person::guest(pods.addresses()[0]).await;
    let reaped = async {
        while !pods.servers()[0]
            .measured()
            .await
            .contains("switchboard_departures_reaped_total 1")
        {
            tokio::time::sleep(super::server::LOOK).await;
        }
    };
    tokio::time::timeout(super::server::LONG, reaped)
        .await
        .unwrap();
    let back = again.granted("guest:start", details).await;
    assert_eq!(back["reconnected"], true, "{back}");
    assert_eq!(back["sessionId"], first["sessionId"]);
}
