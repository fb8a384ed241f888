use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use serde::Serialize;
use serde_json::json;

use super::item::{Item, Status};

/// All that was found.
pub struct Report {
    mode: &'static str,
    strict: bool,
    items: Vec<Item>,
}

impl Report {
    pub fn new(mode: &'static str, strict: bool, items: Vec<Item>) -> Self {
        Self {
            mode,
            strict,
            items,
        }
    }

    /// 2 if a start would be refused for a setting, 1 if something else fails.
    pub fn exit(&self) -> u8 {
        if self.items.iter().any(|item| item.is_setting) {
            return 2;
        }
        let most = if self.strict {
            Status::Note
        } else {
            Status::Warn
        };
        u8::from(self.items.iter().any(|item| item.status > most))
    }

    /// Coloured on a terminal only, and not if `NO_COLOR` says so.
    pub fn print_lines(&self) -> io::Result<()> {
        let mut out = anstream::stdout().lock();
        let width = self.items.iter().map(|item| item.item.len()).max();
        let width = width.unwrap_or_default();
        for item in &self.items {
            let style = style(item.status);
            let (status, name, found) = (item.status, item.item, &item.found);
            write!(out, "{style}{status:4}{style:#}  {name:width$}  {found}")?;
            match &item.advice {
                Some(advice) => writeln!(out, " -> {advice}")?,
                None => writeln!(out)?,
            }
        }
        let counts = Status::ALL.map(|status| format!("{} {status}", self.count(status)));
        writeln!(out, "\n{}", counts.join(", "))?;
        out.flush()
    }

    pub fn print_json(&self) -> io::Result<()> {
        let mut out = io::stdout().lock();
        let count = |status| (status, self.count(status));
        let counts: Vec<_> = Status::ALL.into_iter().map(count).collect();
        let counts: serde_json::Map<_, _> = counts
            .into_iter()
            .map(|(status, count)| (status.to_string(), json!(count)))
            .collect();
        let document = Document {
            version: env!("CARGO_PKG_VERSION"),
            mode: self.mode,
            exit: self.exit(),
            counts,
            items: &self.items,
        };
        serde_json::to_writer_pretty(&mut out, &document)?;
        writeln!(out)
    }

    fn count(&self, status: Status) -> usize {
        let of = |item: &&Item| item.status == status;
        self.items.iter().filter(of).count()
    }
}

#[derive(Serialize)]
struct Document<'a> {
    version: &'static str,
    mode: &'static str,
    exit: u8,
    counts: serde_json::Map<String, serde_json::Value>,
    items: &'a [Item],
}

fn style(status: Status) -> Style {
    let colour = match status {
        Status::Ok => AnsiColor::Green,
        Status::Note => AnsiColor::Cyan,
        Status::Warn => AnsiColor::Yellow,
        Status::Fail => AnsiColor::Red,
    };
    colour.on_default().bold()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_says_the_worst() {
        let (ok, note) = (Item::ok("a", ""), Item::note("b", "", ""));
        let (warn, fail) = (Item::warn("c", "", ""), Item::fail("d", "", ""));
        let wrong = Item::wrong("e", "", "");
        let exit = |strict, items: &[&Item]| {
            let items = items.iter().map(|item| (*item).clone()).collect();
            Report::new("embedded", strict, items).exit()
        };
        assert_eq!(exit(false, &[&ok, &note, &warn]), 0);
        assert_eq!(exit(true, &[&ok, &note]), 0);
        assert_eq!(exit(true, &[&ok, &warn]), 1);
        assert_eq!(exit(false, &[&ok, &fail, &warn]), 1);
        assert_eq!(exit(false, &[&fail, &wrong, &ok]), 2);
    }
}
