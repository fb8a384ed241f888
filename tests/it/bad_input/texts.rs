//! Texts at their limit and over it, and characters that are none.

use serde_json::{Value, json};

use super::{
    house::{MARK, MAX_TEXT},
    offender::{
        Case,
        Expect::{Ends, Refused, Stored},
        Offender, SIDES,
    },
    try_all,
};

/// The JSON of a message whose text is written so.
fn args(offender: &Offender, written: &str) -> String {
    let (event, payload) = offender.message("HERE");
    json!([event, payload])
        .to_string()
        .replacen("\"HERE\"", &format!("\"{written}\""), 1)
}

fn lengths(offender: &Offender) -> Vec<Case> {
    let too_large = Refused("too_large", Some("message"));
    let fits = [
        "x".repeat(MAX_TEXT),
        "é".repeat(MAX_TEXT / 2),
        "👋".repeat(MAX_TEXT / 4),
    ];
    let over = [
        format!("{MARK}{}", "x".repeat(MAX_TEXT + 1 - MARK.len())),
        "é".repeat(MAX_TEXT / 2 + 1),
        // Few enough as characters, and as what a browser counts.
        format!("{}é", "x".repeat(MAX_TEXT - 1)),
        format!("{}👋", "x".repeat(MAX_TEXT - 2)),
        MARK.repeat(MAX_TEXT),
        " ".repeat(MAX_TEXT + 1),
    ];
    let fitting = fits.iter().map(|text| {
        Case::event(
            format!("{} bytes", text.len()),
            args(offender, text),
            Stored(text.clone()),
        )
    });
    let escaped = "\\u00e9".repeat(MAX_TEXT / 2);
    let mut cases: Vec<_> = fitting.collect();
    cases.push(Case::event(
        "escaped",
        args(offender, &escaped),
        Stored("é".repeat(MAX_TEXT / 2)),
    ));
    cases.extend(over.iter().map(|text| {
        Case::event(
            format!("{} bytes", text.len()),
            args(offender, text),
            too_large.clone(),
        )
    }));
    cases
}

/// Half of a surrogate pair, where an emoji was cut in two. The reference keeps such a connection, and so
/// do we: the client would otherwise come back and say the same again. UTF-8 cannot hold it, so it is
/// refused.
fn surrogates(offender: &Offender) -> Vec<Case> {
    let mut cases = Vec::new();
    let halves = [
        "\\ud83d",
        "\\udc4b",
        "\\udc4b\\ud83d",
        "\\uD83D\\uD83D",
        "\\ud83d\\u0041",
        "\\udfff",
    ];
    let refused = Refused("invalid", Some("payload"));
    for half in halves {
        let written = format!("{MARK} {half}");
        cases.push(Case::event(half, args(offender, &written), refused.clone()));
    }
    let (event, payload) = offender.message(MARK);
    let with = |more: &str| {
        let payload = payload.to_string();
        format!(
            "[\"{event}\",{},{more}}}]",
            payload.strip_suffix('}').unwrap()
        )
    };
    let places = [
        ("in an unknown field", with("\"x\":[\"\\ud83d\"]")),
        ("in a name", with("\"\\udc4b\":1")),
    ];
    for (name, args) in places {
        cases.push(Case::event(name, args, refused.clone()));
    }
    cases.push(Case::event(
        "in the event",
        format!("[\"\\ud83d\",{payload}]"),
        refused,
    ));
    for (written, text) in [("\\ud83d\\udc4b", "👋"), ("\\\\ud83d", "\\ud83d")] {
        cases.push(Case::event(
            written,
            args(offender, written),
            Stored(text.into()),
        ));
    }
    cases.push(Case::event(
        "and it is no JSON",
        with("\"x\":\"\\ud83d\",,"),
        Ends,
    ));
    cases
}

/// Odd, but text: it comes back as it was written.
fn odd(offender: &Offender) -> Vec<Case> {
    let texts = [
        "\u{1}\u{8}\u{1b}[31m\u{7f}",
        "\u{feff}\u{200b}x",
        "\u{202e}right to left",
        "\u{ffff}\u{10ffff}",
        "a\u{2028}\u{2029}\r\nb",
        "\u{1e}\u{1f}",
        "\u{fffd}",
        "e\u{301}\u{301}\u{301}",
        "</script><b>'\"`;--",
        "{\"_placeholder\":true,\"num\":0}",
        "%00%s%n",
        "null",
    ];
    let stored = texts.map(|text| {
        let (event, payload) = offender.message(text);
        Case::event(
            format!("{text:?}"),
            json!([event, payload]).to_string(),
            Stored(text.into()),
        )
    });
    let mut cases: Vec<_> = stored.into();
    // As JSON wants no character below the space to stand in a text.
    for raw in ["\n", "\0", "\u{1e}", "\t"] {
        cases.push(Case::event(
            format!("raw {raw:?}"),
            args(offender, &format!("{MARK}{raw}")),
            Ends,
        ));
    }
    let (event, payload) = offender.message("HERE");
    let nul = Value::from(payload.to_string().replace("HERE", MARK));
    cases.push(Case::event(
        "JSON in a text",
        json!([event, nul]).to_string(),
        Refused("invalid", Some("payload")),
    ));
    cases
}

#[tokio::test(flavor = "multi_thread")]
async fn p8_a_text_at_its_limit_is_stored_and_over_it_refused() {
    for side in SIDES {
        try_all(side, lengths).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p8_half_a_character_is_refused_and_the_connection_stays() {
    for side in SIDES {
        try_all(side, surrogates).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p7_odd_characters_are_stored_as_they_are() {
    for side in SIDES {
        try_all(side, odd).await;
    }
}
