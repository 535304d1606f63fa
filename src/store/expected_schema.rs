//! Comparison of a file's schema with the schema that the migrations create.
//!
//! A crafted file can hold a view with endless rows in place of a table, or a trigger that makes
//! every new user an admin. The comparison therefore runs before any statement that reads a table
//! of the store.

use super::Error;
use super::migrations::MIGRATIONS;
use crate::model::redact_for_error;
use rusqlite::Connection;
use rusqlite::types::ValueRef;

/// Result of [`SCHEMA_QUERY`] for a new store. After adding a migration, run the tests of this
/// module with the environment variable `UPDATE_EXPECTED_SCHEMA=1`, and commit
/// `expected_schema.sql`.
const EXPECTED_SCHEMA: &str = include_str!("expected_schema.sql");

/// Separator of the statements in the result of [`SCHEMA_QUERY`]. No statement of the migrations
/// contains the separator.
const SEPARATOR: &str = "\n\n\n";

/// Query for all statements of the schema. If two files have the same result, their rows of
/// `sqlite_schema` have the same statements. Names and types need no comparison, because SQLite
/// refuses a row of `sqlite_schema` that contradicts its statement. The rows of automatic indexes
/// (of UNIQUE and PRIMARY KEY) have no statement, so the result does not contain these rows. If
/// such a row is missing, SQLite reports a malformed file at the first use of the index.
///
/// The result is one row and one column, because every command that opens a file runs this query:
/// with more rows, `token verify` would be noticeably slower.
const SCHEMA_QUERY: &str = "SELECT group_concat(sql, '\n\n\n') FROM sqlite_schema";

/// Maximum number of reported differences.
const MAX_DIFFERENCES: usize = 100;

/// Refuses a file whose schema is not exactly the result of the migrations in
/// `applied_migrations`.
pub(super) fn check_schema(
    connection: &Connection,
    applied_migrations: &[&str],
) -> Result<(), Error> {
    if applied_migrations.len() == MIGRATIONS.len()
        && connection.query_row(SCHEMA_QUERY, [], |row| Ok(is_expected_schema(row.get_ref(0)?)))?
    {
        return Ok(());
    }
    let differences = find_differences(connection, applied_migrations)?;
    if differences.is_empty() { Ok(()) } else { Err(Error::SchemaMismatch(differences)) }
}

/// Returns whether `found`, a result of [`SCHEMA_QUERY`], has the statements of a new store.
fn is_expected_schema(found: ValueRef<'_>) -> bool {
    // `VACUUM` changes the order of the statements.
    let sort_statements = |text: &str| {
        let mut statements: Vec<_> = text.split(SEPARATOR).map(str::to_owned).collect();
        statements.sort_unstable();
        statements
    };
    found.as_str().is_ok_and(|found| {
        found == EXPECTED_SCHEMA || sort_statements(found) == sort_statements(EXPECTED_SCHEMA)
    })
}

/// A row of `sqlite_schema`.
#[derive(PartialEq, Eq)]
struct SchemaObject {
    kind: String,
    name: String,
    table: String,
    sql: Option<String>,
}

impl SchemaObject {
    fn to_display(&self) -> String {
        format!("{} `{}`", redact_for_error(&self.kind), redact_for_error(&self.name))
    }
}

/// Returns a description of each object of the schema that is changed, unknown or missing, but at
/// most [`MAX_DIFFERENCES`] descriptions. Compares only the objects that [`load_objects`] returns.
fn find_differences(
    connection: &Connection,
    applied_migrations: &[&str],
) -> Result<Vec<String>, Error> {
    let reference = Connection::open_in_memory()?;
    for migration in applied_migrations {
        reference.execute_batch(migration)?;
    }
    let mut missing = load_objects(&reference)?;
    let mut unexpected = load_objects(connection)?;
    unexpected.retain(|object| {
        let matching_index = missing.iter().position(|candidate| candidate == object);
        matching_index.map(|index| missing.swap_remove(index)).is_none()
    });
    let mut descriptions = Vec::new();
    for object in unexpected {
        let has_same_name = |candidate: &SchemaObject| {
            (&candidate.kind, &candidate.name) == (&object.kind, &object.name)
        };
        let state = match missing.iter().position(has_same_name) {
            Some(index) => {
                missing.swap_remove(index);
                "changed"
            }
            None => "unknown",
        };
        descriptions.push(format!("{state} {}", object.to_display()));
    }
    descriptions.extend(missing.iter().map(|object| format!("missing {}", object.to_display())));
    descriptions.sort_unstable();
    descriptions.truncate(MAX_DIFFERENCES);
    Ok(descriptions)
}

/// Returns at most 1,000 rows of `sqlite_schema`.
fn load_objects(connection: &Connection) -> Result<Vec<SchemaObject>, Error> {
    let mut statement = connection.prepare(
        "SELECT ifnull(type, ''), ifnull(name, ''), ifnull(tbl_name, ''), sql FROM sqlite_schema
         LIMIT 1000",
    )?;
    let to_object = |row: &rusqlite::Row<'_>| {
        let (kind, name) = (row.get(0)?, row.get(1)?);
        Ok(SchemaObject { kind, name, table: row.get(2)?, sql: row.get(3)? })
    };
    Ok(statement.query_map([], to_object)?.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn create_migrated_database(migrations: &[&str]) -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        for migration in migrations {
            connection.execute_batch(migration).unwrap();
        }
        connection
    }

    fn find_schema_differences(connection: &Connection) -> Vec<String> {
        match check_schema(connection, MIGRATIONS) {
            Ok(()) => Vec::new(),
            Err(Error::SchemaMismatch(differences)) => differences,
            Err(other) => panic!("{other}"),
        }
    }

    fn load_schema_text(connection: &Connection) -> String {
        connection.query_row(SCHEMA_QUERY, [], |row| row.get(0)).unwrap()
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the variable is for maintainers, not for users")]
    fn expected_schema_matches_migrations() {
        let created_schema = load_schema_text(&create_migrated_database(MIGRATIONS));
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/expected_schema.sql");
        if std::env::var_os("UPDATE_EXPECTED_SCHEMA").is_some() {
            std::fs::write(file, &created_schema).unwrap();
        }
        assert!(
            created_schema == std::fs::read_to_string(file).unwrap(),
            "the schema that the migrations create differs from `expected_schema.sql`; run this test \
             with UPDATE_EXPECTED_SCHEMA=1 and commit the file. Created schema:\n{created_schema}"
        );
    }

    #[test]
    fn schema_check_passes_after_vacuum() {
        let connection = create_migrated_database(MIGRATIONS);
        assert!(find_schema_differences(&connection).is_empty());
        connection.execute_batch("VACUUM").unwrap();
        assert!(load_schema_text(&connection) != EXPECTED_SCHEMA);
        assert!(find_schema_differences(&connection).is_empty());
    }

    #[test]
    fn dropped_index_or_trigger_is_reported() {
        let objects = load_objects(&create_migrated_database(MIGRATIONS)).unwrap();
        for object in objects.iter().filter(|object| object.kind != "table") {
            let connection = create_migrated_database(MIGRATIONS);
            if object.sql.is_none() {
                continue;
            }
            connection.execute_batch(&format!("DROP {} {}", object.kind, object.name)).unwrap();
            assert_eq!(
                find_schema_differences(&connection),
                [format!("missing {}", object.to_display())]
            );
        }
    }

    #[test]
    fn schema_difference_names_change_kind_and_object() {
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
            let connection = create_migrated_database(MIGRATIONS);
            connection.execute_batch(change).unwrap();
            let reported = find_schema_differences(&connection);
            // For ANALYZE, some builds of SQLite also create the table `sqlite_stat4`.
            let reported: Vec<_> =
                reported.iter().filter(|text| !text.contains("sqlite_stat4")).collect();
            assert_eq!(reported, differences, "{change}");
        }
    }

    #[test]
    fn schema_difference_list_is_bounded() {
        let connection = create_migrated_database(MIGRATIONS);
        for number in 0..2_000 {
            connection.execute_batch(&format!("CREATE TABLE t{number} (x)")).unwrap();
        }
        assert_eq!(find_schema_differences(&connection).len(), MAX_DIFFERENCES);
    }
}
