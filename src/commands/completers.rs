//! Words for the shell to complete: of fixed sets, or read from the store as it is, in silence.

use crate::app::CompletionSource;
use crate::model::{Algorithm, KeyState, Purpose, Role, Setting};
use clap_complete::{ArgValueCandidates, CompletionCandidate};

/// These words.
pub(super) fn fixed_values(values: &'static [&'static str]) -> ArgValueCandidates {
    ArgValueCandidates::new(move || values.iter().map(CompletionCandidate::new).collect())
}

/// The roles of users.
pub(super) fn roles() -> ArgValueCandidates {
    ArgValueCandidates::new(|| Role::ALL.map(|role| CompletionCandidate::new(role.name())).into())
}

/// The algorithms of keys.
pub(super) fn algorithms() -> ArgValueCandidates {
    let candidate = |algorithm: Algorithm| CompletionCandidate::new(algorithm.name());
    ArgValueCandidates::new(move || Algorithm::ALL.map(candidate).into())
}

/// The purposes of keys, which are those of recorded tokens.
pub(super) fn purposes() -> ArgValueCandidates {
    fixed_values(&["app", "test"])
}

/// The settings, with what they do.
pub(super) fn settings() -> Vec<CompletionCandidate> {
    let describe = |setting: &Setting| (setting.name().to_owned(), setting.about().to_owned());
    candidates(Setting::ALL.iter().map(describe).collect())
}

/// The names of presets.
pub(super) fn presets() -> Vec<CompletionCandidate> {
    CompletionSource::presets().into_iter().map(CompletionCandidate::new).collect()
}

/// The names of users.
pub(super) fn users() -> Vec<CompletionCandidate> {
    CompletionSource::users().into_iter().map(CompletionCandidate::new).collect()
}

/// The ids of live tokens, with their apps.
pub(super) fn tokens() -> Vec<CompletionCandidate> {
    candidates(CompletionSource::tokens())
}

/// The ids of open sessions, with whose they are.
pub(super) fn sessions() -> Vec<CompletionCandidate> {
    candidates(CompletionSource::sessions())
}

/// The ids of keys, with what they are.
pub(super) fn keys() -> Vec<CompletionCandidate> {
    candidates(CompletionSource::keys(|_| true))
}

/// The ids of keys that are not revoked.
pub(super) fn unrevoked_keys() -> Vec<CompletionCandidate> {
    candidates(CompletionSource::keys(|key| key.state != KeyState::Revoked))
}

/// The ids of keys that can be let sign.
pub(super) fn activatable_keys() -> Vec<CompletionCandidate> {
    candidates(CompletionSource::keys(|key| {
        matches!(key.state, KeyState::Standby | KeyState::Retired)
    }))
}

/// The ids of keys that can sign test tokens.
pub(super) fn test_keys() -> Vec<CompletionCandidate> {
    candidates(CompletionSource::keys(|key| {
        key.spec.purpose == Purpose::Test && key.state != KeyState::Revoked
    }))
}

fn candidates(words: Vec<(String, String)>) -> Vec<CompletionCandidate> {
    words
        .into_iter()
        .map(|(word, description)| CompletionCandidate::new(word).help(Some(description.into())))
        .collect()
}
