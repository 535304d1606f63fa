//! Fuzz target for the parsers of times, durations, passwords, ids and names.

use crate::model::{
    AppName, Email, Jti, Lifetime, Password, Permission, Sid, Timestamp, UserName, UserRef,
    UserUuid, escape, is_unsafe_for_terminal,
};

/// Checks the parsers of times, durations, passwords, ids and names: the text of a parsed value
/// must parse to the same value, and a name must not contain characters that are unsafe for a
/// terminal.
pub fn typed_values(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(lifetime) = Lifetime::parse(text) {
        assert_eq!(Lifetime::parse(&lifetime.to_string()), Ok(lifetime));
        assert!(Lifetime::parse(&format!("{text}1ns")).is_err(), "seconds are the smallest unit");
    }
    if let Ok(time) = Timestamp::parse(text) {
        assert_eq!(Timestamp::parse(&time.to_string()), Ok(time));
        assert_eq!(Timestamp::parse(&time.unix().to_string()), Ok(time));
    }
    for id in [
        UserUuid::parse(text).map(|id| id.to_string()),
        Jti::parse(text).map(|id| id.to_string()),
        Sid::parse(text).map(|id| id.to_string()),
    ] {
        assert!(id.is_none_or(|id| id == text));
    }
    if let Ok(password) = Password::parse(text.to_owned()) {
        let reparsed =
            std::str::from_utf8(password.expose()).map(|text| Password::parse(text.to_owned()));
        let reparsed =
            reparsed.expect("a password is UTF-8").expect("a normalized password is valid");
        assert!(reparsed.expose() == password.expose(), "normalization is idempotent");
    }
    check_names(text);
}

/// Checks usernames, e-mail addresses, application names and permissions.
fn check_names(text: &str) {
    let assert_safe_for_terminal = |name: &str, displayed: &str| {
        assert_eq!(name, displayed);
        assert!(!name.is_empty() && !name.chars().any(is_unsafe_for_terminal), "{name:?}");
    };
    if let Ok(name) = UserName::parse(text) {
        assert_safe_for_terminal(name.as_str(), &name.to_display());
        assert_eq!(UserName::parse(name.as_str()).as_ref(), Ok(&name));
        assert!(matches!(UserRef::parse(name.as_str()), Ok(UserRef::Name(same)) if same == name));
    }
    if let Ok(email) = Email::parse(text) {
        assert_safe_for_terminal(email.as_str(), &email.to_display());
        let reparsed = Email::parse(email.as_str()).expect("a normalized address is valid");
        assert_eq!(
            (reparsed.as_str(), reparsed.comparison_key()),
            (email.as_str(), email.comparison_key())
        );
        assert!(matches!(UserRef::parse(email.as_str()), Ok(UserRef::Email(_))));
        assert_eq!(email.comparison_key().to_lowercase(), email.comparison_key());
    }
    if let Ok(name) = AppName::parse(text) {
        assert_safe_for_terminal(name.as_str(), &name.to_display());
        assert_eq!(name.as_str(), text);
    }
    if let Ok(permission) = Permission::parse(text) {
        assert_safe_for_terminal(permission.as_str(), &escape(permission.as_str()));
        assert_eq!(permission.as_str(), text);
        assert!(!text.starts_with("jeton:") || text == Permission::MINT);
    }
}
