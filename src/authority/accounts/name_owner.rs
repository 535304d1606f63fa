//! Lookup of the user that a set of names belongs to.

use crate::model::{User, UserRef};
use crate::store::{self, Reader};

/// The user that a set of names belongs to.
pub(super) enum NameOwner {
    /// No user has any of the names.
    Free,
    /// One user has all of the names.
    Single(User),
    /// At least one name is taken, and no user has all of the names.
    Conflicting,
}

impl NameOwner {
    pub(super) fn lookup(tx: &Reader<'_>, names: &[UserRef]) -> Result<Self, store::Error> {
        let owners =
            names.iter().map(|user_ref| tx.find_user(user_ref)).collect::<Result<Vec<_>, _>>()?;
        let Some(first) = owners.iter().flatten().next() else { return Ok(Self::Free) };
        let is_first =
            |owner: &Option<User>| owner.as_ref().is_some_and(|user| user.id == first.id);
        let is_single = owners.iter().all(is_first);
        Ok(if is_single { Self::Single(first.clone()) } else { Self::Conflicting })
    }

    pub(super) fn into_single(self) -> Option<User> {
        match self {
            Self::Single(user) => Some(user),
            Self::Free | Self::Conflicting => None,
        }
    }
}
