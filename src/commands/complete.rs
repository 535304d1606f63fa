//! Words for the shell to complete: of fixed sets, or read from the store as it is, in silence.

use crate::app::Known;
use crate::model::{Algorithm, KeyState, Purpose, Role, Setting};
use clap_complete::{ArgValueCandidates, CompletionCandidate};

/// These words.
pub(super) fn words(all: &'static [&'static str]) -> ArgValueCandidates {
    ArgValueCandidates::new(move || all.iter().map(CompletionCandidate::new).collect())
}

/// The roles of users.
pub(super) fn roles() -> ArgValueCandidates {
    ArgValueCandidates::new(|| Role::ALL.map(|role| CompletionCandidate::new(role.name())).into())
}

/// The algorithms of keys.
pub(super) fn algorithms() -> ArgValueCandidates {
    let word = |algorithm: Algorithm| CompletionCandidate::new(algorithm.name());
    ArgValueCandidates::new(move || Algorithm::ALL.map(word).into())
}

/// The purposes of keys, which are those of recorded tokens.
pub(super) fn purposes() -> ArgValueCandidates {
    words(&["app", "test"])
}

/// The settings, with what they do.
pub(super) fn settings() -> Vec<CompletionCandidate> {
    let about = |it: &Setting| (it.name().to_owned(), it.about().to_owned());
    candidates(Setting::ALL.iter().map(about).collect())
}

/// The names of presets.
pub(super) fn presets() -> Vec<CompletionCandidate> {
    Known::presets().into_iter().map(CompletionCandidate::new).collect()
}

/// The names of users.
pub(super) fn users() -> Vec<CompletionCandidate> {
    Known::users().into_iter().map(CompletionCandidate::new).collect()
}

/// The ids of live tokens, with their apps.
pub(super) fn tokens() -> Vec<CompletionCandidate> {
    candidates(Known::tokens())
}

/// The ids of open sessions, with whose they are.
pub(super) fn sessions() -> Vec<CompletionCandidate> {
    candidates(Known::sessions())
}

/// The ids of keys, with what they are.
pub(super) fn keys() -> Vec<CompletionCandidate> {
    candidates(Known::keys(|_| true))
}

/// The ids of keys that are not revoked.
pub(super) fn keys_left() -> Vec<CompletionCandidate> {
    candidates(Known::keys(|key| key.state != KeyState::Revoked))
}

/// The ids of keys that can be let sign.
pub(super) fn keys_to_activate() -> Vec<CompletionCandidate> {
    candidates(Known::keys(|key| matches!(key.state, KeyState::Standby | KeyState::Retired)))
}

/// The ids of keys that can sign test tokens.
pub(super) fn test_keys() -> Vec<CompletionCandidate> {
    candidates(Known::keys(|key| {
        key.spec.purpose == Purpose::Test && key.state != KeyState::Revoked
    }))
}

fn candidates(words: Vec<(String, String)>) -> Vec<CompletionCandidate> {
    words
        .into_iter()
        .map(|(word, about)| CompletionCandidate::new(word).help(Some(about.into())))
        .collect()
}
