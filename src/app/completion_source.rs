//! Values for shell completion: from the store, the presets, `PATH` and the command line. No
//! messages are printed, and the store is not changed.

use super::environment::{Clock, Environment, read_store_address, read_variable, resolve_address};
use super::presets::list_preset_names;
use crate::model::{Key, Setting, Timestamp, escape, unquote_shell_word};
use crate::paths;
use crate::store::{AddressSource, Error, Reader, Store, StoreAddress};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::env;
use std::fs::{self, DirEntry};
use std::os::unix::fs::PermissionsExt;

/// Source of completion candidates. After any error, no candidates are offered. The lists of users,
/// applications, permissions, tokens and sessions are limited in length, and can be incomplete.
pub(crate) struct CompletionSource;

impl CompletionSource {
    /// Returns the index of the word at the cursor in a command line of `word_count` words: the
    /// index that the completion script passes, or else the index of the last word.
    pub(crate) fn cursor_word_index(word_count: usize) -> usize {
        let index = read_variable("_CLAP_COMPLETE_INDEX");
        let index = index.and_then(|index| index.to_str()?.parse().ok());
        index.unwrap_or_else(|| word_count.saturating_sub(1))
    }

    /// Returns the words of the command line before the word at the cursor, as typed.
    pub(crate) fn words_before_cursor() -> Vec<String> {
        // The command line follows `--`: a completion script runs `jeton -- jeton token show 7`.
        let words = env::args_os().skip_while(|word| word != "--").skip(1);
        let mut words: Vec<String> =
            words.map(|word| word.to_string_lossy().into_owned()).collect();
        words.truncate(Self::cursor_word_index(words.len()));
        words
    }

    /// Returns the value of the last occurrence of an option before the cursor, `--NAME VALUE` or
    /// `--NAME=VALUE`, without shell quotes.
    pub(crate) fn option_before_cursor(option: &str) -> Option<String> {
        let words = Self::words_before_cursor();
        let position = words.iter().rposition(|word| {
            word.strip_prefix(option).is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
        })?;
        let value = words.get(position)?.strip_prefix(option)?.strip_prefix('=');
        value.or(words.get(position + 1).map(String::as_str)).map(unquote_shell_word)
    }

    /// Returns the part of the word at the cursor that bash keeps: all text up to the last
    /// word-break character, inclusive. The word-break characters are in `COMP_WORDBREAKS`. bash
    /// replaces only the rest of the word with the chosen candidate. In other shells, the result is
    /// empty.
    pub(crate) fn part_kept_by_bash() -> String {
        let kept = read_variable("_JETON_COMPLETE_KEPT").and_then(|kept| kept.into_string().ok());
        kept.unwrap_or_default()
    }

    /// Returns the usernames and e-mail addresses that start with `prefix`, case-insensitive.
    ///
    /// The roles of the users are not shown, because completion runs without a login, and only
    /// admins may see the roles of other users.
    pub(crate) fn users(prefix: &str) -> Vec<String> {
        query(|tx| tx.complete_user(prefix))
    }

    /// Returns the names that start with `prefix`: applications of app tokens, and subjects of
    /// recorded test tokens.
    pub(crate) fn apps(prefix: &str) -> Vec<String> {
        query(|tx| tx.complete_app(prefix))
    }

    /// Returns the granted permissions that start with `prefix`.
    pub(crate) fn permissions(prefix: &str) -> Vec<String> {
        query(|tx| tx.complete_permission(prefix))
    }

    /// Returns the ids that start with `prefix`, of tokens that are neither revoked nor expired. A
    /// replaced token is included until the end of its grace period. Each id has a description: the
    /// application of an app token, or the subject of a test token.
    pub(crate) fn tokens(prefix: &str) -> Vec<(String, String)> {
        let Ok(now) = Clock::default().now() else { return Vec::new() };
        let tokens = query(|tx| tx.complete_token(prefix, now));
        tokens.into_iter().map(|(id, app)| (id.to_string(), escape(&app))).collect()
    }

    /// Returns the ids of the latest sessions that have neither ended nor expired, each with the
    /// name of the owner.
    pub(crate) fn sessions() -> Vec<(String, String)> {
        let Ok(now) = Clock::default().now() else { return Vec::new() };
        query(|tx| load_sessions(tx, now))
    }

    /// Returns the ids of the keys that match `filter`, each with state, purpose and algorithm.
    pub(crate) fn keys(filter: fn(&Key) -> bool) -> Vec<(String, String)> {
        query(|tx| Ok(tx.keys()?.iter().filter(|key| filter(key)).map(describe_key).collect()))
    }

    /// Returns the stored value of a setting, or `None` for the default.
    pub(crate) fn setting(setting: Setting) -> Option<String> {
        query(|tx| Ok(tx.find_setting(setting)?.into_iter().collect())).pop()
    }

    /// Returns the names of all presets.
    pub(crate) fn presets() -> Vec<String> {
        let Ok(environment) = Environment::from_env() else { return Vec::new() };
        let names = list_preset_names(environment.config_dir.as_deref());
        names.into_iter().map(|(name, _)| name).collect()
    }

    /// Returns the parameters of a preset with their defaults.
    pub(crate) fn preset_parameters(preset: &str) -> Map<String, Value> {
        let preset = Environment::from_env().and_then(|env| env.load_preset(Some(preset)));
        preset.map_or_else(|_| Map::new(), |template| template.parameters)
    }

    /// Returns the names of the programs in `PATH` that start with `prefix`.
    pub(crate) fn programs(prefix: &str) -> BTreeSet<String> {
        let path = read_variable("PATH").unwrap_or_default();
        let directories = env::split_paths(&path).filter_map(|path| fs::read_dir(path).ok());
        let program_name = |file: DirEntry| {
            let name = file.file_name().into_string().ok();
            name.filter(|name| name.starts_with(prefix) && is_program(&file))
        };
        directories.flatten().flatten().filter_map(program_name).collect()
    }
}

fn is_program(file: &DirEntry) -> bool {
    // `fs::metadata` follows symbolic links; `DirEntry::metadata` does not.
    let target = fs::metadata(file.path());
    target.is_ok_and(|target| target.is_file() && target.permissions().mode() & 0o111 != 0)
}

fn describe_key(key: &Key) -> (String, String) {
    let description =
        format!("{} {} {}", key.state.name(), key.spec.purpose.name(), key.spec.algorithm.name());
    (key.spec.kid.as_str().to_owned(), description)
}

fn load_sessions(tx: &Reader<'_>, now: Timestamp) -> Result<Vec<(String, String)>, Error> {
    let sessions = tx.latest_sessions(now)?.into_iter();
    sessions
        .map(|(sid, user)| {
            let owner = tx.with_owner(user, ())?.owner_name;
            Ok((sid.to_string(), owner.map_or_else(String::new, |owner| owner.to_display())))
        })
        .collect()
}

/// Reads values from a store: the store in `--store`, or else in `JETON_STORE`, or else the default
/// store. Returns no values after any error.
fn query<T>(read: impl FnOnce(&Reader<'_>) -> Result<Vec<T>, Error>) -> Vec<T> {
    let parse = |text: String| StoreAddress::parse(text.as_ref(), AddressSource::CommandLine);
    let flag_address = CompletionSource::option_before_cursor("--store").map(parse);
    let address = match flag_address.or_else(read_store_address) {
        Some(address) => address.ok(),
        None => paths::default_store_path().map(StoreAddress::File),
    };
    let address = address.and_then(|address| resolve_address(address).ok());
    let store = address.and_then(|address| Store::open_read_only(address).ok());
    store.and_then(|mut store| store.read(read).ok()).unwrap_or_default()
}
