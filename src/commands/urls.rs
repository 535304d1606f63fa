//! URLs in the place of paths: refused before a command begins, so that nothing is created.

use super::global::of_command;
use super::stdin::{all, spelled};
use crate::failure::Failure;
use crate::model::url_scheme;
use clap::parser::ValueSource;
use clap::{ArgMatches, Id};
use std::ffi::OsString;
use std::path::PathBuf;

/// The path argument whose file is named when it cannot be read.
const NAMED_WHEN_READ: &str = "jwks";

/// Refuses a command with a URL in the place of a path. The URL may hold a password and is not
/// repeated.
pub(super) fn refuse(matches: &ArgMatches, action: &str) -> Result<(), Failure> {
    let here = of_command(matches);
    if let Some(scheme) = all::<OsString>(here, "store").find_map(|path| url_scheme(path)) {
        let is_variable = here.value_source("store") == Some(ValueSource::EnvVariable);
        let place = if is_variable { "`JETON_STORE`" } else { "`--store`" };
        return Err(Failure::url(place, scheme));
    }
    for id in here.ids().map(Id::as_str).filter(|id| *id != NAMED_WHEN_READ) {
        let scheme = all::<PathBuf>(here, id).find_map(|path| url_scheme(path.as_os_str()));
        if let Some(scheme) = scheme {
            return Err(Failure::url(&spelled(action, id), scheme));
        }
    }
    Ok(())
}
