//! Which side comes in where.

/// Where guests of the native vocabulary are.
const GUESTS: &str = "/public-portal";
/// Where operators are, and front ends whose both sides share one namespace.
const OPERATORS: &str = "/";

/// The usual two, and what a site has besides.
#[derive(Clone, Debug, Default)]
pub struct Namespaces {
    guests: Vec<String>,
    operators: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entrance {
    Guests,
    Operators,
}

impl Namespaces {
    /// `Err` with one that would be of both.
    pub fn with(guests: Vec<String>, operators: Vec<String>) -> Result<Self, String> {
        let is_both = |nsp: &&String| *nsp == OPERATORS || operators.contains(nsp);
        let both = guests.iter().find(is_both);
        let both = both.or_else(|| operators.iter().find(|nsp| *nsp == GUESTS));
        match both {
            Some(both) => Err(both.clone()),
            None => Ok(Self { guests, operators }),
        }
    }

    pub(super) fn entrance(&self, nsp: &str) -> Option<Entrance> {
        let is_among = |more: &[String]| more.iter().any(|known| known == nsp);
        if nsp == GUESTS || is_among(&self.guests) {
            Some(Entrance::Guests)
        } else if nsp == OPERATORS || is_among(&self.operators) {
            Some(Entrance::Operators)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_is_of_one_side() {
        let more = |guests: &[&str], operators: &[&str]| {
            let of = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
            Namespaces::with(of(guests), of(operators))
        };
        let namespaces = more(&["/shop", "/help"], &["/staff"]).unwrap();
        for (nsp, entrance) in [
            ("/", Some(Entrance::Operators)),
            ("/staff", Some(Entrance::Operators)),
            ("/public-portal", Some(Entrance::Guests)),
            ("/shop", Some(Entrance::Guests)),
            ("/help", Some(Entrance::Guests)),
            ("/sho", None),
            ("/Shop", None),
        ] {
            assert_eq!(namespaces.entrance(nsp), entrance, "{nsp}");
        }
        for (guests, operators, both) in [
            (["/shop"], ["/shop"], "/shop"),
            (["/"], ["/staff"], "/"),
            (["/shop"], ["/public-portal"], "/public-portal"),
        ] {
            assert_eq!(more(&guests, &operators).unwrap_err(), both);
        }
    }
}
