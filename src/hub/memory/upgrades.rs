use super::{
    MemoryHub,
    connections::{Connection, Upgrade},
};
use crate::{
    hub::{ClaimId, ClosedBy, Departed, Signal, UpgradeClaim},
    model::Millis,
};

impl MemoryHub {
    pub(super) fn upgrade(
        &self,
        connection: &mut Connection,
        now: Millis,
        until: Millis,
    ) -> UpgradeClaim {
        let busy = connection
            .upgrade
            .as_ref()
            .is_some_and(|upgrade| upgrade.until > now);
        if busy || connection.tombstone(now, false).is_some() {
            return UpgradeClaim::Refused;
        }
        let claim = connection.claim();
        connection.upgrade = Some(Upgrade { claim, until });
        connection.signal_listener(&self.bus, Signal::Release);
        UpgradeClaim::Claimed {
            claim,
            state: connection.state.clone(),
        }
    }

    pub(super) fn stop_upgrade(
        &self,
        connection: &mut Connection,
        claim: ClaimId,
        probed: bool,
        now: Millis,
    ) -> Option<Departed> {
        connection
            .upgrade
            .take_if(|upgrade| upgrade.claim == claim)?;
        if probed {
            connection.end(ClosedBy::Server, now, &self.bus)
        } else {
            None
        }
    }

    pub(super) fn take_over(
        &self,
        connection: &mut Connection,
        claim: ClaimId,
        now: Millis,
    ) -> Option<Departed> {
        connection
            .upgrade
            .take_if(|upgrade| upgrade.claim == claim)?;
        if connection.is_expired(now) {
            return None;
        }
        connection.acknowledge();
        connection.end(ClosedBy::Upgrade, now, &self.bus)
    }
}
