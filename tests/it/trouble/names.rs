//! What a token of an operator may say of it.

use serde_json::json;
use switchboard::server::auth::{Keyring, OperatorClaims};

/// No database takes the first; of the second every entry and every answer would hold a copy; the third
/// is what a guest is called where both can speak, and no workspace is called as the last.
#[test]
fn p8_a_token_names_an_operator_as_it_can_be_stored() {
    let keys = Keyring::new(&[[0; 32]]).unwrap();
    let claims = |sub: &str, name: &str, workspace: &str| {
        let exp = 99_999_999_999_u64;
        let token =
            keys.sign(&json!({ "sub": sub, "name": name, "workspace": workspace, "exp": exp }));
        OperatorClaims::verify(&keys, &token.unwrap())
    };
    let long = "x".repeat(100_000);
    assert!(claims("7", "Ann", "default").is_some());
    let mut taken = Vec::new();
    for (what, sub, name, workspace) in [
        ("NUL in name", "7", "A\0nn", "default"),
        ("NUL in sub", "7\0", "Ann", "default"),
        ("NUL in workspace", "7", "Ann", "default\0"),
        ("long name", "7", &long, "default"),
        ("long sub", &long, "Ann", "default"),
        ("no sub", "", "Ann", "default"),
        ("guest", "guest", "Ann", "default"),
        ("a word of ids", "7", "Ann", "widget"),
    ] {
        if claims(sub, name, workspace).is_some() {
            taken.push(what);
        }
    }
    assert_eq!(taken, Vec::<&str>::new());
}
