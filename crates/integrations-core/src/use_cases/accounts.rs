//! Organizations.

use super::{Platform, PlatformError, error::found};
use crate::{
    Organization, OrganizationId,
    store::{Page, Paged},
    text,
};

/// The greatest length of a name, in characters.
pub(super) const MAX_NAME_CHARS: usize = 64;

impl Platform {
    /// Adds an organization.
    ///
    /// # Errors
    /// The name is empty or too long.
    pub async fn create_organization(&self, name: &str) -> Result<Organization, PlatformError> {
        let organization = Organization {
            id: OrganizationId::generate(&*self.ports().clock, &*self.ports().entropy),
            name: checked_name(name)?,
            created_at: self.now(),
        };
        self.ports().store.create_organization(&organization).await?;
        Ok(organization)
    }

    /// Finds an organization.
    ///
    /// # Errors
    /// It is not there.
    pub async fn organization(&self, id: OrganizationId) -> Result<Organization, PlatformError> {
        found(self.ports().store.organization(id).await?, id)
    }

    /// All organizations, oldest first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn list_organizations(&self, page: Page) -> Result<Paged<Organization>, PlatformError> {
        Ok(self.ports().store.list_organizations(page).await?)
    }

    /// Erases an organization and everything that belongs to it.
    ///
    /// # Errors
    /// It is not there.
    pub async fn delete_organization(&self, id: OrganizationId) -> Result<(), PlatformError> {
        let deleted = self.ports().store.delete_organization(id).await?;
        found(deleted.then_some(()), id)
    }
}

/// A name for people: one line, not empty, not long.
pub(super) fn checked_name(name: &str) -> Result<String, PlatformError> {
    let name = text::single_line(name);
    match name.chars().count() {
        0 => Err(PlatformError::invalid("/name", "is required")),
        1..=MAX_NAME_CHARS => Ok(name.into_owned()),
        _ => Err(PlatformError::invalid("/name", format!("must be at most {MAX_NAME_CHARS} characters"))),
    }
}
