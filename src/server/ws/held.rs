use crate::{
    hub::{Hold, OutboxItem, Persisted},
    model::{Frame, Millis},
};

/// Answers that wait for their entries to be stored, on a WebSocket.
#[derive(Debug, Default)]
pub struct Held(Vec<(Hold, Vec<Frame>)>);

impl Held {
    /// Splits off what can be said at once; the rest waits.
    pub fn admit(&mut self, items: Vec<OutboxItem>, persisted: &Persisted) -> Vec<Frame> {
        let mut now = Vec::new();
        for OutboxItem { mut frames, hold } in items {
            match hold {
                Some(hold) if !persisted.holds(&hold.mark) => self.0.push((hold, frames)),
                _ => now.append(&mut frames),
            }
        }
        let mut surplus = Hold::surplus(self.0.iter().map(|(hold, _)| hold));
        self.0.retain(|(hold, _)| {
            let goes = surplus > 0 && hold.is_patient();
            surplus -= usize::from(goes);
            !goes
        });
        now
    }

    /// What has come true, or has waited long enough, in order.
    pub fn release(&mut self, now: Millis, persisted: &Persisted) -> Vec<Frame> {
        let mut released = Vec::new();
        self.0.retain_mut(|(hold, frames)| {
            if persisted.holds(&hold.mark) {
                released.append(frames);
            } else if hold.until <= now {
                released.append(&mut hold.otherwise);
            } else {
                return true;
            }
            false
        });
        released
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// When the first has waited long enough.
    pub fn until(&self) -> Option<Millis> {
        self.0.iter().map(|(hold, _)| hold.until).min()
    }
}
