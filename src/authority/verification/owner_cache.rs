//! Owners of the tokens that are verified in one snapshot of the store.

use super::super::Error;
use crate::model::{User, UserId};
use crate::store::Reader;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// Owners of tokens in one snapshot of the store. Each owner is looked up once.
pub(super) struct OwnerCache<'a> {
    /// The transaction that reads the snapshot.
    pub(super) tx: &'a Reader<'a>,
    owners: RefCell<HashMap<UserId, Option<Rc<User>>>>,
}

impl<'a> OwnerCache<'a> {
    pub(super) fn new(tx: &'a Reader<'a>) -> Self {
        Self { tx, owners: RefCell::default() }
    }

    /// Returns the user with this id, even if the user is deleted.
    pub(super) fn find(&self, id: UserId) -> Result<Option<Rc<User>>, Error> {
        if let Some(owner) = self.owners.borrow().get(&id) {
            return Ok(owner.clone());
        }
        let owner = self.tx.find_user_including_deleted(id)?.map(Rc::new);
        self.owners.borrow_mut().insert(id, owner.clone());
        Ok(owner)
    }
}
