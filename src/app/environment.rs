//! The environment, read once.

use crate::failure::Failure;
use crate::model::url_scheme;
use secrecy::SecretString;
use std::ffi::OsString;
use std::path::PathBuf;

/// The variables with the caller's own credentials: no child process is given them.
pub(super) const CREDENTIALS: [&str; 3] = ["JETON_PASSWORD", "JETON_TOKEN", "JETON_TOKEN_FILE"];

/// Stands for bytes that are not UTF-8 where a token is read: malformed, like each such token.
pub(super) const NO_TOKEN: &str = "\u{fffd}";

/// The name of a variable whose value is not UTF-8.
#[derive(Debug, Clone, Copy)]
pub(super) struct NotText(pub(super) &'static str);

/// What the environment says that is not the default of a flag.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    /// `JETON_PASSWORD`
    pub(super) password: Option<Result<SecretString, NotText>>,
    /// `JETON_TOKEN`; [`NO_TOKEN`] if it is not UTF-8.
    pub(super) token: Option<SecretString>,
    /// `JETON_TOKEN_FILE`
    pub(super) token_file: Option<PathBuf>,
    /// `JETON_CONFIG_DIR`
    pub(super) config: Option<PathBuf>,
    /// `CI`: nobody is there to ask.
    pub(super) ci: bool,
}

impl Environment {
    /// The name of the operating system's user, which is the login where none is given.
    pub(crate) fn os_user() -> String {
        whoami::username().unwrap_or_else(|_| rustix::process::getuid().as_raw().to_string())
    }

    /// Reads it; an empty variable is an absent one, and a URL is no path.
    pub(crate) fn read() -> Result<Self, Failure> {
        let text =
            |name| variable(name).map(|value| value.into_string().map_err(|_| NotText(name)));
        let token = text("JETON_TOKEN").map(|text| text.unwrap_or_else(|_| NO_TOKEN.to_owned()));
        Ok(Self {
            password: text("JETON_PASSWORD").map(|text| text.map(SecretString::from)),
            token: token.map(SecretString::from),
            token_file: path("JETON_TOKEN_FILE")?,
            config: path("JETON_CONFIG_DIR")?,
            ci: variable("CI").is_some(),
        })
    }
}

/// `JETON_STORE`, for completion, which has no flags.
pub(super) fn store() -> Result<Option<PathBuf>, Failure> {
    path("JETON_STORE")
}

fn path(name: &str) -> Result<Option<PathBuf>, Failure> {
    let Some(value) = variable(name) else { return Ok(None) };
    match url_scheme(&value) {
        Some(scheme) => Err(Failure::url(&format!("`{name}`"), scheme)),
        None => Ok(Some(value.into())),
    }
}

/// A variable that is set to something.
pub(super) fn variable(name: &str) -> Option<OsString> {
    #[expect(clippy::disallowed_methods, reason = "this is the place")]
    std::env::var_os(name).filter(|value| !value.is_empty())
}
