//! The shapes that several commands report: users and tokens, for people and for programs.

use crate::app::{Report, Text};
use crate::model::{
    AppName, Email, Foreign, Jti, Quota, RecordedToken, Role, Status, Timestamp, TokenId,
    TokenKind, Uid, User, UserId, UserName,
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
    pub(super) name: Option<Foreign>,
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
            quota: user.quota.map(|quota| match quota {
                Quota::Limited(limit) => QuotaShape::Limit(limit),
                Quota::Unlimited => QuotaShape::Word("unlimited"),
            }),
            created_at: user.created_at,
        }
    }
}

impl UserShape {
    /// The fields under their names.
    pub(super) fn fields(&self) -> Vec<(&'static str, String)> {
        let quota = match &self.quota {
            None => "default".to_owned(),
            Some(QuotaShape::Limit(limit)) => limit.to_string(),
            Some(QuotaShape::Word(word)) => (*word).to_owned(),
        };
        vec![
            ("id", self.id.to_string()),
            ("uid", self.uid.to_string()),
            ("username", self.username.as_ref().map_or_else(none, UserName::shown)),
            ("email", self.email.as_ref().map_or_else(none, Email::shown)),
            ("name", self.name.as_ref().map_or_else(none, Foreign::shown)),
            ("role", self.role.name().to_owned()),
            ("status", self.status.to_owned()),
            ("quota", quota),
            ("created", self.created_at.to_string()),
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
    pub(super) fn of(token: RecordedToken, now: Timestamp) -> Self {
        let status = token.status(now);
        Self {
            id: token.id,
            jti: token.jti,
            kind: token.grant.kind,
            app: token.grant.app,
            owner_id: token.grant.owner,
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

    pub(super) fn fields(&self) -> Vec<(&'static str, String)> {
        vec![
            ("id", self.id.to_string()),
            ("jti", self.jti.to_string()),
            ("kind", self.kind.name().to_owned()),
            ("app", self.app.shown()),
            ("owner", self.owner_id.to_string()),
            ("permissions", joined(&self.permissions)),
            ("audience", joined(&self.audience)),
            ("status", self.status.name().to_owned()),
            ("issued", self.issued_at.to_string()),
            ("expires", ending(self.end())),
            ("revoked", self.revoked_at.map_or_else(none, |time| time.to_string())),
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

/// Names and values in two columns.
pub(super) fn fields(fields: &[(&str, String)]) -> Text {
    let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let line = |(name, value): &(&str, String)| format!("{name:width$}  {value}");
    Text::Lines(fields.iter().map(line).collect())
}

/// Several texts in one cell.
pub(super) fn joined(texts: &[Foreign]) -> String {
    if texts.is_empty() {
        return none();
    }
    texts.iter().map(Foreign::shown).collect::<Vec<_>>().join(",")
}

/// When something ends.
pub(super) fn ending(end: Option<Timestamp>) -> String {
    end.map_or_else(|| "never".to_owned(), |end| end.to_string())
}

/// So many of them: `1 token`, `2 tokens`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// What stands where nothing is.
pub(super) fn none() -> String {
    "-".to_owned()
}
