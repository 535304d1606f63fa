//! The table of audit events: one row for every change and for every refused change.

mod listing;

pub(crate) use listing::EventFilter;
pub(super) use listing::event_from_row;

use super::sql::optional_time;
use super::values::values;
use super::{Error, Reader, Writer};
use crate::model::{
    AuditEventId, EventDetail, EventSubject, EventTarget, Timestamp, Untrusted, UserId,
};

/// An audit event before its insertion. Never contains a token, password, hash or key.
#[derive(Debug, Clone)]
pub(crate) struct NewEvent<'e> {
    /// Time of the event.
    pub(crate) at: Timestamp,
    /// The logged-in jeton user, if any.
    pub(crate) user: Option<UserId>,
    /// Operating system user id (UID).
    pub(crate) os_uid: u32,
    /// Command, such as `token create`.
    pub(crate) action: &'e str,
    /// Target and detail.
    pub(crate) subject: EventSubject,
    /// `done` or an error code.
    pub(crate) outcome: &'e str,
    /// Number of changed objects.
    pub(crate) count: usize,
}

/// An inserted event, by which a later transaction recognizes the event.
#[cfg(feature = "postgres")]
#[derive(Debug)]
pub(super) struct InsertedEvent {
    id: i64,
    at: Timestamp,
    action: String,
    target_id: Option<String>,
}

impl Reader<'_> {
    /// Returns whether the event is stored.
    #[cfg(feature = "postgres")]
    pub(super) fn has_event(&self, event: &InsertedEvent) -> Result<bool, Error> {
        self.connection.query_row(
            "SELECT EXISTS (SELECT 1 FROM audit WHERE id = ?1 AND at = ?2 AND action = ?3
                 AND target_id IS NOT DISTINCT FROM ?4)",
            values![event.id, event.at, event.action.as_str(), event.target_id.as_deref()],
            |row| row.get(0),
        )
    }

    /// Returns the time of the newest event before `before`.
    pub(crate) fn newest_event_time(&self, before: Timestamp) -> Result<Option<Timestamp>, Error> {
        let sql = "SELECT max(at) FROM audit WHERE at < ?1";
        optional_time(self.connection.query_row(sql, values![before], |row| row.get(0))?)
    }
}

impl Writer<'_> {
    /// Adds an event and returns the row id.
    pub(crate) fn add_event(&self, event: &NewEvent<'_>) -> Result<AuditEventId, Error> {
        let EventSubject { target, detail } = &event.subject;
        let detail = detail.as_ref().map(serialize_detail).transpose()?;
        let id = self.insert(
            "audit",
            "INSERT INTO audit
                 (at, user_id, os_uid, action, target_kind, target_id, detail, outcome, count)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            values![
                event.at,
                event.user,
                i64::from(event.os_uid),
                event.action,
                target.as_ref().map(|target| target.kind.name()),
                target.as_ref().and_then(EventTarget::id),
                detail.as_deref(),
                event.outcome,
                to_stored_count(event.count),
            ],
        )?;
        self.note_target(event.subject.to_text());
        #[cfg(feature = "postgres")]
        self.note_event(InsertedEvent {
            id,
            at: event.at,
            action: event.action.to_owned(),
            target_id: target.as_ref().and_then(EventTarget::id).map(str::to_owned),
        });
        Ok(AuditEventId(id))
    }

    /// Adds an event to a store of schema version 1 or 2, whose next migration converts the text of
    /// the target.
    pub(super) fn add_event_before_migration(&self, event: &NewEvent<'_>) -> Result<(), Error> {
        let target = event.subject.to_text();
        self.connection.execute(
            "INSERT INTO audit (at, user_id, os_uid, action, target, outcome, count)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            values![
                event.at,
                event.user,
                i64::from(event.os_uid),
                event.action,
                target.as_ref().map(Untrusted::as_str),
                event.outcome,
                to_stored_count(event.count),
            ],
        )?;
        Ok(())
    }

    /// Adds `increment` to the count of an existing event.
    pub(crate) fn add_to_count(&self, event: AuditEventId, increment: usize) -> Result<(), Error> {
        let sql = "UPDATE audit SET count = count + ?2 WHERE id = ?1";
        self.connection.execute(sql, values![event, to_stored_count(increment)])?;
        Ok(())
    }

    /// Subtracts `decrement` from the count of an existing event.
    pub(crate) fn subtract_from_count(
        &self,
        event: AuditEventId,
        decrement: usize,
    ) -> Result<(), Error> {
        let sql = "UPDATE audit SET count = count - ?2 WHERE id = ?1";
        self.connection.execute(sql, values![event, to_stored_count(decrement)])?;
        Ok(())
    }

    /// Changes the outcome of an existing event and sets its count to 0.
    pub(crate) fn set_outcome(&self, event: AuditEventId, outcome: &str) -> Result<(), Error> {
        let sql = "UPDATE audit SET outcome = ?2, count = 0 WHERE id = ?1";
        self.connection.execute(sql, values![event, outcome])?;
        Ok(())
    }
}

fn serialize_detail(detail: &EventDetail) -> Result<String, Error> {
    serde_json::to_string(detail).map_err(|error| Error::Failed(error.to_string()))
}

fn to_stored_count(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
