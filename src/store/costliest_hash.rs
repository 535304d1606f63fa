//! Stored class (PHC string without salt and hash) of the costliest password hash. Every failed
//! login costs as much as a comparison with a hash of this class.

use super::{Error, Reader, Writer};
use rusqlite::OptionalExtension;

/// Characters of a salt and a hash in PHC string format.
const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

impl Reader<'_> {
    /// Returns the stored class, or `None` if no hash costs more than the hashes jeton creates.
    pub(crate) fn costliest_hash_class(&self) -> Result<Option<String>, Error> {
        let mut statement = self.connection.prepare_cached("SELECT costliest_hash FROM store")?;
        Ok(statement.query_row([], |row| row.get(0)).optional()?.flatten())
    }

    /// Calls `visit` with each distinct class of the users' password hashes: the PHC strings
    /// without salt and hash.
    pub(crate) fn for_each_hash_class(&self, mut visit: impl FnMut(&str)) -> Result<(), Error> {
        let mut statement = self.connection.prepare(
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
    /// Stores the class of the costliest hash.
    pub(crate) fn set_costliest_hash_class(&self, class: Option<&str>) -> Result<(), Error> {
        self.connection.prepare_cached("UPDATE store SET costliest_hash = ?1")?.execute([class])?;
        Ok(())
    }
}
