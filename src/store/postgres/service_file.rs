//! Connection parameters from `pg_service.conf`, the service file of libpq. The file has a section
//! of parameters for each service.

use super::connection_parameters::Parameters;
use super::credential_file::{self, Privacy};
use super::environment::PostgresEnvironment;
use super::error::ConnectionError;
use configparser::ini::Ini;
use std::path::{Path, PathBuf};

/// Noun for a service file in error messages.
const FILE_KIND: &str = "service file";

/// Sets the parameters that have no value yet, from the section `service` of a service file.
/// Searches two files, and uses the first file that has the section. The first file is
/// `PGSERVICEFILE`, or by default `.pg_service.conf` in the home directory. The second file is
/// `pg_service.conf` in `PGSYSCONFDIR`.
pub(super) fn fill(
    parameters: &mut Parameters,
    service: &str,
    environment: &PostgresEnvironment,
) -> Result<(), ConnectionError> {
    for path in service_file_paths(environment).into_iter().filter(|path| path.exists()) {
        let file = parse(&path, Privacy::Public)?;
        let Some(values) = file.get_map_ref().get(service) else { continue };
        // If the section contains a password, other users must not have access to the file. The
        // second read checks the permissions.
        if values.contains_key("password") {
            parse(&path, Privacy::Owner)?;
        }
        for (name, value) in values {
            parameters.fill(name, value.as_deref().unwrap_or_default());
        }
        return Ok(());
    }
    Err(ConnectionError::UnknownService(service.to_owned()))
}

/// Returns the paths of the service files in the order of the search.
fn service_file_paths(environment: &PostgresEnvironment) -> Vec<PathBuf> {
    let in_home = || environment.home.as_ref().map(|home| home.join(".pg_service.conf"));
    let user_file = environment.service_file.clone().or_else(in_home);
    let directory = environment.system_directory.as_ref();
    user_file.into_iter().chain(directory.map(|path| path.join("pg_service.conf"))).collect()
}

/// Reads and parses a file. Returns an error if other users have a permission that `privacy`
/// excludes.
fn parse(path: &Path, privacy: Privacy) -> Result<Ini, ConnectionError> {
    let unusable = |reason: &str| ConnectionError::unusable(FILE_KIND, path, reason);
    let bytes = credential_file::read(path, FILE_KIND, privacy)?;
    let text = String::from_utf8(bytes.to_vec()).map_err(|_| unusable("not UTF-8"))?;
    let mut syntax = Ini::new_cs().defaults();
    syntax.comment_symbols = vec!['#'];
    syntax.delimiters = vec!['='];
    syntax.enable_inline_comments = false;
    let mut file = Ini::new_from_defaults(syntax);
    // The error of the parser is not reported, because it may contain a part of the file, such as a
    // password.
    file.read(text).map_err(|_| unusable("invalid syntax"))?;
    Ok(file)
}
