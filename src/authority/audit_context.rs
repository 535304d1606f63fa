//! The command that is being carried out, as rules and audit see it.

use super::{RejectReason, TokenSelector};
use crate::model::{Sid, Timestamp, UserId, UserRef};
use crate::store::{Error, NewEvent, Reader, Store, Writer};

/// How a change ends that was not refused.
pub(crate) const OUTCOMES: [&str; 4] = [DONE, UNDELIVERED, REVOKED, RejectReason::Reused.code()];

/// It is done.
pub(super) const DONE: &str = "done";
/// Nobody received it: a token, which was taken back, or a copy.
pub(super) const UNDELIVERED: &str = "undelivered";
/// A token was taken back because the command that it was for has ended.
pub(super) const REVOKED: &str = "revoked";

/// So many characters of a word that somebody chose are kept.
const MAX_WORD_CHARS: usize = 300;

/// When it happens, at whose hands, and what it is called.
#[derive(Debug, Clone)]
pub(crate) struct AuditContext {
    /// The time of this run.
    pub(crate) now: Timestamp,
    /// The number of the operating system's user: its name costs more to look up than all else
    /// that a short command does besides its commit.
    pub(crate) os_uid: u32,
    /// The command: `token create`.
    pub(crate) action: String,
}

impl AuditContext {
    /// Writes down that it was done, inside the transaction that does it. What found everything as
    /// it should be did nothing.
    pub(super) fn record(
        &self,
        tx: &Writer<'_>,
        user: Option<UserId>,
        target: String,
        count: usize,
    ) -> Result<(), Error> {
        if count == 0 {
            return Ok(());
        }
        self.record_outcome(tx, user, Some(target), DONE, count).map(|_| ())
    }

    /// Writes down what else came to light; the row of the audit.
    pub(super) fn record_outcome(
        &self,
        tx: &Writer<'_>,
        user: Option<UserId>,
        target: Option<String>,
        outcome: &str,
        count: usize,
    ) -> Result<i64, Error> {
        tx.add_event(&NewEvent {
            at: self.now,
            user,
            os_uid: self.os_uid,
            action: &self.action,
            target,
            outcome,
            count,
        })
    }
}

/// A word that somebody chose as the audit has it: a part of it, if it is long, and without what
/// stands between two things there.
pub(super) fn sanitize_for_audit(word: &str) -> String {
    let mut sanitized: String = word.chars().take(MAX_WORD_CHARS).collect();
    if sanitized.len() < word.len() {
        sanitized.push('…');
    }
    sanitized.replace(|c: char| c.is_whitespace() || c == ',', "_")
}

/// Whether an earlier step of the same command wrote the one row that the command has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AuditRow {
    /// It did.
    Written,
    /// This step has to.
    Missing,
}

/// What a command names. It is a word of the caller's, who may have typed a secret there.
#[derive(Debug, Clone)]
pub(crate) enum AuditTarget {
    User(UserRef),
    Key(String),
    Token(TokenSelector),
    Session(Sid),
    Setting(&'static str),
}

impl AuditTarget {
    /// What is there of that name, as the audit has it.
    fn resolve(&self, tx: &Reader<'_>) -> Result<Option<String>, Error> {
        Ok(match self {
            Self::User(user_ref) => tx.find_user(user_ref)?.map(|user| format!("user {}", user.id)),
            Self::Session(sid) => {
                tx.find_session(*sid)?.map(|session| format!("session {}", session.sid))
            }
            Self::Setting(name) => Some(format!("setting {name}")),
            Self::Key(kid) => tx.find_key(kid)?.map(|key| format!("key {}", key.spec.kid.as_str())),
            Self::Token(selector) => {
                let token = match selector {
                    TokenSelector::Id(id) => tx.find_token(*id)?,
                    TokenSelector::Jti(jti) => tx.find_token_by_jti(*jti)?,
                    TokenSelector::Value(_) => None,
                };
                token.map(|token| format!("token {}", token.id))
            }
        })
    }
}

/// Writes down that it was refused; `code` is the refusal's.
pub(crate) fn record_refusal(
    store: &mut Store,
    audit: &AuditContext,
    user: Option<UserId>,
    audit_target: Option<&AuditTarget>,
    code: &str,
) -> Result<(), Error> {
    store.write(|tx| {
        let target = audit_target.map_or(Ok(None), |audit_target| audit_target.resolve(tx))?;
        audit.record_outcome(tx, user, target, code, 0).map(|_| ())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audit_word_is_truncated_and_has_no_separators() {
        let short = "é".repeat(MAX_WORD_CHARS);
        assert_eq!(sanitize_for_audit(&short), short);
        assert_eq!(sanitize_for_audit(&"é".repeat(70_000)), format!("{short}…"));
        assert_eq!(sanitize_for_audit("x, token 3"), "x__token_3");
    }
}
