//! Completion candidates: fixed values, or values from the store. If the store cannot be read, no
//! candidates are offered.

use crate::app::CompletionSource;
use crate::model::{Algorithm, KeyState, Purpose, Role, Setting};
use clap_complete::{ArgValueCandidates, CompletionCandidate};

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

/// Returns a completer for key purposes, which are also the kinds of recorded tokens.
pub(super) fn purposes() -> ArgValueCandidates {
    fixed_values(&["app", "test"])
}

/// Returns a completer for the kinds of recorded tokens.
pub(super) fn recorded_kinds() -> ArgValueCandidates {
    fixed_values(&["app", "test"])
}

/// Returns the names of all settings, each with a description.
pub(super) fn settings() -> Vec<CompletionCandidate> {
    let describe = |setting: &Setting| (setting.name().to_owned(), setting.about().to_owned());
    to_candidates(Setting::ALL.iter().map(describe).collect())
}

/// Returns the names of presets.
pub(super) fn presets() -> Vec<CompletionCandidate> {
    CompletionSource::presets().into_iter().map(CompletionCandidate::new).collect()
}

/// Returns the names of users.
pub(super) fn users() -> Vec<CompletionCandidate> {
    CompletionSource::users().into_iter().map(CompletionCandidate::new).collect()
}

/// Returns the ids of live tokens, each with the application.
pub(super) fn tokens() -> Vec<CompletionCandidate> {
    to_candidates(CompletionSource::tokens())
}

/// Returns the ids of open sessions, each with the owner.
pub(super) fn sessions() -> Vec<CompletionCandidate> {
    to_candidates(CompletionSource::sessions())
}

/// Returns the ids of all keys, each with a description.
pub(super) fn keys() -> Vec<CompletionCandidate> {
    to_candidates(CompletionSource::keys(|_| true))
}

/// Returns the ids of keys that are not revoked.
pub(super) fn unrevoked_keys() -> Vec<CompletionCandidate> {
    to_candidates(CompletionSource::keys(|key| key.state != KeyState::Revoked))
}

/// Returns the ids of keys that can be activated.
pub(super) fn activatable_keys() -> Vec<CompletionCandidate> {
    to_candidates(CompletionSource::keys(|key| {
        matches!(key.state, KeyState::Standby | KeyState::Retired)
    }))
}

/// Returns the ids of keys that can sign test tokens.
pub(super) fn test_keys() -> Vec<CompletionCandidate> {
    to_candidates(CompletionSource::keys(|key| {
        key.spec.purpose == Purpose::Test && key.state != KeyState::Revoked
    }))
}

fn to_candidates(words: Vec<(String, String)>) -> Vec<CompletionCandidate> {
    words
        .into_iter()
        .map(|(word, description)| CompletionCandidate::new(word).help(Some(description.into())))
        .collect()
}
