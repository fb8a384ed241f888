use std::{cmp::Ordering, collections::HashSet};

use crate::{
    history::SessionCursor,
    model::{OperatorId, Reject, Session, SessionId, SessionQuery},
};

/// A session with its place in the waiting queue.
pub(in crate::chat) type Row = (Session, Option<u64>);

/// One page of the list of sessions, while it is put together from hub and history.
pub(in crate::chat) struct Listing {
    query: SessionQuery,
    /// Those of the hub, matching or not: their rows in the history are older.
    hot: HashSet<SessionId>,
    /// In order, one more than the page at most.
    found: Vec<Row>,
    /// Where to go on in the history.
    after: Option<SessionCursor>,
    /// The history has nothing more for this page.
    exhausted: bool,
}

impl Listing {
    pub fn new(mut query: SessionQuery, asker: &OperatorId, hot: Vec<Row>) -> Result<Self, Reject> {
        let after = query.cursor.as_deref().map(read_cursor).transpose()?;
        if query.mine {
            query.agent = Some(asker.clone());
        }
        let ids = hot.iter().map(|(session, _)| session.id.clone()).collect();
        let mut listing = Self {
            query,
            hot: ids,
            found: Vec::new(),
            after: after.clone(),
            exhausted: false,
        };
        let search = listing
            .query
            .search
            .as_ref()
            .map(|search| search.to_lowercase());
        let on_page = |(session, _): &Row| {
            matches(session, &listing.query, search.as_deref())
                && after
                    .as_ref()
                    .is_none_or(|after| order(&place(session), after).is_gt())
        };
        listing.found = hot.into_iter().filter(on_page).collect();
        listing.arrange();
        Ok(listing)
    }

    /// What to ask the history next, if its answer can be on the page.
    pub fn wants(&self) -> Option<(SessionQuery, Option<SessionCursor>)> {
        let query = SessionQuery {
            limit: self.count(),
            ..self.query.clone()
        };
        (!self.exhausted).then(|| (query, self.after.clone()))
    }

    pub fn add(&mut self, rows: Vec<Session>) {
        // A page that is not full was the last one.
        self.exhausted = rows.len() < self.count();
        self.after = rows.last().map(place);
        let unseen = rows
            .into_iter()
            .filter(|session| !self.hot.contains(&session.id));
        self.found.extend(unseen.map(|session| (session, None)));
        self.arrange();
        // Full of what comes before anything that the history still has.
        if let (true, Some((last, _)), Some(after)) =
            (self.is_full(), self.found.last(), &self.after)
        {
            self.exhausted |= order(&place(last), after).is_le();
        }
    }

    pub fn page(mut self) -> (Vec<Row>, Option<String>) {
        let more = self.is_full();
        self.found.truncate(self.query.limit);
        let cursor = self
            .found
            .last()
            .filter(|_| more)
            .map(|(session, _)| write_cursor(session));
        (self.found, cursor)
    }

    /// One more than the page, which tells whether there is another one.
    fn count(&self) -> usize {
        self.query.limit.saturating_add(1)
    }

    fn is_full(&self) -> bool {
        self.found.len() > self.query.limit
    }

    fn arrange(&mut self) {
        self.found
            .sort_by(|(a, _), (b, _)| order(&place(a), &place(b)));
        self.found.truncate(self.count());
    }
}

fn matches(session: &Session, query: &SessionQuery, search: Option<&str>) -> bool {
    let has = |text: &Option<String>, part: &str| {
        text.as_ref()
            .is_some_and(|text| text.to_lowercase().contains(part))
    };
    query.status.is_none_or(|status| session.status == status)
        && query.agent.as_ref().is_none_or(|agent| {
            session
                .agent
                .as_ref()
                .is_some_and(|assigned| assigned.id == *agent)
        })
        && search
            .is_none_or(|part| has(&session.guest.name, part) || has(&session.guest.email, part))
}

fn place(session: &Session) -> SessionCursor {
    SessionCursor {
        last_activity: session.last_activity,
        id: session.id.clone(),
    }
}

/// Most lately active first, then by id, both descending.
fn order(a: &SessionCursor, b: &SessionCursor) -> Ordering {
    (b.last_activity, &b.id).cmp(&(a.last_activity, &a.id))
}

fn write_cursor(session: &Session) -> String {
    format!("{}:{}", session.last_activity, session.id)
}

fn read_cursor(text: &str) -> Result<SessionCursor, Reject> {
    let read = || {
        let (last_activity, id) = text.split_once(':')?;
        // The history counts in signed 64 bits.
        let last_activity = last_activity.parse::<i64>().ok()?.try_into().ok()?;
        Some(SessionCursor {
            last_activity,
            id: SessionId::new(id),
        })
    };
    read().ok_or_else(|| Reject::field("cursor", "Not a cursor of this list"))
}

#[cfg(test)]
#[path = "list_tests.rs"]
mod tests;
