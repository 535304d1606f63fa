//! Arguments that several commands share: paths, numbers, names of environment variables for
//! tokens, sources of passwords, filters by owner, and dry runs.

use super::command::Effect;
use crate::app::{App, PasswordSource};
use crate::authority::{self, Caller};
use crate::failure::Failure;
use crate::model::{InvalidValue, UserId, UserRef, check_token_variable, parse_url_scheme};
use clap::Args;
use clap::builder::{PathBufValueParser, StringValueParser, TypedValueParser};
use std::fmt;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;

/// Error for a URL in place of a path. The message has only the scheme, because the URL may contain
/// a password.
#[derive(Debug, thiserror::Error)]
#[error("unsupported URL scheme `{scheme}`")]
pub(super) struct UrlAsPath {
    pub(super) scheme: String,
    /// True if the argument is the path of an input file, which may also be `-` for standard input.
    pub(super) is_input: bool,
}

/// Returns the parser of path arguments. The parser refuses URLs, so that no command creates a file
/// with the name of a URL.
pub(super) fn path() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| refuse_url(path, false))
}

/// Returns the parser of path arguments for input files, where `-` is standard input. The parser
/// refuses URLs.
pub(super) fn input_path() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| refuse_url(path, true))
}

fn refuse_url(path: PathBuf, is_input: bool) -> Result<PathBuf, UrlAsPath> {
    match parse_url_scheme(path.as_os_str()) {
        Some(scheme) => Err(UrlAsPath { scheme: scheme.to_owned(), is_input }),
        None => Ok(path),
    }
}

/// Returns the parser of a number in a range.
pub(super) fn number<T>(range: RangeInclusive<T>) -> impl TypedValueParser<Value = T>
where
    T: FromStr + PartialOrd + fmt::Display + Clone + Send + Sync + 'static,
{
    StringValueParser::new().try_map(move |text| {
        let number = text.parse().ok().filter(|number| range.contains(number));
        number.ok_or_else(|| {
            let (min, max) = (range.start(), range.end());
            InvalidValue::new("number", format!("expected a number from {min} to {max}"))
        })
    })
}

/// Name of the environment variable that holds a token if the user chooses no name.
pub(super) const DEFAULT_TOKEN_VARIABLE: &str = "API_TOKEN";

/// Parses the name of an environment variable for a token. Refuses reserved names, such as `PATH`.
pub(super) fn parse_token_variable_name(text: &str) -> Result<String, InvalidValue> {
    check_token_variable(text).map(|()| text.to_owned())
}

/// Returns `argument`, the name of a path argument, if its value `path` is `-` (standard input).
pub(super) fn stdin_argument(
    argument: &'static str,
    path: Option<&PathBuf>,
) -> Option<&'static str> {
    path.filter(|path| path.as_os_str() == "-").map(|_| argument)
}

/// Returns the name of the option with which the user passes a password on standard input, if any.
/// `file` is the value of `--password-file`.
fn password_stdin_argument(has_stdin_flag: bool, file: Option<&PathBuf>) -> Vec<&'static str> {
    let file = stdin_argument("--password-file", file);
    has_stdin_flag.then_some("--password-stdin").or(file).into_iter().collect()
}

/// Options for the source of a password.
#[derive(Debug, Args)]
pub(super) struct PasswordArgs {
    /// Read the password from standard input (a trailing line break is removed)
    #[arg(long, conflicts_with = "password_file")]
    password_stdin: bool,

    /// Read the password from a file (`-` for standard input) [default: `JETON_PASSWORD`, or a prompt]
    #[arg(long, value_name = "FILE", value_parser = input_path())]
    password_file: Option<PathBuf>,
}

/// Options for the source of the current and the new password.
#[derive(Debug, Args)]
pub(super) struct PasswordChangeArgs {
    /// Read both passwords from standard input: the current password on the first line, the new
    /// password on the second line
    #[arg(long, conflicts_with = "password_file")]
    password_stdin: bool,

    /// Read both passwords from a file in the format of `--password-stdin` (`-` for standard input) [default: prompts]
    #[arg(long, value_name = "FILE", value_parser = input_path())]
    password_file: Option<PathBuf>,
}

impl PasswordArgs {
    /// Returns the name of the option that reads standard input, if given.
    pub(super) fn stdin_arguments(&self) -> Vec<&'static str> {
        password_stdin_argument(self.password_stdin, self.password_file.as_ref())
    }

    pub(super) fn into_source(self) -> PasswordSource {
        password_source(self.password_stdin, self.password_file)
    }
}

impl PasswordChangeArgs {
    /// Returns the name of the option that reads standard input, if given.
    pub(super) fn stdin_arguments(&self) -> Vec<&'static str> {
        password_stdin_argument(self.password_stdin, self.password_file.as_ref())
    }

    /// Returns the source of both passwords. Here, [`PasswordSource::NotGiven`] means two
    /// prompts: `JETON_PASSWORD` is not read.
    pub(super) fn into_source(self) -> PasswordSource {
        password_source(self.password_stdin, self.password_file)
    }
}

fn password_source(has_stdin_flag: bool, file: Option<PathBuf>) -> PasswordSource {
    match file {
        Some(path) => PasswordSource::File(path),
        None if has_stdin_flag => PasswordSource::Stdin,
        None => PasswordSource::NotGiven,
    }
}

/// Option for a dry run.
#[derive(Debug, Args)]
pub(super) struct DryRunArgs {
    /// Print what the command would change, without changing anything or asking for confirmation
    #[arg(long)]
    dry_run: bool,
}

impl DryRunArgs {
    /// Returns [`Effect::Reads`] for a dry run, otherwise [`Effect::Changes`].
    pub(super) fn effect(&self) -> Effect {
        if self.dry_run { Effect::Reads } else { Effect::Changes }
    }

    /// Starts the dry run, if requested. Must be called after the authentication, which may refresh
    /// the session: in a dry run, the refresh would not be committed.
    pub(super) fn start(&self, app: &mut App) {
        if self.dry_run {
            app.store.start_dry_run();
        }
    }
}

/// Options that filter by owner. Without an option, the filter selects the objects of the caller.
#[derive(Debug, Args)]
pub(super) struct OwnerArgs {
    /// Filter by owner (other users: admins only) [default: yourself]
    #[arg(
        long,
        value_parser = UserRef::parse,
        conflicts_with = "all_users",
        add = super::completers::users()
    )]
    user: Option<UserRef>,

    /// Include all users (admins only)
    #[arg(long)]
    all_users: bool,
}

impl OwnerArgs {
    /// Returns the value of `--user`, if given.
    pub(super) fn user(&self) -> Option<&UserRef> {
        self.user.as_ref()
    }

    /// Returns the id of the selected owner, or `None` for all users.
    pub(super) fn resolve_owner(
        &self,
        app: &mut App,
        caller: &Caller,
    ) -> Result<Option<UserId>, Failure> {
        match &self.user {
            None if self.all_users => Ok(None),
            None => Ok(Some(caller.user.id)),
            Some(user_ref) => {
                Ok(Some(authority::accounts::load(app.store.get()?, caller, user_ref)?.id))
            }
        }
    }
}
