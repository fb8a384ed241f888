use switchboard::{
    dialect::{Audience, Dialect, encode_refusal, encode_reject},
    model::{Code, Reject},
};

use super::check;

#[test]
fn rejects() {
    use Code::*;
    let codes = [
        Invalid,
        Unauthorized,
        Forbidden,
        NotFound,
        Taken,
        Ended,
        Conflict,
        TooLarge,
        RateLimited,
        Unavailable,
        Pending,
    ];
    let plain = codes.map(|code| (format!("{code:?}"), Reject::new(code, "Why")));
    let more = [
        ("with a field".to_owned(), Reject::field("name", "Why")),
        ("to be repeated".to_owned(), Reject::unavailable()),
    ];
    let cases = plain.into_iter().chain(more);
    check(
        "rejects.json",
        cases
            .map(|(name, reject)| (name, encode_reject(&reject)))
            .collect(),
    );
}

/// Who asked for no acknowledgement is told the same as an event.
#[test]
fn refusals_read_the_same_as_events() {
    let rejects = [
        Reject::new(Code::Taken, "Why"),
        Reject::field("name", "Why"),
        Reject::unavailable(),
    ];
    for reject in rejects {
        let guest = (Dialect::Native, Audience::Guest);
        assert_eq!(encode_refusal(guest, "guest:message", &reject, true), []);
        let told = encode_refusal(guest, "guest:message", &reject, false).remove(0);
        assert_eq!(told.event, "error");
        let mut expected = encode_reject(&reject)["error"].clone();
        expected["event"] = "guest:message".into();
        assert_eq!(told.payload, expected);
    }
    // No more of what a client made up than our longest name has.
    let made_up = "é".repeat(1000);
    let guest = (Dialect::Native, Audience::Guest);
    let told = encode_refusal(guest, &made_up, &Reject::unavailable(), false).remove(0);
    assert_eq!(told.payload["event"], "é".repeat(64));
}
