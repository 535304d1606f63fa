//! Parameters of a service from `pg_service.conf`.

use super::credential_file::{self, Privacy};
use super::environment::PostgresEnvironment;
use super::error::ConnectionError;
use super::parameters::Parameters;
use configparser::ini::Ini;
use std::path::{Path, PathBuf};

const KIND: &str = "service file";

/// Fills the parameters from the first file that contains `service`. The first file to search is
/// `PGSERVICEFILE`, or by default `.pg_service.conf` in the home directory. The second file is
/// `pg_service.conf` in `PGSYSCONFDIR`.
pub(super) fn fill(
    parameters: &mut Parameters,
    service: &str,
    environment: &PostgresEnvironment,
) -> Result<(), ConnectionError> {
    for path in paths(environment).into_iter().filter(|path| path.exists()) {
        let file = parse(&path, Privacy::Public)?;
        let Some(values) = file.get_map_ref().get(service) else { continue };
        // Other users must not have access to a file with a password.
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

fn paths(environment: &PostgresEnvironment) -> Vec<PathBuf> {
    let in_home = || environment.home.as_ref().map(|home| home.join(".pg_service.conf"));
    let user_file = environment.service_file.clone().or_else(in_home);
    let directory = environment.system_directory.as_ref();
    user_file.into_iter().chain(directory.map(|path| path.join("pg_service.conf"))).collect()
}

fn parse(path: &Path, privacy: Privacy) -> Result<Ini, ConnectionError> {
    let unusable = |reason: &str| ConnectionError::unusable(KIND, path, reason);
    let bytes = credential_file::read(path, KIND, privacy)?;
    let text = String::from_utf8(bytes.to_vec()).map_err(|_| unusable("not UTF-8"))?;
    let mut syntax = Ini::new_cs().defaults();
    syntax.comment_symbols = vec!['#'];
    syntax.delimiters = vec!['='];
    syntax.enable_inline_comments = false;
    let mut file = Ini::new_from_defaults(syntax);
    // The error is dropped, because the error may contain a part of the file, such as a password.
    file.read(text).map_err(|_| unusable("invalid syntax"))?;
    Ok(file)
}
