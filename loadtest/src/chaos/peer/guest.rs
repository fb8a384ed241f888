//! A guest, in one tab.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::json;

use super::{
    Phase,
    client::{Client, text},
    talk::Talk,
};
use crate::chaos::record::{Role, What};

/// What leads back to the session of each guest, for its further tabs.
#[derive(Clone, Default)]
pub struct Tokens(Arc<Mutex<HashMap<String, String>>>);

pub struct Guest {
    talk: Talk,
    workspace: String,
    token: Option<String>,
    session: String,
    tokens: Tokens,
}

pub const NAMESPACE: &str = "/public-portal";

impl Tokens {
    pub fn of(&self, who: &str) -> Option<String> {
        let tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.get(who).cloned()
    }

    fn put(&self, who: &str, token: &str) {
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.insert(who.to_owned(), token.to_owned());
    }
}

impl Guest {
    /// With a token it is a further tab of whoever has that session.
    pub fn new(
        client: Client,
        seed: u64,
        workspace: &str,
        tokens: &Tokens,
        token: Option<String>,
    ) -> Self {
        let talk = Talk::new(client, seed);
        Self {
            talk,
            workspace: workspace.to_owned(),
            token,
            session: String::new(),
            tokens: tokens.clone(),
        }
    }

    pub async fn run(mut self) {
        let (role, workspace) = (Role::Guest, self.workspace.clone());
        self.talk.client.note(What::Hello { role, workspace });
        while self.talk.phase() != Phase::Leave {
            if self.turn().await.is_err() {
                self.talk.pause().await;
            }
        }
        while self.last().await.is_err() {
            self.talk.pause().await;
        }
        self.talk.client.leave().await;
    }

    async fn turn(&mut self) -> anyhow::Result<()> {
        if !self.talk.present().await {
            return Ok(());
        }
        self.catch_up().await?;
        self.talk.listen().await?;
        self.talk.say("guest:message", &self.session).await
    }

    async fn catch_up(&mut self) -> anyhow::Result<()> {
        if self.talk.behind {
            self.start().await?;
            self.load(false).await?;
            self.talk.behind = false;
        }
        Ok(())
    }

    async fn load(&mut self, last: bool) -> anyhow::Result<()> {
        let nothing = json!({});
        self.talk
            .load("guest:history", &nothing, &self.session, last)
            .await
    }

    async fn start(&mut self) -> anyhow::Result<()> {
        let mut start = json!({ "name": self.talk.client.who, "workspace": self.workspace });
        if let Some(token) = &self.token {
            start["token"] = token.as_str().into();
        }
        let started = self.talk.granted("guest:start", &start).await?;
        self.session = text(&started, "sessionId");
        if let Some(token) = started["token"].as_str() {
            self.tokens.put(&self.talk.client.who, token);
            self.token = Some(token.to_owned());
        }
        let session = self.session.clone();
        self.talk.client.note(What::Started { session });
        Ok(())
    }

    async fn last(&mut self) -> anyhow::Result<()> {
        while !self.talk.present().await {}
        self.catch_up().await?;
        self.load(true).await
    }
}
