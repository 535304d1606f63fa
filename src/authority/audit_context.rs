//! Audit context of the running command: action, time, OS user.

use super::RejectReason;
use crate::model::{
    AuditEventId, EventSubject, EventTarget, Setting, SidPrefix, Timestamp, TokenSelector, UserId,
    UserRef,
};
use crate::store::{Error, NewEvent, Reader, SharedWriter, Store};

/// The outcomes that are not error codes. The outcome of a refused command is its error code, with
/// one exception, the last outcome in this list: for a reused refresh token, whose session is
/// ended, the outcome is the rejection reason.
pub(crate) const OUTCOMES_BESIDES_ERROR_CODES: [&str; 4] =
    [OUTCOME_DONE, OUTCOME_UNDELIVERED, OUTCOME_REVOKED, RejectReason::Reused.code()];

/// The change is committed.
pub(super) const OUTCOME_DONE: &str = "done";
/// The result was not delivered: a backup or copy was not put in place, or tokens were not printed.
/// Recorded tokens that were not printed are revoked. For unrecorded test tokens, this outcome
/// means that no token was minted.
pub(super) const OUTCOME_UNDELIVERED: &str = "undelivered";
/// A token was revoked because the child command of `jeton run` that used the token has exited.
pub(super) const OUTCOME_REVOKED: &str = "revoked";

/// Maximum number of characters of user input in the target of an event.
const MAX_TARGET_CHARS: usize = 300;

/// The time, OS user and name of the running command, for its audit events. In the methods, `user`
/// is the user of jeton who runs the command, and `subject` is the target with details.
#[derive(Debug, Clone)]
pub(crate) struct AuditContext {
    /// The time of this run.
    pub(crate) now: Timestamp,
    /// The uid of the operating-system user. The name of this user is not looked up, because the
    /// lookup would take longer than any other step of a short command except the commit.
    pub(crate) os_uid: u32,
    /// The name of the command, such as `token create`.
    pub(crate) action: String,
}

impl AuditContext {
    /// Records a successful change, in the transaction of the change. A command that changed
    /// nothing (`changed_count` is 0) is not recorded.
    pub(super) fn record(
        &self,
        tx: &SharedWriter<'_>,
        user: Option<UserId>,
        subject: impl Into<EventSubject>,
        changed_count: usize,
    ) -> Result<(), Error> {
        if changed_count == 0 {
            return Ok(());
        }
        self.record_outcome(tx, user, subject, OUTCOME_DONE, changed_count)
    }

    /// Records an event with any outcome. `count` is the number of changed objects.
    pub(super) fn record_outcome(
        &self,
        tx: &SharedWriter<'_>,
        user: Option<UserId>,
        subject: impl Into<EventSubject>,
        outcome: &str,
        count: usize,
    ) -> Result<(), Error> {
        tx.add_event(&self.build_event(user, subject, outcome, count))
    }

    /// Records a successful change and returns the id of the event, so that later transactions can
    /// change the count or the outcome of the event.
    pub(super) fn record_with_id(
        &self,
        tx: &SharedWriter<'_>,
        user: Option<UserId>,
        subject: impl Into<EventSubject>,
        count: usize,
    ) -> Result<AuditEventId, Error> {
        tx.add_event_with_id(&self.build_event(user, subject, OUTCOME_DONE, count))
    }

    /// Records `count` changes of the current transaction, for a command with several transactions
    /// and one common event. Adds `count` to the count of `event`, which an earlier transaction
    /// recorded; without `event`, adds a new event, unless `count` is 0. Returns the id of the
    /// event, or `None` if nothing has changed yet.
    pub(super) fn record_or_add_to_count(
        &self,
        tx: &SharedWriter<'_>,
        event: Option<AuditEventId>,
        user: Option<UserId>,
        subject: impl Into<EventSubject>,
        count: usize,
    ) -> Result<Option<AuditEventId>, Error> {
        match event {
            Some(event) => tx.add_to_count(event, count).map(|()| Some(event)),
            None if count == 0 => Ok(None),
            None => self.record_with_id(tx, user, subject, count).map(Some),
        }
    }

    /// Returns an event of the running command without recording it.
    pub(super) fn build_event<'e>(
        &'e self,
        user: Option<UserId>,
        subject: impl Into<EventSubject>,
        outcome: &'e str,
        count: usize,
    ) -> NewEvent<'e> {
        NewEvent {
            at: self.now,
            user,
            os_uid: self.os_uid,
            action: &self.action,
            subject: subject.into(),
            outcome,
            count,
        }
    }
}

/// Returns user input in a form that is safe in the target of an event: at most
/// [`MAX_TARGET_CHARS`] characters, and an ellipsis in place of further characters. Whitespace and
/// commas are replaced by `_`, because they separate the parts of printed targets.
pub(super) fn sanitize_for_audit(input: &str) -> String {
    let mut sanitized: String = input.chars().take(MAX_TARGET_CHARS).collect();
    if sanitized.len() < input.len() {
        sanitized.push('…');
    }
    sanitized.replace(|c: char| c.is_whitespace() || c == ',', "_")
}

/// The state of the single audit row of a command with several steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AuditRowState {
    /// An earlier step of the command wrote the row.
    Written,
    /// The current step must write the row.
    Missing,
}

/// The object that the arguments of a command name, as the user typed the name. The user may have
/// typed a secret by mistake: a refusal is therefore recorded with the [`EventTarget`] that
/// [`Self::resolve`] returns, which always refers to an existing object or setting.
#[derive(Debug, Clone)]
pub(crate) enum RequestedTarget {
    User(UserRef),
    Key(String),
    Token(TokenSelector),
    Session(SidPrefix),
    Setting(Setting),
}

impl RequestedTarget {
    /// Returns the target to record. Returns `None` if no object or more than one object matches,
    /// or if the user typed a token itself instead of its id.
    fn resolve(&self, tx: &Reader<'_>) -> Result<Option<EventTarget>, Error> {
        Ok(match self {
            Self::User(user_ref) => tx.find_user(user_ref)?.map(|user| EventTarget::user(user.id)),
            Self::Session(prefix) => match tx.find_sessions(prefix, None, 2)?.as_slice() {
                [session] => Some(EventTarget::session(session.sid)),
                _ => None,
            },
            Self::Setting(setting) => Some(EventTarget::setting(*setting)),
            Self::Key(kid) => match tx.find_keys(kid)?.as_slice() {
                [key] => Some(EventTarget::key(&key.spec.kid)),
                _ => None,
            },
            Self::Token(selector) => {
                let token = match selector {
                    TokenSelector::Id(id) => tx.find_token(*id)?,
                    TokenSelector::Jti(jti) => tx.find_token_by_jti(*jti)?,
                    TokenSelector::Value(_) => None,
                };
                token.map(|token| EventTarget::token(token.id))
            }
        })
    }
}

/// Records a refused command. `code` is the error code, which becomes the outcome of the event.
pub(crate) fn record_refusal(
    store: &mut Store,
    audit: &AuditContext,
    user: Option<UserId>,
    requested_target: Option<&RequestedTarget>,
    code: &str,
) -> Result<(), Error> {
    store.write_shared(|tx| {
        let target = requested_target.map_or(Ok(None), |requested| requested.resolve(tx))?;
        let subject = target.map_or_else(EventSubject::default, EventSubject::from);
        audit.record_outcome(tx, user, subject, code, 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audit_input_is_truncated_and_has_no_separators() {
        let longest_input = "é".repeat(MAX_TARGET_CHARS);
        assert_eq!(sanitize_for_audit(&longest_input), longest_input);
        assert_eq!(sanitize_for_audit(&"é".repeat(70_000)), format!("{longest_input}…"));
        assert_eq!(sanitize_for_audit("x, token 3"), "x__token_3");
    }
}
