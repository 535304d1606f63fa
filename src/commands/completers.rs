//! Shell completion of arguments. The candidates are fixed values, or values from the store, the
//! presets and the file system. If the store cannot be read, no values from the store are offered.

use super::command::{CommandTree, Effect};
use crate::app::CompletionSource;
use crate::authority::audit_context::OUTCOMES_BESIDES_ERROR_CODES;
use crate::failure::{Code, Kind};
use crate::model::{Algorithm, Key, KeyState, Permission, Purpose, Role, Setting, TargetKind};
use clap::ValueHint;
use clap_complete::engine::ValueCompleter;
use clap_complete::{ArgValueCandidates, ArgValueCompleter, CompletionCandidate, PathCompleter};
use serde_json::Value;
use std::ffi::OsStr;

/// Returns a completer for a fixed set of values.
pub(super) fn fixed_values(values: &'static [&'static str]) -> ArgValueCandidates {
    ArgValueCandidates::new(move || values.iter().map(CompletionCandidate::new).collect())
}

/// Returns a completer for user roles.
pub(super) fn roles() -> ArgValueCandidates {
    ArgValueCandidates::new(|| Role::ALL.map(|role| CompletionCandidate::new(role.name())).into())
}

/// Returns a completer for signature algorithms.
pub(super) fn algorithms() -> ArgValueCandidates {
    let candidate = |algorithm: Algorithm| CompletionCandidate::new(algorithm.name());
    ArgValueCandidates::new(move || Algorithm::ALL.map(candidate).into())
}

/// Returns a completer for key purposes.
pub(super) fn purposes() -> ArgValueCandidates {
    fixed_values(&["app", "test"])
}

/// Returns a completer for the kinds of recorded tokens.
pub(super) fn recorded_token_kinds() -> ArgValueCandidates {
    fixed_values(&["app", "test"])
}

/// Returns a completer for encodings of secrets.
pub(super) fn secret_encodings() -> ArgValueCandidates {
    fixed_values(&["text", "base64", "raw"])
}

/// Returns a completer for the kinds of audit targets.
pub(super) fn target_kinds() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        TargetKind::ALL.map(|kind| CompletionCandidate::new(kind.name())).into()
    })
}

/// Returns a completer for audit outcomes.
pub(super) fn audit_outcomes() -> ArgValueCandidates {
    let codes = || Kind::ALL.iter().flat_map(|kind| kind.codes()).map(|code: &Code| code.as_str());
    ArgValueCandidates::new(move || {
        OUTCOMES_BESIDES_ERROR_CODES
            .into_iter()
            .chain(codes())
            .map(CompletionCandidate::new)
            .collect()
    })
}

/// Returns a completer for audit actions: the commands with [`Effect::Changes`] (`keys rotate`),
/// and the groups of these commands (`keys`).
pub(super) fn audit_actions<T: CommandTree>() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let commands = T::ROOT.commands().into_iter();
        let changing_commands = commands.filter(|info| info.effect == Effect::Changes);
        let mut actions: Vec<&str> = Vec::new();
        for action in changing_commands.map(|info| info.action) {
            let group = action.split(' ').next().unwrap_or(action);
            for name in [group, action] {
                if !actions.contains(&name) {
                    actions.push(name);
                }
            }
        }
        actions.into_iter().map(CompletionCandidate::new).collect()
    })
}

/// Returns a completer for the names of settings, each with a description.
pub(super) fn settings() -> ArgValueCandidates {
    let candidate = |setting: &Setting| described_candidate(setting.name(), setting.about());
    ArgValueCandidates::new(move || Setting::ALL.iter().map(candidate).collect())
}

/// Returns a completer for the new value of a setting. The setting is the last word before the
/// cursor that is the name of a setting.
pub(super) fn setting_values() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let words = CompletionSource::words_before_cursor();
        let setting = words.iter().rev().find_map(|word| Setting::parse(word).ok());
        let Some(setting) = setting else { return Vec::new() };
        let mut values: Vec<_> = CompletionSource::setting(setting)
            .map(|value| described_candidate(value, "current value"))
            .into_iter()
            .collect();
        values.push(described_candidate(setting.default_value(), "default"));
        values.extend(setting.fixed_words().iter().map(CompletionCandidate::new));
        values
    })
}

/// Returns a completer for the names of presets.
pub(super) fn presets() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        CompletionSource::presets().into_iter().map(CompletionCandidate::new).collect()
    })
}

/// Returns a completer for the parameters of the preset in `--preset`.
pub(super) fn preset_parameters() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let preset = CompletionSource::option_before_cursor("--preset");
        let Some(preset) = preset else { return Vec::new() };
        let parameters = CompletionSource::preset_parameters(&preset).into_iter();
        parameters.flat_map(|(name, default)| parameter_candidates(&name, &default)).collect()
    })
}

/// Returns the candidates for one parameter of a preset: `NAME=true` and `NAME=false` for a
/// parameter with a boolean default, otherwise `NAME=`.
fn parameter_candidates(name: &str, default: &Value) -> Vec<CompletionCandidate> {
    let values: &[&str] = if default.is_boolean() { &["true", "false"] } else { &[""] };
    let description = format!("default: {default}");
    values
        .iter()
        .map(|value| described_candidate(format!("{name}={value}"), &description))
        .collect()
}

/// Returns a completer for usernames and e-mail addresses.
pub(super) fn users() -> ArgValueCompleter {
    names_from_store(CompletionSource::users)
}

/// Returns a completer for application names, and for the subjects of recorded test tokens.
pub(super) fn apps() -> ArgValueCompleter {
    names_from_store(CompletionSource::apps)
}

/// Returns a completer for permissions: the permissions that tokens of the store have, and
/// [`Permission::MINT`] even if no token has it. [`Permission::MINT`] is the last candidate.
pub(super) fn permissions() -> ArgValueCompleter {
    names_from_store(|prefix| {
        let mut permissions = CompletionSource::permissions(prefix);
        if Permission::MINT.starts_with(prefix) {
            permissions.retain(|permission| permission != Permission::MINT);
            permissions.push(Permission::MINT.to_owned());
        }
        permissions
    })
}

/// Returns a completer for the names that `find` returns for a prefix. The prefix is the text of
/// the word at the cursor.
fn names_from_store(find: fn(&str) -> Vec<String>) -> ArgValueCompleter {
    ArgValueCompleter::new(move |current: &OsStr| {
        let names = current.to_str().map(find).unwrap_or_default();
        names.into_iter().map(CompletionCandidate::new).collect()
    })
}

/// Returns a completer for the ids of recorded tokens, each with the application of an app token or
/// the subject of a test token. The tokens are live, or superseded: renewed, but not yet refused.
pub(super) fn tokens() -> ArgValueCompleter {
    ArgValueCompleter::new(complete_tokens)
}

fn complete_tokens(current: &OsStr) -> Vec<CompletionCandidate> {
    to_candidates(current.to_str().map(CompletionSource::tokens).unwrap_or_default())
}

/// Returns a completer for a token argument that accepts `@FILE`.
pub(super) fn token_files() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| complete_token_file(current).unwrap_or_default())
}

/// Returns a completer for an argument that accepts the id of a token or `@FILE`.
pub(super) fn tokens_and_token_files() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        complete_token_file(current).unwrap_or_else(|| complete_tokens(current))
    })
}

/// Returns the files that complete `@FILE`; `None` for a word that does not start with `@`.
fn complete_token_file(current: &OsStr) -> Option<Vec<CompletionCandidate>> {
    let path = current.to_str()?.strip_prefix('@')?;
    let files = PathCompleter::file().complete(OsStr::new(path)).into_iter();
    Some(files.map(|file| file.add_prefix("@")).collect())
}

/// Returns a completer for the command that `jeton run` starts. The candidates are `--` before the
/// command, the programs in `PATH` for the first word of the command, and files for the other
/// words.
pub(super) fn command_line() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let words = CompletionSource::words_before_cursor();
        match words.iter().position(|word| word == "--") {
            None if current.is_empty() => vec![CompletionCandidate::new("--")],
            None => Vec::new(),
            Some(separator) => complete_command_word(current, separator + 1 == words.len()),
        }
    })
}

/// Completes a word of the command after `--`. `is_program` is set for the first word, which is a
/// program in `PATH`, or the path of a program if the word contains `/`.
fn complete_command_word(current: &OsStr, is_program: bool) -> Vec<CompletionCandidate> {
    match current.to_str() {
        Some(name) if is_program && !name.contains('/') => {
            CompletionSource::programs(name).into_iter().map(CompletionCandidate::new).collect()
        }
        _ => PathCompleter::file().complete(current),
    }
}

/// Returns a completer for the ids of the latest open sessions, each with the name of the owner.
pub(super) fn sessions() -> ArgValueCandidates {
    ArgValueCandidates::new(|| to_candidates(CompletionSource::sessions()))
}

/// Returns a completer for the ids of all keys, each with state, purpose and algorithm.
pub(super) fn keys() -> ArgValueCandidates {
    keys_where(|_| true)
}

/// Returns a completer for the ids of keys that are not revoked.
pub(super) fn unrevoked_keys() -> ArgValueCandidates {
    keys_where(|key| key.state != KeyState::Revoked)
}

/// Returns a completer for the ids of keys that can be activated.
pub(super) fn activatable_keys() -> ArgValueCandidates {
    keys_where(|key| matches!(key.state, KeyState::Standby | KeyState::Retired))
}

/// Returns a completer for the ids of test keys that are not revoked.
pub(super) fn test_keys() -> ArgValueCandidates {
    keys_where(|key| key.spec.purpose == Purpose::Test && key.state != KeyState::Revoked)
}

fn keys_where(filter: fn(&Key) -> bool) -> ArgValueCandidates {
    ArgValueCandidates::new(move || to_candidates(CompletionSource::keys(filter)))
}

/// Converts pairs of a word and its description.
fn to_candidates(described_words: Vec<(String, String)>) -> Vec<CompletionCandidate> {
    let described_words = described_words.into_iter();
    described_words.map(|(word, text)| described_candidate(word, &text)).collect()
}

fn described_candidate(
    word: impl Into<std::ffi::OsString>,
    description: &str,
) -> CompletionCandidate {
    CompletionCandidate::new(word).help(Some(description.to_owned().into()))
}

/// Adds path completion to a command and all subcommands: arguments with the value name `FILE` or
/// `PATH` complete to files, arguments with the value name `DIR` to directories. A value name may
/// have alternatives (`JSON|FILE`).
pub(super) fn with_path_completion(command: clap::Command) -> clap::Command {
    command.mut_args(with_path_hint).mut_subcommands(with_path_completion)
}

fn with_path_hint(argument: clap::Arg) -> clap::Arg {
    let names = argument.get_value_names().unwrap_or_default();
    let mut words = names.iter().flat_map(|name| name.split('|'));
    let hint = words.find_map(|word| match word {
        "FILE" | "PATH" => Some(ValueHint::FilePath),
        "DIR" => Some(ValueHint::DirPath),
        _ => None,
    });
    match hint {
        Some(hint) => argument.value_hint(hint),
        None => argument,
    }
}
