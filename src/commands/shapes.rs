//! The shapes that several commands report: users and tokens, for people and for programs.

use crate::app::{Cell, Report, Text, Tone};
use crate::model::{
    AppName, DisplayName, Email, Foreign, Jti, Owned, Quota, RecordedToken, Role, Status,
    Timestamp, TokenId, TokenKind, Uid, User, UserId, UserName,
};
use serde::Serialize;
use serde_json::{Map, Value};

/// A user as programs see it.
#[derive(Debug, Serialize)]
pub(super) struct UserShape {
    pub(super) id: UserId,
    pub(super) uid: Uid,
    pub(super) username: Option<UserName>,
    pub(super) email: Option<Email>,
    pub(super) name: Option<DisplayName>,
    pub(super) role: Role,
    pub(super) status: &'static str,
    pub(super) quota: Option<QuotaShape>,
    pub(super) created_at: Timestamp,
}

/// A quota of one's own: a number or `unlimited`.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum QuotaShape {
    Limit(u32),
    Word(&'static str),
}

impl From<Quota> for QuotaShape {
    fn from(quota: Quota) -> Self {
        match quota {
            Quota::Limited(limit) => Self::Limit(limit),
            Quota::Unlimited => Self::Word("unlimited"),
        }
    }
}

impl QuotaShape {
    /// A quota in words; without one it is the store's.
    pub(super) fn shown(quota: Option<&Self>) -> String {
        match quota {
            None => "default".to_owned(),
            Some(Self::Limit(limit)) => limit.to_string(),
            Some(Self::Word(word)) => (*word).to_owned(),
        }
    }
}

impl From<User> for UserShape {
    fn from(user: User) -> Self {
        let status = if user.disabled_at.is_some() { "disabled" } else { "active" };
        Self {
            id: user.id,
            uid: user.uid,
            username: user.username,
            email: user.email,
            name: user.name,
            role: user.role,
            status,
            quota: user.quota.map(QuotaShape::from),
            created_at: user.created_at,
        }
    }
}

impl UserShape {
    /// The fields under their names.
    pub(super) fn fields(&self) -> Vec<(&'static str, Cell)> {
        vec![
            ("id", self.id.to_string().into()),
            ("uid", self.uid.to_string().into()),
            ("username", name(self.username.as_ref().map(UserName::shown))),
            ("email", name(self.email.as_ref().map(Email::shown))),
            ("name", name(self.name.as_ref().map(DisplayName::shown))),
            ("role", self.role.name().into()),
            ("status", standing(self.status)),
            ("quota", QuotaShape::shown(self.quota.as_ref()).into()),
            ("created", self.created_at.into()),
        ]
    }
}

/// A recorded token as programs see it; never the token itself.
#[derive(Debug, Serialize)]
pub(super) struct TokenShape {
    pub(super) id: TokenId,
    pub(super) jti: Jti,
    pub(super) kind: TokenKind,
    pub(super) app: AppName,
    pub(super) owner_id: UserId,
    pub(super) owner: Option<Foreign>,
    pub(super) permissions: Vec<Foreign>,
    pub(super) audience: Vec<Foreign>,
    pub(super) claims: Map<String, Value>,
    pub(super) status: Status,
    pub(super) issued_at: Timestamp,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) grace_until: Option<Timestamp>,
    pub(super) revoked_at: Option<Timestamp>,
}

impl TokenShape {
    pub(super) fn of(owned: Owned<RecordedToken>, now: Timestamp) -> Self {
        let token = owned.thing;
        let status = token.status(now);
        Self {
            id: token.id,
            jti: token.jti,
            kind: token.grant.kind,
            app: token.grant.app,
            owner_id: token.grant.owner,
            owner: owned.owner,
            permissions: token.grant.permissions,
            audience: token.grant.audience,
            claims: token.grant.claims,
            status,
            issued_at: token.issued_at,
            expires_at: token.expires_at,
            grace_until: token.grace_until,
            revoked_at: token.revoked_at,
        }
    }

    /// When it stops working: the end of its grace, where it has one.
    pub(super) fn end(&self) -> Option<Timestamp> {
        self.grace_until.or(self.expires_at)
    }

    pub(super) fn fields(&self) -> Vec<(&'static str, Cell)> {
        vec![
            ("id", self.id.to_string().into()),
            ("jti", self.jti.to_string().into()),
            ("kind", self.kind.name().into()),
            ("app", Cell::name(self.app.shown())),
            ("owner", called(self.owner.as_ref(), self.owner_id)),
            ("permissions", joined(&self.permissions)),
            ("audience", joined(&self.audience)),
            ("status", self.status.into()),
            ("issued", self.issued_at.into()),
            ("expires", ending(self.end())),
            ("revoked", self.revoked_at.map_or_else(|| none().into(), Cell::from)),
        ]
    }
}

/// Files that were written.
#[derive(Debug, Serialize)]
pub(super) struct Written {
    pub(super) files: Vec<Foreign>,
}

impl Report for Written {
    fn text(&self) -> Text {
        Text::Nothing
    }
}

/// A name, if there is one.
pub(super) fn name(shown: Option<String>) -> Cell {
    shown.map_or_else(|| none().into(), Cell::name)
}

/// A user by name; a deleted one has none.
pub(super) fn called(name: Option<&Foreign>, id: UserId) -> Cell {
    name.map_or_else(|| id.to_string().into(), |name| Cell::name(name.shown()))
}

/// Whether a user may act.
pub(super) fn standing(status: &str) -> Cell {
    Cell::toned(status, if status == "disabled" { Tone::Bad } else { Tone::Good })
}

/// Several texts in one cell.
pub(super) fn joined(texts: &[Foreign]) -> Cell {
    if texts.is_empty() { none().into() } else { Cell::list(texts) }
}

/// When something ends.
pub(super) fn ending(end: Option<Timestamp>) -> Cell {
    end.map_or_else(|| "never".into(), Cell::from)
}

/// So many of them: `1 token`, `2 tokens`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// What stands where nothing is.
pub(super) fn none() -> String {
    "-".to_owned()
}
