use hyper::{HeaderMap, header::COOKIE};

/// Set by a login over REST.
pub const LOGIN_COOKIE: &str = "switchboard_login";

/// The token in the cookie of a login, if a request brings one.
pub fn login_cookie(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(COOKIE).iter();
    let pairs = lines.flat_map(|line| line.to_str().unwrap_or_default().split(';'));
    let mut tokens = pairs.filter_map(|pair| {
        let (name, token) = pair.trim().split_once('=')?;
        (name == LOGIN_COOKIE).then_some(token)
    });
    // Of two, one may have been planted by a neighbouring site.
    let token = tokens.next().filter(|token| !token.is_empty())?;
    tokens.next().is_none().then_some(token)
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
            (&["switchboard_login=x; switchboard_login=y"], None),
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
