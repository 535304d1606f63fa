//! Global flags, environment variables and time of a run. No other module reads the system clock,
//! except for the time in generated ids (`crypto::random`). Other modules read a variable without
//! [`read_variable`] only if clap or a library already reads this variable.

use crate::failure::{Code, Failure};
use crate::model::{Timestamp, parse_url_scheme};
use crate::os_users;
#[cfg(feature = "postgres")]
use crate::store::PostgresEnvironment;
use crate::store::{AddressSource, InvalidAddress, ResolvedAddress, StoreAddress};
use crate::terminal::OutputFormat;
use secrecy::SecretString;
use std::cell::Cell;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Variables with a password or a token, or with the path of a token file. They are removed from
/// the environment of child processes. `JETON_STORE`, which can also contain a password, is
/// passed without the password: see [`child_store_variable`].
pub(super) const CREDENTIAL_VARIABLES: [&str; 4] =
    ["JETON_PASSWORD", "JETON_TOKEN", "JETON_TOKEN_FILE", "PGPASSWORD"];

/// Text in place of input that is not UTF-8 or not a single token. A verifier refuses this text as
/// a malformed token.
pub(super) const MALFORMED_TOKEN: &str = "\u{fffd}";

/// Name of a variable with a value that is not UTF-8.
#[derive(Debug, Clone, Copy)]
pub(super) struct NotUtf8(pub(super) &'static str);

/// Values of the global flags.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// Address of the store from `--store`, from `JETON_STORE` or from the arguments of the command
    /// (`SOURCE` of `store copy`), if given.
    pub(crate) store: Option<StoreAddress>,
    /// Value of `--token-file`: a file with the token of the caller; `-` is standard input.
    pub(crate) token_file: Option<PathBuf>,
    /// Output format of results.
    pub(crate) output_format: OutputFormat,
    /// Suppress status messages, their hints and the progress display.
    pub(crate) quiet: bool,
    /// Skip confirmation prompts.
    pub(crate) yes: bool,
    /// Never prompt.
    pub(crate) no_input: bool,
    /// Maximum time to wait for a lock or for a database server.
    pub(crate) wait: Duration,
}

/// Values of `CI`, of `JETON_CONFIG_DIR`, and of the `JETON_` variables in
/// [`CREDENTIAL_VARIABLES`]. clap reads the variables that supply defaults of flags, and
/// [`resolve_address`] reads the variables of libpq.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    /// `JETON_PASSWORD`
    pub(super) password: Option<Result<SecretString, NotUtf8>>,
    /// `JETON_TOKEN`; [`MALFORMED_TOKEN`] if the value is not UTF-8.
    pub(super) token: Option<SecretString>,
    /// `JETON_TOKEN_FILE`
    pub(super) token_file: Option<PathBuf>,
    /// `JETON_CONFIG_DIR`
    pub(super) config_dir: Option<PathBuf>,
    /// True if `CI` is set: prompts are then disabled.
    pub(super) ci: bool,
}

impl Environment {
    /// Returns the name of the OS user, which is the default login name: from /etc/passwd, or else
    /// from `USER`. Names that consist only of digits are ignored. Returns `None` if neither source
    /// has a name, for example in a container with an arbitrary user id.
    pub(crate) fn os_user_name() -> Option<String> {
        let is_name = |name: &String| !name.bytes().all(|b| b.is_ascii_digit());
        let name = os_users::user_name(rustix::process::geteuid().as_raw()).filter(is_name);
        name.or_else(|| read_variable("USER")?.into_string().ok().filter(is_name))
    }

    /// Reads the environment. Empty variables count as unset. Refuses a URL as the value of a
    /// variable for a path.
    pub(crate) fn from_env() -> Result<Self, Failure> {
        let read_text =
            |name| read_variable(name).map(|value| value.into_string().map_err(|_| NotUtf8(name)));
        let token = read_text("JETON_TOKEN")
            .map(|text| text.unwrap_or_else(|_| MALFORMED_TOKEN.to_owned()));
        Ok(Self {
            password: read_text("JETON_PASSWORD").map(|text| text.map(SecretString::from)),
            token: token.map(SecretString::from),
            token_file: read_path_variable("JETON_TOKEN_FILE")?,
            config_dir: read_path_variable("JETON_CONFIG_DIR")?,
            ci: read_variable("CI").is_some(),
        })
    }
}

/// Returns the name of the variable that determines the default directory of the store. As the XDG
/// Base Directory Specification demands, a relative path in `XDG_DATA_HOME` is ignored.
pub(super) fn data_directory_variable() -> &'static str {
    let data_home = read_variable("XDG_DATA_HOME").map(PathBuf::from);
    if data_home.is_some_and(|path| path.is_absolute()) { "XDG_DATA_HOME" } else { "HOME" }
}

/// Returns the value of `JETON_STORE` for child processes, without the password of a server
/// address. `None` if the variable is unset, or if its value is invalid, since such a value may
/// contain a password.
pub(super) fn child_store_variable() -> Option<OsString> {
    let value = read_variable("JETON_STORE")?;
    match StoreAddress::parse(&value, AddressSource::Variable).ok()? {
        StoreAddress::File(_) => Some(value),
        #[cfg(feature = "postgres")]
        StoreAddress::Server(address) => Some(address.text_without_password().into()),
    }
}

/// Completes the address of a server with the values that a connection needs: from the variables
/// and the files of libpq. The path of a store file is returned unchanged.
pub(super) fn resolve_address(address: StoreAddress) -> Result<ResolvedAddress, Failure> {
    match address {
        StoreAddress::File(path) => Ok(ResolvedAddress::File(path)),
        #[cfg(feature = "postgres")]
        StoreAddress::Server(address) => {
            let config = address.connection_config(&postgres_environment()?)?;
            Ok(ResolvedAddress::Server(address, Box::new(config)))
        }
    }
}

/// Returns the variables of libpq that complete the address of a server.
#[cfg(feature = "postgres")]
fn postgres_environment() -> Result<PostgresEnvironment, Failure> {
    let read_text = |name: &str| {
        let text = read_variable(name).map(OsString::into_string).transpose();
        text.map_err(|_| Failure::new(Code::InvalidInput, format!("`{name}` is not UTF-8")))
    };
    let mut parameters = Vec::new();
    for (variable, parameter) in PostgresEnvironment::PARAMETERS {
        parameters.extend(read_text(variable)?.map(|value| (parameter, value)));
    }
    let read_path = |name| read_variable(name).map(PathBuf::from);
    Ok(PostgresEnvironment {
        home: read_path("HOME"),
        password: read_text("PGPASSWORD")?.map(SecretString::from),
        passfile: read_path("PGPASSFILE"),
        service_file: read_path("PGSERVICEFILE"),
        system_directory: read_path("PGSYSCONFDIR"),
        parameters,
    })
}

/// Returns the address in `JETON_STORE`, for shell completion and for hints. Commands get the
/// address from clap.
pub(super) fn read_store_address() -> Option<Result<StoreAddress, InvalidAddress>> {
    let value = read_variable("JETON_STORE")?;
    Some(StoreAddress::parse(&value, AddressSource::Variable))
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
    #[expect(clippy::disallowed_methods, reason = "this module reads the environment")]
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// Time of a run: read on first use, and again after a wait.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clock {
    /// Time of the run; `None` if the next use must read the clock.
    now: Cell<Option<Timestamp>>,
    /// Time of the store's server minus the time of this machine, in seconds.
    offset: Cell<i64>,
}

impl Clock {
    /// Returns the time of the run in whole seconds, rounded down. After
    /// [`Clock::adopt_server_time`], the time is that of the store's server; before, the time of
    /// this machine.
    pub(super) fn now(&self) -> Result<Timestamp, Failure> {
        if let Some(now) = self.now.get() {
            return Ok(now);
        }
        let now = Self::read()?;
        let now = now
            .checked_add(self.offset.get())
            .and_then(Timestamp::from_unix)
            .ok_or_else(|| Failure::new(Code::Internal, "system clock is outside 1970–9999"))?;
        self.now.set(Some(now));
        Ok(now)
    }

    /// Reads the clock again, and returns the time as [`Clock::now`] does.
    pub(crate) fn read_again(&self) -> Result<Timestamp, Failure> {
        self.reset();
        self.now()
    }

    /// Returns the time of this machine in seconds since 1970.
    fn read() -> Result<i64, Failure> {
        #[expect(clippy::disallowed_methods, reason = "this module reads the clock")]
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH);
        elapsed
            .ok()
            .and_then(|elapsed| i64::try_from(elapsed.as_secs()).ok())
            .ok_or_else(|| Failure::new(Code::Internal, "system clock is outside 1970–9999"))
    }

    /// Adopts the clock of the store's server, so that all machines agree on expiry, quota and
    /// grace period. Returns the server time minus the time of this machine in seconds.
    pub(super) fn adopt_server_time(&self, server_time: Timestamp) -> Result<i64, Failure> {
        let offset = server_time.unix().saturating_sub(Self::read()?);
        self.offset.set(offset);
        self.reset();
        Ok(offset)
    }

    /// Forgets the time: the next use reads the clock again. Called at every wait for input, for a
    /// prompt, for a child process or for the lock of the session file, and at every read of this
    /// file, so that tokens and rows that other processes wrote in the meantime do not appear to be
    /// from the future.
    pub(super) fn reset(&self) {
        self.now.set(None);
    }
}
