use switchboard::dialect::{Dialect, encode_aside};

use super::{super::samples::asides, BOTH, check, shown};

#[test]
fn each_side_is_told_beside_the_log_what_the_other_does() {
    let cases = asides().into_iter().flat_map(|(name, aside)| {
        BOTH.map(|(side, audience)| {
            let told = encode_aside(Dialect::Native, audience, &aside);
            assert!(told.iter().all(|told| told.payload.is_object()));
            (format!("{name} -> {side}"), shown(told))
        })
    });
    check("asides.json", cases.collect());
}
