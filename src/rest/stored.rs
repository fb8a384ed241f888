use tokio::time::timeout;

use super::{Rest, problem::Problem};
use crate::{hub::Mark, model::Reject};

impl Rest {
    /// Until that is in the history, if acknowledgements promise it; `pending` if it takes too long.
    pub async fn stored(&self, mark: &Mark) -> Result<(), Problem> {
        if self.settings.waits_for_storage {
            self.written(mark).await?;
        }
        Ok(())
    }

    /// The same, whatever acknowledgements promise: of what is read again at once.
    pub async fn written(&self, mark: &Mark) -> Result<(), Problem> {
        let mut persisted = self.parts.persisted.clone();
        let holds = persisted.wait_for(|persisted| persisted.holds(mark));
        match timeout(self.settings.ack_timeout, holds).await {
            Ok(Ok(_)) => Ok(()),
            // Too late, or the pod is ending.
            Ok(Err(_)) | Err(_) => Err(Reject::pending().into()),
        }
    }
}
