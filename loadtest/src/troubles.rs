//! What ended a client before its time.

use serde_json::Value;

/// The first few that differ: a thousand guests tell the same story.
#[derive(Default)]
pub struct Troubles(Vec<String>);

const TOLD: usize = 5;

impl Troubles {
    pub fn add(&mut self, trouble: Option<anyhow::Error>) {
        let Some(trouble) = trouble else { return };
        let told = format!("{trouble:#}");
        if self.0.len() < TOLD && !self.0.contains(&told) {
            self.0.push(told);
        }
    }

    pub fn any(&self) -> bool {
        !self.0.is_empty()
    }

    pub fn print(&self) {
        for trouble in &self.0 {
            println!("  trouble     {trouble}");
        }
    }

    pub fn json(&self) -> Value {
        Value::from(self.0.clone())
    }
}
