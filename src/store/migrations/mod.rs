//! Schema history of the store.

/// Application id of jeton stores: "jetn".
pub(super) const APPLICATION_ID: u32 = 0x6A65_746E;

/// Migrations in order, append-only. The schema version of a file is the number of applied
/// migrations.
pub(super) const MIGRATIONS: &[&str] = &[
    include_str!("0001_first.sql"),
    include_str!("0002_bounds.sql"),
    include_str!("0003_audit_targets.sql"),
];

#[cfg(test)]
mod tests;
