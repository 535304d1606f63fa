//! Names of the store, for the shell to complete: read as it is, in silence, at most 50, and none on
//! which a shell acts.

use super::presets::preset_names;
use crate::model::{Email, Key, Page, Session, Timestamp, User, UserName, is_plain_word};
use crate::paths;
use crate::store::{Error, Reader, Store, TokenFilter, UserFilter};
use std::time::Duration;

/// The names that completion offers. Whatever goes wrong, it offers nothing.
pub(crate) struct Known;

const MOST: Page = Page::Number { page: 1, per_page: 50 };

impl Known {
    /// Users: by name, by e-mail address, or by id where a shell would act on both.
    ///
    /// Not their roles: completion runs without a login.
    pub(crate) fn users() -> Vec<String> {
        let word = |user: User| {
            let (name, email) = (user.username.as_ref(), user.email.as_ref());
            let names = [name.map(UserName::as_str), email.map(Email::as_str)];
            let plain = names.into_iter().flatten().find(|name| is_plain_word(name));
            (plain.map_or_else(|| user.id.to_string(), str::to_owned), String::new())
        };
        let users = ask(|tx| {
            Ok(tx.users(&UserFilter::default(), MOST)?.items.into_iter().map(word).collect())
        });
        users.into_iter().map(|(word, _)| word).collect()
    }

    /// Keys by id, with what they are: those that are wanted.
    pub(crate) fn keys(is_wanted: fn(&Key) -> bool) -> Vec<(String, String)> {
        let wanted = |key: &&Key| is_wanted(key);
        ask(|tx| Ok(tx.keys()?.iter().filter(wanted).take(50).map(about_key).collect()))
    }

    /// Open sessions by id, with their users: the latest.
    pub(crate) fn sessions() -> Vec<(String, String)> {
        let Ok(now) = super::Clock::default().now() else { return Vec::new() };
        ask(|tx| {
            let open = tx.open_sessions(None, now)?.into_iter().rev().take(50);
            open.map(|open| about_session(tx, &open.session)).collect()
        })
    }

    /// Presets by name.
    pub(crate) fn presets() -> Vec<String> {
        let Ok(environment) = super::Environment::read() else { return Vec::new() };
        let names = preset_names(environment.config.as_deref()).into_iter().map(|(name, _)| name);
        names.filter(|name| is_plain_word(name)).take(50).collect()
    }

    /// Tokens by id, with their apps.
    pub(crate) fn tokens() -> Vec<(String, String)> {
        let Ok(now) = super::Clock::default().now() else { return Vec::new() };
        let live = TokenFilter { status: Some(crate::model::Status::Live), ..Default::default() };
        ask(|tx| tokens(tx, &live, now))
    }
}

fn about_key(key: &Key) -> (String, String) {
    let about =
        format!("{} {} {}", key.state.name(), key.spec.purpose.name(), key.spec.algorithm.name());
    (key.spec.kid.as_str().to_owned(), about)
}

fn about_session(tx: &Reader<'_>, session: &Session) -> Result<(String, String), Error> {
    let owner = tx.owned(session.user, ())?.owner;
    Ok((session.sid.to_string(), owner.map_or_else(String::new, |owner| owner.shown())))
}

fn tokens(
    tx: &Reader<'_>,
    filter: &TokenFilter,
    now: Timestamp,
) -> Result<Vec<(String, String)>, Error> {
    let list = tx.tokens(filter, MOST, now)?;
    Ok(list.items.into_iter().map(|t| (t.id.to_string(), t.grant.app.shown())).collect())
}

/// Reads words and their descriptions from the store; those that a shell would act on are left out.
fn ask(
    question: impl FnOnce(&Reader<'_>) -> Result<Vec<(String, String)>, Error>,
) -> Vec<(String, String)> {
    let Ok(given) = super::environment::store() else { return Vec::new() };
    let path = given.or_else(paths::default_store);
    let opened = path.and_then(|path| Store::open(&path, Duration::ZERO).ok());
    let found = opened.and_then(|mut opened| opened.store.read(question).ok());
    let words = found.unwrap_or_default().into_iter();
    words.filter(|(word, _)| is_plain_word(word)).collect()
}
