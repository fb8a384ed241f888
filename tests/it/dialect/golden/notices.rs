use switchboard::dialect::{Dialect, encode_notice};

use super::{super::samples::notices, check, shown, side};

#[test]
fn what_is_said_to_one_socket() {
    let cases = notices()
        .into_iter()
        .map(|(name, audience, notice, token)| {
            let told = encode_notice(Dialect::Native, audience, &notice, token);
            assert!(told.iter().all(|told| told.payload.is_object()));
            (format!("{name} -> {}", side(audience)), shown(told))
        });
    check("notices.json", cases.collect());
}
