//! Plain values that are checked at the door. Nothing here knows a file, a clock or a terminal.

mod algorithm;
mod claims;
mod display;
mod event;
mod foreign;
mod ids;
mod issuer;
mod json;
mod key;
mod moment;
mod names;
mod page;
mod password;
mod path;
mod permission_policy;
mod policy;
mod precis;
mod rows;
mod shell;
mod spreadsheet;
mod time;
mod token;
mod url;
mod user;
mod variable;

pub(crate) use algorithm::{Algorithm, Family, RsaBits};
pub(crate) use claims::ExtraClaims;
pub(crate) use display::{DisplayName, Search};
pub(crate) use event::AuditEvent;
pub(crate) use foreign::{
    Foreign, NOT_SHOWN, escaped, escaped_json, is_hostile, is_invisible, repeatable,
};
pub(crate) use ids::{Jti, Sid, StoreId, TokenId, Uid, UserId};
pub(crate) use issuer::IssuerUrl;
pub(crate) use json::strict_object;
pub(crate) use key::{Key, KeyState, NewKey, Purpose};
pub(crate) use moment::Moment;
pub(crate) use names::{AppName, Email, Permission, UserName, UserRef};
pub(crate) use page::{Page, Paged};
pub(crate) use password::{Password, PasswordHash};
pub(crate) use path::JsonPath;
pub(crate) use permission_policy::PermissionPolicy;
pub(crate) use policy::{OwnQuota, Policy, Quota, Setting};
pub(crate) use rows::{BadLine, Row, RowError, Rows};
pub(crate) use shell::{command_line, is_plain_word, shell_word};
pub(crate) use spreadsheet::{SpreadsheetRows, csv_header, to_csv};
pub(crate) use time::{Lifetime, Timestamp};
pub(crate) use token::{
    Grant, OpenSession, Origin, Pair, RecordedToken, Session, Status, TokenKind,
};
pub(crate) use url::url_scheme;
pub(crate) use user::{Account, Owned, Role, User};
pub(crate) use variable::token_variable;

/// A value that was refused at the door: what it was meant to be, and why it is not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {why}")]
pub(crate) struct Invalid {
    /// What the value was meant to be, as the user would say it.
    pub(crate) what: &'static str,
    /// Why it was refused; never the value itself.
    pub(crate) why: String,
}

impl Invalid {
    pub(crate) fn new(what: &'static str, why: impl Into<String>) -> Self {
        Self { what, why: why.into() }
    }
}
