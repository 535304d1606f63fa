//! TOML files of named tokens. A table `[tokens.NAME]` has the options of `jeton token mint` for
//! one test token, and the table `[defaults]` has options for all tokens.

use super::file_options::parse_options;
use super::mint_options::MintOptions;
use super::named_tokens::{FilePosition, NamedOptions};
use crate::app::{App, display_file, is_inline_json, resolve_below};
use crate::commands::args::{input_path, stdin_argument};
use crate::failure::{Code, Failure};
use crate::model::{
    InvalidLine, TomlEntry, TomlTable, TomlValue, check_token_variable, find_similar,
    redact_for_error,
};
use std::path::{Path, PathBuf};

/// Options for a file of named tokens.
#[derive(Debug, clap::Args)]
pub(crate) struct NamedTokenFileArgs {
    /// TOML file of named tokens (`-` for standard input): `[tokens.NAME]` with options of `jeton token
    /// mint`, and `[defaults]` for all tokens
    #[arg(
        short,
        long,
        value_name = "FILE",
        value_parser = input_path(),
        // In clap, the group of a struct that flattens other structs is empty. `aud` and
        // `permission`, options of such a struct, are therefore listed one by one. `allow_weak` is
        // not in the list, because it also applies to the keys that the file names.
        conflicts_with_all = [
            "TestOnlyArgs", "ClaimArgs", "ExpiryArgs", "aud", "permission",
            "secret_env", "key_file", "kid", "encoding", "env"
        ]
    )]
    file: Option<PathBuf>,

    /// Environment variable that the file may name in `secret-env`; repeatable
    #[arg(long, value_name = "NAME", requires = "file")]
    allow_env: Vec<String>,
}

impl NamedTokenFileArgs {
    /// Returns `--file` if its value is `-`, standard input.
    pub(crate) fn stdin_argument(&self) -> Option<&'static str> {
        stdin_argument("--file", self.file.as_ref())
    }

    /// Returns the path of the file, if given.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Reads the options of the tokens that `names` lists, in the order of `names`. If `names` is
    /// empty, reads the options of all tokens, in the order of the file. Returns `None` if no file
    /// is given. `allow_weak` is the flag `--allow-weak` of the command line, which applies to all
    /// tokens.
    pub(crate) fn read(
        &self,
        app: &App,
        names: &[String],
        allow_weak: bool,
    ) -> Result<Option<Vec<NamedOptions>>, Failure> {
        let Some(path) = &self.file else { return Ok(None) };
        let file = TokenFile { path, display_name: display_file(path) };
        let tables = TokenTables::find(app.console.read_toml("--file", path)?);
        let tables = tables.map_err(|error| file.bad_data(error))?;
        let mut tokens = Vec::new();
        for token in tables.select(names, &file.display_name)? {
            let (mut options, entries) = parse_options(&tables.defaults, &token.table)
                .map_err(|(error, hint)| Failure { hint, ..file.bad_data(error) })?;
            self.check_secret_variable(&file, &options, &entries)?;
            file.resolve_paths(&mut options, &entries)?;
            options.key.allow_weak = allow_weak;
            let position = FilePosition { file: file.display_name.clone(), line: token.line };
            tokens.push(NamedOptions {
                name: token.name.clone(),
                options,
                position: Some(position),
            });
        }
        Ok(Some(tokens))
    }

    /// Refuses a variable in `secret-env` that no `--allow-env` names. `entries` are the options of
    /// the token in the file, including the defaults.
    ///
    /// The error does not repeat the value of `secret-env`. The value may be the secret itself in
    /// place of the name of a variable. Also, the user, not the file, should decide which variable
    /// to allow.
    fn check_secret_variable(
        &self,
        file: &TokenFile<'_>,
        options: &MintOptions,
        entries: &[TomlEntry],
    ) -> Result<(), Failure> {
        let Some(name) = &options.key.secret_env else { return Ok(()) };
        if self.allow_env.contains(name) {
            return Ok(());
        }
        let message = "`secret-env` names a variable that is not allowed";
        Err(Failure::usage(message)
            .at_line(&file.display_name, line_of(entries, "secret-env"))
            .with_hint("add `--allow-env NAME` if the file may use the secret in the variable"))
    }
}

/// File of named tokens.
struct TokenFile<'p> {
    path: &'p Path,
    /// Name of the file for error messages.
    display_name: String,
}

impl TokenFile<'_> {
    /// Returns the failure for an invalid line of the file.
    fn bad_data(&self, error: InvalidLine) -> Failure {
        let InvalidLine { line, reason } = error;
        Failure::new(Code::BadData, reason).at_line(&self.display_name, line)
    }

    /// Resolves the paths in the options relative to the directory of the file. For a file on
    /// standard input, this is the current directory. Refuses an absolute path, a path with `..`, a
    /// path of no existing file, and a symbolic link to a file outside of the directory. `entries`
    /// are the options of the token in the file, including the defaults.
    fn resolve_paths(
        &self,
        options: &mut MintOptions,
        entries: &[TomlEntry],
    ) -> Result<(), Failure> {
        let directory = self.path.parent().unwrap_or(Path::new(""));
        let claims = options.test_token.test_only.claims_input.as_mut();
        let claims_path = claims.filter(|path| !is_inline_json(path)).map(|path| ("claims", path));
        let key_path = options.key.key_file.as_mut().map(|path| ("key-file", path));
        for (name, path) in [claims_path, key_path].into_iter().flatten() {
            *path = resolve_below(directory, path).map_err(|reason| {
                let reason = format!("`{name}`: {reason}");
                self.bad_data(InvalidLine { line: line_of(entries, name), reason })
            })?;
        }
        Ok(())
    }
}

/// Returns the line of the option `key` in the file; 0 if `entries` has no such option.
fn line_of(entries: &[TomlEntry], key: &str) -> u64 {
    entries.iter().find(|entry| entry.key == key).map_or(0, |entry| entry.line)
}

/// Tables of a file of named tokens.
struct TokenTables {
    /// Options for all tokens; empty if the file has no table `[defaults]`.
    defaults: TomlTable,
    tokens: Vec<TokenTable>,
}

/// Table `[tokens.NAME]` of one token.
struct TokenTable {
    /// Name of the token, which is the name of an environment variable.
    name: String,
    /// Line where the table begins.
    line: u64,
    /// Options of the token.
    table: TomlTable,
}

impl TokenTables {
    /// Finds the tables `[tokens.NAME]` and `[defaults]`. Skips all other tables and arrays of the
    /// file. Refuses any other value outside of a table, and a file without `[tokens.NAME]`.
    fn find(document: TomlTable) -> Result<Self, InvalidLine> {
        let mut tables = Self { defaults: TomlTable::default(), tokens: Vec::new() };
        for entry in document.entries {
            match entry.key.as_str() {
                "defaults" => tables.defaults = into_table(entry)?,
                "tokens" => {
                    for token in into_table(entry)?.entries {
                        tables.tokens.push(TokenTable::new(token)?);
                    }
                }
                _ if matches!(entry.value, TomlValue::Table(_) | TomlValue::Array(_)) => {}
                key => {
                    let reason = format!("unknown key `{}`", redact_for_error(key));
                    return Err(InvalidLine { line: entry.line, reason });
                }
            }
        }
        if tables.tokens.is_empty() {
            let reason = "no token found, expected a table `[tokens.NAME]`".to_owned();
            return Err(InvalidLine { line: 1, reason });
        }
        Ok(tables)
    }

    /// Returns the tables of the tokens that `names` lists, or of all tokens if `names` is empty.
    /// `file_display_name` is the name of the file for the error message.
    fn select(
        &self,
        names: &[String],
        file_display_name: &str,
    ) -> Result<Vec<&TokenTable>, Failure> {
        if names.is_empty() {
            return Ok(self.tokens.iter().collect());
        }
        let find_table = |name: &String| {
            self.tokens.iter().find(|token| token.name == *name).ok_or_else(|| {
                let display_name = redact_for_error(name);
                let message = format!("token `{display_name}` not found in {file_display_name}");
                let failure = Failure::new(Code::InvalidInput, message);
                match find_similar(name, self.tokens.iter().map(|token| token.name.as_str())) {
                    Some(similar) => failure.with_hint(format!("use `{similar}`")),
                    None => failure,
                }
            })
        };
        names.iter().map(find_table).collect()
    }
}

impl TokenTable {
    /// Creates the table from an entry of the table `[tokens]`. Refuses a name that is not allowed
    /// for the variable of a token.
    fn new(entry: TomlEntry) -> Result<Self, InvalidLine> {
        let (name, line) = (entry.key.clone(), entry.line);
        check_token_variable(&name).map_err(|invalid| {
            let reason = format!("`{}`: {invalid}", redact_for_error(&name));
            InvalidLine { line, reason }
        })?;
        Ok(Self { name, line, table: into_table(entry)? })
    }
}

/// Returns the table that is the value of the entry. Refuses any other value.
fn into_table(entry: TomlEntry) -> Result<TomlTable, InvalidLine> {
    let type_name = entry.value.type_name();
    let TomlValue::Table(table) = entry.value else {
        let key = redact_for_error(&entry.key);
        let reason = format!("`{key}`: {type_name} found, expected a table");
        return Err(InvalidLine { line: entry.line, reason });
    };
    Ok(table)
}
