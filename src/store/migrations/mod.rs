//! Schema history of a store in a SQLite file.

/// Application id in the SQLite header of a jeton store: "jetn" in ASCII.
pub(super) const APPLICATION_ID: u32 = 0x6A65_746E;

/// SQL of the migrations in order. New migrations are added at the end. The schema version of a
/// file is the number of applied migrations. The number of all migrations is the latest schema
/// version of a file, and also of a store in a PostgreSQL database.
pub(super) const MIGRATIONS: &[&str] = &[
    include_str!("0001_first.sql"),
    include_str!("0002_bounds.sql"),
    include_str!("0003_audit_targets.sql"),
];

#[cfg(test)]
mod tests;
