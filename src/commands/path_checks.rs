//! Refusal of URLs given as paths, before a command runs and creates files.

use super::global_args::innermost_matches;
use super::stdin_conflicts::{argument_name, values_of};
use crate::failure::Failure;
use crate::model::parse_url_scheme;
use clap::parser::ValueSource;
use clap::{ArgMatches, Id};
use std::ffi::OsString;
use std::path::PathBuf;

/// Id of a path argument that is not checked here: the command only reads this file, and fails if
/// the file does not exist.
const UNCHECKED_ARGUMENT: &str = "jwks";

/// Refuses a URL given as a path. The URL may contain a password and is not repeated.
pub(super) fn refuse_urls(matches: &ArgMatches, command_name: &str) -> Result<(), Failure> {
    let innermost = innermost_matches(matches);
    if let Some(scheme) =
        values_of::<OsString>(innermost, "store").find_map(|path| parse_url_scheme(path))
    {
        let is_variable = innermost.value_source("store") == Some(ValueSource::EnvVariable);
        let argument = if is_variable { "`JETON_STORE`" } else { "`--store`" };
        return Err(Failure::unsupported_url(argument, scheme));
    }
    for id in innermost.ids().map(Id::as_str).filter(|id| *id != UNCHECKED_ARGUMENT) {
        let scheme =
            values_of::<PathBuf>(innermost, id).find_map(|path| parse_url_scheme(path.as_os_str()));
        if let Some(scheme) = scheme {
            return Err(Failure::unsupported_url(&argument_name(command_name, id), scheme));
        }
    }
    Ok(())
}
