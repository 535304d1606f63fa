//! Rules of authorization, of token validity and of the audit. The module does not read the
//! environment or the terminal, and gets the current time from its callers. Slow work (hashing,
//! signing) is done outside write transactions.

mod abbreviation;
pub(crate) mod accounts;
mod ambiguous_id;
pub(crate) mod audit;
pub(crate) mod audit_context;
mod claims;
pub(crate) mod desired_state;
pub(crate) mod error;
pub(crate) mod keys;
pub(crate) mod maintenance;
pub(crate) mod minting;
pub(crate) mod principal;
mod rejection;
pub(crate) mod resource_kind;
pub(crate) mod revocation;
pub(crate) mod sessions;
pub(crate) mod settings;
mod signing;
#[cfg(test)]
mod test_store;
pub(crate) mod tokens;
pub(crate) mod verification;

pub(crate) use audit_context::AuditContext;
pub(crate) use error::Error;
pub(crate) use rejection::{RejectReason, Rejection};
pub(crate) use sessions::Caller;

use crate::signals::Interrupted;
use crate::store;

impl From<Interrupted> for Error {
    fn from(interrupted: Interrupted) -> Self {
        Self::Store(store::Error::Interrupted(interrupted))
    }
}
