//! Audit events and their targets.

use super::{AuditEventId, InvalidValue, Setting, Sid, Timestamp, TokenId, Untrusted, UserId};
use serde::{Deserialize, Serialize};
use std::fmt::{self, Display};

/// Kind of object that audit events refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TargetKind {
    /// User account; the id is the row id.
    User,
    /// Token; the id is the row id, or the `jti` of a token without a record.
    Token,
    /// Session; the id is the `sid`.
    Session,
    /// Signing key; the id is the `kid`.
    Key,
    /// Setting; the id is the name.
    Setting,
    /// The store itself, without an id.
    Store,
}

impl TargetKind {
    pub(crate) const ALL: [Self; 6] =
        [Self::User, Self::Token, Self::Session, Self::Key, Self::Setting, Self::Store];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Token => "token",
            Self::Session => "session",
            Self::Key => "key",
            Self::Setting => "setting",
            Self::Store => "store",
        }
    }

    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or_else(|| {
            let reason = "expected `user`, `token`, `session`, `key`, `setting` or `store`";
            InvalidValue::new("target", reason)
        })
    }
}

/// Object that an audit event refers to, or the common kind of several objects. A filter for audit
/// events also uses this type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EventTarget {
    /// Kind of the object; defines the meaning of `id`.
    pub(crate) kind: TargetKind,
    /// Id of the object. `None` for the store itself, and for several objects whose ids are not
    /// recorded here. In a filter, `None` matches all objects of the kind.
    pub(crate) id: Option<Untrusted>,
}

impl EventTarget {
    pub(crate) fn new(kind: TargetKind, id: impl Display) -> Self {
        Self { kind, id: Some(Untrusted::new(id.to_string())) }
    }

    /// Returns the raw id, for comparing and storing.
    pub(crate) fn id(&self) -> Option<&str> {
        self.id.as_ref().map(Untrusted::as_str)
    }

    pub(crate) fn user(id: UserId) -> Self {
        Self::new(TargetKind::User, id)
    }

    pub(crate) fn token(id: TokenId) -> Self {
        Self::new(TargetKind::Token, id)
    }

    pub(crate) fn session(sid: Sid) -> Self {
        Self::new(TargetKind::Session, sid)
    }

    pub(crate) fn key(kid: &Untrusted) -> Self {
        Self::new(TargetKind::Key, kid.as_str())
    }

    pub(crate) fn setting(setting: Setting) -> Self {
        Self::new(TargetKind::Setting, setting.name())
    }

    pub(crate) fn store() -> Self {
        Self { kind: TargetKind::Store, id: None }
    }

    /// Parses a kind, or a kind and an id: `token`, `token 7`.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        let (kind, id) = match text.split_once(' ') {
            Some((kind, id)) => (kind, Some(Untrusted::new(id.trim()))),
            None => (text, None),
        };
        Ok(Self { kind: TargetKind::parse(kind)?, id })
    }
}

/// Writes the target as [`EventTarget::parse`] reads it. The id is not escaped.
impl Display for EventTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.name())?;
        self.id().map_or(Ok(()), |id| write!(f, " {id}"))
    }
}

/// Data of an audit event in addition to the first target.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct EventDetail {
    /// Description of the changed, issued or exported objects, such as `test tokens`. Printed in
    /// place of the first target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) objects: Option<String>,
    /// User whose tokens or sessions the command selected; a target of the kind `user`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) owner: Option<EventTarget>,
    /// Application whose tokens the command selected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) app: Option<Untrusted>,
    /// Time before which the selected tokens were issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) issued_before: Option<Untrusted>,
    /// Token that replaces the first target after a renewal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) successor: Option<EventTarget>,
    /// All targets except the first target, which is `EventSubject::target`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) targets: Vec<EventTarget>,
    /// Key that the command generated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) new_key: Option<EventTarget>,
    /// Key whose secret the command exported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) exported_key: Option<EventTarget>,
    /// Complete text of the targets. Only set in events that were recorded while the store had
    /// schema version 1 or 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<Untrusted>,
}

impl EventDetail {
    /// Returns a detail with only the description `objects`.
    pub(crate) fn objects(description: impl Into<String>) -> Self {
        Self { objects: Some(description.into()), ..Self::default() }
    }
}

/// Target and detail of an audit event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct EventSubject {
    /// First or only target, or the kind of several objects. `None` if the command has no target,
    /// if a refused command named no object or an ambiguous object, and for some events with
    /// [`EventDetail::text`].
    pub(crate) target: Option<EventTarget>,
    /// Further data. `None` if the target describes the event completely.
    pub(crate) detail: Option<EventDetail>,
}

impl From<EventTarget> for EventSubject {
    fn from(target: EventTarget) -> Self {
        Self { target: Some(target), detail: None }
    }
}

impl EventSubject {
    /// Returns the subject for several objects of a kind, without their ids.
    pub(crate) fn several(kind: TargetKind, detail: EventDetail) -> Self {
        Self { target: Some(EventTarget { kind, id: None }), detail: Some(detail) }
    }

    /// Returns the subject for the renewal of `token`, which `successor` replaces.
    pub(crate) fn renewal(token: TokenId, successor: TokenId) -> Self {
        let successor = Some(EventTarget::token(successor));
        let detail = Some(EventDetail { successor, ..EventDetail::default() });
        Self { target: Some(EventTarget::token(token)), detail }
    }

    /// Returns the subject for all of `targets`: the first is the target, the others are in the
    /// detail.
    pub(crate) fn list(targets: impl IntoIterator<Item = EventTarget>) -> Self {
        let mut targets = targets.into_iter();
        let target = targets.next();
        let targets: Vec<_> = targets.collect();
        let has_more = !targets.is_empty();
        let detail = has_more.then(|| EventDetail { targets, ..EventDetail::default() });
        Self { target, detail }
    }

    /// Returns the text for people, such as `token 7` or `app tokens of user 3`. Returns `None` if
    /// neither a target nor a description exists.
    pub(crate) fn to_text(&self) -> Option<Untrusted> {
        let target = self.target.as_ref().map(EventTarget::to_string);
        let Some(detail) = &self.detail else { return target.map(Untrusted::new) };
        if let Some(text) = &detail.text {
            return Some(text.clone());
        }
        let mut text = detail.objects.clone().or(target)?;
        let mut append = |prefix: &str, part: Option<String>| {
            if let Some(part) = part {
                text.push_str(prefix);
                text.push_str(&part);
            }
        };
        let target_text =
            |target: &Option<EventTarget>| target.as_ref().map(EventTarget::to_string);
        let raw_text =
            |text: &Option<Untrusted>| text.as_ref().map(|text| text.as_str().to_owned());
        append(" of ", target_text(&detail.owner));
        append(" for ", raw_text(&detail.app));
        append(" issued before ", raw_text(&detail.issued_before));
        append(" replaced by ", target_text(&detail.successor));
        for target in &detail.targets {
            append(", ", Some(target.to_string()));
        }
        append(", signed by new ", target_text(&detail.new_key));
        append(", and the secret of ", target_text(&detail.exported_key));
        Some(Untrusted::new(text))
    }
}

/// Audit event as listed: actor, action, target and outcome.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct AuditEvent {
    /// Row id.
    pub(crate) id: AuditEventId,
    /// Time of the command.
    pub(crate) created_at: Timestamp,
    /// Acting jeton user; `None` if no user was authenticated.
    pub(crate) user_id: Option<UserId>,
    /// Current username or e-mail address of the acting user; `None` also for a deleted user.
    pub(crate) user: Option<Untrusted>,
    /// User id of the process in the operating system.
    pub(crate) os_uid: u32,
    /// Command, such as `token create`.
    pub(crate) action: Untrusted,
    /// Target and detail; in JSON, both are members of the event.
    #[serde(flatten)]
    pub(crate) subject: EventSubject,
    /// `done` for a change or an export; `undelivered` if the output of the command could not be
    /// delivered; `revoked` for tokens that `jeton run` revoked at its end; `token_reused` if a
    /// reused refresh token ended its session; otherwise an error code.
    pub(crate) outcome: Untrusted,
    /// Number of changed, issued or exported objects; 0 for a refusal.
    pub(crate) count: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn target_text_round_trips_or_is_refused() {
        for text in ["user 3", "token 7", "setting token.ttl", "store", "token"] {
            assert_eq!(EventTarget::parse(text).unwrap().to_string(), text);
        }
        for text in ["", "users", "users 3", "User 3", " user 3"] {
            assert!(EventTarget::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn subject_text_contains_all_details() {
        let [key, user] = ["key K", "user 3"].map(|text| EventTarget::parse(text).ok());
        let token = |id| EventTarget::token(TokenId(id));
        let selection = EventDetail {
            owner: user,
            app: Some(Untrusted::new("a")),
            issued_before: Some(Untrusted::new("2030-01-31T00:00:00Z")),
            ..EventDetail::objects("app tokens")
        };
        let fixtures = EventDetail {
            new_key: key.clone(),
            exported_key: key,
            ..EventDetail::objects("fixtures")
        };
        let several = |detail| EventSubject::several(TargetKind::Token, detail);
        for (subject, expected) in [
            (EventSubject::default(), None),
            (EventSubject::list([]), None),
            (EventSubject::list([token(7)]), Some("token 7")),
            (EventSubject::list([token(7), token(9)]), Some("token 7, token 9")),
            (EventSubject::renewal(TokenId(7), TokenId(9)), Some("token 7 replaced by token 9")),
            (
                several(selection),
                Some("app tokens of user 3 for a issued before 2030-01-31T00:00:00Z"),
            ),
            (several(fixtures), Some("fixtures, signed by new key K, and the secret of key K")),
        ] {
            assert_eq!(subject.to_text().as_ref().map(Untrusted::as_str), expected);
        }
    }
}
