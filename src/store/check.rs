//! Checks of a store for `store check`, and of a backup before its restore. The checks do not
//! change the store. After a fault, the checks continue if possible.

use super::check_rows::{self, CryptoChecks};
use super::connect::{OpenMode, connect, map_open_error};
use super::file::{self, StoreFile};
use super::schema::{DatabaseKind, detect_kind, store_id};
use super::stats::permission_bits;
use super::values::{Row, Value, values};
use super::{Error, Reader, ResolvedAddress, tokens};
#[cfg(feature = "postgres")]
use super::{Store, postgres, postgres::ServerError};
use crate::directory::{GROUP_WRITABLE_WARNING, Writers};
use crate::model::{Timestamp, escape};
use rusqlite::Connection;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

/// Results of a check.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// Errors in the order of detection; the first errors can be the cause of the later errors.
    pub(crate) faults: Vec<Error>,
    /// Unusual conditions that may be intended.
    pub(crate) warnings: Vec<String>,
}

impl Findings {
    /// Returns the value, or adds the error to the faults.
    fn collect<T>(&mut self, result: Result<T, Error>) -> Option<T> {
        result.map_err(|error| self.faults.push(error)).ok()
    }

    fn add_damage(&mut self, description: String) {
        self.faults.push(Error::Damaged(description));
    }
}

/// Checks the store at `address`. Returns the faults of the store as findings. Returns an error if
/// no store exists, or if a later check may succeed.
pub(crate) fn check(
    address: ResolvedAddress,
    checks: &CryptoChecks,
    now: Timestamp,
    lock_timeout: Duration,
) -> Result<Findings, Error> {
    match address {
        ResolvedAddress::File(path) => check_file(&path, checks, now, lock_timeout),
        #[cfg(feature = "postgres")]
        ResolvedAddress::Server(..) => check_server(address, checks, now, lock_timeout),
    }
}

/// Checks the server and the schema version, then the settings of the server and the rights on the
/// database, then the rows. Does not check pages and indexes, because only the server can read
/// them.
#[cfg(feature = "postgres")]
fn check_server(
    address: ResolvedAddress,
    checks: &CryptoChecks,
    now: Timestamp,
    lock_timeout: Duration,
) -> Result<Findings, Error> {
    let mut findings = Findings::default();
    let mut store = match Store::open(address, lock_timeout) {
        Ok(outcome) => outcome.store,
        Err(error @ Error::Server(ServerError::NoStore(_))) => return Err(error),
        Err(error) if postgres::is_temporary_failure(&error) => return Err(error),
        Err(error) => {
            findings.faults.push(error);
            return Ok(findings);
        }
    };
    store.read(|tx| {
        let warnings = postgres::find_server_risks(tx.connection)?;
        findings.warnings.extend(warnings);
        check_current_rows(tx, checks, now, &mut findings);
        Ok::<_, Error>(())
    })?;
    match findings.faults.iter().position(postgres::is_temporary_failure) {
        Some(index) => Err(findings.faults.swap_remove(index)),
        None => Ok(findings),
    }
}

/// Checks the files of the store at `path`, then the schema, all pages and the rows.
pub(super) fn check_file(
    path: &Path,
    checks: &CryptoChecks,
    now: Timestamp,
    lock_timeout: Duration,
) -> Result<Findings, Error> {
    let mut findings = Findings::default();
    let store_file = match file::check_existing_file(path) {
        Ok(Some(store_file)) => store_file,
        Ok(None) => return Err(Error::NotFound(path.to_owned())),
        // The check ends: SQLite must not open a file that `check_existing_file` refuses.
        Err(error) => {
            findings.faults.push(error);
            return Ok(findings);
        }
    };
    check_filesystem(&store_file, &mut findings);
    let path = store_file.path.clone();
    match connect(&path, OpenMode::ReadOnly, lock_timeout) {
        Ok(connection) => check_contents(&connection, &path, checks, now, &mut findings)
            .map_err(|error| store_file.to_missing_wal_error(error))?,
        Err(Error::Busy) => return Err(Error::Busy),
        Err(error) => findings.faults.push(error),
    }
    Ok(findings)
}

/// Checks the permissions of the store file, its write-ahead log (WAL) and the WAL index. Also
/// warns of directory permissions that other commands accept.
fn check_filesystem(store_file: &StoreFile, findings: &mut Findings) {
    let path = &store_file.path;
    for file in std::iter::once(path.clone()).chain(file::wal_paths(path)) {
        let Ok(metadata) = file.symlink_metadata() else { continue };
        if metadata.mode() & 0o077 != 0 {
            let display_path = escape(&file.to_string_lossy());
            let mode = permission_bits(metadata.mode());
            let message = format!(
                "`{display_path}` is accessible to other users: found mode {mode:04o}, expected 0600"
            );
            findings.faults.push(Error::ExposedFile(message));
        }
    }
    let directory = path.parent().unwrap_or(path);
    let Ok(metadata) = directory.metadata() else { return };
    let display_path = escape(&directory.to_string_lossy());
    let mode = permission_bits(metadata.mode());
    if store_file.writers == Writers::PrivateGroup {
        findings.warnings.push(format!("{GROUP_WRITABLE_WARNING} `{display_path}`"));
    }
    if mode & 0o055 != 0 {
        findings.warnings.push(format!(
            "directory `{display_path}` is accessible to other users: found mode {mode:04o}, expected 0700"
        ));
    }
}

/// Checks the schema, the pages and the rows of an open file.
fn check_contents(
    connection: &Connection,
    path: &Path,
    checks: &CryptoChecks,
    now: Timestamp,
    findings: &mut Findings,
) -> Result<(), Error> {
    let snapshot = match connection.unchecked_transaction().map_err(map_open_error(path)) {
        Ok(snapshot) => snapshot,
        Err(error) => {
            findings.faults.push(error);
            return Ok(());
        }
    };
    let is_current = match detect_kind(&snapshot, path) {
        Ok(DatabaseKind::CurrentStore) => {
            findings.collect(store_id(&snapshot));
            true
        }
        Ok(DatabaseKind::Empty) => return Err(Error::NotFound(path.to_owned())),
        Err(error @ Error::Busy) => return Err(error),
        Err(error @ Error::OlderSchema { .. }) => {
            findings.faults.push(error);
            false
        }
        Err(Error::SchemaMismatch(differences)) => {
            findings.faults.extend(differences.into_iter().map(Error::Damaged));
            return Ok(());
        }
        // The schema is unknown. Even SQLite's own checks would execute expressions of the schema.
        Err(error) => {
            findings.faults.push(error);
            return Ok(());
        }
    };
    let tx = Reader::sqlite(&snapshot);
    check_pages(&tx, findings);
    check_foreign_keys(&tx, findings);
    // The rows of older schema versions cannot be checked.
    if is_current {
        check_current_rows(&tx, checks, now, findings);
    }
    Ok(())
}

/// Checks the rows of a store with the current schema.
fn check_current_rows(
    tx: &Reader<'_>,
    checks: &CryptoChecks,
    now: Timestamp,
    findings: &mut Findings,
) {
    check_keys(tx, findings);
    check_admins(tx, findings);
    check_quotas(tx, now, findings);
    let faults = findings.collect(check_rows::find_faults(tx, checks));
    findings.faults.extend(faults.into_iter().flatten().map(Error::Damaged));
}

/// Runs SQLite's integrity check of all pages, which also compares every index with its table.
fn check_pages(tx: &Reader<'_>, findings: &mut Findings) {
    let reports = tx.query_texts("PRAGMA integrity_check", &[], |row| row.get(0));
    for text in findings.collect(reports).unwrap_or_default() {
        for line in text.lines().filter(|line| *line != "ok" && !line.starts_with("*** in ")) {
            findings.add_damage(escape(line));
        }
    }
}

/// Reports the number of rows that refer to missing rows, for each pair of tables.
fn check_foreign_keys(tx: &Reader<'_>, findings: &mut Findings) {
    let orphans = tx.query_texts(
        "SELECT \"table\", parent, count(*) FROM pragma_foreign_key_check GROUP BY 1, 2",
        &[],
        |row| {
            let (table, parent): (String, String) = (row.get(0)?, row.get(1)?);
            let count: i64 = row.get(2)?;
            let (table, parent) = (escape(&table), escape(&parent));
            Ok(format!("rows of `{table}` that refer to a missing row of `{parent}`: {count}"))
        },
    );
    for orphan in findings.collect(orphans).unwrap_or_default() {
        findings.add_damage(orphan);
    }
}

/// Reports a store that does not have exactly one active app key. Also reports every algorithm with
/// more than one active test key.
fn check_keys(tx: &Reader<'_>, findings: &mut Findings) {
    // In SQLite, both queries use no index, because a damaged index could hide a second active key.
    let keys = tx.connection.table_without_index_sql("keys");
    let sql = format!("SELECT count(*) FROM {keys} WHERE purpose = 'app' AND state = 'active'");
    if let Some(count) = findings.collect(tx.connection.query_number(&sql))
        && count != 1
    {
        findings.add_damage(format!("active app keys: found {count}, expected 1"));
    }
    let sql = format!(
        "SELECT algorithm, count(*) FROM {keys} WHERE purpose = 'test' AND state = 'active'
         GROUP BY algorithm HAVING count(*) > 1"
    );
    let conflicts = tx.query_texts(&sql, &[], |row| {
        let (algorithm, count): (String, i64) = (row.get(0)?, row.get(1)?);
        Ok(format!(
            "active test keys for {}: found {count}, expected at most 1",
            escape(&algorithm)
        ))
    });
    for conflict in findings.collect(conflicts).unwrap_or_default() {
        findings.add_damage(conflict);
    }
}

/// Reports a store that has or had users, but has no active admin.
fn check_admins(tx: &Reader<'_>, findings: &mut Findings) {
    let has_ever_had_users = findings.collect(tx.has_ever_had_users()) == Some(true);
    if has_ever_had_users && findings.collect(tx.count_active_admins()) == Some(0) {
        findings.add_damage("no active admin".to_owned());
    }
}

/// Warns of users who have more app tokens that count towards their quota than the quota permits.
/// This is not a fault: lowering a quota revokes no tokens, and the quota at the time of issuance
/// is not recorded.
fn check_quotas(tx: &Reader<'_>, now: Timestamp, findings: &mut Findings) {
    let Some(settings) = findings.collect(tx.load_settings()) else { return };
    // In `quota_count_sql`, `?1` is the id of one user. Here, the query counts the tokens of each
    // user, and `?1` is the default limit. A negative limit means that the number is not limited.
    let count_sql = tokens::quota_count_sql().replace("?1", "u.id");
    let sql = format!(
        "SELECT id, token_count, quota_limit FROM (
             SELECT u.id, ({count_sql}) AS token_count, coalesce(u.quota, ?1) AS quota_limit
             FROM users u WHERE u.deleted_at IS NULL
         ) AS counts WHERE token_count > quota_limit AND quota_limit >= 0 ORDER BY id"
    );
    let default_limit = settings.quota.limit().map_or(-1, i64::from);
    let over_quota = tx.query_texts(&sql, values![default_limit, now], |row| {
        let (user, count, limit): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let noun = if count == 1 { "token" } else { "tokens" };
        Ok(format!("user with id {user} has {count} live {noun}: the quota is {limit}"))
    });
    let over_quota = findings.collect(over_quota).unwrap_or_default();
    findings.warnings.extend(over_quota);
}

impl Reader<'_> {
    fn query_texts(
        &self,
        sql: &str,
        values: &[Value<'_>],
        to_text: impl FnMut(&Row<'_>) -> Result<String, Error>,
    ) -> Result<Vec<String>, Error> {
        self.connection.query_all(sql, values, to_text)
    }
}
