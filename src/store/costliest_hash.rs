//! The stored class of the costliest password hash, which a failed login costs as much as.

use super::{Error, Reader, Writer};
use rusqlite::OptionalExtension;

/// The characters of a salt and a hash in PHC form.
const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

impl Reader<'_> {
    /// Returns the stored class; `None` if no hash costs more than those that this program makes.
    pub(crate) fn costliest_hash(&self) -> Result<Option<String>, Error> {
        let mut statement = self.sql.prepare_cached("SELECT costliest_hash FROM store")?;
        Ok(statement.query_row([], |row| row.get(0)).optional()?.flatten())
    }

    /// Calls `take` with the class of the password hashes of all users: their texts without salt and
    /// hash, each once.
    pub(crate) fn for_each_hash_class(&self, mut visit: impl FnMut(&str)) -> Result<(), Error> {
        let mut statement = self.sql.prepare(
            "SELECT DISTINCT rtrim(rtrim(rtrim(rtrim(password, ?1), '$'), ?1), '$') FROM users
             WHERE password IS NOT NULL ORDER BY 1",
        )?;
        let mut rows = statement.query([BASE64])?;
        while let Some(row) = rows.next()? {
            visit(&row.get::<_, String>(0)?);
        }
        Ok(())
    }
}

impl Writer<'_> {
    /// Stores the class.
    pub(crate) fn set_costliest_hash(&self, class: Option<&str>) -> Result<(), Error> {
        self.sql.prepare_cached("UPDATE store SET costliest_hash = ?1")?.execute([class])?;
        Ok(())
    }
}
