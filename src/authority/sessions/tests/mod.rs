//! Tests of the claims of session tokens, of authentication and logout, and of the messages for
//! refused sessions.

mod refresh;

use super::*;
use crate::authority::principal::write_as;
use crate::authority::test_store::{
    TestUser, add_session, add_user, at, audit_at, authenticated_user, decode_token,
    issue_app_token, new_store, refusal_reasons, reject_reasons_at, replace_session, set_setting,
};
use crate::model::{Role, Setting};
use secrecy::ExposeSecret;
use serde_json::json;

const MINUTE: i64 = 60;
const DAY: i64 = 86_400;

/// Returns the reasons to refuse authentication `seconds` after the start of the test.
fn authentication_refusals(
    store: &mut Store,
    access_token: &str,
    seconds: i64,
) -> Vec<RejectReason> {
    match authenticate(store, at(seconds), access_token) {
        Ok(_) => Vec::new(),
        refused => refusal_reasons(refused),
    }
}

#[test]
fn session_tokens_have_documented_header_and_claims_in_order() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    let kid = store.read(|tx| tx.active_app_key()).unwrap().spec.kid;
    for (token, typ, kind, ttl) in [
        (ada.access_token(), "session+jwt", "access", 15 * MINUTE),
        (ada.refresh_token(), "refresh+jwt", "refresh", 30 * DAY),
    ] {
        let (header, payload) = decode_token(token);
        assert_eq!(header.to_string(), json!({"alg": "ES256", "typ": typ, "kid": kid}).to_string());
        let expected = json!({
            "fresh": true,
            "iat": at(0).unix(),
            "jti": payload["jti"],
            "type": kind,
            "sub": ada.user().uid,
            "nbf": at(0).unix(),
            "exp": at(ttl).unix(),
            "sid": ada.caller.session.sid,
            "id": 1,
            "role": "admin",
            "iss": "jeton",
            "bloqueado": true,
        });
        assert_eq!(payload.to_string(), expected.to_string());
    }
    assert_ne!(
        decode_token(ada.access_token()).1["jti"],
        decode_token(ada.refresh_token()).1["jti"]
    );
}

#[test]
fn access_token_authenticates_until_expiry() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    let caller = authenticate(&mut store, at(15 * MINUTE - 1), ada.access_token()).unwrap();
    assert_eq!((caller.user.id, caller.access_expires_at), (ada.user().id, at(15 * MINUTE)));
    assert_eq!(caller.session.expires_at, at(90 * DAY));
    assert_eq!(
        authentication_refusals(&mut store, ada.access_token(), 15 * MINUTE),
        [RejectReason::Expired]
    );
}

#[test]
fn settings_determine_lifetimes_of_new_sessions() {
    let mut store = new_store();
    let old_session = add_user(&mut store, "ada", Role::Admin);
    set_setting(&mut store, Setting::AccessTtl, "1m");
    set_setting(&mut store, Setting::RefreshTtl, "2h");
    set_setting(&mut store, Setting::SessionTtl, "1h");
    let new_session = add_session(&mut store, old_session.user());
    assert_eq!(decode_token(new_session.access_token()).1["exp"], json!(at(MINUTE).unix()));
    assert_eq!(
        decode_token(new_session.refresh_token()).1["exp"],
        json!(at(60 * MINUTE).unix()),
        "the refresh token does not expire after the session"
    );
    assert_eq!(authentication_refusals(&mut store, old_session.access_token(), 14 * MINUTE), []);
}

#[test]
fn non_access_token_does_not_authenticate() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    let app = issue_app_token(&mut store, &ada, "app");
    assert_eq!(
        authentication_refusals(&mut store, ada.refresh_token(), 0),
        [RejectReason::WrongType]
    );
    assert_eq!(
        authentication_refusals(&mut store, app.token.expose_secret(), 0),
        [RejectReason::WrongType]
    );
    assert_eq!(authentication_refusals(&mut store, "", 0), [RejectReason::Malformed]);
}

#[test]
fn caller_role_comes_from_user_row() {
    let mut store = new_store();
    let john = add_user(&mut store, "john", Role::User);
    store.execute_sql("UPDATE users SET role = 'admin' WHERE username = 'john'");
    let caller = authenticate(&mut store, at(0), john.access_token()).unwrap();
    assert_eq!((john.user().role, caller.user.role), (Role::User, Role::Admin));
}

#[test]
fn roles_are_ordered_by_privilege() {
    let mut store = new_store();
    let roles = [Role::User, Role::Minter, Role::Admin];
    for (rank, role) in roles.iter().enumerate() {
        let caller = add_user(&mut store, role.name(), *role).caller;
        for (required_rank, required_role) in roles.iter().enumerate() {
            assert_eq!(
                caller.require_role(*required_role, "no").is_ok(),
                rank >= required_rank,
                "{role:?} {required_role:?}"
            );
        }
    }
}

#[test]
fn disabled_or_deleted_user_is_refused() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    let authenticated = authenticated_user(&mut store, ada.user());
    store.execute_sql("UPDATE users SET disabled_at = 1");
    assert_eq!(
        authentication_refusals(&mut store, ada.access_token(), 0),
        [RejectReason::UserDisabled]
    );
    let result = replace_session(&mut store, &authenticated, None);
    assert!(matches!(result, Err(Error::LoginInvalid)));
    store.execute_sql("UPDATE users SET disabled_at = NULL, deleted_at = 1, username = NULL, email = NULL, email_key = NULL, password = NULL");
    assert_eq!(
        authentication_refusals(&mut store, ada.access_token(), 0),
        [RejectReason::OwnerDeleted]
    );
    let result = replace_session(&mut store, &authenticated, None);
    assert!(matches!(result, Err(Error::LoginInvalid)));
}

#[test]
fn expired_access_token_ends_session_once() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    let other_session = add_session(&mut store, ada.user());
    assert!(end(&mut store, &audit_at(DAY), ada.access_token()).unwrap());
    assert!(!end(&mut store, &audit_at(DAY), ada.access_token()).unwrap());
    assert_eq!(
        authentication_refusals(&mut store, ada.access_token(), 0),
        [RejectReason::SessionEnded]
    );
    let access = ExpectedKind::Only(TokenKind::Access);
    assert_eq!(
        reject_reasons_at(&mut store, ada.access_token(), access, DAY),
        [RejectReason::SessionEnded, RejectReason::Expired]
    );
    assert_eq!(
        authentication_refusals(&mut store, other_session.access_token(), 0),
        [],
        "another session continues"
    );
}

#[test]
fn non_session_token_ends_no_session() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    let app = issue_app_token(&mut store, &ada, "app");
    let app = app.token.expose_secret();
    assert_eq!(refusal_reasons(end(&mut store, &audit_at(0), app)), [RejectReason::WrongType]);
    assert_eq!(refusal_reasons(end(&mut store, &audit_at(0), "x.y.z")), [RejectReason::Malformed]);
    assert_eq!(authentication_refusals(&mut store, ada.access_token(), 0), []);
}

#[test]
fn message_contains_your_only_for_the_token_in_the_session_file() {
    for (sql, reason) in [
        ("UPDATE pairs SET access_revoked_at = 0", "revoked"),
        ("UPDATE sessions SET ended_at = 0, end_reason = 'logout'", "ended"),
        ("UPDATE users SET disabled_at = 0", "disabled"),
        ("UPDATE keys SET state = 'revoked'", "key revoked"),
    ] {
        let mut store = new_store();
        let ada = add_user(&mut store, "ada", Role::Admin);
        let caller = authenticate(&mut store, at(0), ada.access_token()).unwrap();
        store.execute_sql(sql);
        let mut message =
            |caller: &Caller| write_as(&mut store, caller, |_, _| Ok(())).unwrap_err().to_string();
        let text = message(&caller);
        assert!(!text.contains("your "), "{reason}: {text}");
        let text = message(&caller.clone().mark_as_in_session_file());
        assert!(text.contains("your "), "{reason}: {text}");
    }
}

#[test]
fn disabled_account_is_the_first_reason_of_a_refused_session() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    store.execute_sql(
        "UPDATE sessions SET ended_at = 0, end_reason = 'logout'; UPDATE users SET disabled_at = 0",
    );
    let error = authenticate(&mut store, at(60), ada.access_token()).unwrap_err();
    let Error::SessionRejected { reasons } = error.into_session_rejection() else { panic!() };
    assert_eq!(reasons, [RejectReason::UserDisabled, RejectReason::SessionEnded]);
}

#[test]
fn message_states_the_reason_of_a_refused_session() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    let kid = store.read(|tx| tx.active_app_key()).unwrap().spec.kid.to_display();
    // The changes of the store accumulate. The message is about the first reason.
    let mut message_at = |sql: &str, seconds: i64| {
        store.execute_sql(sql);
        let error = authenticate(&mut store, at(seconds), ada.access_token()).unwrap_err();
        error.into_session_rejection().to_string()
    };
    assert_eq!(
        message_at("", 15 * MINUTE + 3 * 3_600),
        format!("your session has expired: {} (3 h ago)", at(15 * MINUTE))
    );
    assert_eq!(
        message_at("", -3_600),
        format!("your session is not yet valid: `nbf` {} (in 1 h)", at(0))
    );
    let end_sql = format!("UPDATE sessions SET ended_at = {}, end_reason = 'logout'", at(0).unix());
    assert_eq!(
        message_at(&end_sql, 60),
        format!("your session has ended: logout, {} (1 m ago)", at(0))
    );
    let revoke_sql = format!("UPDATE pairs SET access_revoked_at = {}", at(0).unix());
    assert_eq!(
        message_at(&revoke_sql, 60),
        format!("a token of your session was revoked: {} (1 m ago)", at(0))
    );
    assert_eq!(message_at("DELETE FROM pairs", 60), "your session is not in the store");
    let retire_sql = format!("UPDATE keys SET state = 'retired', verify_until = {}", at(0).unix());
    assert_eq!(
        message_at(&retire_sql, 60),
        format!(
            "a token of your session was signed by a retired key: `{kid}` was accepted until {} (1 m ago)",
            at(0)
        )
    );
    assert_eq!(
        message_at("UPDATE keys SET state = 'revoked'", 60),
        format!("a token of your session was signed by a revoked key: `{kid}`")
    );
    assert_eq!(
        message_at("DELETE FROM keys", 60),
        "a token of your session was signed by a key that is not in the store"
    );
}
