//! Parts of SQL statements that differ between the database engines.

use super::connection::Connection;

impl Connection<'_> {
    /// Returns the FROM item for a table that SQLite then reads without its indexes.
    pub(super) fn table_without_index_sql(self, table: &str) -> String {
        match self {
            Self::Sqlite(_) => format!("{table} NOT INDEXED"),
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => table.to_owned(),
        }
    }

    /// Returns the FROM item for all objects in a JSON text, at any depth: the column `object.value`.
    pub(super) fn json_objects_sql(self, column: &str) -> String {
        match self {
            Self::Sqlite(_) => {
                format!("(SELECT value FROM json_tree({column}) WHERE type = 'object') AS object")
            }
            // `jsonb` refuses `\u0000`, which becomes U+FFFD. An escaped backslash before `u0000` stays:
            // while NUL is replaced, U+10FFFE takes its place.
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => format!(
                r"(SELECT value FROM jsonb_path_query(
                      CAST(replace(replace(replace({column}, '\\', chr(1114110)), '\u0000', '\ufffd'),
                                   chr(1114110), '\\') AS jsonb), 'strict $.**') AS value
                  WHERE jsonb_typeof(value) = 'object') AS object"
            ),
        }
    }

    /// Returns the FROM item for the texts in a JSON array: the column `value`.
    pub(super) fn json_texts_sql(self, column: &str) -> String {
        match self {
            Self::Sqlite(_) => format!("json_each({column})"),
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => {
                format!("json_array_elements_text(CAST({column} AS json)) AS value")
            }
        }
    }
}
