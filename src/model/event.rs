//! What the audit remembers.

use super::{Timestamp, Untrusted, UserId};
use serde::Serialize;

/// Who did what to what, as lists show it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct AuditEvent {
    /// Its row. Rows are numbered as they are committed.
    pub(crate) id: i64,
    /// The time of the run that did it.
    pub(crate) at: Timestamp,
    /// The jeton user, where somebody was logged in.
    pub(crate) user_id: Option<UserId>,
    /// What that user is called now: username, or e-mail.
    pub(crate) user: Option<Untrusted>,
    /// The number of the operating system's user.
    pub(crate) os_uid: u32,
    /// The command: `token create`.
    pub(crate) action: Untrusted,
    /// What it was about: `token 7`, `user 3`.
    pub(crate) target: Option<Untrusted>,
    /// `done`, or the code of the refusal.
    pub(crate) outcome: Untrusted,
    /// How many things it changed.
    pub(crate) count: i64,
}
