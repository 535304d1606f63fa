//! The table of settings. A setting that was never changed, or was reset, has no row: its value is
//! the default.

use super::values::values;
use super::{Error, Reader, Writer};
use crate::model::{Setting, Settings, Timestamp};

/// Maximum number of rows that are read when all settings are loaded. In a crafted file, the table
/// can refer to the same database page repeatedly, so that even a short file has
/// any number of rows.
const MAX_ROWS: usize = 1_000;

impl Reader<'_> {
    /// Returns all settings.
    pub(crate) fn load_settings(&self) -> Result<Settings, Error> {
        let mut settings = Settings::default();
        let mut count = 0;
        let mut statement = self.connection.prepare("SELECT name, value FROM settings")?;
        statement.for_each_row(&[], |row| {
            count += 1;
            if count > MAX_ROWS {
                return Err(Error::Damaged("too many rows in table `settings`".to_owned()));
            }
            let name: String = row.get(0)?;
            // Settings of later versions are ignored.
            if let Ok(setting) = Setting::parse(&name) {
                settings.apply(setting, &row.get::<String>(1)?)?;
            }
            Ok(true)
        })?;
        Ok(settings)
    }

    /// Returns the stored value of a setting, or `None` for the default.
    pub(crate) fn find_setting(&self, setting: Setting) -> Result<Option<String>, Error> {
        let sql = "SELECT value FROM settings WHERE name = ?1";
        self.connection.query_optional(sql, values![setting.name()], |row| row.get(0))
    }
}

impl Writer<'_> {
    /// Resets a setting to its default.
    pub(crate) fn remove_setting(&self, setting: Setting) -> Result<(), Error> {
        let sql = "DELETE FROM settings WHERE name = ?1";
        self.connection.execute(sql, values![setting.name()])?;
        Ok(())
    }

    /// Sets a setting to `value`, which the caller has validated.
    pub(crate) fn set_setting(
        &self,
        setting: Setting,
        value: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.connection.execute(
            "INSERT INTO settings (name, value, changed_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (name) DO UPDATE SET value = ?2, changed_at = ?3",
            values![setting.name(), value, now],
        )?;
        Ok(())
    }
}
