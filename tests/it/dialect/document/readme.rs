//! README's table of events is the one in the code.

use switchboard::dialect::{Audience, native_events};

const README: &str = include_str!("../../../../README.md");

#[test]
fn readme_names_every_event_of_each_side() {
    for (side, audience) in [("guest", Audience::Guest), ("operator", Audience::Operator)] {
        let row = README
            .lines()
            .find(|line| line.starts_with(&format!("| {side} | `")))
            .expect("a row of the table");
        let cells: Vec<_> = row.split('|').map(names).collect();
        let events = native_events(audience);
        assert_eq!(cells[2], events.asked, "what a {side} sends");
        assert_eq!(cells[3], events.told, "what a {side} is told");
    }
}

fn names(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}
