//! The flags that say whose things a list shows: one's own unless said.

use crate::app::App;
use crate::authority::{self, Caller};
use crate::failure::Failure;
use crate::model::{UserId, UserRef};
use clap::Args;

#[derive(Debug, Args)]
pub(super) struct OwnerArgs {
    /// Those of this user (admins only)
    #[arg(
        long,
        value_parser = UserRef::parse,
        conflicts_with = "all_users",
        add = clap_complete::ArgValueCandidates::new(super::completers::users)
    )]
    user: Option<UserRef>,

    /// Those of all users (admins only)
    #[arg(long)]
    all_users: bool,
}

impl OwnerArgs {
    /// The user; `None` for all.
    pub(super) fn resolve_owner(
        &self,
        app: &mut App,
        caller: &Caller,
    ) -> Result<Option<UserId>, Failure> {
        match &self.user {
            None if self.all_users => Ok(None),
            None => Ok(Some(caller.user.id)),
            Some(user_ref) => Ok(Some(authority::load_user(app.store()?, caller, user_ref)?.id)),
        }
    }
}
