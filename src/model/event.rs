//! Audit events.

use super::{Timestamp, Untrusted, UserId};
use serde::Serialize;

/// Audit event as listed: actor, action, target and outcome.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct AuditEvent {
    /// Row id, ascending in commit order.
    pub(crate) id: i64,
    /// Time of the command.
    pub(crate) created_at: Timestamp,
    /// Acting jeton user; `None` if not logged in.
    pub(crate) user_id: Option<UserId>,
    /// Current username or e-mail address of the acting user.
    pub(crate) user: Option<Untrusted>,
    /// User id in the operating system.
    pub(crate) os_uid: u32,
    /// Command: `token create`.
    pub(crate) action: Untrusted,
    /// Target: `token 7`, `user 3`.
    pub(crate) target: Option<Untrusted>,
    /// `done`, or the error code of the failure.
    pub(crate) outcome: Untrusted,
    /// Number of changed objects.
    pub(crate) count: i64,
}
