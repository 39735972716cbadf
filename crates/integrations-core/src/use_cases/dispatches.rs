//! Dispatches, as their owners see and steer them.

use super::{Platform, PlatformError, error::found};
use crate::{
    Attempt, Dispatch, DispatchId, DispatchStatus, OrganizationId, Step,
    store::{DispatchFilter, Page, Paged},
};

impl Platform {
    /// Finds a dispatch and the attempts made.
    ///
    /// # Errors
    /// It is not there.
    pub async fn dispatch(
        &self,
        organization: OrganizationId,
        id: DispatchId,
    ) -> Result<(Dispatch, Vec<Attempt>), PlatformError> {
        found(self.ports().store.dispatch_with_attempts(organization, id).await?, id)
    }

    /// The dispatches of an organization, newest first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn list_dispatches(
        &self,
        organization: OrganizationId,
        filter: DispatchFilter,
        page: Page,
    ) -> Result<Paged<Dispatch>, PlatformError> {
        Ok(self.ports().store.list_dispatches(organization, filter, page).await?)
    }

    /// Sends an ended dispatch again, in a fresh retry window.
    ///
    /// # Errors
    /// It is not there, neither failed nor canceled, or its integration or address is deleted.
    pub async fn replay_dispatch(
        &self,
        organization: OrganizationId,
        id: DispatchId,
    ) -> Result<Dispatch, PlatformError> {
        let (dispatch, entry) = found(self.ports().store.replay(organization, id, self.now()).await?, id)?;
        match entry {
            Some(entry) => {
                // It is stored as due; what the queue does not learn now, a sweep tells it.
                let _ = self.tell(&mut [entry]).await;
                Ok(dispatch)
            }
            None if dispatch.state.status.permits(Step::Replay) => Err(PlatformError::NobodyWaits),
            None => Err(PlatformError::WrongStatus(dispatch.state.status)),
        }
    }

    /// Cancels a waiting dispatch.
    ///
    /// # Errors
    /// It is not there, or not waiting.
    pub async fn cancel_dispatch(
        &self,
        organization: OrganizationId,
        id: DispatchId,
    ) -> Result<Dispatch, PlatformError> {
        let (dispatch, canceled) = found(self.ports().store.cancel(organization, id).await?, id)?;
        debug_assert!(!canceled || dispatch.state.status == DispatchStatus::Canceled);
        if canceled { Ok(dispatch) } else { Err(PlatformError::WrongStatus(dispatch.state.status)) }
    }
}
