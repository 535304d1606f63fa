//! Check for server settings and database rights that endanger the store.

use crate::store::Error;
use crate::store::connection::Connection;

/// SQL conditions, each with the warning that applies if the condition is true.
const UNSAFE_CONDITIONS: [(&str, &str); 6] = [
    (
        "current_setting('fsync') = 'off'",
        "the server setting `fsync` is off: a crash can destroy the database",
    ),
    (
        "current_setting('full_page_writes') = 'off'",
        "the server setting `full_page_writes` is off: a crash can damage pages",
    ),
    (
        "current_setting('log_statement') IN ('mod', 'all')
             AND current_setting('log_parameter_max_length') <> '0'",
        "the server logs the parameters of statements, including keys and password hashes: \
         set `log_parameter_max_length` to 0",
    ),
    (
        "current_setting('log_min_duration_statement') <> '-1'
             AND current_setting('log_parameter_max_length') <> '0'",
        "the server logs the parameters of slow statements, including keys and password hashes: \
         set `log_parameter_max_length` to 0",
    ),
    (
        "EXISTS (SELECT 1 FROM pg_roles WHERE rolname = session_user AND rolsuper)",
        "the database user is a superuser: use a role with rights on this store only",
    ),
    (
        "EXISTS (SELECT 1 FROM information_schema.table_privileges
             WHERE grantee = 'PUBLIC' AND table_schema = current_schema()
                 AND table_name IN ('store', 'users', 'keys', 'tokens', 'sessions'))",
        "every user of the database has rights on tables of the store: \
         revoke the rights of PUBLIC",
    ),
];

/// Returns the warning of each condition in [`UNSAFE_CONDITIONS`] that is true.
pub(in crate::store) fn find_server_risks(
    connection: Connection<'_>,
) -> Result<Vec<String>, Error> {
    let mut warnings = Vec::new();
    for (condition, warning) in UNSAFE_CONDITIONS {
        if connection.query_row(&format!("SELECT {condition}"), &[], |row| row.get(0))? {
            warnings.push(warning.to_owned());
        }
    }
    Ok(warnings)
}
