use async_trait::async_trait;

use super::MemoryHub;
use crate::{
    hub::{Attachment, Channel, Channels, Turn, TurnOp, Unavailable, publications},
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

    async fn tell_in_turn(
        &self,
        channel: &Channel,
        aside: Aside,
        turn: &Turn,
    ) -> Result<bool, Unavailable> {
        self.answering()?;
        let now = self.clock.now();
        let mut slot = self.slot(channel.partition());
        let workspace = slot.workspaces.entry(channel.workspace().clone());
        let turns = &mut workspace.or_default().turns;
        turns.retain(|_, (_, until)| *until > now);
        match turn.op {
            TurnOp::Take { for_ms } => {
                let last = (turn.token.clone(), now.saturating_add(for_ms));
                turns.insert(turn.name.clone(), last);
            }
            TurnOp::End => drop(turns.remove(&turn.name)),
            TurnOp::EndIfLast => {
                let last = turns.get(&turn.name);
                if last.is_none_or(|(token, _)| *token != turn.token) {
                    return Ok(false);
                }
                turns.remove(&turn.name);
            }
            TurnOp::IfOver if turns.contains_key(&turn.name) => return Ok(false),
            TurnOp::IfOver => {}
        }
        self.bus.aside(channel, aside);
        Ok(true)
    }

    async fn unsubscribe(&self, pod: &PodId, channel: &Channel) -> Result<(), Unavailable> {
        self.bus.unsubscribe(pod, channel);
        Ok(())
    }
}
