//! The two ways into the file: [`Store::read`] and [`Store::write`].

use super::{Error, Store};
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};
use std::ops::Deref;
use std::time::{Duration, Instant};

/// Between two looks at the write lock, which is held for a millisecond or two.
const STEP: Duration = Duration::from_millis(5);

/// What can be asked of the store inside one transaction. The tables' files add the questions.
pub(crate) struct Reader<'c> {
    pub(super) sql: &'c Connection,
}

/// A [`Reader`] that can also change rows.
pub(crate) struct Writer<'c>(Reader<'c>);

impl<'c> Deref for Writer<'c> {
    type Target = Reader<'c>;

    fn deref(&self) -> &Reader<'c> {
        &self.0
    }
}

impl<'c> Writer<'c> {
    pub(super) fn on(sql: &'c Connection) -> Self {
        Self(Reader { sql })
    }

    /// Returns the id of the row that was inserted into `table`. SQLite reports a table whose ids
    /// are used up as a full disk.
    pub(super) fn inserted(
        &self,
        table: &str,
        result: rusqlite::Result<usize>,
    ) -> Result<i64, Error> {
        match result {
            Ok(_) => Ok(self.sql.last_insert_rowid()),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DiskFull) => {
                Err(self.no_id_left(table)?.map_or_else(|| error.into(), Error::Damaged))
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl Reader<'_> {
    /// Returns the fault of a table whose highest id is the highest of all integers.
    pub(super) fn no_id_left(&self, table: &str) -> Result<Option<String>, Error> {
        let is_used_up: bool = self.sql.query_row(
            &format!(
                "SELECT EXISTS (SELECT 1 FROM {table} WHERE id = ?2)
                     OR EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ?1 AND seq >= ?2)"
            ),
            (table, i64::MAX),
            |row| row.get(0),
        )?;
        Ok(is_used_up.then(|| format!("table `{table}` has no id left")))
    }
}

impl Store {
    /// Runs `work` on one unchanging view of the store.
    pub(crate) fn read<T, E: From<Error>>(
        &mut self,
        work: impl FnOnce(&Reader<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let transaction = self.connection.transaction().map_err(Error::from)?;
        work(&Reader { sql: &transaction })
    }

    /// Runs `work` as one durable change: `BEGIN IMMEDIATE`, committed if it returns `Ok`, rolled
    /// back otherwise. It is run again when the store was busy, so it must have no effect besides
    /// its rows: sign before, print after.
    pub(crate) fn write<T, E: From<Error> + AsBusy>(
        &mut self,
        mut work: impl FnMut(&Writer<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let deadline = Instant::now() + self.wait;
        loop {
            match self.attempt(deadline, &mut work) {
                Err(error) if error.is_busy() && Instant::now() < deadline => {}
                other => return other,
            }
        }
    }

    fn attempt<T, E: From<Error>>(
        &mut self,
        deadline: Instant,
        work: &mut impl FnMut(&Writer<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let transaction = self.begin(deadline)?;
        let value = work(&Writer::on(&transaction))?;
        transaction.commit().map_err(Error::from)?;
        Ok(value)
    }
}

impl Store {
    /// Leaves the write lock alone for as long as others need to notice that it is free.
    pub(crate) fn let_others_in() {
        std::thread::sleep(STEP);
    }

    /// Waits for the write lock in short even steps. SQLite's own waiting backs off to a tenth of a
    /// second and knows no queue: under load newcomers overtake whoever waited longest, for ever.
    fn begin(&mut self, deadline: Instant) -> Result<Transaction<'_>, Error> {
        self.connection.busy_timeout(Duration::ZERO)?;
        let begun = loop {
            let immediate = TransactionBehavior::Immediate;
            match Transaction::new_unchecked(&self.connection, immediate).map_err(Error::from) {
                Err(Error::Busy) if Instant::now() < deadline => std::thread::sleep(STEP),
                other => break other,
            }
        };
        self.connection.busy_timeout(self.wait)?;
        begun
    }
}

/// Whether an error of a room above is our [`Error::Busy`].
pub(crate) trait AsBusy {
    /// True if trying again may help.
    fn is_busy(&self) -> bool;
}

impl AsBusy for Error {
    fn is_busy(&self) -> bool {
        matches!(self, Self::Busy)
    }
}
