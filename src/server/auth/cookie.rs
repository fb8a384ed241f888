use hyper::{HeaderMap, header::COOKIE};

/// Set by a login over REST.
pub const LOGIN_COOKIE: &str = "switchboard_login";

/// The token in the cookie of a login, if a request brings one.
pub fn login_cookie(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(COOKIE).iter();
    let mut pairs = lines.flat_map(|line| line.to_str().unwrap_or_default().split(';'));
    let (_, token) = pairs.find_map(|pair| {
        let pair = pair.trim().split_once('=')?;
        (pair.0 == LOGIN_COOKIE).then_some(pair)
    })?;
    (!token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others() {
        let cases: &[(&[&str], Option<&str>)] = &[
            (&["switchboard_login=a.b.c"], Some("a.b.c")),
            (&["a=b; switchboard_login=x ; c=d"], Some("x")),
            (&["a=b", "switchboard_login=x"], Some("x")),
            (&["switchboard_login="], None),
            (&["xswitchboard_login=x", "switchboard_loginx=x"], None),
            (&[], None),
        ];
        for (lines, expected) in cases {
            let mut headers = HeaderMap::new();
            for line in *lines {
                headers.append(COOKIE, line.parse().unwrap());
            }
            assert_eq!(login_cookie(&headers), *expected, "{lines:?}");
        }
    }
}
