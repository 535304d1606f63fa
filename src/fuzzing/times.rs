//! What must hold for whatever is read as a time, a name or an id.

use crate::model::{
    AppName, Email, Jti, Lifetime, Password, Permission, Sid, Timestamp, Uid, UserName, UserRef,
    is_hostile,
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
        let again = std::str::from_utf8(form.expose()).map(|form| Password::parse(form.to_owned()));
        let again = again.expect("UTF-8").expect("the form of a password is a password");
        assert!(again.expose() == form.expose(), "a form of a form");
    }
    names(text);
}

fn names(text: &str) {
    let seen = |name: &str, shown: &str| {
        assert_eq!(name, shown);
        assert!(!name.is_empty() && !name.chars().any(is_hostile), "{name:?}");
    };
    if let Ok(name) = UserName::parse(text) {
        seen(name.as_str(), &name.shown());
        assert_eq!(UserName::parse(name.as_str()).as_ref(), Ok(&name));
        assert!(matches!(UserRef::parse(name.as_str()), Ok(UserRef::Name(same)) if same == name));
    }
    if let Ok(email) = Email::parse(text) {
        seen(email.as_str(), &email.shown());
        let again = Email::parse(email.as_str()).expect("an address is an address");
        assert_eq!((again.as_str(), again.key()), (email.as_str(), email.key()));
        assert!(matches!(UserRef::parse(email.as_str()), Ok(UserRef::Email(_))));
        assert_eq!(email.key().to_lowercase(), email.key());
    }
    if let Ok(name) = AppName::parse(text) {
        seen(name.as_str(), &name.shown());
        assert_eq!(name.as_str(), text);
    }
    if let Ok(permission) = Permission::parse(text) {
        seen(permission.as_str(), &permission.shown());
        assert_eq!(permission.as_str(), text);
        assert!(!text.starts_with("jeton:") || text == Permission::MINT);
    }
}
