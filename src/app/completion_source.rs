//! Completion candidates from the store and the presets: at most 50, and only words without
//! characters that a shell interprets. No messages are printed.

use super::environment::{Clock, Environment, read_store_path};
use super::presets::list_preset_names;
use crate::model::{Email, Key, PageRequest, Session, Timestamp, User, UserName, is_plain_word};
use crate::paths;
use crate::store::{Error, Reader, Store, TokenFilter, UserFilter};
use std::time::Duration;

/// Source of completion candidates. After any error, no candidates are offered.
pub(crate) struct CompletionSource;

const FIRST_PAGE: PageRequest = PageRequest::Number { page: 1, per_page: 50 };

impl CompletionSource {
    /// Returns a word for each user: the username, or else the e-mail address, or else the id. A
    /// name with characters that a shell interprets is skipped.
    ///
    /// Roles are omitted: completion runs without a login.
    pub(crate) fn users() -> Vec<String> {
        let candidate = |user: User| {
            let (name, email) = (user.username.as_ref(), user.email.as_ref());
            let names = [name.map(UserName::as_str), email.map(Email::as_str)];
            let plain_name = names.into_iter().flatten().find(|name| is_plain_word(name));
            (plain_name.map_or_else(|| user.id.to_string(), str::to_owned), String::new())
        };
        let users = query(|tx| {
            Ok(tx
                .users(&UserFilter::default(), FIRST_PAGE)?
                .items
                .into_iter()
                .map(candidate)
                .collect())
        });
        users.into_iter().map(|(word, _)| word).collect()
    }

    /// Returns the ids of the keys that match `filter`, each with state, purpose and algorithm.
    pub(crate) fn keys(filter: fn(&Key) -> bool) -> Vec<(String, String)> {
        let is_match = |key: &&Key| filter(key);
        query(|tx| Ok(tx.keys()?.iter().filter(is_match).take(50).map(describe_key).collect()))
    }

    /// Returns the ids of the latest open sessions, each with the owner.
    pub(crate) fn sessions() -> Vec<(String, String)> {
        let Ok(now) = Clock::default().now() else { return Vec::new() };
        query(|tx| {
            let sessions = tx.open_sessions(None, PageRequest::All, now)?.items;
            let sessions = sessions.into_iter().rev().take(50);
            sessions.map(|open| describe_session(tx, &open.session)).collect()
        })
    }

    /// Returns the names of presets.
    pub(crate) fn presets() -> Vec<String> {
        let Ok(environment) = Environment::from_env() else { return Vec::new() };
        let names =
            list_preset_names(environment.config_dir.as_deref()).into_iter().map(|(name, _)| name);
        names.filter(|name| is_plain_word(name)).take(50).collect()
    }

    /// Returns the ids of live tokens, each with the application.
    pub(crate) fn tokens() -> Vec<(String, String)> {
        let Ok(now) = Clock::default().now() else { return Vec::new() };
        let live_filter =
            TokenFilter { status: Some(crate::model::TokenStatus::Live), ..Default::default() };
        query(|tx| load_token_candidates(tx, &live_filter, now))
    }
}

fn describe_key(key: &Key) -> (String, String) {
    let description =
        format!("{} {} {}", key.state.name(), key.spec.purpose.name(), key.spec.algorithm.name());
    (key.spec.kid.as_str().to_owned(), description)
}

fn describe_session(tx: &Reader<'_>, session: &Session) -> Result<(String, String), Error> {
    let owner = tx.with_owner(session.user_id, ())?.owner_name;
    Ok((session.sid.to_string(), owner.map_or_else(String::new, |owner| owner.to_display())))
}

fn load_token_candidates(
    tx: &Reader<'_>,
    filter: &TokenFilter,
    now: Timestamp,
) -> Result<Vec<(String, String)>, Error> {
    let list = tx.tokens(filter, FIRST_PAGE, now)?;
    Ok(list
        .items
        .into_iter()
        .map(|token| (token.id.to_string(), token.grant.app.to_display()))
        .collect())
}

/// Reads words with descriptions from the store. Words with characters that a shell would interpret
/// are omitted.
fn query(
    read: impl FnOnce(&Reader<'_>) -> Result<Vec<(String, String)>, Error>,
) -> Vec<(String, String)> {
    let Ok(env_path) = read_store_path() else { return Vec::new() };
    let path = env_path.or_else(paths::default_store_path);
    let outcome = path.and_then(|path| Store::open(&path, Duration::ZERO).ok());
    let candidates = outcome.and_then(|mut outcome| outcome.store.read(read).ok());
    let words = candidates.unwrap_or_default().into_iter();
    words.filter(|(word, _)| is_plain_word(word)).collect()
}
