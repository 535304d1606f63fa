//! The rows of an import file: reading and validation.

use super::super::Error;
use super::administration::IfExists;
use super::import_existing::find_existing;
use super::import_observer::{ImportObserver, ImportStep};
use super::import_row::{
    ACCOUNT_FIELDS, GeneratedPassword, ImportRow, UNKNOWN_FIELD, flatten_json_list, name_key,
    parse_import_row,
};
use crate::model::{
    InvalidLine, InvalidLines, Role, Row, RowError, SpreadsheetRows, Timestamp, redact_for_error,
};
use crate::parallel::map_in_order;
use crate::store::{self, Reader, ScratchDatabase};
use std::collections::BTreeSet;
use std::io::BufRead;

/// Maximum number of rows that are read from the scratch database, a temporary database, at a time.
const MAX_BATCH_ROWS: usize = 500;

/// Treatment of the fields that are not in [`ACCOUNT_FIELDS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnknownFields {
    Refuse,
    Ignore,
}

/// The rows of an import file. All rows are valid, and no two rows have the same username, e-mail
/// address or uid.
#[derive(Debug)]
pub(crate) struct ImportRows {
    pub(super) rows: ScratchDatabase,
    /// The time of the import: the creation time of a new account without `created_at` in its row,
    /// and the time since which a new account with `disabled` is disabled.
    now: Timestamp,
    /// The number of rows.
    pub(super) count: usize,
    /// The number of rows with a given or generated password in plain text, counted before hashing.
    pub(super) unhashed_count: usize,
    /// Set if a row describes an active admin.
    has_admin: bool,
    /// The names of omitted unknown fields, escaped, up to the maximum number for a message.
    skipped_fields: BTreeSet<String>,
    /// The generated passwords of new accounts.
    pub(super) generated_passwords: Vec<GeneratedPassword>,
    /// Set if the outcome of the import must list the changes.
    pub(super) lists_changes: bool,
    /// The minimum password length that the file of `jeton apply` sets; `None` if the setting of
    /// the store applies.
    pub(super) min_password_length: Option<usize>,
}

impl ImportRows {
    fn new(now: Timestamp) -> Result<Self, Error> {
        Ok(Self {
            rows: ScratchDatabase::new()?,
            now,
            count: 0,
            unhashed_count: 0,
            has_admin: false,
            skipped_fields: BTreeSet::new(),
            generated_passwords: Vec::new(),
            lists_changes: false,
            min_password_length: None,
        })
    }

    /// Returns an import without rows, for `jeton apply`. The outcome of the import will list the
    /// changes. `min_password_length` is the minimum that the file of `jeton apply` sets; `None` if
    /// the setting of the store applies.
    pub(in crate::authority) fn with_list_of_changes(
        now: Timestamp,
        min_password_length: Option<usize>,
    ) -> Result<Self, Error> {
        Ok(Self { lists_changes: true, min_password_length, ..Self::new(now)? })
    }

    /// Reads a file: CSV, JSON Lines, or a JSON list in one line. Errors never contain the
    /// passwords of a row. With [`UnknownFields::Ignore`], unknown fields are omitted.
    pub(crate) fn from_reader(
        input: impl BufRead,
        now: Timestamp,
        unknown_fields: UnknownFields,
    ) -> Result<Self, Error> {
        let rows = SpreadsheetRows::new(input, "password")?;
        let mut import_rows = Self::new(now)?;
        match unknown_fields {
            UnknownFields::Refuse => check_columns(rows.columns())?,
            // Without a known column name, the file may have no header: see `check_columns`.
            UnknownFields::Ignore if rows.columns().iter().any(|name| is_known_field(name)) => {
                import_rows.note_skipped_fields(rows.columns().iter());
            }
            UnknownFields::Ignore => {}
        }
        let mut has_unknown_field = false;
        import_rows.read_rows(rows, unknown_fields, &mut has_unknown_field).map_err(|error| {
            if has_unknown_field { Error::UnknownFields(Box::new(error)) } else { error }
        })?;
        Ok(import_rows)
    }

    fn read_rows(
        &mut self,
        rows: SpreadsheetRows<impl BufRead>,
        unknown_fields: UnknownFields,
        has_unknown_field: &mut bool,
    ) -> Result<(), Error> {
        let mut invalid_lines = InvalidLines::default();
        for row in rows {
            let rows = match row {
                Ok(row) => flatten_json_list(row),
                Err(RowError::InvalidLine(line)) => {
                    invalid_lines.push(line)?;
                    continue;
                }
                Err(error @ RowError::Input(_)) => return Err(error.into()),
            };
            for mut row in rows {
                if unknown_fields == UnknownFields::Ignore {
                    self.note_skipped_fields(row.fields.keys());
                    row.fields.retain(|name, _| is_known_field(name));
                }
                match self.add_row(row) {
                    Err(Error::InvalidLine(line)) => {
                        *has_unknown_field |= line.reason.starts_with(UNKNOWN_FIELD);
                        invalid_lines.push(line)?;
                    }
                    other => other?,
                }
            }
        }
        Ok(invalid_lines.into_result()?)
    }

    /// Adds the unknown names among `names` to the skipped fields.
    fn note_skipped_fields<'a>(&mut self, names: impl Iterator<Item = &'a String>) {
        /// Maximum number of names in a message.
        const MAX_NAMES: usize = 20;
        let unknown: Vec<_> = names.filter(|name| !is_known_field(name)).collect();
        for name in unknown {
            if self.skipped_fields.len() < MAX_NAMES {
                self.skipped_fields.insert(redact_for_error(name));
            }
        }
    }

    /// Returns the names of omitted unknown fields, escaped, up to the maximum number for a
    /// message.
    pub(crate) fn skipped_fields(&self) -> Vec<&str> {
        self.skipped_fields.iter().map(String::as_str).collect()
    }

    /// Adds a row. Refuses an invalid row, and a row that has the username, e-mail address or uid
    /// of an earlier row. After an error, `self` must not be imported.
    pub(in crate::authority) fn add_row(&mut self, row: Row) -> Result<(), Error> {
        self.rows.push(&row)?;
        let import_row = self.parse_row(row)?;
        for name in &import_row.user_refs() {
            if let Some(first_line) = self.rows.reserve_name(&name_key(name), import_row.line)? {
                let reason =
                    format!("username, e-mail address or uid already used on line {first_line}");
                return Err(InvalidLine { line: import_row.line, reason }.into());
            }
        }
        self.count += 1;
        self.unhashed_count += usize::from(import_row.password.is_some());
        self.has_admin |=
            import_row.new_user.role == Role::Admin && import_row.new_user.disabled_at.is_none();
        Ok(())
    }

    pub(super) fn parse_row(&self, row: Row) -> Result<ImportRow, InvalidLine> {
        parse_row(row, self.now)
    }

    /// Returns the number of rows.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// Returns the number of rows with a given or generated password in plain text, counted before
    /// hashing.
    pub(crate) fn unhashed_count(&self) -> usize {
        self.unhashed_count
    }

    /// Refuses a file without an active admin. Called for an import into a store without users.
    pub(crate) fn ensure_has_admin(&self) -> Result<(), Error> {
        if self.has_admin { Ok(()) } else { Err(Error::NoAdmin) }
    }

    /// Returns the minimum length of new passwords: from the file, or else from the store.
    pub(super) fn min_password_length(&self, tx: &Reader<'_>) -> Result<usize, store::Error> {
        let stored = || tx.load_settings().map(|settings| settings.password_min_length);
        self.min_password_length.map_or_else(stored, Ok)
    }

    /// Calls `visit` with the rows in batches, in order. The rows are read and parsed on other
    /// threads.
    pub(super) fn for_each_batch(
        &mut self,
        visit: impl FnMut(Vec<ImportRow>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let now = self.now;
        let create_parser = || {
            Ok(|batch: Vec<(i64, Row)>| {
                let rows = batch.into_iter().map(|(_, row)| Ok(parse_row(row, now)?));
                rows.collect::<Result<Vec<_>, Error>>()
            })
        };
        let batches = self.rows.batches(MAX_BATCH_ROWS).map(|batch| Ok(batch?));
        map_in_order(1, batches, create_parser, visit)
    }

    /// Calls `visit` for each row, in order, with the row number in the scratch database and the
    /// unparsed row.
    pub(super) fn for_each_row(
        &self,
        mut visit: impl FnMut(i64, Row) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut last_number = 0;
        loop {
            let batch = self.rows.rows_after(last_number, MAX_BATCH_ROWS)?;
            let Some((number, _)) = batch.last() else { return Ok(()) };
            last_number = *number;
            batch.into_iter().try_for_each(|(number, row)| visit(number, row))?;
        }
    }

    /// Refuses new accounts whose passwords are too short, and rows that [`find_existing`] refuses.
    /// Called before hashing, which is slow.
    pub(super) fn check_rows(
        &self,
        tx: &Reader<'_>,
        if_exists: IfExists,
        observer: &ImportObserver<'_>,
    ) -> Result<(), Error> {
        let min_length = self.min_password_length(tx)?;
        let mut invalid_lines = InvalidLines::default();
        self.for_each_row(|_, row| {
            observer(ImportStep::RowRead)?;
            let import_row = self.parse_row(row)?;
            if find_existing(tx, &import_row, if_exists)?.is_some() {
                return Ok(());
            }
            if import_row.password.is_some_and(|password| password.char_count() < min_length) {
                let reason = format!("password shorter than {min_length} characters");
                invalid_lines.push(InvalidLine { line: import_row.line, reason })?;
            }
            Ok(())
        })?;
        Ok(invalid_lines.into_result()?)
    }
}

/// Parses a row. An error states the line of the row.
fn parse_row(row: Row, now: Timestamp) -> Result<ImportRow, InvalidLine> {
    let line = row.line;
    parse_import_row(row, now).map_err(|reason| InvalidLine { line, reason })
}

/// Refuses unknown columns of a CSV file. The error repeats unknown names only if another column
/// has a known name. Otherwise, the file may have no header, and its first line may contain a
/// password.
fn check_columns(columns: &[String]) -> Result<(), Error> {
    let unknown: Vec<_> = (1..).zip(columns).filter(|(_, name)| !is_known_field(name)).collect();
    let Some((column, _)) = unknown.first() else { return Ok(()) };
    let expected = ACCOUNT_FIELDS.join(", ");
    if !columns.iter().any(|name| is_known_field(name)) {
        let reason = format!(
            "unknown name in column {column} of the CSV header: expected one of {expected}"
        );
        return Err(InvalidLine { line: 1, reason }.into());
    }
    let noun = if unknown.len() == 1 { "column" } else { "columns" };
    let names: Vec<_> =
        unknown.iter().map(|(_, name)| format!("`{}`", redact_for_error(name))).collect();
    let reason = format!("unknown {noun} {}: expected one of {expected}", names.join(", "));
    Err(Error::UnknownFields(Box::new(InvalidLine { line: 1, reason }.into())))
}

fn is_known_field(name: &str) -> bool {
    ACCOUNT_FIELDS.contains(&name)
}
