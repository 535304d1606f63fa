//! The tables and columns that a copy transfers.

use super::super::columns::ColumnType::{self, Bool, Bytes, Integer, Text, Uuid};
use super::super::connection::Connection;
#[cfg(feature = "postgres")]
use super::super::postgres::latest_schema_version;
#[cfg(feature = "postgres")]
use crate::store::sql::{digest_sql, grant_digest_sql};

/// A table that a copy transfers.
pub(super) struct Table {
    pub(super) name: &'static str,
    /// Columns with their types.
    pub(super) columns: &'static [(&'static str, ColumnType)],
    /// Names of the unique columns that determine the order of the rows, separated by commas.
    key: &'static str,
    /// Columns that are filled after all rows are inserted: the reference to a later row of the
    /// same table, and the column that must be NULL if the reference is NULL (CHECK constraint).
    pub(super) late_columns: &'static [&'static str],
    /// Set if SQLite stores the last id, so that the ids of deleted rows are not reused.
    pub(super) is_autoincrement: bool,
}

/// Field values that most of the [`TABLES`] share.
const DEFAULTS: Table =
    Table { name: "", columns: &[], key: "id", late_columns: &[], is_autoincrement: true };

/// Columns of the audit log. Only a server has the last column, the database user of the event.
const AUDIT_COLUMNS: &[(&str, ColumnType)] = &[
    ("id", Integer),
    ("at", Integer),
    ("user_id", Integer),
    ("os_uid", Integer),
    ("action", Text),
    ("detail", Text),
    ("outcome", Text),
    ("count", Integer),
    ("target_kind", Text),
    ("target_id", Text),
    ("db_user", Text),
];

/// All tables except `user_blocks` (filled by triggers), with the columns that both engines have.
const TABLES: [Table; 10] = [
    Table {
        name: "store",
        columns: &[
            ("one", Integer),
            ("store_id", Uuid),
            ("created_at", Integer),
            ("costliest_hash", Text),
        ],
        key: "one",
        is_autoincrement: false,
        ..DEFAULTS
    },
    Table {
        name: "users",
        columns: &[
            ("id", Integer),
            ("uid", Uuid),
            ("username", Text),
            ("email", Text),
            ("email_key", Text),
            ("name", Text),
            ("name_key", Text),
            ("password", Text),
            ("role", Text),
            ("quota", Integer),
            ("disabled_at", Integer),
            ("deleted_at", Integer),
            ("created_at", Integer),
            ("password_at", Integer),
        ],
        ..DEFAULTS
    },
    Table {
        name: "keys",
        columns: &[
            ("id", Integer),
            ("kid", Text),
            ("purpose", Text),
            ("algorithm", Text),
            ("state", Text),
            ("weak", Bool),
            ("material", Bytes),
            ("public", Text),
            ("created_at", Integer),
            ("activated_at", Integer),
            ("retired_at", Integer),
            ("verify_until", Integer),
            ("revoked_at", Integer),
            ("pruned_until", Integer),
        ],
        ..DEFAULTS
    },
    Table {
        name: "sessions",
        columns: &[
            ("id", Integer),
            ("sid", Uuid),
            ("user_id", Integer),
            ("created_at", Integer),
            ("expires_at", Integer),
            ("ended_at", Integer),
            ("end_reason", Text),
        ],
        ..DEFAULTS
    },
    Table {
        name: "pairs",
        columns: &[
            ("id", Integer),
            ("session_id", Integer),
            ("parent", Integer),
            ("key_id", Integer),
            ("access", Uuid),
            ("refresh", Uuid),
            ("issued_at", Integer),
            ("access_expires_at", Integer),
            ("refresh_expires_at", Integer),
            ("access_revoked_at", Integer),
            ("spent_at", Integer),
        ],
        ..DEFAULTS
    },
    Table {
        name: "grants",
        columns: &[
            ("id", Integer),
            ("owner_id", Integer),
            ("kind", Text),
            ("app", Text),
            ("permissions", Text),
            ("audience", Text),
            ("claims", Text),
        ],
        ..DEFAULTS
    },
    Table {
        name: "tokens",
        columns: &[
            ("id", Integer),
            ("jti", Uuid),
            ("grant_id", Integer),
            ("key_id", Integer),
            ("issued_at", Integer),
            ("expires_at", Integer),
            ("revoked_at", Integer),
            ("superseded_by", Integer),
            ("grace_until", Integer),
            ("first_issued_at", Integer),
            ("run_jti", Uuid),
        ],
        late_columns: &["superseded_by", "grace_until"],
        ..DEFAULTS
    },
    Table {
        name: "blocklist",
        columns: &[
            ("key_id", Integer),
            ("jti", Text),
            ("expires_at", Integer),
            ("revoked_at", Integer),
        ],
        key: "key_id, jti",
        is_autoincrement: false,
        ..DEFAULTS
    },
    Table {
        name: "settings",
        columns: &[("name", Text), ("value", Text), ("changed_at", Integer)],
        key: "name",
        is_autoincrement: false,
        ..DEFAULTS
    },
    Table {
        name: "audit",
        columns: AUDIT_COLUMNS.split_at(AUDIT_COLUMNS.len() - 1).0,
        is_autoincrement: false,
        ..DEFAULTS
    },
];

/// Returns the [`TABLES`] with the columns that both stores have. A table follows the tables to
/// which the table refers.
pub(super) fn common_tables(source: Connection<'_>, target: Connection<'_>) -> [Table; 10] {
    let mut tables = TABLES;
    if source.is_server() && target.is_server() {
        let audit = tables.iter_mut().filter(|table| table.name == "audit");
        audit.for_each(|table| table.columns = AUDIT_COLUMNS);
    }
    tables
}

impl Table {
    /// Returns whether the rows have ids.
    pub(super) fn has_id(&self) -> bool {
        self.key == "id"
    }

    /// Returns the names of the columns, with or without [`Table::late_columns`].
    pub(super) fn column_names(&self, with_late_columns: bool) -> Vec<&'static str> {
        let names = self.columns.iter().map(|(name, _)| *name);
        names.filter(|name| with_late_columns || !self.late_columns.contains(name)).collect()
    }

    /// Returns the types of the columns with these names, in the order of [`Table::columns`].
    pub(super) fn column_types(&self, names: &[&str]) -> Vec<ColumnType> {
        let columns = self.columns.iter().filter(|(name, _)| names.contains(name));
        columns.map(|(_, column_type)| *column_type).collect()
    }

    /// Returns ORDER BY terms that give the same order in both engines: texts are in byte order.
    pub(super) fn order_by_terms(&self, connection: Connection<'_>) -> &'static str {
        match connection {
            Connection::Sqlite(_) => self.key,
            // U+0000 is stored as U+10FFFF `0` (see `escape_nul`), and would sort last. The
            // expression replaces U+0000 with U+0001 U+0001 U+0002, and U+0001 with U+0001 U+0002.
            // The results sort like the original texts. U+10FFFF is stored twice: until U+0000 is
            // replaced, U+0001 U+0003 represents this pair.
            #[cfg(feature = "postgres")]
            Connection::Postgres(_) if self.name == "blocklist" => {
                "key_id, replace(replace(replace(replace(jti, U&'\\0001', U&'\\0001\\0002'),
                     U&'\\+10FFFF\\+10FFFF', U&'\\0001\\0003'), U&'\\+10FFFF0', U&'\\0001\\0001\\0002'),
                     U&'\\0001\\0003', U&'\\+10FFFF')"
            }
            #[cfg(feature = "postgres")]
            Connection::Postgres(_) => self.key,
        }
    }

    /// Returns the columns that only this engine has and that a copy computes, each with the SQL
    /// expression of its value.
    pub(super) fn derived_columns(&self, engine: Connection<'_>) -> Vec<(&'static str, String)> {
        match engine {
            Connection::Sqlite(_) => Vec::new(),
            #[cfg(feature = "postgres")]
            Connection::Postgres(_) => match self.name {
                "store" => {
                    let version = latest_schema_version().to_string();
                    vec![("app", "'jeton'".to_owned()), ("version", version)]
                }
                "grants" => {
                    let values = "owner_id, kind, app, permissions, audience, claims";
                    vec![("digest", grant_digest_sql(values))]
                }
                "blocklist" => vec![("digest", digest_sql("jti"))],
                _ => Vec::new(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::schema::create_schema;

    #[test]
    fn copied_tables_match_sqlite_schema_except_user_blocks() {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        create_schema(&connection).unwrap();
        let texts = |sql: &str| -> Vec<String> {
            let mut statement = connection.prepare(sql).unwrap();
            let rows = statement.query_map([], |row| row.get(0)).unwrap();
            rows.map(Result::unwrap).collect()
        };
        let mut tables = texts(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
        );
        tables.retain(|name| name != "user_blocks");
        let mut copied: Vec<_> = TABLES.iter().map(|table| table.name).collect();
        tables.sort_unstable();
        copied.sort_unstable();
        assert_eq!(copied, tables);
        for table in TABLES {
            let name = table.name;
            let columns = texts(&format!(
                "SELECT name || ' ' || type FROM pragma_table_info('{name}') ORDER BY name"
            ));
            let type_name = |column_type| match column_type {
                Integer | Bool => "INTEGER",
                Text => "TEXT",
                Bytes | Uuid => "BLOB",
            };
            let copied = table
                .columns
                .iter()
                .map(|(name, column_type)| format!("{name} {}", type_name(*column_type)));
            let mut copied: Vec<_> = copied.collect();
            copied.sort_unstable();
            assert_eq!(copied, columns, "{name}");
            let autoincrement_sql = texts(&format!(
                "SELECT sql FROM sqlite_schema WHERE name = '{name}' AND sql LIKE '%AUTOINCREMENT%'"
            ));
            assert_eq!(table.is_autoincrement, !autoincrement_sql.is_empty(), "{name}");
        }
    }
}
