//! What the page of seed 001 asks by HTTP, and the rows that it and its dashboard are answered with. What its socket is
//! told is in `fronts`.

use serde_json::{Map, Value, json};
use switchboard::{
    dialect::widget::{self, Conversation},
    model::{Direction, Message, Reject, WorkspaceId},
};

use super::{
    super::samples::{entries, message},
    check_in, fixture_in,
    fronts::assert_reads,
};

const FOLDER: &str = "widget";
const VISITOR: &str = "0b5a4c1d-9e8f-4a7b-b6c5-d4e3f2a1b0c9";

pub fn conversation() -> Conversation {
    Conversation::parse(VISITOR, &WorkspaceId::new("default")).expect("an id")
}

#[test]
fn each_request_is_understood() {
    let requests = fixture_in(FOLDER, "requests.json").into_iter();
    let cases = requests.map(|(name, request)| {
        let fields = request["payload"].as_object().expect("an object");
        let route = name.split(',').next().expect("a route");
        let means = match means(route, fields) {
            Ok(means) => means,
            Err(reject) => format!("{:?}: {reject}", reject.field),
        };
        (name, json!({ "payload": fields, "means": means }))
    });
    check_in(FOLDER, "requests.json", cases.collect());
}

fn means(route: &str, fields: &Map<String, Value>) -> Result<String, Reject> {
    Ok(match route {
        "lead" => {
            let lead = widget::lead(fields)?;
            let known = lead.told.known(&WorkspaceId::new("default"));
            let place = match known.map(|known| (known.stored, known.heard)) {
                Some((None, None)) => "a new one".to_owned(),
                Some((stored, heard)) => [stored, heard]
                    .into_iter()
                    .flatten()
                    .map(|place| place.to_string())
                    .collect::<Vec<_>>()
                    .join(", else "),
                None => "none".to_owned(),
            };
            let workspace = lead.told.workspace;
            format!(
                "{:?} {:?} in {place} of {workspace:?}",
                lead.start, lead.send
            )
        }
        "send" => format!("{:?}", widget::message(fields)?),
        "list" => format!("{:?}", widget::page(fields)?),
        other => panic!("no route is called {other}"),
    })
}

#[test]
fn each_message_is_a_row() {
    let cases = rows().into_iter();
    check_in(
        FOLDER,
        "rows.json",
        cases
            .map(|(name, row)| (name.to_owned(), row.into()))
            .collect(),
    );
}

/// As for what is told: `row.json` has the columns that the seed stores and its pages read.
#[test]
fn nothing_is_missing_in_a_row() {
    let columns = fixture_in(FOLDER, "row.json");
    for (name, row) in rows() {
        let side = if row["direction"] == "in" {
            "in"
        } else {
            "out"
        };
        assert_reads(&row.into(), &columns[side], name);
    }
}

/// Of both sides, and with a picture.
fn rows() -> [(&'static str, Map<String, Value>); 3] {
    let picture = entries().into_iter();
    let mut pictures = picture.filter(|(name, _)| name.starts_with("picture"));
    let (_, picture) = pictures.next().expect("a picture");
    let switchboard::model::Change::Message { message: picture } = picture.change else {
        panic!("no message");
    };
    [
        ("of the visitor", row(&message(Direction::In))),
        ("of staff", row(&message(Direction::Out))),
        ("a picture", row(&picture)),
    ]
}

fn row(message: &Message) -> Map<String, Value> {
    widget::row(&WorkspaceId::new("default"), VISITOR, message)
}
