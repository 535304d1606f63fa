//! Queries for audit events: filters and pages.

use crate::model::{
    AuditEvent, EventDetail, EventSubject, EventTarget, Page, PageRequest, TargetKind, Timestamp,
    Untrusted, UserId,
};
use crate::store::connection::Connection;
use crate::store::sql::{WhereClause, limit_plus_one, required_time};
use crate::store::values::Row;
use crate::store::{Error, Reader};

/// Filter and order of an event list.
#[derive(Debug, Clone, Default)]
pub(crate) struct EventFilter {
    /// Only events at this time or later.
    pub(crate) since: Option<Timestamp>,
    /// Only events at this time or earlier.
    pub(crate) until: Option<Timestamp>,
    /// Only events with this acting jeton user.
    pub(crate) user: Option<UserId>,
    /// Only events of this command, or of all commands with this first word.
    pub(crate) action: Option<Untrusted>,
    /// Only events whose target or detail names this object. A target without an id matches every
    /// object of its kind.
    pub(crate) target: Option<EventTarget>,
    /// Only events with this outcome.
    pub(crate) outcome: Option<Untrusted>,
    /// True: the oldest event first. False: the newest event first.
    pub(crate) oldest_first: bool,
}

/// Returns the SQL condition that an event is not earlier than the SQL parameter `since`. The
/// search starts at the lowest id of such an event. The condition also compares the time of each
/// event, because an event with a higher id can have an earlier time: ids follow the order of
/// insertion, but an event gets its time before the process waits for the lock. The unary `+`
/// operators keep SQLite from scanning all older rows and from sorting.
fn since_condition(since: &str) -> String {
    format!("a.id >= (SELECT min(+id) FROM audit WHERE at >= {since}) AND +a.at >= {since}")
}

/// Returns the SQL condition that the target or the detail of an event names an object. The SQL
/// parameters `kind` and `id` select the object. If `id` is NULL, every object of the kind matches.
fn target_condition(connection: Connection<'_>, kind: &str, id: &str) -> String {
    let objects = connection.json_objects_sql("a.detail");
    format!(
        "(a.target_kind = {kind} AND ({id} IS NULL OR a.target_id = {id})
         OR a.detail IS NOT NULL AND EXISTS
             (SELECT 1 FROM {objects} WHERE object.value ->> 'kind' = {kind}
                  AND ({id} IS NULL OR object.value ->> 'id' = {id})))"
    )
}

impl EventFilter {
    fn where_clause(&self, connection: Connection<'_>) -> WhereClause<'_> {
        let mut clause = WhereClause::new();
        if let Some(time) = self.since {
            let since = clause.bind(time);
            clause.and(&since_condition(&since));
        }
        if let Some(time) = self.until {
            let until = clause.bind(time);
            clause.and(&format!("+a.at <= {until}"));
        }
        if let Some(user) = self.user {
            let user = clause.bind(user);
            clause.and(&format!("a.user_id = {user}"));
        }
        if let Some(action) = &self.action {
            let action = clause.bind(action.as_str());
            clause.and(&format!("instr(a.action || ' ', {action} || ' ') = 1"));
        }
        if let Some(target) = &self.target {
            let (kind, id) = (clause.bind(target.kind.name()), clause.bind(target.id()));
            clause.and(&target_condition(connection, &kind, &id));
        }
        if let Some(outcome) = &self.outcome {
            let outcome = clause.bind(outcome.as_str());
            clause.and(&format!("a.outcome = {outcome}"));
        }
        clause
    }

    /// Returns the query for a page of the events that match `clause`. `take` and `skip` are the
    /// SQL parameters for LIMIT and OFFSET.
    fn select_sql(&self, clause: &WhereClause<'_>, take: &str, skip: &str) -> String {
        let order = if self.oldest_first { "ASC" } else { "DESC" };
        format!(
            "SELECT a.id, a.at, a.user_id, coalesce(u.username, u.email), a.os_uid, a.action,
                 a.target_kind, a.target_id, a.detail, a.outcome, a.count
             FROM audit a LEFT JOIN users u ON u.id = a.user_id
             WHERE {} ORDER BY a.id {order} LIMIT {take} OFFSET {skip}",
            clause.sql()
        )
    }
}

impl Reader<'_> {
    /// Returns a page of events.
    pub(crate) fn events(
        &self,
        filter: &EventFilter,
        page: PageRequest,
    ) -> Result<Page<AuditEvent>, Error> {
        let mut clause = filter.where_clause(self.connection);
        let total = page.count_total(|| {
            let sql = format!("SELECT count(*) FROM audit a WHERE {}", clause.sql());
            self.connection.query_row(&sql, clause.values(), |row| row.get(0))
        })?;
        let (comparison, start) =
            if filter.oldest_first { (">", i64::MIN) } else { ("<", i64::MAX) };
        let after = clause.bind(page.after_id().unwrap_or(start));
        clause.and(&format!("a.id {comparison} {after}"));
        let window = page.sql_window();
        let take = clause.bind(limit_plus_one(window.page_size));
        let skip = clause.bind(window.skip);
        let sql = filter.select_sql(&clause, &take, &skip);
        let events = self.connection.query_all(&sql, clause.values(), event_from_row)?;
        Ok(Page::new(page, events, total, |event: &AuditEvent| event.id.0))
    }
}

/// Converts a row that has the columns of [`EventFilter::select_sql`].
pub(in crate::store) fn event_from_row(row: &Row<'_>) -> Result<AuditEvent, Error> {
    Ok(AuditEvent {
        id: row.get(0)?,
        created_at: required_time(row.get(1)?)?,
        user_id: row.get(2)?,
        user: row.get::<Option<String>>(3)?.map(Untrusted::new),
        os_uid: u32::try_from(row.get::<i64>(4)?)
            .map_err(|_| Error::Damaged("invalid user id of the operating system".to_owned()))?,
        action: Untrusted::new(row.get::<String>(5)?),
        subject: subject_from_row(row)?,
        outcome: Untrusted::new(row.get::<String>(9)?),
        count: row.get(10)?,
    })
}

fn subject_from_row(row: &Row<'_>) -> Result<EventSubject, Error> {
    let kind = row.get::<Option<String>>(6)?.map(|name| TargetKind::parse(&name)).transpose()?;
    let id = row.get::<Option<String>>(7)?.map(Untrusted::new);
    let detail = row.get::<Option<String>>(8)?;
    let detail: Option<EventDetail> = detail
        .map(|json| serde_json::from_str(&json))
        .transpose()
        .map_err(|_| Error::Damaged("invalid detail of an audit event".to_owned()))?;
    Ok(EventSubject { target: kind.map(|kind| EventTarget { kind, id }), detail })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::migrations::MIGRATIONS;
    use crate::store::{NewEvent, Writer};
    use rusqlite::Connection;

    /// Creates a database with the events 1 to 9 at the times 10, 20 and so on up to 90. Only event
    /// 5 has the time 25, like the event of a process that waited for the lock. The action is
    /// `token create` for even ids, and `tokens` for odd ids.
    fn create_database_with_events() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        for migration in MIGRATIONS {
            connection.execute_batch(migration).unwrap();
        }
        let tx = Writer::sqlite(&connection);
        for id in 1..=9 {
            tx.add_event(&NewEvent {
                at: timestamp(if id == 5 { 25 } else { 10 * id }),
                user: None,
                os_uid: 1000,
                action: if id % 2 == 0 { "token create" } else { "tokens" },
                subject: EventSubject::default(),
                outcome: "done",
                count: 1,
            })
            .unwrap();
        }
        connection
    }

    fn timestamp(seconds: i64) -> Timestamp {
        Timestamp::from_unix(seconds).unwrap()
    }

    fn list_event_ids(connection: &Connection, filter: &EventFilter) -> Vec<i64> {
        let list = Reader::sqlite(connection).events(filter, PageRequest::All).unwrap();
        assert_eq!(list.total, i64::try_from(list.items.len()).unwrap());
        list.items.iter().map(|event| event.id.0).collect()
    }

    #[test]
    fn time_range_includes_both_bounds() {
        let connection = create_database_with_events();
        for (since, until, expected) in [
            (None, None, &[9, 8, 7, 6, 5, 4, 3, 2, 1][..]),
            (Some(70), None, &[9, 8, 7]),
            (Some(25), Some(40), &[5, 4, 3]),
            (Some(26), Some(40), &[4, 3]),
            (None, Some(25), &[5, 2, 1]),
            (Some(91), None, &[]),
        ] {
            let (since, until) = (since.map(timestamp), until.map(timestamp));
            let filter = EventFilter { since, until, ..EventFilter::default() };
            assert_eq!(list_event_ids(&connection, &filter), expected);
            let mut reversed = expected.to_vec();
            reversed.reverse();
            assert_eq!(
                list_event_ids(&connection, &EventFilter { oldest_first: true, ..filter }),
                reversed
            );
        }
    }

    #[test]
    fn action_filter_matches_command_or_first_word() {
        let connection = create_database_with_events();
        for (action, expected) in
            [("token", &[8, 6, 4, 2][..]), ("token create", &[8, 6, 4, 2]), ("token c", &[])]
        {
            let action = Some(Untrusted::new(action));
            assert_eq!(
                list_event_ids(&connection, &EventFilter { action, ..EventFilter::default() }),
                expected
            );
        }
    }

    #[test]
    fn event_page_continues_after_given_id_in_either_order() {
        let connection = create_database_with_events();
        for (oldest_first, after, expected) in
            [(false, 4, [3, 2]), (true, 4, [5, 6]), (false, i64::MAX, [9, 8]), (true, 0, [1, 2])]
        {
            let filter = EventFilter { oldest_first, ..EventFilter::default() };
            let page = PageRequest::After { id: after, per_page: 2 };
            let list = Reader::sqlite(&connection).events(&filter, page).unwrap();
            let ids: Vec<i64> = list.items.iter().map(|event| event.id.0).collect();
            assert_eq!((ids, list.next), (expected.to_vec(), Some(expected[1])));
        }
    }

    #[test]
    fn since_filter_uses_time_index() {
        let connection = create_database_with_events();
        let since = Some(timestamp(70));
        let filter = EventFilter { since, ..EventFilter::default() };
        let mut clause =
            filter.where_clause(crate::store::connection::Connection::Sqlite(&connection));
        clause.and("a.id < ?2");
        let sql = format!("EXPLAIN QUERY PLAN {}", filter.select_sql(&clause, "?3", "?4"));
        let mut statement = connection.prepare(&sql).unwrap();
        let mut rows = statement.raw_query();
        let mut plan = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            plan.push(row.get::<_, String>(3).unwrap());
        }
        assert_eq!(
            plan,
            [
                "SEARCH a USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
                "SCALAR SUBQUERY 1",
                "SEARCH audit USING COVERING INDEX audit_at (at>?)",
                "SEARCH u USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN",
            ]
        );
    }
}
