//! Parts of SQL statements that differ between the database engines.

use super::connection::Connection;

impl Connection<'_> {
    /// Returns the FROM item for `table`. The item makes SQLite read the table without an index.
    /// PostgreSQL can still use an index.
    pub(super) fn table_without_index_sql(self, table: &str) -> String {
        match self {
            Self::Sqlite(_) => format!("{table} NOT INDEXED"),
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => table.to_owned(),
        }
    }

    /// Returns the FROM item for all objects, at any depth, in the JSON text in `column`. The
    /// objects are in the column `object.value`.
    pub(super) fn json_objects_sql(self, column: &str) -> String {
        match self {
            Self::Sqlite(_) => {
                format!("(SELECT value FROM json_tree({column}) WHERE type = 'object') AS object")
            }
            // `jsonb` refuses the escape `\u0000`, so the expression replaces this escape with
            // `\ufffd`. The text `\\u0000` is an escaped backslash followed by `u0000`, and must
            // not change. U+10FFFE therefore represents each escaped backslash during the
            // replacement.
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => format!(
                r"(SELECT value FROM jsonb_path_query(
                      CAST(replace(replace(replace({column}, '\\', chr(1114110)), '\u0000', '\ufffd'),
                                   chr(1114110), '\\') AS jsonb), 'strict $.**') AS value
                  WHERE jsonb_typeof(value) = 'object') AS object"
            ),
        }
    }

    /// Returns the FROM item for the texts of the JSON array in `column`. The texts are in the
    /// column `value`.
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
