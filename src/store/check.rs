//! Everything that can be wrong with a store, found without changing anything and without the
//! confidence of the commands that use it.

use super::census::bits;
use super::check_rows::{self, Tests};
use super::connect::{Intent, connect, not_a_database};
use super::file::{self, Located};
use super::schema::{Identity, identity, store_id};
use super::{Error, Reader, tokens};
use crate::directory::{GROUP_CAN_WRITE, Writers};
use crate::model::{Timestamp, escaped};
use rusqlite::{Connection, Params, Row};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// What is wrong, each as the error that it is; the first ones are the reason for the others.
    pub(crate) faults: Vec<Error>,
    /// What may be as it should be, and may not.
    pub(crate) doubts: Vec<String>,
}

impl Findings {
    /// Keeps what is wrong; the value where nothing is.
    fn keep<T>(&mut self, result: Result<T, Error>) -> Option<T> {
        result.map_err(|error| self.faults.push(error)).ok()
    }

    fn damaged(&mut self, what: String) {
        self.faults.push(Error::Damaged(what));
    }
}

/// Looks at the store at `path` from outside, then at all of its pages, and then at its rows.
pub(crate) fn check(
    path: &Path,
    tests: &Tests,
    now: Timestamp,
    wait: Duration,
) -> Result<Findings, Error> {
    let mut findings = Findings::default();
    let located = match file::locate(path) {
        Ok(Some(located)) => located,
        Ok(None) => return Err(Error::NotThere(path.to_owned())),
        // SQLite is kept away from what is no file of ours, and from where others can put files.
        Err(error) => {
            findings.faults.push(error);
            return Ok(findings);
        }
    };
    look_around(&located, &mut findings);
    let path = located.path.clone();
    match connect(&path, Intent::Look, wait) {
        Ok(connection) => look_inside(&connection, &path, tests, now, &mut findings)
            .map_err(|error| located.explain(error))?,
        Err(Error::Busy) => return Err(Error::Busy),
        Err(error) => findings.faults.push(error),
    }
    Ok(findings)
}

/// Modes of the files, and rights of others to the directory that are no reason to refuse it.
fn look_around(located: &Located, findings: &mut Findings) {
    let path = &located.path;
    for file in std::iter::once(path.clone()).chain(file::logs(path)) {
        let Ok(metadata) = file.symlink_metadata() else { continue };
        if metadata.mode() & 0o077 != 0 {
            let shown = escaped(&file.to_string_lossy());
            let mode = bits(metadata.mode());
            let why = format!("others can use `{shown}`: its mode is {mode:04o}, not 0600");
            findings.faults.push(Error::Exposed(why));
        }
    }
    let directory = path.parent().unwrap_or(path);
    let Ok(metadata) = directory.metadata() else { return };
    let shown = escaped(&directory.to_string_lossy());
    let mode = bits(metadata.mode());
    if located.writers == Writers::PrivateGroup {
        findings.doubts.push(format!("{GROUP_CAN_WRITE} `{shown}`"));
    }
    if mode & 0o055 != 0 {
        findings.doubts.push(format!(
            "others can see what is in the directory `{shown}`: its mode is {mode:04o}, not 0700"
        ));
    }
}

fn look_inside(
    connection: &Connection,
    path: &Path,
    tests: &Tests,
    now: Timestamp,
    findings: &mut Findings,
) -> Result<(), Error> {
    let view = match connection.unchecked_transaction().map_err(not_a_database(path)) {
        Ok(view) => view,
        Err(error) => {
            findings.faults.push(error);
            return Ok(());
        }
    };
    let is_present = match identity(&view, path) {
        Ok(Identity::Ours) => {
            findings.keep(store_id(&view));
            true
        }
        Ok(Identity::Blank) => return Err(Error::NotThere(path.to_owned())),
        Err(error @ Error::Busy) => return Err(error),
        Err(error @ Error::Older { .. }) => {
            findings.faults.push(error);
            false
        }
        Err(Error::Schema(differences)) => {
            findings.faults.extend(differences.into_iter().map(Error::Damaged));
            return Ok(());
        }
        // Statements of an unknown schema are not executed, not even by SQLite's own checks.
        Err(error) => {
            findings.faults.push(error);
            return Ok(());
        }
    };
    let tx = Reader { sql: &view };
    pages(&tx, findings);
    references(&tx, findings);
    // The rows of another version are not ours to judge.
    if is_present {
        keys(&tx, findings);
        admins(&tx, findings);
        quotas(&tx, now, findings);
        let faults = findings.keep(check_rows::faults(&tx, tests));
        findings.faults.extend(faults.into_iter().flatten().map(Error::Damaged));
    }
    Ok(())
}

/// What SQLite itself finds, with every index held against its table.
fn pages(tx: &Reader<'_>, findings: &mut Findings) {
    let said = tx.texts("PRAGMA integrity_check", [], |row| row.get::<_, String>(0));
    for text in findings.keep(said).unwrap_or_default() {
        for line in text.lines().filter(|line| *line != "ok" && !line.starts_with("*** in ")) {
            findings.damaged(escaped(line));
        }
    }
}

/// Rows that point to rows which are not there.
fn references(tx: &Reader<'_>, findings: &mut Findings) {
    let orphans = tx.texts(
        "SELECT \"table\", parent, count(*) FROM pragma_foreign_key_check GROUP BY 1, 2",
        [],
        |row| {
            let (table, parent): (String, String) = (row.get(0)?, row.get(1)?);
            let count: i64 = row.get(2)?;
            let (table, parent) = (escaped(&table), escaped(&parent));
            Ok(format!("rows of `{table}` that belong to no row of `{parent}`: {count}"))
        },
    );
    for orphans in findings.keep(orphans).unwrap_or_default() {
        findings.damaged(orphans);
    }
}

/// One app key signs, and at most one test key of each algorithm.
fn keys(tx: &Reader<'_>, findings: &mut Findings) {
    // A damaged index can hide the second key.
    let active = "SELECT count(*) FROM keys NOT INDEXED
        WHERE purpose = 'app' AND state = 'active'";
    if let Some(count) = findings.keep(tx.number(active))
        && count != 1
    {
        findings.damaged(format!("{count} app keys sign, not one"));
    }
    let several = tx.texts(
        "SELECT algorithm, count(*) FROM keys NOT INDEXED
         WHERE purpose = 'test' AND state = 'active'
         GROUP BY algorithm HAVING count(*) > 1",
        [],
        |row| {
            let (algorithm, count): (String, i64) = (row.get(0)?, row.get(1)?);
            Ok(format!("{count} test keys sign with {}, not one", escaped(&algorithm)))
        },
    );
    for several in findings.keep(several).unwrap_or_default() {
        findings.damaged(several);
    }
}

/// From the first user on somebody can administer the store.
fn admins(tx: &Reader<'_>, findings: &mut Findings) {
    let has_users = findings.keep(tx.has_users()) == Some(true);
    if has_users && findings.keep(tx.count_admins()) == Some(0) {
        findings.damaged("no admin can log in".to_owned());
    }
}

/// More live tokens than allowed are a doubt and no fault: a quota that is lowered revokes nothing,
/// and nobody writes down what it was when a token was made.
fn quotas(tx: &Reader<'_>, now: Timestamp, findings: &mut Findings) {
    let Some(policy) = findings.keep(tx.policy()) else { return };
    // The same question that decides about one token more, asked of every user.
    let live = tokens::count().replace("?1", "u.id");
    let question = format!(
        "SELECT id, live, most FROM (
             SELECT u.id, ({live}) AS live, ifnull(u.quota, ?1) AS most
             FROM users u WHERE u.deleted_at IS NULL
         ) WHERE live > most AND most >= 0 ORDER BY id"
    );
    let usual = policy.quota.limit().map_or(-1, i64::from);
    let beyond = tx.texts(&question, (usual, now.unix()), |row| {
        let (user, live, most): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(format!("user {user} has {live} live tokens, and may have {most}"))
    });
    let beyond = findings.keep(beyond).unwrap_or_default();
    findings.doubts.extend(beyond);
}

impl Reader<'_> {
    fn texts(
        &self,
        question: &str,
        values: impl Params,
        text: impl FnMut(&Row<'_>) -> rusqlite::Result<String>,
    ) -> Result<Vec<String>, Error> {
        let mut statement = self.sql.prepare(question)?;
        Ok(statement.query_map(values, text)?.collect::<Result<_, _>>()?)
    }
}
