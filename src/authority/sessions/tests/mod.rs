//! What a session's tokens say, whom they let in, and how a session ends.

mod refreshing;

use super::*;
use crate::authority::fixture::{
    Person, act, again, at, begin_instead, parts, person, proven, reasons, refusal, set, store,
    token,
};
use crate::model::{Role, Setting};
use secrecy::ExposeSecret;
use serde_json::json;

const MINUTE: i64 = 60;
const DAY: i64 = 86_400;

fn admitted(store: &mut Store, access: &str, seconds: i64) -> Vec<Reason> {
    match authenticate(store, at(seconds), access) {
        Ok(_) => Vec::new(),
        refused => refusal(refused),
    }
}

#[test]
fn both_tokens_say_what_the_contract_says_in_that_order() {
    let mut store = store();
    let ada = person(&mut store, "ada", Role::Admin);
    let kid = store.read(|tx| tx.active_app_key()).unwrap().spec.kid;
    for (token, typ, kind, end) in [
        (ada.access(), "session+jwt", "access", 15 * MINUTE),
        (ada.refresh(), "refresh+jwt", "refresh", 30 * DAY),
    ] {
        let (header, payload) = parts(token);
        assert_eq!(header.to_string(), json!({"alg": "ES256", "typ": typ, "kid": kid}).to_string());
        let expected = json!({
            "fresh": true,
            "iat": at(0).unix(),
            "jti": payload["jti"],
            "type": kind,
            "sub": ada.user().uid,
            "nbf": at(0).unix(),
            "exp": at(end).unix(),
            "sid": ada.caller.session.sid,
            "id": 1,
            "role": "admin",
            "iss": "jeton",
            "bloqueado": true,
        });
        assert_eq!(payload.to_string(), expected.to_string());
    }
    assert_ne!(parts(ada.access()).1["jti"], parts(ada.refresh()).1["jti"]);
}

#[test]
fn an_access_token_admits_its_user_until_it_ends() {
    let mut store = store();
    let ada = person(&mut store, "ada", Role::Admin);
    let caller = authenticate(&mut store, at(15 * MINUTE - 1), ada.access()).unwrap();
    assert_eq!((caller.user.id, caller.access_expires_at), (ada.user().id, at(15 * MINUTE)));
    assert_eq!(caller.session.expires_at, at(90 * DAY));
    assert_eq!(admitted(&mut store, ada.access(), 15 * MINUTE), [Reason::Expired]);
}

#[test]
fn settings_say_how_long_a_session_lives() {
    let mut store = store();
    let before = person(&mut store, "ada", Role::Admin);
    set(&mut store, Setting::AccessTtl, "1m");
    set(&mut store, Setting::RefreshTtl, "2h");
    set(&mut store, Setting::SessionTtl, "1h");
    let after = again(&mut store, before.user());
    assert_eq!(parts(after.access()).1["exp"], json!(at(MINUTE).unix()));
    assert_eq!(parts(after.refresh()).1["exp"], json!(at(60 * MINUTE).unix()), "not past the end");
    assert_eq!(admitted(&mut store, before.access(), 14 * MINUTE), []);
}

#[test]
fn only_an_access_token_is_a_credential() {
    let mut store = store();
    let ada = person(&mut store, "ada", Role::Admin);
    let app = token(&mut store, &ada, "app");
    assert_eq!(admitted(&mut store, ada.refresh(), 0), [Reason::WrongType]);
    assert_eq!(admitted(&mut store, app.token.expose_secret(), 0), [Reason::WrongType]);
    assert_eq!(admitted(&mut store, "", 0), [Reason::Malformed]);
}

#[test]
fn the_row_says_what_a_caller_may_do() {
    let mut store = store();
    let john = person(&mut store, "john", Role::User);
    store.arrange("UPDATE users SET role = 'admin' WHERE username = 'john'");
    let caller = authenticate(&mut store, at(0), john.access()).unwrap();
    assert_eq!((john.user().role, caller.user.role), (Role::User, Role::Admin));
}

#[test]
fn roles_are_in_the_order_of_power() {
    let mut store = store();
    let roles = [Role::User, Role::Minter, Role::Admin];
    for (has, role) in roles.iter().enumerate() {
        let caller = person(&mut store, role.name(), *role).caller;
        for (needed, other) in roles.iter().enumerate() {
            assert_eq!(caller.needs(*other, "no").is_ok(), has >= needed, "{role:?} {other:?}");
        }
    }
}

#[test]
fn a_disabled_or_deleted_user_is_not_admitted() {
    let mut store = store();
    let ada = person(&mut store, "ada", Role::Admin);
    let proven = proven(&mut store, ada.user());
    store.arrange("UPDATE users SET disabled_at = 1");
    assert_eq!(admitted(&mut store, ada.access(), 0), [Reason::UserDisabled]);
    let result = begin_instead(&mut store, &proven, None);
    assert!(matches!(result, Err(Error::LoginInvalid)));
    store.arrange("UPDATE users SET disabled_at = NULL, deleted_at = 1, username = NULL, email = NULL, email_key = NULL, password = NULL");
    assert_eq!(admitted(&mut store, ada.access(), 0), [Reason::OwnerDeleted]);
    let result = begin_instead(&mut store, &proven, None);
    assert!(matches!(result, Err(Error::LoginInvalid)));
}

#[test]
fn a_session_ends_once_whether_its_token_has_expired_or_not() {
    let mut store = store();
    let ada = person(&mut store, "ada", Role::Admin);
    let other = again(&mut store, ada.user());
    assert!(end(&mut store, &act(DAY), ada.access()).unwrap());
    assert!(!end(&mut store, &act(DAY), ada.access()).unwrap());
    assert_eq!(admitted(&mut store, ada.access(), 0), [Reason::SessionEnded]);
    let access = Wanted::Only(TokenKind::Access);
    assert_eq!(
        reasons(&mut store, ada.access(), access, DAY),
        [Reason::SessionEnded, Reason::Expired]
    );
    assert_eq!(admitted(&mut store, other.access(), 0), [], "another session goes on");
}

#[test]
fn what_belongs_to_no_session_ends_none() {
    let mut store = store();
    let ada = person(&mut store, "ada", Role::Admin);
    let app = token(&mut store, &ada, "app");
    let app = app.token.expose_secret();
    assert_eq!(refusal(end(&mut store, &act(0), app)), [Reason::WrongType]);
    assert_eq!(refusal(end(&mut store, &act(0), "x.y.z")), [Reason::Malformed]);
    assert_eq!(admitted(&mut store, ada.access(), 0), []);
}
