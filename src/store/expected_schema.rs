//! Comparison of a file's schema with the one that the migrations create.
//!
//! A crafted file can hold a view in place of a table, which never ends, or a trigger that gives
//! every new user a role. The comparison comes before any statement that reads a table.

use super::Error;
use super::schema::MIGRATIONS;
use crate::model::repeatable;
use rusqlite::Connection;
use rusqlite::types::ValueRef;

/// The schema of a new store as [`STATEMENTS`] returns it. A new migration changes it: run the tests of
/// this module with `UPDATE_EXPECTED_SCHEMA=1` and commit the file.
const EXPECTED: &str = include_str!("expected_schema.sql");

/// Between two statements. No statement contains it, and two of them in one row are no statement.
const SEPARATOR: &str = "\n\n\n";

/// All statements of the schema: equal texts are equal statements, row by row. Names and types need
/// no comparison, because SQLite refuses a row of `sqlite_schema` that contradicts its statement.
/// Indexes of constraints have no statement; without their row SQLite refuses to use them. One
/// result row and one column, because every command reads it: `token verify` would notice more.
const STATEMENTS: &str = "SELECT group_concat(sql, '\n\n\n') FROM sqlite_schema";

/// The most differences that are named.
const MOST_NAMED: usize = 100;

/// Refuses a file whose schema is not exactly what those migrations create.
pub(super) fn verify(connection: &Connection, applied: &[&str]) -> Result<(), Error> {
    if applied.len() == MIGRATIONS.len()
        && connection.query_row(STATEMENTS, [], |row| Ok(is_expected(row.get_ref(0)?)))?
    {
        return Ok(());
    }
    let differences = differences(connection, applied)?;
    if differences.is_empty() { Ok(()) } else { Err(Error::Schema(differences)) }
}

fn is_expected(found: ValueRef<'_>) -> bool {
    // `VACUUM` changes the order of the statements.
    let sorted = |text: &str| {
        let mut statements: Vec<_> = text.split(SEPARATOR).map(str::to_owned).collect();
        statements.sort_unstable();
        statements
    };
    found.as_str().is_ok_and(|found| found == EXPECTED || sorted(found) == sorted(EXPECTED))
}

/// A row of `sqlite_schema`.
#[derive(PartialEq, Eq)]
struct Object {
    kind: String,
    name: String,
    table: String,
    sql: Option<String>,
}

impl Object {
    fn shown(&self) -> String {
        format!("{} `{}`", repeatable(&self.kind), repeatable(&self.name))
    }
}

fn differences(connection: &Connection, applied: &[&str]) -> Result<Vec<String>, Error> {
    let reference = Connection::open_in_memory()?;
    for migration in applied {
        reference.execute_batch(migration)?;
    }
    let mut missing = objects(&reference)?;
    let mut others = objects(connection)?;
    others.retain(|found| {
        let expected = missing.iter().position(|object| object == found);
        expected.map(|at| missing.swap_remove(at)).is_none()
    });
    let mut named = Vec::new();
    for found in others {
        let same = |object: &Object| (&object.kind, &object.name) == (&found.kind, &found.name);
        let state = match missing.iter().position(same) {
            Some(at) => {
                missing.swap_remove(at);
                "changed"
            }
            None => "unknown",
        };
        named.push(format!("{state} {}", found.shown()));
    }
    named.extend(missing.iter().map(|object| format!("missing {}", object.shown())));
    named.sort_unstable();
    named.truncate(MOST_NAMED);
    Ok(named)
}

fn objects(connection: &Connection) -> Result<Vec<Object>, Error> {
    let mut statement = connection.prepare(
        "SELECT ifnull(type, ''), ifnull(name, ''), ifnull(tbl_name, ''), sql FROM sqlite_schema
         LIMIT 1000",
    )?;
    let object = |row: &rusqlite::Row<'_>| {
        let (kind, name) = (row.get(0)?, row.get(1)?);
        Ok(Object { kind, name, table: row.get(2)?, sql: row.get(3)? })
    };
    Ok(statement.query_map([], object)?.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(migrations: &[&str]) -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        for migration in migrations {
            connection.execute_batch(migration).unwrap();
        }
        connection
    }

    fn found(connection: &Connection) -> Vec<String> {
        match verify(connection, MIGRATIONS) {
            Ok(()) => Vec::new(),
            Err(Error::Schema(differences)) => differences,
            Err(other) => panic!("{other}"),
        }
    }

    fn text(connection: &Connection) -> String {
        connection.query_row(STATEMENTS, [], |row| row.get(0)).unwrap()
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the variable is for maintainers, not for users")]
    fn expected_schema_is_what_the_migrations_create() {
        let text = text(&made(MIGRATIONS));
        if std::env::var_os("UPDATE_EXPECTED_SCHEMA").is_some() {
            let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/expected_schema.sql");
            std::fs::write(file, text).unwrap();
            return;
        }
        assert!(
            text == EXPECTED,
            "the migrations create another schema than `expected_schema.sql` says; run this test \
             with UPDATE_EXPECTED_SCHEMA=1 and commit that file. They create:\n{text}"
        );
    }

    #[test]
    fn schema_survives_vacuum_and_use() {
        let connection = made(MIGRATIONS);
        assert!(found(&connection).is_empty());
        connection.execute_batch("VACUUM").unwrap();
        assert!(text(&connection) != EXPECTED);
        assert!(found(&connection).is_empty());
    }

    #[test]
    fn every_object_counts() {
        let objects = objects(&made(MIGRATIONS)).unwrap();
        for object in objects.iter().filter(|object| object.kind != "table") {
            let connection = made(MIGRATIONS);
            if object.sql.is_none() {
                continue;
            }
            connection.execute_batch(&format!("DROP {} {}", object.kind, object.name)).unwrap();
            assert_eq!(found(&connection), [format!("missing {}", object.shown())]);
        }
    }

    #[test]
    fn differences_are_named() {
        for (change, differences) in [
            ("CREATE TABLE t (x)", &["unknown table `t`"][..]),
            ("CREATE INDEX i ON users (role)", &["unknown index `i`"]),
            ("CREATE VIEW \"v\n\u{1b}[2J\" AS SELECT 1", &["unknown view `v\\n\\u{1b}[2J`"]),
            ("ANALYZE", &["unknown table `sqlite_stat1`"]),
            (
                "CREATE TRIGGER t AFTER INSERT ON users BEGIN UPDATE users SET role = 'admin'; END",
                &["unknown trigger `t`"],
            ),
            ("ALTER TABLE settings ADD COLUMN x TEXT", &["changed table `settings`"]),
            (
                "DROP INDEX audit_at; CREATE INDEX audit_at ON audit (at, id)",
                &["changed index `audit_at`"],
            ),
            (
                "DROP TABLE settings; CREATE VIEW settings AS SELECT 1",
                &["missing table `settings`", "unknown view `settings`"],
            ),
        ] {
            let connection = made(MIGRATIONS);
            connection.execute_batch(change).unwrap();
            let named = found(&connection);
            let named: Vec<_> =
                named.iter().filter(|name| !name.contains("sqlite_stat4")).collect();
            assert_eq!(named, differences, "{change}");
        }
    }

    #[test]
    fn many_differences_are_bounded() {
        let connection = made(MIGRATIONS);
        for number in 0..2_000 {
            connection.execute_batch(&format!("CREATE TABLE t{number} (x)")).unwrap();
        }
        assert_eq!(found(&connection).len(), MOST_NAMED);
    }
}
