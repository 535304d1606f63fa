//! Version and compile-time options of the SQLite library in this program.

use super::Error;
use rusqlite::Connection;
use serde::Serialize;
use std::collections::BTreeMap;

/// The compile-time options that `.cargo/config.toml` sets with `-D`. `cargo install` from a
/// registry or a repository does not read that file, so that its builds lack these options. In all
/// builds, the module `connect` sets one of the options, `DQS=0`, at run time for each connection
/// to a store.
const RECOMMENDED_OPTIONS: [&str; 9] = [
    "DEFAULT_MEMSTATUS=0",
    "DQS=0",
    "ENABLE_NULL_TRIM",
    "LIKE_DOESNT_MATCH_BLOBS",
    "OMIT_DECLTYPE",
    "OMIT_DEPRECATED",
    "OMIT_LOAD_EXTENSION",
    "OMIT_SHARED_CACHE",
    "USE_ALLOCA",
];

/// Version and compile-time options of SQLite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct SqliteBuild {
    /// Version, such as `3.53.0`.
    pub(crate) version: &'static str,
    /// The recommended compile-time options, without the prefix `SQLITE_`. The value of an option
    /// is `true` if the option is compiled in.
    pub(crate) options: BTreeMap<&'static str, bool>,
}

impl SqliteBuild {
    /// Queries the version and options from the library. Opens no file.
    pub(crate) fn query() -> Result<Self, Error> {
        let connection = Connection::open_in_memory()?;
        let mut statement = connection.prepare("PRAGMA compile_options")?;
        let names = statement.query_map([], |row| row.get(0))?;
        let compiled: Vec<String> = names.collect::<Result<_, _>>()?;
        let is_compiled = |name: &str| compiled.iter().any(|option| option == name);
        let options = RECOMMENDED_OPTIONS.map(|name| (name, is_compiled(name))).into();
        Ok(Self { version: rusqlite::version(), options })
    }
}
