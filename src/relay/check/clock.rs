//! Clocks beside each other. Times in ids are of Redis, ends of tokens of the pods.

use super::item::Item;
use crate::{
    history::postgres::{self, probe::Probe as Postgres},
    hub::redis::{self, probe::Probe as Redis},
    model::Skew,
};

/// People see times that do not fit together.
const WARN_MS: u64 = 1_000;
/// By which the clocks of those who sign tokens may differ from those of pods; beyond, tokens are refused.
const FAIL_MS: u64 = 30_000;

pub fn items(
    redis: &Result<Redis, redis::OpenError>,
    postgres: &Result<Postgres, postgres::OpenError>,
) -> Vec<Item> {
    let of_redis = redis
        .iter()
        .flat_map(|probe| &probe.nodes)
        .filter_map(|node| {
            let facts = node.answer.as_ref().ok()?;
            Some((node.address.as_str(), facts.skew))
        });
    let of_postgres = postgres.iter().filter_map(|probe| {
        let facts = probe.answer.as_ref().ok()?;
        Some(("Postgres", *facts.skew.as_ref().ok()?))
    });
    vec![
        item("redis-clock", "Redis", of_redis.collect()),
        item("postgres-clock", "Postgres", of_postgres.collect()),
    ]
}

fn item(item: &'static str, whose: &str, clocks: Vec<(&str, Skew)>) -> Item {
    let worst = clocks
        .into_iter()
        .max_by_key(|(_, skew)| skew.at_least_ms());
    let Some((name, skew)) = worst else {
        return Item::unseen(item, whose);
    };
    let (ms, within) = (skew.ms.unsigned_abs(), skew.within_ms);
    let where_to = if skew.ms < 0 { "behind" } else { "ahead of" };
    let found = format!("{name} is {ms} ms {where_to} this machine, give or take {within} ms");
    let advice = "let both machines take their time from the same servers (NTP)";
    match skew.at_least_ms() {
        FAIL_MS.. => Item::fail(item, found, advice),
        WARN_MS.. => Item::warn(item, found, advice),
        _ => Item::ok(item, found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relay::check::item::Status;

    #[test]
    fn a_clock_that_goes_wrong_is_told() {
        for (ms, within_ms, status) in [
            (0, 0, Status::Ok),
            (-999, 0, Status::Ok),
            (1_500, 600, Status::Ok),
            (-1_000, 0, Status::Warn),
            (29_999, 0, Status::Warn),
            (-30_000, 0, Status::Fail),
        ] {
            let clocks = vec![
                (
                    "one",
                    Skew {
                        ms: 0,
                        within_ms: 1,
                    },
                ),
                ("two", Skew { ms, within_ms }),
            ];
            assert_eq!(item("redis-clock", "Redis", clocks).status, status, "{ms}");
        }
        let found = item(
            "redis-clock",
            "Redis",
            vec![(
                "two",
                Skew {
                    ms: -5,
                    within_ms: 1,
                },
            )],
        )
        .found;
        assert_eq!(found, "two is 5 ms behind this machine, give or take 1 ms");
        assert_eq!(
            item("redis-clock", "Redis", Vec::new()).status,
            Status::Note
        );
    }
}
