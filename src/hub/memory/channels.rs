use async_trait::async_trait;

use super::MemoryHub;
use crate::{
    hub::{Attachment, Channel, Channels, Unavailable, publications},
    model::{Aside, PodId},
};

#[async_trait]
impl Channels for MemoryHub {
    async fn attach(&self, pod: &PodId, capacity: usize) -> Result<Attachment, Unavailable> {
        self.answering()?;
        let (publisher, publications) = publications(capacity);
        self.bus.attach(pod, publisher);
        Ok(Attachment { publications })
    }

    async fn subscribe(&self, pod: &PodId, channel: &Channel) -> Result<(), Unavailable> {
        self.answering()?;
        self.bus.subscribe(pod, channel);
        Ok(())
    }

    async fn tell(&self, channel: &Channel, aside: Aside) -> Result<(), Unavailable> {
        self.answering()?;
        self.bus.aside(channel, aside);
        Ok(())
    }

    async fn unsubscribe(&self, pod: &PodId, channel: &Channel) -> Result<(), Unavailable> {
        self.bus.unsubscribe(pod, channel);
        Ok(())
    }
}
