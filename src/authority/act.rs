//! The command that is being carried out, as rules and audit see it.

use super::{Reason, Target};
use crate::model::{Sid, Timestamp, UserId, UserRef};
use crate::store::{Error, Event, Reader, Store, Writer};

/// How a change ends that was not refused.
pub(crate) const OUTCOMES: [&str; 4] = [DONE, UNDELIVERED, USED, Reason::Reused.word()];

/// It is done.
pub(super) const DONE: &str = "done";
/// Nobody received it: a token, which was taken back, or a copy.
pub(super) const UNDELIVERED: &str = "undelivered";
/// A token was taken back because the command that it was for has ended.
pub(super) const USED: &str = "revoked";

/// So many characters of a word that somebody chose are kept.
const LONGEST: usize = 300;

/// When it happens, at whose hands, and what it is called.
#[derive(Debug, Clone)]
pub(crate) struct Act {
    /// The time of this run.
    pub(crate) now: Timestamp,
    /// The number of the operating system's user: its name costs more to look up than all else
    /// that a short command does besides its commit.
    pub(crate) os_uid: u32,
    /// The command: `token create`.
    pub(crate) action: String,
}

impl Act {
    /// Writes down that it was done, inside the transaction that does it. What found everything as
    /// it should be did nothing.
    pub(super) fn done(
        &self,
        tx: &Writer<'_>,
        user: Option<UserId>,
        target: String,
        count: usize,
    ) -> Result<(), Error> {
        if count == 0 {
            return Ok(());
        }
        self.note(tx, user, Some(target), DONE, count).map(|_| ())
    }

    /// Writes down what else came to light; the row of the audit.
    pub(super) fn note(
        &self,
        tx: &Writer<'_>,
        user: Option<UserId>,
        target: Option<String>,
        outcome: &str,
        count: usize,
    ) -> Result<i64, Error> {
        tx.add_event(&Event {
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
pub(super) fn audited(word: &str) -> String {
    let mut one: String = word.chars().take(LONGEST).collect();
    if one.len() < word.len() {
        one.push('…');
    }
    one.replace(|c: char| c.is_whitespace() || c == ',', "_")
}

/// Whether an earlier step of the same command wrote the one row that the command has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trace {
    /// It did.
    Written,
    /// This step has to.
    Missing,
}

/// What a command names. It is a word of the caller's, who may have typed a secret there.
#[derive(Debug, Clone)]
pub(crate) enum About {
    User(UserRef),
    Key(String),
    Token(Target),
    Session(Sid),
    Setting(&'static str),
}

impl About {
    /// What is there of that name, as the audit has it.
    fn found(&self, tx: &Reader<'_>) -> Result<Option<String>, Error> {
        Ok(match self {
            Self::User(who) => tx.find_user(who)?.map(|user| format!("user {}", user.id)),
            Self::Session(sid) => {
                tx.find_session(*sid)?.map(|session| format!("session {}", session.sid))
            }
            Self::Setting(name) => Some(format!("setting {name}")),
            Self::Key(kid) => tx.find_key(kid)?.map(|key| format!("key {}", key.spec.kid.as_str())),
            Self::Token(target) => {
                let token = match target {
                    Target::Id(id) => tx.find_token(*id)?,
                    Target::Jti(jti) => tx.find_token_by_jti(*jti)?,
                    Target::Value(_) => None,
                };
                token.map(|token| format!("token {}", token.id))
            }
        })
    }
}

/// Writes down that it was refused; `code` is the refusal's.
pub(crate) fn record_refusal(
    store: &mut Store,
    act: &Act,
    user: Option<UserId>,
    about: Option<&About>,
    code: &str,
) -> Result<(), Error> {
    store.write(|tx| {
        let target = about.map_or(Ok(None), |about| about.found(tx))?;
        act.note(tx, user, target, code, 0).map(|_| ())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chosen_word_is_cut_and_stays_one() {
        let short = "é".repeat(LONGEST);
        assert_eq!(audited(&short), short);
        assert_eq!(audited(&"é".repeat(70_000)), format!("{short}…"));
        assert_eq!(audited("x, token 3"), "x__token_3");
    }
}
