//! Logging in, and changing what one logs in with.

use super::*;
use crate::authority::fixture::{begin_instead, reasons};
use crate::authority::{Reason, Wanted, begin, was_begun};
use crate::crypto::work_done;
use crate::model::TokenKind;
use secrecy::ExposeSecret;

#[test]
fn every_name_logs_in() {
    let mut store = store();
    register(&mut store, &act(0), None, &wish("ada", Role::User), false).unwrap();
    for login in ["ada", "ADA", "ada@example.com", "Ada@Example.com"] {
        assert!(logs_in(&mut store, login, "123456"), "{login}");
    }
}

#[test]
fn nobody_learns_why_a_login_fails() {
    let mut store = store();
    for name in ["ada", "gone", "off"] {
        register(&mut store, &act(0), None, &wish(name, Role::User), false).unwrap();
    }
    let admin = store.read(|tx| existing(tx, &UserRef::parse("ada").unwrap())).unwrap();
    let admin = again(&mut store, &admin);
    let gone = show(&mut store, &admin.caller, &UserRef::parse("gone").unwrap()).unwrap();
    delete(&mut store, &act(0), &admin.caller, &gone).unwrap();
    store.arrange("UPDATE users SET disabled_at = 1 WHERE username = 'off'");
    let nothing = Credential { login: None, password: Some(password("123456")) };
    let no_password = Credential { password: None, ..credential("ada", "x") };
    for credential in [
        credential("nobody", "123456"),
        credential("nobody@example.com", "123456"),
        credential("ada", "1234567"),
        credential("off", "123456"),
        credential("gone", "123456"),
        credential("not a name", "123456"),
        nothing,
        no_password,
    ] {
        let result = log_in(&mut store, &credential);
        assert!(matches!(result, Err(Error::LoginInvalid)), "{credential:?}");
    }
}

/// Returns the work of each way in which a login fails, and of a login that succeeds. The password
/// of `weak` and `costly` is `password`.
fn work_of_logins(store: &mut Store) -> (Vec<(String, u64)>, u64) {
    let no_name = Credential { login: None, ..credential("ada", "123456") };
    let no_password = Credential { password: None, ..credential("ada", "x") };
    let mut failures =
        vec![(String::from("no name"), no_name), ("no password".into(), no_password)];
    for (login, password) in [
        ("nobody", "123456"),
        ("nobody@example.com", "123456"),
        ("not a name", "123456"),
        ("gone", "123456"),
        ("without", "123456"),
        ("ada", "1234567"),
        ("off", "123456"),
        ("off", "1234567"),
        ("weak", "passwort"),
        ("weak-off", "password"),
        ("weak-off", "passwort"),
        ("costly", "passwort"),
    ] {
        failures.push((format!("{login} {password}"), credential(login, password)));
    }
    work_done::take();
    let mut work = Vec::new();
    for (name, credential) in failures {
        assert!(matches!(log_in(store, &credential), Err(Error::LoginInvalid)), "{name}");
        work.push((name, work_done::take()));
    }
    assert!(logs_in(store, "ada", "123456"));
    (work, work_done::take())
}

#[test]
fn failed_logins_cost_as_much_as_the_costliest_hash() {
    const HASH: &str = "c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
    let default = 2 * 19 * 1024;
    for (costliest, stored, expected) in [
        ("m=19456,t=2,p=1", None, default),
        ("m=1024,t=3,p=4", None, default),
        ("m=24576,t=3,p=4", Some("$argon2id$v=19$m=24576,t=3,p=4"), 3 * 24 * 1024),
    ] {
        let mut store = store();
        for name in ["ada", "gone", "off", "without"] {
            register(&mut store, &act(0), None, &wish(name, Role::User), false).unwrap();
        }
        let admin = store.read(|tx| existing(tx, &UserRef::parse("ada").unwrap())).unwrap();
        let admin = again(&mut store, &admin);
        let gone = show(&mut store, &admin.caller, &UserRef::parse("gone").unwrap()).unwrap();
        delete(&mut store, &act(0), &admin.caller, &gone).unwrap();
        let weak = "password_hash\":\"$argon2id$v=19$m=256,t=2,p=1";
        let rows = format!(
            "{{\"username\":\"weak\",\"{weak}${HASH}\"}}
             {{\"username\":\"weak-off\",\"disabled\":true,\"{weak}${HASH}\"}}
             {{\"username\":\"costly\",\"password_hash\":\"$argon2id$v=19${costliest}${HASH}\"}}"
        );
        let drafts = Drafts::read(rows.as_bytes(), at(0)).unwrap();
        import(&mut store, &act(0), Some(&admin.caller), &drafts, false, &|| {}).unwrap();
        store.arrange(
            "UPDATE users SET disabled_at = 1 WHERE username = 'off';
             UPDATE users SET password = NULL WHERE username = 'without'",
        );
        assert_eq!(store.read(|tx| tx.costliest_hash()).unwrap().as_deref(), stored);
        let (failures, success) = work_of_logins(&mut store);
        for (name, work) in failures {
            assert!(work.abs_diff(expected) * 1_000 <= expected, "{costliest}: {name}: {work}");
        }
        assert_eq!(success, default, "{costliest}");
    }
}

#[test]
fn a_session_that_was_replaced_is_over() {
    let mut store = store();
    register(&mut store, &act(0), None, &wish("ada", Role::User), false).unwrap();
    let ada = credential("ada", "123456");
    let ada = log_in(&mut store, &ada).unwrap();
    let (first, _) = begin_instead(&mut store, &ada, None).unwrap();
    let (second, replaced) = begin_instead(&mut store, &ada, Some(first.sid)).unwrap();
    assert!(replaced);
    let access = Wanted::Only(TokenKind::Access);
    let first_access = first.access.expose_secret();
    assert_eq!(reasons(&mut store, first_access, access, 0), [Reason::SessionEnded]);
    assert_eq!(reasons(&mut store, second.access.expose_secret(), access, 0), []);
    let (_, replaced) = begin_instead(&mut store, &ada, Some(first.sid)).unwrap();
    assert!(!replaced, "it had ended before");
}

#[test]
fn a_password_that_was_changed_meanwhile_begins_no_session() {
    let mut store = store();
    let (ada, _) = register(&mut store, &act(0), None, &wish("ada", Role::User), false).unwrap();
    let proven = log_in(&mut store, &credential("ada", "123456")).unwrap();
    let here = again(&mut store, &ada);
    let (old, new) = (password("123456"), password("654321"));
    change_password(&mut store, &act(0), &here.caller, &old, &new).unwrap();
    let result = begin_instead(&mut store, &proven, None);
    assert!(matches!(result, Err(Error::LoginInvalid)));
}

#[test]
fn a_session_is_written_down_before_it_is_begun() {
    let mut store = store();
    register(&mut store, &act(0), None, &wish("ada", Role::User), false).unwrap();
    let proven = log_in(&mut store, &credential("ada", "123456")).unwrap();
    let mut sid = None;
    let begun = begin(&mut store, &act(0), &proven, None, |tokens| {
        sid = Some(tokens.sid);
        Err(Error::LoginInvalid)
    });
    assert!(begun.is_err());
    assert!(!was_begun(&mut store, sid.unwrap()).unwrap());
    let (tokens, _) = begin_instead(&mut store, &proven, None).unwrap();
    assert!(was_begun(&mut store, tokens.sid).unwrap());
}

#[test]
fn a_hash_with_weaker_parameters_is_replaced_at_the_next_login() {
    let mut store = store();
    let (ada, _) = register(&mut store, &act(0), None, &wish("ada", Role::User), false).unwrap();
    // Of `123456`, by argon2-cffi.
    store.arrange("UPDATE users SET password = '$argon2id$v=19$m=8,t=1,p=1$amV0b24gd2VhayBzYWx0IQ$tYnzXQFh5K9X+R/SVDVB/XSS53vKxmDYXZ1EYGPFnPQ'");
    let proven = log_in(&mut store, &credential("ada", "123456")).unwrap();
    begin_instead(&mut store, &proven, None).unwrap();
    let hash = store.read(|tx| tx.find_password(ada.id)).unwrap().unwrap();
    assert!(hash.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.expose());
    let proven = log_in(&mut store, &credential("ada", "123456")).unwrap();
    assert_eq!(proven.better, None);
}

#[test]
fn a_new_password_ends_the_other_sessions_and_spares_this_one() {
    let mut store = store();
    let (ada, _) = register(&mut store, &act(0), None, &wish("ada", Role::User), false).unwrap();
    let (here, there) = (again(&mut store, &ada), again(&mut store, &ada));
    let (old, new) = (password("123456"), password("654321"));
    let result = change_password(&mut store, &act(0), &here.caller, &new, &new);
    assert!(matches!(result, Err(Error::WrongPassword)));
    assert!(authenticate(&mut store, at(0), there.access()).is_ok());
    assert_eq!(change_password(&mut store, &act(0), &here.caller, &old, &new).unwrap(), 1);
    assert!(authenticate(&mut store, at(0), here.access()).is_ok());
    assert!(authenticate(&mut store, at(0), there.access()).is_err());
    assert!(!logs_in(&mut store, "ada", "123456"));
    assert!(logs_in(&mut store, "ada", "654321"));
}

#[test]
fn recovering_ends_all_sessions() {
    let mut store = store();
    let ada = person(&mut store, "ada", Role::Admin);
    again(&mut store, ada.user());
    let (user, ended) = recover(&mut store, &act(0), &who(&ada), &password("123456")).unwrap();
    assert_eq!((user.id, ended), (ada.user().id, 2));
    assert!(authenticate(&mut store, at(0), ada.access()).is_err());
    assert!(logs_in(&mut store, "ada", "123456"));
    let nobody = UserRef::parse("nobody").unwrap();
    let result = recover(&mut store, &act(0), &nobody, &password("123456"));
    assert!(matches!(result, Err(Error::NotFound { thing: Thing::User, .. })));
}

#[test]
fn a_short_password_is_refused_wherever_one_is_set() {
    let mut store = store();
    let (ada, _) = register(&mut store, &act(0), None, &wish("ada", Role::User), false).unwrap();
    let ada = again(&mut store, &ada);
    set(&mut store, Setting::PasswordMinLength, "7");
    let (old, short, fits) = (password("123456"), password("sechs6"), password("sieben7"));
    let is_short = |error: Option<Error>| matches!(error, Some(Error::Usage(text)) if text == "the password has fewer than 7 characters");
    let wish = wish("john", Role::User);
    assert!(is_short(register(&mut store, &act(0), None, &wish, false).err()));
    assert!(is_short(change_password(&mut store, &act(0), &ada.caller, &old, &short).err()));
    assert!(is_short(recover(&mut store, &act(0), &who(&ada), &short).err()));
    change_password(&mut store, &act(0), &ada.caller, &old, &fits).unwrap();
}
