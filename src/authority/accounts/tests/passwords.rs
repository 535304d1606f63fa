//! Login, password changes and account recovery.

use super::*;
use crate::authority::RejectReason;
use crate::authority::test_store::{reject_reasons_at, replace_session};
use crate::authority::verification::ExpectedKind;
use crate::crypto::hashing_work;
use crate::model::TokenKind;
use secrecy::ExposeSecret;

#[test]
fn login_accepts_every_spelling_of_a_name() {
    let mut store = new_store();
    register_user(&mut store, "ada").unwrap();
    for login in ["ada", "ADA", "ada@example.com", "Ada@Example.com"] {
        assert!(login_succeeds(&mut store, login, "123456"), "{login}");
    }
}

#[test]
fn failed_logins_return_same_error() {
    let mut store = new_store();
    for name in ["ada", "deleted", "disabled"] {
        register_user(&mut store, name).unwrap();
    }
    let admin = store.read(|tx| require_user(tx, &UserRef::parse("ada").unwrap())).unwrap();
    let admin = add_session(&mut store, &admin);
    let deleted = load(&mut store, &admin.caller, &UserRef::parse("deleted").unwrap()).unwrap();
    delete(&mut store, &audit_at(0), &admin.caller, &deleted).unwrap();
    store.execute_sql("UPDATE users SET disabled_at = 1 WHERE username = 'disabled'");
    let malformed_name = LoginCredentials { login: None, password: Some(password("123456")) };
    let malformed_password = LoginCredentials { password: None, ..login_credentials("ada", "x") };
    for credentials in [
        login_credentials("missing", "123456"),
        login_credentials("missing@example.com", "123456"),
        login_credentials("ada", "1234567"),
        login_credentials("disabled", "123456"),
        login_credentials("deleted", "123456"),
        login_credentials("not a name", "123456"),
        malformed_name,
        malformed_password,
    ] {
        let result = authenticate(&mut store, &credentials);
        assert!(matches!(result, Err(Error::LoginInvalid)), "{credentials:?}");
    }
}

/// Returns the hashing work of each kind of failed login, and of a successful login. The work of a
/// hash is its memory in KiB times its iterations. The store must have the users of
/// [`failed_logins_cost_as_much_as_the_costliest_hash`].
fn measure_login_work(store: &mut Store) -> (Vec<(String, u64)>, u64) {
    let malformed_name = LoginCredentials { login: None, ..login_credentials("ada", "123456") };
    let malformed_password = LoginCredentials { password: None, ..login_credentials("ada", "x") };
    let mut failing_logins = vec![
        (String::from("malformed name"), malformed_name),
        ("malformed password".into(), malformed_password),
    ];
    for (login, password) in [
        ("missing", "123456"),
        ("missing@example.com", "123456"),
        ("not a name", "123456"),
        ("deleted", "123456"),
        ("no-password", "123456"),
        ("ada", "1234567"),
        ("disabled", "123456"),
        ("disabled", "1234567"),
        ("weak", "wrong-password"),
        ("weak-disabled", "password"),
        ("weak-disabled", "wrong-password"),
        ("other-params", "wrong-password"),
    ] {
        failing_logins.push((format!("{login} {password}"), login_credentials(login, password)));
    }
    hashing_work::take();
    let mut work = Vec::new();
    for (name, credentials) in failing_logins {
        assert!(matches!(authenticate(store, &credentials), Err(Error::LoginInvalid)), "{name}");
        work.push((name, hashing_work::take()));
    }
    assert!(login_succeeds(store, "ada", "123456"));
    (work, hashing_work::take())
}

#[test]
fn failed_logins_cost_as_much_as_the_costliest_hash() {
    /// Salt and hash of the password `password` for m=256,t=2,p=1. With other parameters, the hash
    /// matches no known password.
    const SALT_AND_HASH: &str = "c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
    let default_work = 2 * 19 * 1024;
    // The store keeps a class only if it costs more than the class of new hashes.
    for (other_params, expected_stored_class, expected_work) in [
        ("m=19456,t=2,p=1", None, default_work),
        ("m=1024,t=3,p=4", None, default_work),
        ("m=24576,t=3,p=4", Some("$argon2id$v=19$m=24576,t=3,p=4"), 3 * 24 * 1024),
    ] {
        let mut store = new_store();
        for name in ["ada", "deleted", "disabled", "no-password"] {
            register_user(&mut store, name).unwrap();
        }
        let admin = store.read(|tx| require_user(tx, &UserRef::parse("ada").unwrap())).unwrap();
        let admin = add_session(&mut store, &admin);
        let deleted = load(&mut store, &admin.caller, &UserRef::parse("deleted").unwrap()).unwrap();
        delete(&mut store, &audit_at(0), &admin.caller, &deleted).unwrap();
        let weak_hash_member =
            format!("\"password_hash\":\"$argon2id$v=19$m=256,t=2,p=1${SALT_AND_HASH}\"");
        let rows = format!(
            "{{\"username\":\"weak\",{weak_hash_member}}}
             {{\"username\":\"weak-disabled\",\"disabled\":true,{weak_hash_member}}}
             {{\"username\":\"other-params\",\"password_hash\":\"$argon2id$v=19${other_params}${SALT_AND_HASH}\"}}"
        );
        let mut import_rows =
            ImportRows::from_reader(rows.as_bytes(), at(0), UnknownFields::Refuse).unwrap();
        import(
            &mut store,
            &audit_at(0),
            Some(&admin.caller),
            &mut import_rows,
            IfExists::Refuse,
            &|_| Ok(()),
        )
        .unwrap();
        store.execute_sql(
            "UPDATE users SET disabled_at = 1 WHERE username = 'disabled';
             UPDATE users SET password = NULL WHERE username = 'no-password'",
        );
        assert_eq!(
            store.read(|tx| tx.costliest_hash_class()).unwrap().as_deref(),
            expected_stored_class
        );
        let (failures, success_work) = measure_login_work(&mut store);
        for (name, work) in failures {
            assert!(
                work.abs_diff(expected_work) * 1_000 <= expected_work,
                "{other_params}: {name}: {work}"
            );
        }
        assert_eq!(success_work, default_work, "{other_params}");
    }
}

#[test]
fn replaced_session_has_ended() {
    let mut store = new_store();
    register_user(&mut store, "ada").unwrap();
    let credentials = login_credentials("ada", "123456");
    let authenticated = authenticate(&mut store, &credentials).unwrap();
    let (first, _) = replace_session(&mut store, &authenticated, None).unwrap();
    let (second, was_open) = replace_session(&mut store, &authenticated, Some(first.sid)).unwrap();
    assert!(was_open);
    let expected_kind = ExpectedKind::Only(TokenKind::Access);
    let first_access = first.access.expose_secret();
    assert_eq!(
        reject_reasons_at(&mut store, first_access, expected_kind, 0),
        [RejectReason::SessionEnded]
    );
    assert_eq!(reject_reasons_at(&mut store, second.access.expose_secret(), expected_kind, 0), []);
    let (_, was_open) = replace_session(&mut store, &authenticated, Some(first.sid)).unwrap();
    assert!(!was_open, "the session had ended before");
}

fn verify_and_change_password(
    store: &mut Store,
    caller: &Caller,
    current: &Password,
    new: &Password,
) -> Result<usize, Error> {
    let verified = verify_current_password(store, caller, current)?;
    change_password(store, &audit_at(0), caller, &verified, new)
}

#[test]
fn password_change_invalidates_earlier_verification() {
    let mut store = new_store();
    let (ada, _) = register_user(&mut store, "ada").unwrap();
    let session = add_session(&mut store, &ada);
    let [old, new, other] = ["123456", "654321", "abcdef"].map(password);
    let verified = verify_current_password(&mut store, &session.caller, &old).unwrap();
    verify_and_change_password(&mut store, &session.caller, &old, &other).unwrap();
    let result = change_password(&mut store, &audit_at(0), &session.caller, &verified, &new);
    assert!(matches!(result, Err(Error::WrongPassword)));
    assert!(login_succeeds(&mut store, "ada", "abcdef"));
}

#[test]
fn password_change_invalidates_earlier_authentication() {
    let mut store = new_store();
    let (ada, _) = register_user(&mut store, "ada").unwrap();
    let authenticated = authenticate(&mut store, &login_credentials("ada", "123456")).unwrap();
    let session = add_session(&mut store, &ada);
    let (old, new) = (password("123456"), password("654321"));
    verify_and_change_password(&mut store, &session.caller, &old, &new).unwrap();
    let result = replace_session(&mut store, &authenticated, None);
    assert!(matches!(result, Err(Error::LoginInvalid)));
}

#[test]
fn session_is_not_created_if_its_tokens_cannot_be_saved() {
    let mut store = new_store();
    register_user(&mut store, "ada").unwrap();
    let authenticated = authenticate(&mut store, &login_credentials("ada", "123456")).unwrap();
    let mut sid = None;
    let result = sessions::begin(&mut store, &audit_at(0), &authenticated, None, |tokens| {
        sid = Some(tokens.sid);
        Err(Error::LoginInvalid)
    });
    assert!(result.is_err());
    assert!(!sessions::exists(&mut store, sid.unwrap()).unwrap());
    let (tokens, _) = replace_session(&mut store, &authenticated, None).unwrap();
    assert!(sessions::exists(&mut store, tokens.sid).unwrap());
}

/// Replaces each hash with a weak hash of `123456`, computed by argon2-cffi.
const WEAKEN_HASHES_SQL: &str = "UPDATE users SET password = '$argon2id$v=19$m=8,t=1,p=1$amV0b24gd2VhayBzYWx0IQ$tYnzXQFh5K9X+R/SVDVB/XSS53vKxmDYXZ1EYGPFnPQ'";

#[test]
fn weak_hash_is_replaced_at_next_login() {
    let mut store = new_store();
    let (ada, _) = register_user(&mut store, "ada").unwrap();
    store.execute_sql(WEAKEN_HASHES_SQL);
    let authenticated = authenticate(&mut store, &login_credentials("ada", "123456")).unwrap();
    replace_session(&mut store, &authenticated, None).unwrap();
    let (hash, _) = store.read(|tx| tx.find_password(ada.id)).unwrap().unwrap();
    assert!(hash.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.expose());
    let authenticated = authenticate(&mut store, &login_credentials("ada", "123456")).unwrap();
    assert_eq!(authenticated.upgraded_hash, None);
}

#[test]
fn hash_upgrade_invalidates_no_earlier_authentication_or_verification() {
    let mut store = new_store();
    let (ada, _) = register_user(&mut store, "ada").unwrap();
    let session = add_session(&mut store, &ada);
    store.execute_sql(WEAKEN_HASHES_SQL);
    let (old, new) = (password("123456"), password("654321"));
    let verified = verify_current_password(&mut store, &session.caller, &old).unwrap();
    let mut authenticate_ada = || authenticate(&mut store, &login_credentials("ada", "123456"));
    let logins = [authenticate_ada().unwrap(), authenticate_ada().unwrap()];
    for login in logins {
        assert!(login.upgraded_hash.is_some());
        replace_session(&mut store, &login, None).unwrap();
    }
    change_password(&mut store, &audit_at(0), &session.caller, &verified, &new).unwrap();
}

#[test]
fn password_change_requires_current_password_and_ends_only_other_sessions() {
    let mut store = new_store();
    let (ada, _) = register_user(&mut store, "ada").unwrap();
    let (current_session, other_session) =
        (add_session(&mut store, &ada), add_session(&mut store, &ada));
    let (old, new) = (password("123456"), password("654321"));
    let result = verify_and_change_password(&mut store, &current_session.caller, &new, &new);
    assert!(matches!(result, Err(Error::WrongPassword)));
    assert!(sessions::authenticate(&mut store, at(0), other_session.access_token()).is_ok());
    assert_eq!(
        verify_and_change_password(&mut store, &current_session.caller, &old, &new).unwrap(),
        1
    );
    assert!(sessions::authenticate(&mut store, at(0), current_session.access_token()).is_ok());
    assert!(sessions::authenticate(&mut store, at(0), other_session.access_token()).is_err());
    assert!(!login_succeeds(&mut store, "ada", "123456"));
    assert!(login_succeeds(&mut store, "ada", "654321"));
}

#[test]
fn recovery_sets_password_and_ends_all_sessions() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    add_session(&mut store, ada.user());
    let (user, ended_sessions) =
        recover(&mut store, &audit_at(0), &user_ref_of(&ada), &password("123456")).unwrap();
    assert_eq!((user.id, ended_sessions), (ada.user().id, 2));
    assert!(sessions::authenticate(&mut store, at(0), ada.access_token()).is_err());
    assert!(login_succeeds(&mut store, "ada", "123456"));
    let missing_user_ref = UserRef::parse("missing").unwrap();
    let result = recover(&mut store, &audit_at(0), &missing_user_ref, &password("123456"));
    assert!(matches!(result, Err(Error::NotFound { resource: ResourceKind::User, .. })));
}

#[test]
fn short_password_is_refused_at_registration_change_and_recovery() {
    let mut store = new_store();
    let (ada, _) = register_user(&mut store, "ada").unwrap();
    let ada = add_session(&mut store, &ada);
    set_setting(&mut store, Setting::PasswordMinLength, "7");
    let (old, short, long_enough) = (password("123456"), password("6chars"), password("7-chars"));
    let is_short = |error: Option<Error>| matches!(error, Some(Error::Usage(text)) if text == "password shorter than 7 characters");
    let registration = new_registration("john", Role::User);
    assert!(is_short(
        register(&mut store, &audit_at(0), None, &registration, IfExists::Refuse).err()
    ));
    assert!(is_short(verify_and_change_password(&mut store, &ada.caller, &old, &short).err()));
    assert!(is_short(recover(&mut store, &audit_at(0), &user_ref_of(&ada), &short).err()));
    verify_and_change_password(&mut store, &ada.caller, &old, &long_enough).unwrap();
}
