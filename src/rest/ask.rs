use serde_json::{Map, Value};

use super::{Rest, caller::Caller, idempotency::Key, problem::Problem};
use crate::{
    chat::{Actor, Done},
    dialect::{self, Audience, Dialect},
    model::Reply,
};

/// What an acknowledgement holds beside `ok`.
pub struct Answer {
    pub fields: Map<String, Value>,
    /// It had been carried out before.
    pub duplicate: bool,
}

impl Rest {
    /// Does what the event of that name would do, and answers what its acknowledgement would hold.
    pub async fn ask(
        &self,
        caller: &Caller,
        event: &'static str,
        fields: Map<String, Value>,
        key: &Key,
    ) -> Result<Answer, Problem> {
        let actor = Actor::Operator(caller.actor());
        let command = dialect::decode(
            Dialect::Native,
            Audience::Operator,
            event,
            Some(&Value::Object(fields)),
        );
        let chat = &self.parts.chat;
        let command = command.inspect_err(|reject| chat.count_refusal(&actor, reject))?;
        let files = &self.parts.files;
        let command = files.resolve(chat, &actor, command).await;
        let command = command.inspect_err(|reject| chat.count_refusal(&actor, reject))?;
        let mut done = chat
            .handle(&actor, command, &key.dedup(caller, event))
            .await?;
        files.link_done(&caller.workspace, &mut done);
        self.acknowledge(done).await
    }

    /// Once it is as safe as acknowledgements promise.
    pub async fn acknowledge(&self, done: Done) -> Result<Answer, Problem> {
        if let Some(mark) = &done.mark {
            self.stored(mark).await?;
        }
        let duplicate = matches!(
            done.reply,
            Reply::Sent {
                duplicate: true,
                ..
            }
        );
        let reply = dialect::encode_reply(Audience::Operator, &done.reply, None);
        let mut fields = match reply {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        fields.shift_remove("ok");
        Ok(Answer { fields, duplicate })
    }
}
