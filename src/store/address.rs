//! Address of a store: the path of a file, or the URL of a PostgreSQL database.

#[cfg(feature = "postgres")]
use super::postgres::{ConnectionConfig, InvalidServerAddress, ServerAddress};
use crate::model::{escape, parse_url_scheme, redact_for_error};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Address of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StoreAddress {
    /// SQLite file.
    File(PathBuf),
    /// PostgreSQL database.
    #[cfg(feature = "postgres")]
    Server(ServerAddress),
}

/// Address of a store; for a server, with the configuration that a connection needs.
pub(crate) enum ResolvedAddress {
    /// SQLite file.
    File(PathBuf),
    /// PostgreSQL database.
    #[cfg(feature = "postgres")]
    Server(ServerAddress, Box<ConnectionConfig>),
}

/// Origin of an address. Passwords are refused on the command line, which other users of the
/// machine can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AddressSource {
    /// `--store`, or an argument of `store copy`
    CommandLine,
    /// `JETON_STORE`
    Variable,
}

/// Reason why an address is invalid. The message contains neither the address nor a password.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvalidAddress {
    /// No store has a URL of this scheme.
    #[error("unsupported URL scheme `{}`", redact_for_error(.0))]
    UnsupportedScheme(String),
    /// The text is probably the address of a server in an unsupported form. If the text were used
    /// as a path, a password in the text would become part of a file name.
    #[error("unsupported address: expected `postgres://HOST/DATABASE` or a path")]
    UnsupportedForm,
    /// The address of a server, in a build without the feature `postgres`.
    #[cfg(not(feature = "postgres"))]
    #[error("this build of jeton does not support PostgreSQL")]
    NoPostgres,
    /// The address on the command line contains a password.
    #[cfg(feature = "postgres")]
    #[error("the address contains a password, which other users of this machine can read")]
    PasswordOnCommandLine,
    /// The address of a server is invalid.
    #[cfg(feature = "postgres")]
    #[error(transparent)]
    Server(#[from] InvalidServerAddress),
}

impl InvalidAddress {
    /// Returns the instruction that resolves the error.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::UnsupportedScheme(_) => {
                Some("use a path; if the path looks like a URL, put `./` before the path")
            }
            Self::UnsupportedForm => Some("if the address is a path, put `./` before the path"),
            #[cfg(not(feature = "postgres"))]
            Self::NoPostgres => Some("install a build of jeton with the feature `postgres`"),
            #[cfg(feature = "postgres")]
            Self::PasswordOnCommandLine => {
                Some("set the password in `PGPASSWORD` or in `~/.pgpass`")
            }
            #[cfg(feature = "postgres")]
            Self::Server(invalid) => invalid.hint(),
        }
    }
}

impl StoreAddress {
    /// Parses an address from the given source. `postgres://` and `postgresql://` start the address
    /// of a server, and other URL schemes are refused. A text without a URL scheme is a path. The
    /// text is refused if it resembles the address of a server.
    pub(crate) fn parse(text: &OsStr, source: AddressSource) -> Result<Self, InvalidAddress> {
        let Some(scheme) = parse_url_scheme(text) else {
            let is_unsupported = resembles_server_address(&text.to_string_lossy());
            let path = || Self::File(text.into());
            return if is_unsupported { Err(InvalidAddress::UnsupportedForm) } else { Ok(path()) };
        };
        if !["postgres", "postgresql"].iter().any(|name| scheme.eq_ignore_ascii_case(name)) {
            return Err(InvalidAddress::UnsupportedScheme(scheme.to_owned()));
        }
        Self::parse_server(text, source)
    }

    #[cfg(feature = "postgres")]
    fn parse_server(text: &OsStr, source: AddressSource) -> Result<Self, InvalidAddress> {
        let address = ServerAddress::parse(text)?;
        if source == AddressSource::CommandLine && address.has_password() {
            return Err(InvalidAddress::PasswordOnCommandLine);
        }
        Ok(Self::Server(address))
    }

    #[cfg(not(feature = "postgres"))]
    fn parse_server(_: &OsStr, _: AddressSource) -> Result<Self, InvalidAddress> {
        Err(InvalidAddress::NoPostgres)
    }

    /// Returns the path of a file, or `None` for a server.
    pub(crate) fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            #[cfg(feature = "postgres")]
            Self::Server(_) => None,
        }
    }

    /// Returns the text for JSON output and for session files: a path, or the hosts, ports,
    /// database and schema of a server, without user, password and other parameters.
    pub(crate) fn to_path(&self) -> PathBuf {
        match self {
            Self::File(path) => path.clone(),
            #[cfg(feature = "postgres")]
            Self::Server(address) => address.to_display().into(),
        }
    }

    /// Returns the PostgreSQL schema that the address names, if any.
    pub(crate) fn schema(&self) -> Option<&str> {
        match self {
            Self::File(_) => None,
            #[cfg(feature = "postgres")]
            Self::Server(address) => address.schema(),
        }
    }

    /// Returns the text for messages.
    pub(crate) fn to_display(&self) -> String {
        escape(&self.to_path().to_string_lossy())
    }
}

/// Returns whether a text without a URL scheme resembles the address of a server: a misspelled URL
/// of PostgreSQL, any URL of PostgreSQL after whitespace or a quotation mark, or a text with
/// `USER:PASSWORD@`, `password=` or `host=`. A text that starts with `.` or `/` is always a path.
fn resembles_server_address(text: &str) -> bool {
    let url = text.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\''));
    let lower = url.to_ascii_lowercase();
    let after_name = ["jdbc:postgresql", "postgresql", "postgres"]
        .iter()
        .find_map(|name| lower.strip_prefix(name));
    let has_credentials = url.split_once('@').is_some_and(|(user, _)| user.contains(':'));
    !text.starts_with(['.', '/'])
        && (after_name.is_some_and(|rest| rest.starts_with([':', '/']))
            || ["password=", "host="].iter().any(|name| lower.contains(name))
            || has_credentials)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, source: AddressSource) -> Result<StoreAddress, InvalidAddress> {
        StoreAddress::parse(OsStr::new(text), source)
    }

    #[test]
    fn address_without_url_scheme_is_a_path() {
        for text in
            ["jeton.db", "/var/lib/jeton.db", "./postgres://x", "./postgres:/x", "postgres", "a@b"]
        {
            let address = parse(text, AddressSource::CommandLine).unwrap();
            assert_eq!(address, StoreAddress::File(text.into()));
            assert_eq!(address.to_display(), text);
        }
    }

    #[test]
    fn unsupported_url_scheme_is_refused() {
        for (text, message) in [
            ("mysql://root:secret@h/db", "unsupported URL scheme `mysql`"),
            ("postgres+ssl://h", "unsupported URL scheme `postgres+ssl`"),
        ] {
            let invalid = parse(text, AddressSource::Variable).unwrap_err();
            assert_eq!(invalid.to_string(), message);
            assert!(invalid.hint().unwrap().contains("./"));
        }
    }

    #[test]
    fn text_that_resembles_server_address_is_refused_without_revealing_password() {
        for text in [
            "postgres:/ada:secret@h/db",
            "postgresql//ada:secret@h/db",
            "jdbc:postgresql://h/db?user=ada&password=secret",
            "host=h user=ada password=secret",
            "ada:secret@h/db",
            " postgres://ada:secret@h/db",
            "\"postgres://ada:secret@h/db\"",
        ] {
            let invalid = parse(text, AddressSource::Variable).unwrap_err();
            assert!(!invalid.to_string().contains("secret"), "{text}: {invalid}");
        }
    }

    #[cfg(not(feature = "postgres"))]
    #[test]
    fn build_without_postgres_refuses_a_server() {
        for text in ["postgres://h/db", "PostgreSQL://h/db"] {
            let invalid = parse(text, AddressSource::Variable).unwrap_err();
            assert_eq!(invalid.to_string(), "this build of jeton does not support PostgreSQL");
        }
    }

    #[cfg(feature = "postgres")]
    #[test]
    fn password_is_refused_only_on_the_command_line() {
        for text in ["postgres://ada:secret@h/db", "postgresql:///db?password=secret"] {
            let invalid = parse(text, AddressSource::CommandLine).unwrap_err();
            assert!(matches!(invalid, InvalidAddress::PasswordOnCommandLine), "{invalid:?}");
            assert!(invalid.hint().unwrap().contains("PGPASSWORD"));
            assert!(parse(text, AddressSource::Variable).is_ok());
        }
        for text in ["postgres://ada@h/db", "postgres://ada:@h/db", "POSTGRES://h/db?password="] {
            assert!(parse(text, AddressSource::CommandLine).is_ok(), "{text}");
        }
    }
}
