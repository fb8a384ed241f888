//! Halves of surrogate pairs in JSON.

/// The same JSON with U+FFFD for every escape that is half a pair; `None` if it has none.
///
/// Read once, from the front; for what is not JSON the result is of no use, and harmless.
pub(super) fn without_halves(json: &str) -> Option<String> {
    let mut whole = String::with_capacity(json.len());
    let (mut rest, mut found) = (json, false);
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        whole.push_str(before);
        let length = match (unit(escape), escape.get(6..).and_then(unit)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 12,
            (Some(0xD800..=0xDFFF), _) => {
                whole.push_str("\\ufffd");
                found = true;
                rest = escape.get(6..)?;
                continue;
            }
            (Some(_), _) => 6,
            (None, _) => 2,
        };
        whole.push_str(escape.get(..length)?);
        rest = escape.get(length..)?;
    }
    whole.push_str(rest);
    found.then_some(whole)
}

/// The code unit of a `\u` escape that the text begins with.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    let hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    hex.then(|| u16::from_str_radix(digits, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_replaced_and_pairs_are_kept() {
        let cases = [
            (r#""a\ud83d""#, r#""a\ufffd""#),
            (r#""\udc4b b""#, r#""\ufffd b""#),
            (r#""\ud83d\ud83d\udc4b""#, r#""\ufffd\ud83d\udc4b""#),
            (r#""\udc4b\ud83d""#, r#""\ufffd\ufffd""#),
            (r#""\\\ud83d\n\u00e9""#, r#""\\\ufffd\n\u00e9""#),
            (r#""\ud83dé\ud83d\u""#, r#""\ufffdé\ufffd\u""#),
        ];
        for (json, whole) in cases {
            assert_eq!(without_halves(json).as_deref(), Some(whole), "{json}");
        }
    }

    #[test]
    fn what_holds_none_is_left_to_whoever_reads_json() {
        for json in [
            "",
            r#""\ud83d\udc4b""#,
            r#""\\ud83d""#,
            r#""\u+123""#,
            r#""\u12"#,
            r"\é",
            r"\",
        ] {
            assert_eq!(without_halves(json), None, "{json}");
        }
    }
}
