//! The channels between pods.

use async_trait::async_trait;

use super::{RedisHub, entry, script::Script};
use crate::{
    hub::{Attachment, Channel, Channels, Ingest as _, Unavailable, publications},
    model::{Aside, PodId},
};

static TELL: Script = Script::new(
    "tell",
    "return redis.call('SPUBLISH', arg(), pack({ 'aside', arg() }))",
);

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

    async fn unsubscribe(&self, pod: &PodId, channel: &Channel) -> Result<(), Unavailable> {
        self.subscriber.bus.unsubscribe(pod, channel);
        self.subscriber.unsubscribe(channel).await
    }
}
