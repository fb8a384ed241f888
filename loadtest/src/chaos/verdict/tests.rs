use super::*;
use crate::chaos::record::{Message, Role};

/// Two guests of one workspace with an operator, and a guest of another one: everybody sees what it
/// should. The tests spoil it.
struct Scene {
    records: Vec<Record>,
    rows: Vec<Row>,
}

const GUESTS: [(&str, &str); 3] = [("g1", "default"), ("g2", "default"), ("g3", "other")];

impl Scene {
    fn good() -> Self {
        let mut scene = Self {
            records: Vec::new(),
            rows: Vec::new(),
        };
        for (who, workspace) in GUESTS {
            scene.hello(who, Role::Guest, workspace);
            scene.note(
                who,
                What::Started {
                    session: session(who),
                },
            );
            scene.note(who, What::Connect { recovered: false });
        }
        for (who, workspace) in [("o1", "default"), ("o2", "other")] {
            scene.hello(who, Role::Operator, workspace);
        }
        for number in 1..=5 {
            for (who, workspace) in GUESTS {
                let staff = if workspace == "default" { "o1" } else { "o2" };
                scene.say(who, who, number * 2 - 1, staff);
                scene.say(staff, who, number * 2, who);
            }
        }
        scene
    }

    fn hello(&mut self, who: &str, role: Role, workspace: &str) {
        let workspace = workspace.to_owned();
        self.note(who, What::Hello { role, workspace });
    }

    fn say(&mut self, who: &str, guest: &str, seq: u64, to: &str) {
        let said = self.records.iter();
        let said = said.filter(|record| record.who == who && is_sent(record));
        let cid = format!("{who}:{}", said.count() + 1);
        let (id, session) = (format!("id-{cid}"), session(guest));
        let sent = What::Sent {
            cid: cid.clone(),
            session: session.clone(),
        };
        self.note(who, sent);
        let message = Message {
            cid: cid.clone(),
            id: id.clone(),
            seq,
        };
        self.note(who, What::Acked { cid, id, seq });
        let heard = What::Heard {
            session: session.clone(),
            message: message.clone(),
        };
        self.note(to, heard);
        let (_, workspace) = GUESTS[usize::from(guest.as_bytes()[1] - b'1')];
        self.rows.push(Row {
            workspace: workspace.to_owned(),
            session,
            message,
        });
    }

    fn note(&mut self, who: &str, what: What) {
        let (who, at) = (who.to_owned(), self.records.len() as u64);
        self.records.push(Record { who, at, what });
    }

    /// Where this client heard this message.
    fn heard(&self, who: &str, cid: &str) -> usize {
        let is_it = |record: &Record| {
            record.who == who
                && matches!(&record.what, What::Heard { message, .. } if message.cid == cid)
        };
        self.records.iter().position(is_it).unwrap()
    }

    fn row(&self, cid: &str) -> usize {
        let is_it = |row: &Row| row.message.cid == cid;
        self.rows.iter().position(is_it).unwrap()
    }

    fn found(&self) -> Vec<Breach> {
        let verdict = judge(&self.records, &self.rows);
        let found = verdict.findings.iter();
        found.map(|finding| finding.breach).collect()
    }
}

fn session(guest: &str) -> String {
    format!("s-{guest}")
}

fn is_sent(record: &Record) -> bool {
    matches!(record.what, What::Sent { .. })
}

#[test]
fn what_was_promised_is_no_breach() {
    let scene = Scene::good();
    let verdict = judge(&scene.records, &scene.rows);
    assert!(verdict.kept(), "{verdict:?}");
    assert_eq!(verdict.acknowledged.len(), 30);
    assert_eq!(verdict.delivered.len(), 30);
}

#[test]
fn silence_shows_nothing() {
    assert!(!judge(&[], &[]).kept());
}

#[test]
fn a_planted_loss_is_found_wherever_it_is() {
    for cid in ["g1:1", "g1:3", "g1:5"] {
        let mut scene = Scene::good();
        scene.records.remove(scene.heard("o1", cid));
        assert_eq!(scene.found(), [Breach::Lost], "{cid}");
    }
}

#[test]
fn what_a_client_reads_after_a_gap_is_not_lost() {
    let mut scene = Scene::good();
    let missed = scene.records.remove(scene.heard("o1", "g1:3"));
    let What::Heard { session, message } = missed.what else {
        panic!("{missed:?}")
    };
    let loaded = What::Loaded {
        session,
        messages: vec![message],
        last: false,
    };
    scene.note("o1", loaded);
    assert_eq!(scene.found(), []);
}

#[test]
fn a_planted_duplicate_is_found_at_once_and_much_later() {
    for later in [1, 20] {
        let mut scene = Scene::good();
        let at = scene.heard("g1", "o1:1");
        let again = scene.records[at].clone();
        scene.records.insert(at + later, again);
        assert_eq!(scene.found(), [Breach::Duplicated]);
    }
}

#[test]
fn a_message_that_is_stored_twice_is_found() {
    let mut scene = Scene::good();
    let mut again = scene.rows[scene.row("g1:2")].clone();
    again.message.id = "another".into();
    scene.rows.push(again);
    assert!(scene.found().contains(&Breach::Duplicated));
}

#[test]
fn a_planted_swap_is_found() {
    let mut scene = Scene::good();
    let (first, second) = (scene.heard("o1", "g1:2"), scene.heard("o1", "g1:3"));
    scene.records.swap(first, second);
    assert_eq!(scene.found(), [Breach::Reordered]);
}

#[test]
fn a_swap_in_the_table_is_found() {
    let mut scene = Scene::good();
    let (first, second) = (scene.row("g1:2"), scene.row("g1:3"));
    scene.rows.swap(first, second);
    assert!(scene.found().contains(&Breach::Reordered));
}

#[test]
fn a_planted_leak_is_found_to_a_guest_and_to_an_operator() {
    for stranger in ["g2", "g3", "o2"] {
        let mut scene = Scene::good();
        let at = scene.heard("o1", "g1:1");
        let mut leak = scene.records[at].clone();
        leak.who = stranger.into();
        scene.records.insert(at + 1, leak);
        assert_eq!(scene.found(), [Breach::Leaked], "{stranger}");
    }
}

#[test]
fn a_leak_under_the_name_of_the_own_session_is_found() {
    let mut scene = Scene::good();
    let at = scene.heard("o1", "g1:1");
    let mut leak = scene.records[at].clone();
    leak.who = "g2".into();
    if let What::Heard { session: named, .. } = &mut leak.what {
        *named = session("g2");
    }
    scene.records.push(leak);
    assert_eq!(scene.found(), [Breach::Leaked]);
}

#[test]
fn a_false_ack_is_found_and_what_was_not_acknowledged_may_be_missing() {
    let mut scene = Scene::good();
    scene.rows.remove(scene.row("g2:5"));
    scene.records.remove(scene.heard("o1", "g2:5"));
    assert_eq!(scene.found(), [Breach::FalseAck]);
    let is_ack = |record: &Record| matches!(&record.what, What::Acked { cid, .. } if cid == "g2:5");
    scene.records.retain(|record| !is_ack(record));
    assert_eq!(scene.found(), []);
}

#[test]
fn another_id_or_number_than_the_stored_one_is_found() {
    for spoil in [
        // As long as it does not read everything again.
        |message: &mut Message| message.id = "x".into(),
        |message: &mut Message| message.seq = 77,
        |message: &mut Message| message.cid = "g1:99".into(),
    ] {
        let mut scene = Scene::good();
        let at = scene.heard("o1", "g1:5");
        if let What::Heard { message, .. } = &mut scene.records[at].what {
            spoil(message);
        }
        assert!(scene.found().contains(&Breach::Differing));
    }
}

#[test]
fn what_the_hub_lost_before_it_was_stored_is_forgiven_once_all_is_read_again() {
    let mut scene = Scene::good();
    let at = scene.heard("g1", "o1:1");
    let mut phantom = scene.records[at].clone();
    if let What::Heard { message, .. } = &mut phantom.what {
        message.id = "lost".into();
    }
    scene.records.insert(at, phantom);
    assert_eq!(scene.found(), [Breach::Differing]);
    for (recovered, found) in [(true, vec![Breach::Differing]), (false, vec![])] {
        let mut scene = Scene {
            records: scene.records.clone(),
            rows: scene.rows.clone(),
        };
        let (who, at_time) = ("g1".to_owned(), 0);
        let back = Record {
            who,
            at: at_time,
            what: What::Connect { recovered },
        };
        scene.records.insert(at + 1, back);
        assert_eq!(scene.found(), found);
    }
}

#[test]
fn a_last_history_that_lacks_something_is_found() {
    let mut scene = Scene::good();
    let messages: Vec<Message> = scene
        .rows
        .iter()
        .filter(|row| row.session == "s-g1")
        .map(|row| row.message.clone())
        .collect();
    let last = |messages: &[Message]| What::Loaded {
        session: session("g1"),
        messages: messages.to_vec(),
        last: true,
    };
    scene.note("g1", last(&messages));
    assert_eq!(scene.found(), []);
    scene.note("g1", last(&messages[1..]));
    assert_eq!(scene.found(), [Breach::Lost]);
}
