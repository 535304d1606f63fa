//! Tests: the migrations convert the stored audit events.

use super::MIGRATIONS;
use crate::model::{AuditEvent, EventTarget, PageRequest, Untrusted};
use crate::store::{EventFilter, Reader};
use rusqlite::Connection;

/// Targets of audit events, as a released version of jeton recorded them: one or more texts of each
/// form.
const TARGET_TEXTS: &[&str] = &[
    "user 3",
    "token 7",
    "token 33",
    "token a'b\"c\\d",
    "session 018f4f5e-7a3b-7c1d-8e2f-0123456789ab",
    "key k1",
    "setting token.ttl",
    "store",
    "token 7, token 9, token x__y\"",
    "session A, session B",
    "sessions A B",
    "tokens 7 9",
    "token 7 by token 10",
    "sessions of user 3",
    "tokens of user 3",
    "app tokens of user 33 for my-app issued before 2027-01-15T08:00:00Z",
    "tokens of all users",
    "test token",
    "test token, signed by new key k2",
    "test tokens",
    "test tokens, by the new key k3",
    "5 test tokens",
    "test tokens as fixtures",
    "test tokens as fixtures, signed by new key k2, and the secret of key k2",
    "test tokens as fixtures, and the secret of key k1",
    "2 tokens",
    "2 keys",
    "users",
    "password hashes",
    "",
];

/// Targets to search for. Two of the targets are in none of the [`TARGET_TEXTS`].
const TARGETS: &[&str] = &[
    "user 3",
    "user 33",
    "user 333",
    "token 7",
    "token 9",
    "token 10",
    "token 1",
    "token x__y\"",
    "token a'b\"c\\d",
    "session A",
    "session B",
    "session 018f4f5e-7a3b-7c1d-8e2f-0123456789ab",
    "key k1",
    "key k2",
    "key k3",
    "setting token.ttl",
    "store",
];

/// The query with which jeton found the events of a target in schema versions 1 and 2.
const FORMER_SEARCH: &str = "SELECT id FROM audit
    WHERE instr(replace(' ' || target || ' ', ', ', ' '), replace(' ' || ?1 || ' ', ', ', ' '))
    ORDER BY id";

/// Creates a database of schema `version` with one event for each of the [`TARGET_TEXTS`], and one
/// event without a target.
fn create_database(version: usize) -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    for migration in &MIGRATIONS[..version] {
        connection.execute_batch(migration).unwrap();
    }
    for text in TARGET_TEXTS.iter().copied().map(Some).chain([None]) {
        let sql = "INSERT INTO audit (at, os_uid, action, target, outcome)
            VALUES (0, 1000, 'test', ?1, 'done')";
        connection.execute(sql, [text]).unwrap();
    }
    connection
}

/// Migrates a database of schema `version` to the latest schema.
fn migrate(connection: &Connection, version: usize) {
    for migration in &MIGRATIONS[version..] {
        connection.execute_batch(migration).unwrap();
    }
}

fn list_events(connection: &Connection, target: Option<&str>) -> Vec<AuditEvent> {
    let target = target.map(|text| EventTarget::parse(text).unwrap());
    let filter = EventFilter { target, oldest_first: true, ..EventFilter::default() };
    Reader::sqlite(connection).events(&filter, PageRequest::All).unwrap().items
}

#[test]
fn audit_target_filter_finds_the_same_events_after_migration() {
    for version in [1, 2] {
        let connection = create_database(version);
        let former_ids: Vec<Vec<i64>> = TARGETS
            .iter()
            .map(|target| {
                let mut statement = connection.prepare(FORMER_SEARCH).unwrap();
                statement
                    .query_map([target], |row| row.get(0))
                    .unwrap()
                    .map(Result::unwrap)
                    .collect()
            })
            .collect();
        let absent_targets = former_ids.iter().filter(|ids| ids.is_empty()).count();
        assert_eq!(absent_targets, 2, "number of absent targets");
        migrate(&connection, version);
        for (target, former_ids) in TARGETS.iter().zip(former_ids) {
            let events = list_events(&connection, Some(target));
            let ids: Vec<i64> = events.iter().map(|event| event.id.0).collect();
            assert_eq!(ids, former_ids, "{target}");
        }
    }
}

#[test]
fn migrated_audit_events_keep_target_texts() {
    for version in [1, 2] {
        let connection = create_database(version);
        migrate(&connection, version);
        let events = list_events(&connection, None);
        let texts: Vec<_> = events.iter().map(|event| event.subject.to_text()).collect();
        let expected = TARGET_TEXTS.iter().map(|text| Some(Untrusted::new(*text))).chain([None]);
        assert_eq!(texts, expected.collect::<Vec<_>>());
    }
}

#[test]
fn migrated_audit_events_have_target_kinds_and_details() {
    let connection = create_database(2);
    migrate(&connection, 2);
    let kinds_sql = "SELECT group_concat(kind || ' ' || number, ', ') FROM
        (SELECT ifnull(target_kind, '-') AS kind, count(*) AS number FROM audit GROUP BY 1)";
    let kinds: String = connection.query_row(kinds_sql, [], |row| row.get(0)).unwrap();
    assert_eq!(kinds, "- 2, key 2, session 4, setting 1, store 1, token 18, user 3");
    // Event 13 has the text `token 7 by token 10`.
    let detail_sql = "SELECT detail FROM audit WHERE id = 13";
    let detail: String = connection.query_row(detail_sql, [], |row| row.get(0)).unwrap();
    let expected = r#"{"text":"token 7 by token 10","targets":[{"kind":"token","id":"10"}]}"#;
    assert_eq!(detail, expected);
}
