//! Refusal of URLs given as paths, before a command runs and creates files.

use super::global::innermost_matches;
use super::stdin_conflicts::{argument_name, values_of};
use crate::failure::Failure;
use crate::model::parse_url_scheme;
use clap::parser::ValueSource;
use clap::{ArgMatches, Id};
use std::ffi::OsString;
use std::path::PathBuf;

/// Path argument that is not checked here: an error of reading the file names the URL.
const NAMED_IN_READ_ERRORS: &str = "jwks";

/// Refuses a URL given as a path. The URL may contain a password and is not repeated.
pub(super) fn check_paths(matches: &ArgMatches, action: &str) -> Result<(), Failure> {
    let innermost = innermost_matches(matches);
    if let Some(scheme) =
        values_of::<OsString>(innermost, "store").find_map(|path| parse_url_scheme(path))
    {
        let is_variable = innermost.value_source("store") == Some(ValueSource::EnvVariable);
        let argument = if is_variable { "`JETON_STORE`" } else { "`--store`" };
        return Err(Failure::unsupported_url(argument, scheme));
    }
    for id in innermost.ids().map(Id::as_str).filter(|id| *id != NAMED_IN_READ_ERRORS) {
        let scheme =
            values_of::<PathBuf>(innermost, id).find_map(|path| parse_url_scheme(path.as_os_str()));
        if let Some(scheme) = scheme {
            return Err(Failure::unsupported_url(&argument_name(action, id), scheme));
        }
    }
    Ok(())
}
