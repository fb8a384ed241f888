use std::time::Duration;

use super::conversation::{Conversation, Expect};
use crate::support::{
    pods::{FREE, Pods},
    schema::Schema,
    token::token,
};

/// Pods of one test, and a conversation over them. Whoever makes one holds the servers that it uses, and
/// drops them after it.
pub struct House {
    pub pods: Pods,
    pub talk: Conversation,
}

/// Longer than it takes that a writer of another life has given up its lease.
const STORED: Duration = Duration::from_secs(45);

impl House {
    /// Two pods, with further settings by the names that they have in the environment.
    pub async fn on(redis: &str, schema: Schema, settings: &[(&str, &str)]) -> Self {
        let pods = Pods::launch(schema, redis, &[FREE, FREE], settings).await;
        let token = token(&pods.secrets(), "7", "Olga", "default", 3600);
        let talk = Conversation::begin(&pods.addresses(), &token).await;
        Self { pods, talk }
    }

    /// Ends the talk and looks at all of it; the schema goes with what is returned.
    pub async fn check(self, expect: Expect) -> Schema {
        let database = self.pods.database().await;
        let told = tokio::time::timeout(STORED, self.talk.end(&database, expect));
        told.await.expect("it does not come to an end");
        self.pods.stop().await
    }
}
