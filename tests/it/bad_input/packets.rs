//! Packets that are none, or are out of turn.

use super::{
    client::{Piece, Way},
    offender::{
        Case,
        Expect::{Ends, Silence},
        Offender, Side,
    },
    try_all,
};

/// Of Engine.IO.
const MALFORMED: &[&str] = &[
    "",
    "abc",
    "7x",
    "9",
    " 4",
    "é",
    "b!!!",
    "bAQIDBB==",
    "b_-",
    "0{}",
    "2",
    "2probe",
    "4",
];
/// Of Socket.IO.
const PACKETS: &[&str] = &[
    "47",
    "4abc",
    "4\0",
    "42",
    "42{p}",
    "42{p}{}",
    "42{p}[]",
    "42{p}5",
    "42{p}\"x\"",
    "42{p}null",
    "42{p}[null]",
    "42{p}[{}]",
    "42{p}[[]]",
    "42{p}[true]",
    "42{p}[\"m\"",
    "42{p}[\"m\"]x",
    "42{p}['m']",
    "42{p}[\"m\",]",
    "42{p}[\"m\",undefined]",
    "42{p}[\"m\",NaN]",
    "42{p}[\"m\n\"]",
    "42{p}[\"\\x41\"]",
    "42{p}[\"\\ud83d\"",
    "42{p}-1[\"m\"]",
    "42{p}1.5[\"m\"]",
    "42{p}18446744073709551616[\"m\"]",
    "42{p}99999999999999999999999999[\"m\"]",
    "42{p}[\"connect\"]",
    "42{p}[\"connect_error\"]",
    "42{p}1[\"disconnect\"]",
    "42{p}[\"disconnecting\",{}]",
    "42{p}[\"newListener\"]",
    "42{p}[\"removeListener\"]",
    "42/elsewhere,[\"m\"]",
    "42/elsewhere,1[\"m\"]",
    "41/elsewhere,",
    "43/elsewhere,1[]",
    "41{p}x",
    "43{p}",
    "43{p}[]",
    "43{p}1",
    "43{p}1{}",
    "43{p}18446744073709551616[]",
    "44{p}{\"message\":\"x\"}",
    "44{p}\"x\"",
    "44{p}5",
    // A second time, and with what is no object.
    "40{p}",
    "40{p}{}",
    "40{p}[]",
    "40{p}5",
    "40{p}{\"a\":",
    "40/elsewhere,[1]",
    // Of attachments.
    "45",
    "45{p}",
    "45-",
    "45-{p}",
    "45-1-{p}[\"m\"]",
    "45x-{p}[\"m\"]",
    "451{p}[\"m\"]",
    "4511-{p}[\"m\"]",
    "4518446744073709551616-{p}[\"m\"]",
    "45-1-{p}[\"m\"]",
    "450-{p}[]",
    "450-{p}[\"disconnect\"]",
    "450-{p}[\"m\",{\"_placeholder\":true,\"num\":0}]",
    "451-{p}[\"m\",{\"_placeholder\":true,\"num\":1}]",
    "451-{p}[\"m\",{\"_placeholder\":true,\"num\":-1}]",
    "451-{p}[\"m\",{\"_placeholder\":true,\"num\":0.5}]",
    "451-{p}[\"m\",{\"_placeholder\":true,\"num\":\"0\"}]",
    "451-{p}[\"m\",{\"_placeholder\":true}]",
    "451-{p}[\"m\",[{\"a\":{\"_placeholder\":true,\"num\":18446744073709551615}}]]",
    "460-{p}[]",
    "46{p}1[]",
    "461-{p}1[{\"_placeholder\":true,\"num\":7}]",
];
/// An event with one attachment, which whoever asks for a history passes over.
const WITH_ONE: &str = "451-{p}[\"guest:nothing\",{\"_placeholder\":true,\"num\":0}]";

fn cases(offender: &Offender) -> Vec<Case> {
    let one = |text: &&str| Case::packets(&[Piece::from(*text)], Ends);
    let mut cases: Vec<_> = MALFORMED.iter().chain(PACKETS).map(one).collect();
    let bytes = |length: usize| Piece::Binary(vec![7; length]);
    let (header, text) = (Piece::from(WITH_ONE), Piece::from("43{p}1[]"));
    cases.extend([
        Case::packets(&[bytes(3)], Ends),
        Case::packets(&[bytes(0)], Ends),
        // Fewer than announced, then another packet; and one of another namespace.
        Case::packets(&[header.clone(), text.clone()], Ends),
        Case::packets(&[header.clone(), Piece::from("40/elsewhere,")], Ends),
        Case::packets(&[header.clone(), header], Ends),
        Case::packets(&[text.clone(), bytes(1)], Ends),
        // A whole one that nobody waits for.
        Case::packets(
            &[
                Piece::from("461-{p}5[{\"_placeholder\":true,\"num\":0}]"),
                bytes(2),
            ],
            Silence,
        ),
        // More than announced.
        Case::packets(&[Piece::from("461-{p}5[1]"), bytes(2), bytes(2)], Ends),
        Case::packets(&[text], Silence),
        Case::packets(&[Piece::from("43{p}18446744073709551615[]")], Silence),
        Case::packets(&[Piece::from("3")], Silence),
        Case::packets(&[Piece::from("3probe")], Silence),
    ]);
    // A WebSocket that has nothing to upgrade may still say that it has done so.
    let expected = if offender.way == Way::Polling {
        Ends
    } else {
        Silence
    };
    for text in ["5", "6", "5x"] {
        cases.push(Case::packets(&[Piece::from(text)], expected.clone()));
    }
    cases
}

#[tokio::test(flavor = "multi_thread")]
async fn p8_a_malformed_packet_ends_its_connection_alone() {
    try_all(Side::Guest, cases).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p8_a_malformed_packet_of_an_operator_ends_its_connection_alone() {
    try_all(Side::Operator, cases).await;
}
