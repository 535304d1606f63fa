//! Lists of accounts. A long list is loaded in consecutive chunks.

use super::super::{Caller, Error};
use crate::model::{Page, PageRequest, Role, User, UserId, UserRef};
use crate::store::{self, Store};
pub(crate) use crate::store::{UserFilter, UserOrder};
use std::vec;

/// A list of the existing users that match a filter.
#[derive(Debug)]
pub(crate) struct UserList {
    filter: UserFilter,
    /// For chunks of a list that is not sorted by id: the ids of the users not yet returned.
    remaining_ids: Option<vec::IntoIter<UserId>>,
}

impl UserList {
    /// Creates a list for the caller. Only admins see roles, status and display names. For any
    /// other caller, a filter by role or status is refused, and a search ignores display names.
    pub(crate) fn new(caller: &Caller, filter: UserFilter) -> Result<Self, Error> {
        if filter.role.is_some() || filter.disabled.is_some() {
            caller.require_role(Role::Admin, "only admins can see roles and status")?;
        }
        let includes_display_name = caller.user.role == Role::Admin;
        let filter = UserFilter { includes_display_name, ..filter };
        Ok(Self { filter, remaining_ids: None })
    }

    /// Returns a page or a chunk. If the list is not sorted by id, each call for a chunk returns
    /// the next chunk, and ignores the id after which the chunk should start.
    pub(crate) fn load(
        &mut self,
        store: &mut Store,
        page: PageRequest,
    ) -> Result<Page<User>, Error> {
        if let PageRequest::Chunk { size, .. } = page
            && self.filter.order != UserOrder::Id
        {
            return Ok(self.load_sorted_chunk(store, page, size)?);
        }
        Ok(store.read(|tx| tx.users(&self.filter, page))?)
    }

    /// Returns the next chunk of a list that is not sorted by id. The ids are loaded once, because
    /// sorting for each chunk would take quadratic time. A user who is deleted before the chunk is
    /// loaded is omitted. In the result, `next` only shows that further users remain.
    fn load_sorted_chunk(
        &mut self,
        store: &mut Store,
        page: PageRequest,
        size: u32,
    ) -> Result<Page<User>, store::Error> {
        let mut ids = match self.remaining_ids.take() {
            Some(ids) => ids,
            None => store.read(|tx| tx.user_ids(&self.filter))?.into_iter(),
        };
        let chunk = ids.by_ref().take(usize::try_from(size).unwrap_or(usize::MAX));
        let users = store.read(|tx| {
            let users = chunk.map(|id| tx.find_user(&UserRef::Id(id)));
            users.filter_map(Result::transpose).collect::<Result<_, _>>()
        })?;
        let mut user_page = Page::new(page, users, 0, |user: &User| user.id.0);
        user_page.next = ids.as_slice().first().map(|id| id.0);
        self.remaining_ids = Some(ids);
        Ok(user_page)
    }
}
