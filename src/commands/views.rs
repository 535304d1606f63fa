//! JSON and text views of users and tokens, and other parts of outputs that several commands share.

use crate::app::{Cell, Rendered, Report, Style};
use crate::model::{
    AppName, DisplayName, Email, Jti, Quota, RecordedToken, Role, Timestamp, TokenId, TokenKind,
    TokenStatus, Untrusted, User, UserId, UserName, UserUuid, WithOwner,
};
use serde::Serialize;
use serde_json::{Map, Value};
use std::sync::Arc;

/// JSON view of a user.
#[derive(Debug, Serialize)]
pub(super) struct UserView {
    pub(super) id: UserId,
    pub(super) uid: UserUuid,
    pub(super) username: Option<UserName>,
    pub(super) email: Option<Email>,
    pub(super) name: Option<DisplayName>,
    pub(super) role: Role,
    /// `active` or `disabled`.
    pub(super) status: &'static str,
    /// `None` if no quota is set for the user. The setting `token.quota` then applies.
    pub(super) quota: Option<QuotaView>,
    pub(super) created_at: Timestamp,
}

/// JSON view of the quota set for a user: a number or `unlimited`.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum QuotaView {
    /// Maximum number of live app tokens.
    Limit(u32),
    /// The word `unlimited`.
    Word(&'static str),
}

impl From<Quota> for QuotaView {
    fn from(quota: Quota) -> Self {
        match quota {
            Quota::Limited(limit) => Self::Limit(limit),
            Quota::Unlimited => Self::Word("unlimited"),
        }
    }
}

impl QuotaView {
    /// Renders the quota of a user: `default` if no quota is set for the user.
    pub(super) fn to_display(quota: Option<&Self>) -> String {
        match quota {
            None => "default".to_owned(),
            Some(Self::Limit(limit)) => limit.to_string(),
            Some(Self::Word(word)) => (*word).to_owned(),
        }
    }
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        let status = if user.disabled_at.is_some() { "disabled" } else { "active" };
        Self {
            id: user.id,
            uid: user.uid,
            username: user.username,
            email: user.email,
            name: user.display_name,
            role: user.role,
            status,
            quota: user.quota.map(QuotaView::from),
            created_at: user.created_at,
        }
    }
}

impl UserView {
    /// Returns the labels and fields of the text view.
    pub(super) fn to_fields(&self) -> Vec<(&'static str, Cell)> {
        vec![
            ("id", self.id.to_string().into()),
            ("uid", self.uid.to_string().into()),
            ("username", name_cell(self.username.as_ref().map(UserName::to_display))),
            ("email", name_cell(self.email.as_ref().map(Email::to_display))),
            ("name", name_cell(self.name.as_ref().map(DisplayName::to_display))),
            ("role", self.role.name().into()),
            ("status", status_cell(self.status)),
            ("quota", QuotaView::to_display(self.quota.as_ref()).into()),
            ("created", self.created_at.into()),
        ]
    }
}

/// JSON view of a recorded token, without the token itself.
#[derive(Debug, Serialize)]
pub(super) struct TokenView {
    pub(super) id: TokenId,
    pub(super) jti: Jti,
    pub(super) kind: TokenKind,
    /// Application of an app token, or subject of a test token.
    pub(super) app: AppName,
    /// Id of the owner.
    pub(super) user_id: UserId,
    /// Name of the owner; `None` if the owner is deleted.
    pub(super) user: Option<Untrusted>,
    pub(super) permissions: Vec<Untrusted>,
    pub(super) aud: Vec<Untrusted>,
    pub(super) claims: Map<String, Value>,
    pub(super) status: TokenStatus,
    pub(super) issued_at: Timestamp,
    pub(super) expires_at: Option<Timestamp>,
    /// End of the grace period after a renewal; `None` if the token was not renewed.
    pub(super) grace_until: Option<Timestamp>,
    pub(super) revoked_at: Option<Timestamp>,
}

impl TokenView {
    pub(super) fn new(with_owner: WithOwner<RecordedToken>, now: Timestamp) -> Self {
        let token = with_owner.value;
        let status = token.status(now);
        let grant = Arc::unwrap_or_clone(token.grant);
        Self {
            id: token.id,
            jti: token.jti,
            kind: grant.kind,
            app: grant.app,
            user_id: grant.owner_id,
            user: with_owner.owner_name,
            permissions: grant.permissions,
            aud: grant.audience,
            claims: grant.claims,
            status,
            issued_at: token.issued_at,
            expires_at: token.expires_at,
            grace_until: token.grace_until,
            revoked_at: token.revoked_at,
        }
    }

    /// Returns the end of the grace period; the expiry if the token was not renewed.
    pub(super) fn effective_expiry(&self) -> Option<Timestamp> {
        self.grace_until.or(self.expires_at)
    }

    /// Returns the labels and fields of the text view.
    pub(super) fn to_fields(&self) -> Vec<(&'static str, Cell)> {
        vec![
            ("id", self.id.to_string().into()),
            ("jti", self.jti.to_string().into()),
            ("kind", self.kind.name().into()),
            ("app", Cell::shortenable(self.app.to_display())),
            ("user", user_cell(self.user.as_ref(), self.user_id)),
            ("permissions", list_cell(&self.permissions)),
            ("aud", list_cell(&self.aud)),
            ("status", self.status.into()),
            ("issued", self.issued_at.into()),
            ("expires", expiry_cell(self.effective_expiry())),
            ("revoked", self.revoked_at.map_or_else(|| placeholder().into(), Cell::from)),
        ]
    }
}

/// JSON view of the paths of written files.
#[derive(Debug, Serialize)]
pub(super) struct WrittenFiles {
    pub(super) files: Vec<Untrusted>,
}

impl Report for WrittenFiles {
    fn render(&self) -> Rendered {
        Rendered::Nothing
    }
}

/// Returns a cell with a name, or with the placeholder for an absent name.
pub(super) fn name_cell(name: Option<String>) -> Cell {
    name.map_or_else(|| placeholder().into(), Cell::shortenable)
}

/// Returns a cell with the name of a user, or with the id if the user is deleted.
pub(super) fn user_cell(name: Option<&Untrusted>, id: UserId) -> Cell {
    name.map_or_else(|| id.to_string().into(), |name| Cell::shortenable(name.to_display()))
}

/// Returns a coloured cell with the status of a user.
pub(super) fn status_cell(status: &str) -> Cell {
    Cell::styled(status, if status == "disabled" { Style::Error } else { Style::Success })
}

/// Returns a cell with a list of texts, or with the placeholder for an empty list.
pub(super) fn list_cell(texts: &[Untrusted]) -> Cell {
    if texts.is_empty() { placeholder().into() } else { Cell::from_list(texts) }
}

/// Returns a cell with an expiry time, or `never`.
pub(super) fn expiry_cell(expiry: Option<Timestamp>) -> Cell {
    expiry.map_or_else(|| "never".into(), Cell::from)
}

/// Returns the count with the noun in singular or plural: `1 token`, `2 tokens`.
pub(super) fn pluralize(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// Returns the placeholder for an absent value.
pub(super) fn placeholder() -> String {
    "-".to_owned()
}
