//! Version and compile-time options of the SQLite library in this program.

use super::Error;
use rusqlite::Connection;
use serde::Serialize;
use std::collections::BTreeMap;

/// The compile-time options in `.cargo/config.toml`, which a build by `cargo install` from a registry or
/// a repository does not have. `connect` makes the settings that are also possible at run time.
const RECOMMENDED_OPTIONS: [&str; 8] = [
    "DEFAULT_MEMSTATUS=0",
    "DQS=0",
    "LIKE_DOESNT_MATCH_BLOBS",
    "OMIT_DECLTYPE",
    "OMIT_DEPRECATED",
    "OMIT_LOAD_EXTENSION",
    "OMIT_SHARED_CACHE",
    "USE_ALLOCA",
];

/// Build of SQLite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct SqliteBuild {
    /// Version, such as `3.53.0`.
    pub(crate) version: &'static str,
    /// Recommended compile-time options without the prefix `SQLITE_`, and whether each is compiled in.
    pub(crate) options: BTreeMap<&'static str, bool>,
}

impl SqliteBuild {
    /// Asks the library. Opens no file.
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn recommended_options_are_configured_and_compiled_in() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/.cargo/config.toml");
        let file = fs::read_to_string(path).unwrap();
        let mut options: Vec<&str> =
            file.split_whitespace().filter_map(|word| word.strip_prefix("-DSQLITE_")).collect();
        options.sort_unstable();
        assert_eq!(options, RECOMMENDED_OPTIONS);
        let build = SqliteBuild::query().unwrap();
        assert!(build.options.values().all(|is_compiled| *is_compiled), "{build:?}");
    }
}
