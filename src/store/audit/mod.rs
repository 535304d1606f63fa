//! The table of audit events. A row records one or more changes by a command, an export of secrets,
//! or a refusal of a change or export.

mod listing;

pub(crate) use listing::EventFilter;
pub(super) use listing::event_from_row;

use super::sql::optional_time;
use super::values::{Value, values};
use super::{Error, Reader, SharedWriter, Writer};
use crate::model::{
    AuditEventId, EventDetail, EventSubject, EventTarget, Timestamp, Untrusted, UserId,
};

/// Audit event before its insertion. An event never contains a token, password, hash or key.
#[derive(Debug, Clone)]
pub(crate) struct NewEvent<'e> {
    /// Time of the event.
    pub(crate) at: Timestamp,
    /// Acting jeton user: the user of the session or bearer token or, for example in `login` and
    /// `register`, the user of the account. `None` if the command has no such user.
    pub(crate) user: Option<UserId>,
    /// Operating system user id (UID).
    pub(crate) os_uid: u32,
    /// Command, such as `token create`.
    pub(crate) action: &'e str,
    /// Object of the command (the target of the event), and further data (the detail).
    pub(crate) subject: EventSubject,
    /// `done` for a change or an export of secrets. `undelivered` if the output of the command
    /// could not be delivered, or if minting ended before the first token. `revoked` if `jeton run`
    /// revoked a token when the run ended. `token_reused` if a reused refresh token ended its
    /// session. Otherwise the error code of a refusal.
    pub(crate) outcome: &'e str,
    /// Number of changed or exported objects.
    pub(crate) count: usize,
}

/// Statement that inserts a [`NewEvent`].
const INSERT_SQL: &str = "INSERT INTO audit
        (at, user_id, os_uid, action, target_kind, target_id, detail, outcome, count)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

impl NewEvent<'_> {
    /// Returns the values for the parameters of [`INSERT_SQL`].
    fn to_values(&self) -> Result<Vec<Value<'static>>, Error> {
        let EventSubject { target, detail } = &self.subject;
        let target_id = target.as_ref().and_then(EventTarget::id);
        Ok(vec![
            self.at.into(),
            self.user.into(),
            i64::from(self.os_uid).into(),
            self.action.to_owned().into(),
            target.as_ref().map(|target| target.kind.name()).into(),
            target_id.map(str::to_owned).into(),
            detail.as_ref().map(serialize_detail).transpose()?.into(),
            self.outcome.to_owned().into(),
            to_stored_count(self.count).into(),
        ])
    }
}

impl Reader<'_> {
    /// Returns whether the store has an event that [`INSERT_SQL`] inserted with these values.
    #[cfg(feature = "postgres")]
    pub(super) fn has_event(&self, values: &[Value<'_>]) -> Result<bool, Error> {
        let sql = "SELECT EXISTS (SELECT 1 FROM audit
            WHERE at = ?1 AND user_id IS NOT DISTINCT FROM ?2 AND os_uid = ?3 AND action = ?4
                AND target_kind IS NOT DISTINCT FROM ?5 AND target_id IS NOT DISTINCT FROM ?6
                AND detail IS NOT DISTINCT FROM ?7 AND outcome = ?8 AND count = ?9)";
        self.connection.query_row(sql, values, |row| row.get(0))
    }

    /// Returns the time of the newest event that is earlier than `before`.
    pub(crate) fn newest_event_time_before(
        &self,
        before: Timestamp,
    ) -> Result<Option<Timestamp>, Error> {
        let sql = "SELECT max(at) FROM audit WHERE at < ?1";
        optional_time(self.connection.query_row(sql, values![before], |row| row.get(0))?)
    }
}

impl SharedWriter<'_> {
    /// Adds an event.
    pub(crate) fn add_event(&self, event: &NewEvent<'_>) -> Result<(), Error> {
        let values = event.to_values()?;
        self.note_event(event.subject.to_text(), &values);
        self.connection.insert_later("audit", INSERT_SQL, &values)
    }

    /// Adds an event and returns the row id.
    pub(crate) fn add_event_with_id(&self, event: &NewEvent<'_>) -> Result<AuditEventId, Error> {
        let values = event.to_values()?;
        self.note_event(event.subject.to_text(), &values);
        Ok(AuditEventId(self.insert("audit", INSERT_SQL, &values)?))
    }

    /// Adds `increment` to the count of an existing event.
    pub(crate) fn add_to_count(&self, event: AuditEventId, increment: usize) -> Result<(), Error> {
        let sql = "UPDATE audit SET count = count + ?2 WHERE id = ?1";
        let values = values![event, to_stored_count(increment)];
        self.connection.execute_later(sql, values)
    }

    /// Subtracts `decrement` from the count of an existing event.
    pub(crate) fn subtract_from_count(
        &self,
        event: AuditEventId,
        decrement: usize,
    ) -> Result<(), Error> {
        let sql = "UPDATE audit SET count = count - ?2 WHERE id = ?1";
        let values = values![event, to_stored_count(decrement)];
        self.connection.execute_later(sql, values)
    }

    /// Changes the outcome of an existing event and sets its count to 0.
    pub(crate) fn set_outcome_and_reset_count(
        &self,
        event: AuditEventId,
        outcome: &str,
    ) -> Result<(), Error> {
        let sql = "UPDATE audit SET outcome = ?2, count = 0 WHERE id = ?1";
        self.connection.execute_later(sql, values![event, outcome.to_owned()])
    }
}

impl Writer<'_> {
    /// Adds an event to a store with schema version 1 or 2. In these versions, the target of an
    /// event is a text. The migration to version 3 converts the text.
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
}

fn serialize_detail(detail: &EventDetail) -> Result<String, Error> {
    serde_json::to_string(detail).map_err(|error| Error::Failed(error.to_string()))
}

fn to_stored_count(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
