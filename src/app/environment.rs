//! Environment variables, read once.

use crate::failure::Failure;
use crate::model::parse_url_scheme;
use secrecy::SecretString;
use std::ffi::OsString;
use std::path::PathBuf;

/// Variables with credentials, which are removed from the environment of child processes.
pub(super) const CREDENTIAL_VARIABLES: [&str; 3] =
    ["JETON_PASSWORD", "JETON_TOKEN", "JETON_TOKEN_FILE"];

/// Replacement for a token that is not UTF-8. The replacement is not a token, and is refused as
/// malformed.
pub(super) const INVALID_UTF8_TOKEN: &str = "\u{fffd}";

/// Name of a variable with a value that is not UTF-8.
#[derive(Debug, Clone, Copy)]
pub(super) struct NotUtf8(pub(super) &'static str);

/// Values of the environment variables that clap does not read as defaults of flags.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    /// `JETON_PASSWORD`
    pub(super) password: Option<Result<SecretString, NotUtf8>>,
    /// `JETON_TOKEN`; [`INVALID_UTF8_TOKEN`] if the value is not UTF-8.
    pub(super) token: Option<SecretString>,
    /// `JETON_TOKEN_FILE`
    pub(super) token_file: Option<PathBuf>,
    /// `JETON_CONFIG_DIR`
    pub(super) config_dir: Option<PathBuf>,
    /// `CI`: prompts are disabled.
    pub(super) ci: bool,
}

impl Environment {
    /// Returns the name of the OS user, which is the default login name.
    pub(crate) fn os_user_name() -> String {
        whoami::username().unwrap_or_else(|_| rustix::process::getuid().as_raw().to_string())
    }

    /// Reads the environment. Empty variables count as unset. Refuses a URL in a variable for a
    /// path.
    pub(crate) fn from_env() -> Result<Self, Failure> {
        let read_text =
            |name| read_variable(name).map(|value| value.into_string().map_err(|_| NotUtf8(name)));
        let token = read_text("JETON_TOKEN")
            .map(|text| text.unwrap_or_else(|_| INVALID_UTF8_TOKEN.to_owned()));
        Ok(Self {
            password: read_text("JETON_PASSWORD").map(|text| text.map(SecretString::from)),
            token: token.map(SecretString::from),
            token_file: read_path_variable("JETON_TOKEN_FILE")?,
            config_dir: read_path_variable("JETON_CONFIG_DIR")?,
            ci: read_variable("CI").is_some(),
        })
    }
}

/// Returns the path in `JETON_STORE`, for completion: other commands get the path from clap.
pub(super) fn read_store_path() -> Result<Option<PathBuf>, Failure> {
    read_path_variable("JETON_STORE")
}

fn read_path_variable(name: &str) -> Result<Option<PathBuf>, Failure> {
    let Some(value) = read_variable(name) else { return Ok(None) };
    match parse_url_scheme(&value) {
        Some(scheme) => Err(Failure::unsupported_url(&format!("`{name}`"), scheme)),
        None => Ok(Some(value.into())),
    }
}

/// Returns the value of a variable that is set and not empty.
pub(super) fn read_variable(name: &str) -> Option<OsString> {
    #[expect(clippy::disallowed_methods, reason = "the only module that reads variables")]
    std::env::var_os(name).filter(|value| !value.is_empty())
}
