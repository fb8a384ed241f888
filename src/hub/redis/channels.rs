//! The channels between pods.

use async_trait::async_trait;

use super::{RedisHub, entry, script::Script};
use crate::{
    hub::{Attachment, Channel, Channels, Ingest as _, Turn, TurnOp, Unavailable, publications},
    model::{Aside, PodId},
};

static TELL: Script = Script::new(
    "tell",
    "return redis.call('SPUBLISH', arg(), pack({ 'aside', arg() }))",
);

static TELL_IN_TURN: Script = Script::new("tell_in_turn", include_str!("tell_in_turn.lua"));

#[async_trait]
impl Channels for RedisHub {
    async fn attach(&self, pod: &PodId, capacity: usize) -> Result<Attachment, Unavailable> {
        let (publisher, publications) = publications(capacity);
        self.subscriber.attach(pod).await?;
        // The lives of all partitions are known before the pod hears of any.
        self.persisted().await?;
        self.subscriber.bus.attach(pod, publisher);
        Ok(Attachment { publications })
    }

    async fn subscribe(&self, pod: &PodId, channel: &Channel) -> Result<(), Unavailable> {
        if self.faults.is_down() {
            return Err(Unavailable);
        }
        self.subscriber.bus.subscribe(pod, channel);
        self.subscriber.subscribe(channel).await
    }

    async fn tell(&self, channel: &Channel, aside: Aside) -> Result<(), Unavailable> {
        let call = self
            .call()
            .key(self.keys.log(channel).1)
            .arg(self.keys.channel(channel))
            .arg(entry::to_json(&aside));
        self.run(channel.partition(), &TELL, call).await.map(drop)
    }

    async fn tell_in_turn(
        &self,
        channel: &Channel,
        aside: Aside,
        turn: &Turn,
    ) -> Result<bool, Unavailable> {
        let (op, for_ms) = match turn.op {
            TurnOp::Take { for_ms } => ("take", for_ms),
            TurnOp::End => ("end", 0),
            TurnOp::EndIfLast => ("end_if_last", 0),
            TurnOp::IfOver => ("if_over", 0),
        };
        let last = format!("last:{}", turn.name);
        let call = self
            .call()
            .key(self.keys.in_workspace(channel.workspace(), &last))
            .arg(self.keys.channel(channel))
            .arg(entry::to_json(&aside))
            .arg(turn.token.as_str())
            .arg(op)
            .number(for_ms);
        let partition = channel.partition();
        let mut reply = self.run(partition, &TELL_IN_TURN, call).await?;
        Ok(reply.flag()?)
    }

    async fn unsubscribe(&self, pod: &PodId, channel: &Channel) -> Result<(), Unavailable> {
        self.subscriber.bus.unsubscribe(pod, channel);
        self.subscriber.unsubscribe(channel).await
    }
}
