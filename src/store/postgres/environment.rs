//! Values of the environment that libpq also uses.

use secrecy::SecretString;
use std::path::PathBuf;

/// Variables that complete the address of a server. Empty variables count as unset.
#[derive(Debug, Clone, Default)]
pub(crate) struct PostgresEnvironment {
    /// `HOME`, the directory of `.pgpass`, `.pg_service.conf` and `.postgresql/root.crt`.
    pub(crate) home: Option<PathBuf>,
    /// `PGPASSWORD`
    pub(crate) password: Option<SecretString>,
    /// `PGPASSFILE`
    pub(crate) passfile: Option<PathBuf>,
    /// `PGSERVICEFILE`
    pub(crate) service_file: Option<PathBuf>,
    /// `PGSYSCONFDIR`, the directory of `pg_service.conf`.
    pub(crate) system_directory: Option<PathBuf>,
    /// Names and values of the parameters that the variables in [`PostgresEnvironment::PARAMETERS`]
    /// set.
    pub(crate) parameters: Vec<(&'static str, String)>,
}

impl PostgresEnvironment {
    /// Variables that set a connection parameter, each with the name of the parameter.
    pub(crate) const PARAMETERS: [(&'static str, &'static str); 9] = [
        ("PGSERVICE", "service"),
        ("PGHOST", "host"),
        ("PGPORT", "port"),
        ("PGUSER", "user"),
        ("PGDATABASE", "dbname"),
        ("PGSSLMODE", "sslmode"),
        ("PGSSLROOTCERT", "sslrootcert"),
        ("PGSSLCERT", "sslcert"),
        ("PGSSLKEY", "sslkey"),
    ];

    /// Returns the value of the connection parameter `name`, such as `host`.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let parameter = self.parameters.iter().find(|(parameter, _)| *parameter == name);
        parameter.map(|(_, value)| value.as_str())
    }
}
