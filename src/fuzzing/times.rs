//! What must hold for whatever is read as a time, a name or an id.

use crate::model::{
    AppName, Email, Jti, Lifetime, Password, Permission, Sid, Timestamp, Uid, UserName, UserRef,
    is_unsafe_for_terminal,
};

/// Times, lengths of time, names and ids: what is read and written is read again as the same, and
/// has nothing in it that a reader cannot see.
pub fn times(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(length) = Lifetime::parse(text) {
        assert_eq!(Lifetime::parse(&length.to_string()), Ok(length));
        assert!(Lifetime::parse(&format!("{text}1ns")).is_err(), "seconds are the smallest unit");
    }
    if let Ok(time) = Timestamp::parse(text) {
        assert_eq!(Timestamp::parse(&time.to_string()), Ok(time));
        assert_eq!(Timestamp::parse(&time.unix().to_string()), Ok(time));
    }
    for id in [
        Uid::parse(text).map(|id| id.to_string()),
        Jti::parse(text).map(|id| id.to_string()),
        Sid::parse(text).map(|id| id.to_string()),
    ] {
        assert!(id.is_none_or(|id| id == text));
    }
    if let Ok(form) = Password::parse(text.to_owned()) {
        let reparsed =
            std::str::from_utf8(form.expose()).map(|form| Password::parse(form.to_owned()));
        let reparsed = reparsed.expect("UTF-8").expect("the form of a password is a password");
        assert!(reparsed.expose() == form.expose(), "a form of a form");
    }
    check_names(text);
}

fn check_names(text: &str) {
    let assert_visible = |name: &str, displayed: &str| {
        assert_eq!(name, displayed);
        assert!(!name.is_empty() && !name.chars().any(is_unsafe_for_terminal), "{name:?}");
    };
    if let Ok(name) = UserName::parse(text) {
        assert_visible(name.as_str(), &name.to_display());
        assert_eq!(UserName::parse(name.as_str()).as_ref(), Ok(&name));
        assert!(matches!(UserRef::parse(name.as_str()), Ok(UserRef::Name(same)) if same == name));
    }
    if let Ok(email) = Email::parse(text) {
        assert_visible(email.as_str(), &email.to_display());
        let reparsed = Email::parse(email.as_str()).expect("an address is an address");
        assert_eq!(
            (reparsed.as_str(), reparsed.comparison_key()),
            (email.as_str(), email.comparison_key())
        );
        assert!(matches!(UserRef::parse(email.as_str()), Ok(UserRef::Email(_))));
        assert_eq!(email.comparison_key().to_lowercase(), email.comparison_key());
    }
    if let Ok(name) = AppName::parse(text) {
        assert_visible(name.as_str(), &name.to_display());
        assert_eq!(name.as_str(), text);
    }
    if let Ok(permission) = Permission::parse(text) {
        assert_visible(permission.as_str(), &permission.to_display());
        assert_eq!(permission.as_str(), text);
        assert!(!text.starts_with("jeton:") || text == Permission::MINT);
    }
}
