use switchboard::{
    dialect::{Dialect, encode_entry, encode_notice, encode_reply},
    model::{Change, Direction, Notice, Reply},
};

use super::{
    super::samples::{bare, entry, message, replies},
    BOTH, check, side,
};

#[test]
fn every_request_is_answered() {
    let cases = replies().into_iter().map(|answer| {
        let ack = encode_reply(answer.audience, &answer.reply, answer.token);
        let name = format!(
            "{} {} -> {}",
            answer.event,
            answer.case,
            side(answer.audience)
        );
        (name, ack)
    });
    check("replies.json", cases.collect());
}

#[test]
fn p7_a_message_reads_the_same_live_late_and_in_the_history() {
    for direction in [Direction::In, Direction::Out] {
        let message = message(direction);
        let live = Change::Message {
            message: message.clone(),
        };
        let live = entry(live, None);
        let late = Notice::Waited {
            workspace: switchboard::model::WorkspaceId::new("default"),
            written: bare(message.clone()),
        };
        let history = Reply::History {
            messages: vec![bare(message)],
            more: false,
        };
        for (side, audience) in BOTH {
            let page = encode_reply(audience, &history, None);
            let told = encode_entry(Dialect::Native, audience, &live);
            assert_eq!(told.len(), 1, "{side}");
            assert_eq!(Some(&told[0].payload), page["messages"].get(0), "{side}");
            let late = encode_notice(Dialect::Native, audience, &late, None);
            assert_eq!(told, late, "{side}");
        }
    }
}
