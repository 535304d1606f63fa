//! Options that filter by owner: the caller by default.

use crate::app::App;
use crate::authority::{self, Caller};
use crate::failure::Failure;
use crate::model::{UserId, UserRef};
use clap::Args;

#[derive(Debug, Args)]
pub(super) struct OwnerArgs {
    /// Filter by owner (admins only) [default: yourself]
    #[arg(
        long,
        value_parser = UserRef::parse,
        conflicts_with = "all_users",
        add = clap_complete::ArgValueCandidates::new(super::completers::users)
    )]
    user: Option<UserRef>,

    /// Include all users (admins only)
    #[arg(long)]
    all_users: bool,
}

impl OwnerArgs {
    /// Returns the user in `--user`.
    pub(super) fn user(&self) -> Option<&UserRef> {
        self.user.as_ref()
    }

    /// Returns the id of the selected owner, or `None` for all users.
    pub(super) fn resolve_owner(
        &self,
        app: &mut App,
        caller: &Caller,
    ) -> Result<Option<UserId>, Failure> {
        match &self.user {
            None if self.all_users => Ok(None),
            None => Ok(Some(caller.user.id)),
            Some(user_ref) => {
                Ok(Some(authority::accounts::load(app.store()?, caller, user_ref)?.id))
            }
        }
    }
}
