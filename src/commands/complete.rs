//! Words for the shell to complete: read from the store as it is, in silence.

use crate::app::Known;
use clap_complete::CompletionCandidate;

/// The names of users.
pub(super) fn users() -> Vec<CompletionCandidate> {
    candidates(Known::users())
}

/// The ids of live tokens, with their apps.
pub(super) fn tokens() -> Vec<CompletionCandidate> {
    candidates(Known::tokens())
}

/// The ids of keys, with what they are.
pub(super) fn keys() -> Vec<CompletionCandidate> {
    candidates(Known::keys())
}

fn candidates(words: Vec<(String, String)>) -> Vec<CompletionCandidate> {
    words
        .into_iter()
        .map(|(word, about)| CompletionCandidate::new(word).help(Some(about.into())))
        .collect()
}
