use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// Files that one person sends at a time, to a pod: whoever has a slow line leaves turns to others.
const OWN_UPLOADS_MAX: usize = 3;

/// How many each sends now; nobody is in it who sends none.
#[derive(Default)]
pub struct OwnTurns(Mutex<HashMap<String, usize>>);

/// Over when it is dropped, however an upload ends.
pub struct OwnTurn<'a> {
    of: &'a OwnTurns,
    who: String,
}

impl OwnTurns {
    /// `None`: all of that person are taken.
    pub fn take(&self, who: String) -> Option<OwnTurn<'_>> {
        let mut sending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = sending.entry(who.clone()).or_default();
        if *count >= OWN_UPLOADS_MAX {
            return None;
        }
        *count += 1;
        Some(OwnTurn { of: self, who })
    }
}

impl Drop for OwnTurn<'_> {
    fn drop(&mut self) {
        let mut sending = self.of.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = sending.get_mut(&self.who) {
            *count -= 1;
            if *count == 0 {
                sending.remove(&self.who);
            }
        }
    }
}
