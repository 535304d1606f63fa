//! The table of settings: only what differs from the default has a row.

use super::{Error, Reader, Writer};
use crate::model::{Setting, Settings, Timestamp};
use rusqlite::OptionalExtension;

/// The most rows that are read: every command reads them, and a crafted file can refer to the same
/// page again and again.
const MAX_ROWS: usize = 1_000;

impl Reader<'_> {
    /// All settings.
    pub(crate) fn load_settings(&self) -> Result<Settings, Error> {
        let mut settings = Settings::default();
        let mut statement = self.sql.prepare_cached("SELECT name, value FROM settings")?;
        let mut rows = statement.query([])?;
        let mut count = 0;
        while let Some(row) = rows.next()? {
            count += 1;
            if count > MAX_ROWS {
                return Err(Error::Damaged("table `settings` is too long".to_owned()));
            }
            let name: String = row.get(0)?;
            // A name that a later version knows is not ours to judge.
            if let Ok(setting) = Setting::parse(&name) {
                settings.apply(setting, &row.get::<_, String>(1)?)?;
            }
        }
        Ok(settings)
    }

    /// The value that was set; `None` if it is the default.
    pub(crate) fn find_setting(&self, setting: Setting) -> Result<Option<String>, Error> {
        Ok(self
            .sql
            .query_row("SELECT value FROM settings WHERE name = ?1", [setting.name()], |row| {
                row.get(0)
            })
            .optional()?)
    }
}

impl Writer<'_> {
    /// Forgets what was set; `false` if it was the default.
    pub(crate) fn remove_setting(&self, setting: Setting) -> Result<bool, Error> {
        let changed = self.sql.execute("DELETE FROM settings WHERE name = ?1", [setting.name()])?;
        Ok(changed > 0)
    }

    /// Keeps a checked value.
    pub(crate) fn set_setting(
        &self,
        setting: Setting,
        value: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.sql.execute(
            "INSERT INTO settings (name, value, changed_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (name) DO UPDATE SET value = ?2, changed_at = ?3",
            (setting.name(), value, now.unix()),
        )?;
        Ok(())
    }
}
