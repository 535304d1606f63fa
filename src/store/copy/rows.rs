//! Transfer of all rows from one store to another store, and comparison of both stores.

use super::super::connection::Connection;
use super::super::values::values;
use super::super::{Error, Reader, Writer, columns::Column};
use super::batches::for_each_batch;
use super::digest::{TableDigest, digest_table};
use super::tables::{Table, common_tables};
use crate::signals::Interrupted;

/// Step of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CopyStep {
    /// Insertion of the rows.
    Insert,
    /// Comparison of the rows.
    Compare,
}

/// Observer of a copy. Receives the current step, the number of rows that the step has processed,
/// and the total number of rows that the step processes. The comparison processes each row twice:
/// in the source and in the target. An error of the observer ends the copy.
pub(crate) type RowObserver<'o> = dyn Fn(CopyStep, usize, usize) -> Result<(), Interrupted> + 'o;

/// Copies all rows to an empty store, and compares both stores. `target_error` converts errors of
/// the target store. Returns the digests of all tables.
pub(super) fn copy_rows(
    source: &Reader<'_>,
    target: &Writer<'_>,
    target_error: &dyn Fn(Error) -> Error,
    observer: &RowObserver<'_>,
) -> Result<Vec<TableDigest>, Error> {
    let (source, target) = (source.connection, target.connection);
    let tables = common_tables(source, target);
    let mut total = 0;
    for table in &tables {
        total += source.query_number(&format!("SELECT count(*) FROM {}", table.name))?;
    }
    let total = usize::try_from(total).unwrap_or(usize::MAX);
    let mut done = 0;
    for table in &tables {
        let names = table.column_names(false);
        let sql = insert_sql(target, table, &names);
        for_each_batch(source, table, &names, false, |columns| {
            target.execute_for_rows(&sql, columns).map_err(target_error)?;
            done += columns.first().map_or(0, Column::len);
            Ok(observer(CopyStep::Insert, done, total)?)
        })?;
        copy_late_columns(source, target, table, target_error)?;
        if table.has_id() {
            let id = last_id(source, table)?;
            set_last_id(target, table, id).map_err(target_error)?;
        }
    }
    let (mut done, mut digests) = (0, Vec::new());
    let mut on_batch = |rows: usize| {
        done += rows;
        Ok(observer(CopyStep::Compare, done, total.saturating_mul(2))?)
    };
    for table in &tables {
        let expected = digest_table(source, table, &mut on_batch)?;
        let found = digest_table(target, table, &mut on_batch).map_err(target_error)?;
        if found != expected {
            let difference = if found.rows == expected.rows {
                "the rows have different content".to_owned()
            } else {
                format!("found {} rows, expected {}", found.rows, expected.rows)
            };
            let message = format!("the copy of table `{}` differs: {difference}", table.name);
            return Err(target_error(Error::Failed(message)));
        }
        digests.push(expected);
    }
    Ok(digests)
}

/// Returns the statement that inserts rows into `table`, for [`Connection::execute_for_rows`]. The
/// parameters are the values of the columns `names`. The statement itself computes the values of
/// [`Table::derived_columns`].
fn insert_sql(target: Connection<'_>, table: &Table, names: &[&str]) -> String {
    let derived = table.derived_columns(target);
    let mut columns = names.to_vec();
    columns.extend(derived.iter().map(|(name, _)| *name));
    let (columns, parameters) = (columns.join(", "), parameter_list(names.len()));
    let name = table.name;
    match target {
        Connection::Sqlite(_) => format!("INSERT INTO {name} ({columns}) VALUES ({parameters})"),
        #[cfg(feature = "postgres")]
        Connection::Postgres(_) => {
            let mut expressions: Vec<&str> = names.to_vec();
            expressions.extend(derived.iter().map(|(_, expression)| expression.as_str()));
            format!(
                "INSERT INTO {name} ({columns}) SELECT {} FROM unnest({parameters}) AS source ({})",
                expressions.join(", "),
                names.join(", ")
            )
        }
    }
}

/// Copies the values of [`Table::late_columns`]. Must run after all rows of the table are inserted.
fn copy_late_columns(
    source: Connection<'_>,
    target: Connection<'_>,
    table: &Table,
    target_error: &dyn Fn(Error) -> Error,
) -> Result<(), Error> {
    if table.late_columns.is_empty() {
        return Ok(());
    }
    let names = [&["id"], table.late_columns].concat();
    let name = table.name;
    let sql = match target {
        Connection::Sqlite(_) => {
            let assign = |(name, number)| format!("{name} = ?{number}");
            let assignments: Vec<_> = table.late_columns.iter().zip(2..).map(assign).collect();
            format!("UPDATE {name} SET {} WHERE id = ?1", assignments.join(", "))
        }
        #[cfg(feature = "postgres")]
        Connection::Postgres(_) => {
            let assign = |name| format!("{name} = source.{name}");
            let assignments: Vec<_> = table.late_columns.iter().map(assign).collect();
            format!(
                "UPDATE {name} SET {} FROM unnest({}) AS source ({}) WHERE {name}.id = source.id",
                assignments.join(", "),
                parameter_list(names.len()),
                names.join(", ")
            )
        }
    };
    for_each_batch(source, table, &names, true, |columns| {
        target.execute_for_rows(&sql, columns).map_err(target_error)
    })
}

/// Returns the parameters of a statement: `?1, ?2, …`.
fn parameter_list(count: usize) -> String {
    (1..=count).map(|number| format!("?{number}")).collect::<Vec<_>>().join(", ")
}

/// Returns the last id that the database has assigned to a row of `table`. If the database does not
/// store this id, returns the highest id in the table, or 0 for an empty table.
fn last_id(source: Connection<'_>, table: &Table) -> Result<i64, Error> {
    let name = table.name;
    source.query_number(&match source {
        Connection::Sqlite(_) => format!(
            "SELECT max(coalesce((SELECT max(id) FROM {name}), 0),
                 coalesce((SELECT seq FROM sqlite_sequence WHERE name = '{name}'), 0))"
        ),
        #[cfg(feature = "postgres")]
        Connection::Postgres(_) => format!(
            "SELECT greatest((SELECT max(id) FROM {name}),
                 pg_sequence_last_value(pg_get_serial_sequence('{name}', 'id')), 0)"
        ),
    })
}

/// Makes the database assign only ids after `last_id` to new rows. Has no effect on a SQLite table
/// without AUTOINCREMENT.
fn set_last_id(target: Connection<'_>, table: &Table, last_id: i64) -> Result<(), Error> {
    let name = table.name;
    if last_id == 0 {
        return Ok(());
    }
    match target {
        Connection::Sqlite(_) if table.is_autoincrement => {
            let sql = "UPDATE sqlite_sequence SET seq = ?2 WHERE name = ?1";
            if target.execute(sql, values![name, last_id])? == 0 {
                let sql = "INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)";
                target.execute(sql, values![name, last_id])?;
            }
        }
        Connection::Sqlite(_) => {}
        #[cfg(feature = "postgres")]
        Connection::Postgres(_) => {
            let sql = "SELECT setval(pg_get_serial_sequence(?1, 'id'), ?2)";
            target.query_row(sql, values![name, last_id], |_| Ok(()))?;
        }
    }
    Ok(())
}
