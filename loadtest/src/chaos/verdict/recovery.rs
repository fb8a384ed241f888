//! How long each fault was felt.

use std::collections::{BTreeMap, HashMap};

use switchboard::model::Millis;

use crate::chaos::{
    record::{Record, What},
    schedule::Kind,
};

/// A fault as it was carried out.
#[derive(Clone, Debug)]
pub struct Window {
    pub kind: Kind,
    pub from: Millis,
    pub healed: Millis,
    /// Who writes in the conversations that it concerns; empty: every guest that was there.
    pub whose: Vec<String>,
}

/// Until each of the conversations concerned had a message that was acknowledged and arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Felt {
    pub from_start: Option<Millis>,
    pub from_heal: Option<Millis>,
}

/// First sent, acknowledged, and arrived somewhere.
#[derive(Default)]
struct Course {
    sent: Millis,
    acked: Option<Millis>,
    arrived: Option<Millis>,
}

/// In the order of the windows.
pub fn felt(records: &[Record], windows: &[Window]) -> Vec<Felt> {
    let courses = courses(records);
    let there = |who: &str, at| {
        let own = courses[who].iter();
        who.starts_with('g') && own.map(|course| course.sent).min() < Some(at)
    };
    let of = |window: &Window| {
        let whose: Vec<&str> = if window.whose.is_empty() {
            let guests = courses.keys().copied();
            guests.filter(|who| there(who, window.from)).collect()
        } else {
            window.whose.iter().map(String::as_str).collect()
        };
        let longest = |since: Millis, begins: fn(&Course) -> Option<Millis>| {
            let each = whose.iter().map(|who| {
                let own = courses.get(who)?.iter();
                let later = own.filter(|course| begins(course).is_some_and(|at| at >= since));
                later.filter_map(Course::done).min().map(|at| at - since)
            });
            each.collect::<Option<Vec<_>>>()?.into_iter().max()
        };
        Felt {
            from_start: longest(window.from, |course| Some(course.sent)),
            from_heal: longest(window.healed, |course| course.acked),
        }
    };
    windows.iter().map(of).collect()
}

impl Course {
    fn done(&self) -> Option<Millis> {
        Some(self.acked?.max(self.arrived?))
    }
}

/// By who has sent it.
fn courses(records: &[Record]) -> BTreeMap<&str, Vec<Course>> {
    let mut all: HashMap<&str, (&str, Course)> = HashMap::new();
    for record in records {
        let arrived = |all: &mut HashMap<&str, (&str, Course)>, cid: &str| {
            if let Some((who, course)) = all.get_mut(cid)
                && *who != record.who
            {
                let at = course.arrived.get_or_insert(record.at);
                *at = (*at).min(record.at);
            }
        };
        match &record.what {
            What::Sent { cid, .. } => {
                all.entry(cid).or_insert_with(|| {
                    let sent = record.at;
                    (
                        &record.who,
                        Course {
                            sent,
                            ..Course::default()
                        },
                    )
                });
            }
            What::Acked { cid, .. } => {
                if let Some((_, course)) = all.get_mut(cid.as_str()) {
                    course.acked.get_or_insert(record.at);
                }
            }
            What::Heard { message, .. } => arrived(&mut all, &message.cid),
            What::Loaded { messages, .. } => {
                for message in messages {
                    arrived(&mut all, &message.cid);
                }
            }
            _ => {}
        }
    }
    let mut courses: BTreeMap<&str, Vec<Course>> = BTreeMap::new();
    for (who, course) in all.into_values() {
        courses.entry(who).or_default().push(course);
    }
    courses
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chaos::record::Message;

    fn at(at: Millis, who: &str, what: What) -> Record {
        let who = who.to_owned();
        Record { who, at, what }
    }

    /// A message that takes so long to be acknowledged and to arrive.
    fn course(cid: &str, sent: Millis, acked: Millis, arrived: Millis) -> Vec<Record> {
        let (who, _) = cid.split_once(':').unwrap();
        let (cid, session, id) = (cid.to_owned(), "s".to_owned(), "id".to_owned());
        let message = Message {
            cid: cid.clone(),
            id: id.clone(),
            seq: 1,
        };
        let mut all = vec![
            at(
                sent,
                who,
                What::Sent {
                    cid: cid.clone(),
                    session: session.clone(),
                },
            ),
            at(acked, who, What::Acked { cid, id, seq: 1 }),
            at(arrived, "o1", What::Heard { session, message }),
        ];
        all.sort_by_key(|record| record.at);
        all
    }

    #[test]
    fn a_fault_is_over_with_the_last_conversation_that_works_again() {
        let records = [
            course("g1:1", 90, 95, 96),
            course("g1:2", 110, 180, 190),
            course("g2:1", 80, 85, 86),
            course("g2:2", 120, 150, 230),
            course("g4:1", 900, 910, 911),
        ]
        .concat();
        let window = |whose: &[&str]| Window {
            kind: Kind::Cut,
            from: 100,
            healed: 140,
            whose: whose.iter().map(|who| (*who).to_owned()).collect(),
        };
        let windows = [window(&[]), window(&["g1"]), window(&["g3"])];
        let felt = felt(&records, &windows);
        let of = |from_start, from_heal| Felt {
            from_start,
            from_heal,
        };
        assert_eq!(
            felt,
            [
                of(Some(130), Some(90)),
                of(Some(90), Some(50)),
                of(None, None)
            ]
        );
    }
}
