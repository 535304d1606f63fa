//! Tests of refresh-token rotation, retries and reuse detection.

use super::*;
use crate::authority::test_store::rotate_app_key;
use crate::store::Writer;

fn refresh_at(
    store: &mut Store,
    seconds: i64,
    old_token: &str,
    pair_ids: NewPairIds,
) -> Result<TokenPair, Error> {
    refresh(store, &audit_at(seconds), old_token, pair_ids)
}

fn access_text(tokens: &TokenPair) -> String {
    tokens.access.expose_secret().to_owned()
}

fn refresh_text(tokens: &TokenPair) -> String {
    tokens.refresh.expose_secret().to_owned()
}

/// Returns the claims of the access token and of the refresh token.
fn claims_of(tokens: &TokenPair) -> [String; 2] {
    [&tokens.access, &tokens.refresh].map(|token| decode_token(token.expose_secret()).1.to_string())
}

fn store_with_admin() -> (Store, TestUser) {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    (store, ada)
}

#[test]
fn refreshed_pair_has_requested_ids_and_is_not_fresh() {
    let (mut store, ada) = store_with_admin();
    let pair_ids = NewPairIds::generate();
    let tokens = refresh_at(&mut store, 100, ada.refresh_token(), pair_ids).unwrap();
    let (access, refresh) =
        (decode_token(&access_text(&tokens)).1, decode_token(&refresh_text(&tokens)).1);
    assert_eq!(
        (&access["jti"], &refresh["jti"]),
        (&json!(pair_ids.access), &json!(pair_ids.refresh))
    );
    for claims in [&access, &refresh] {
        assert_eq!(claims["fresh"], json!(false));
        assert_eq!(claims["sid"], json!(ada.caller.session.sid));
        assert_eq!(
            (&claims["iat"], &claims["nbf"]),
            (&json!(at(100).unix()), &json!(at(100).unix()))
        );
    }
    assert_eq!(tokens.access_expires_at, at(100 + 15 * MINUTE));
    assert_eq!(tokens.refresh_expires_at, at(100 + 30 * DAY));
    assert_eq!(authentication_refusals(&mut store, &access_text(&tokens), 100), []);
    assert_eq!(
        authentication_refusals(&mut store, ada.access_token(), 100),
        [],
        "the refresh does not revoke the old access token"
    );
}

#[test]
fn reused_refresh_token_ends_session() {
    let (mut store, ada) = store_with_admin();
    let other_session = add_session(&mut store, ada.user());
    let tokens = refresh_at(&mut store, 0, ada.refresh_token(), NewPairIds::generate()).unwrap();
    let result = refresh_at(&mut store, 1, ada.refresh_token(), NewPairIds::generate());
    assert_eq!(refusal_reasons(result), [RejectReason::Reused]);
    assert_eq!(
        authentication_refusals(&mut store, &access_text(&tokens), 1),
        [RejectReason::SessionEnded]
    );
    assert_eq!(
        authentication_refusals(&mut store, ada.access_token(), 1),
        [RejectReason::SessionEnded]
    );
    let result = refresh_at(&mut store, 1, &refresh_text(&tokens), NewPairIds::generate());
    assert_eq!(refusal_reasons(result), [RejectReason::SessionEnded]);
    assert_eq!(
        authentication_refusals(&mut store, other_session.access_token(), 1),
        [],
        "another session continues"
    );
}

#[test]
fn expired_reused_refresh_token_ends_session() {
    let (mut store, ada) = store_with_admin();
    let tokens =
        refresh_at(&mut store, 29 * DAY, ada.refresh_token(), NewPairIds::generate()).unwrap();
    let result = refresh_at(&mut store, 31 * DAY, ada.refresh_token(), NewPairIds::generate());
    assert_eq!(refusal_reasons(result), [RejectReason::Reused]);
    let result = refresh_at(&mut store, 31 * DAY, &refresh_text(&tokens), NewPairIds::generate());
    assert_eq!(refusal_reasons(result), [RejectReason::SessionEnded]);
}

#[test]
fn retried_refresh_returns_same_pair() {
    let (mut store, ada) = store_with_admin();
    let pair_ids = NewPairIds::generate();
    let first = refresh_at(&mut store, 10, ada.refresh_token(), pair_ids).unwrap();
    for seconds in [11, 500] {
        let second = refresh_at(&mut store, seconds, ada.refresh_token(), pair_ids).unwrap();
        assert_eq!(claims_of(&second), claims_of(&first));
        assert_eq!(
            (second.access_expires_at, second.refresh_expires_at),
            (first.access_expires_at, first.refresh_expires_at)
        );
    }
    let second = refresh_at(&mut store, 501, ada.refresh_token(), pair_ids).unwrap();
    assert_eq!(authentication_refusals(&mut store, &access_text(&second), 501), []);
    refresh_at(&mut store, 502, &refresh_text(&second), NewPairIds::generate()).unwrap();
}

#[test]
fn retried_refresh_succeeds_after_old_token_expires() {
    let (mut store, ada) = store_with_admin();
    let pair_ids = NewPairIds::generate();
    let first = refresh_at(&mut store, 30 * DAY - 1, ada.refresh_token(), pair_ids).unwrap();
    let second = refresh_at(&mut store, 40 * DAY, ada.refresh_token(), pair_ids).unwrap();
    assert_eq!(claims_of(&second), claims_of(&first));
    refresh_at(&mut store, 40 * DAY, &refresh_text(&second), NewPairIds::generate()).unwrap();
}

#[test]
fn retried_refresh_is_signed_and_recorded_with_current_key() {
    let (mut store, ada) = store_with_admin();
    let pair_ids = NewPairIds::generate();
    let first = refresh_at(&mut store, 0, ada.refresh_token(), pair_ids).unwrap();
    rotate_app_key(&mut store, at(DAY));
    let second = refresh_at(&mut store, 1, ada.refresh_token(), pair_ids).unwrap();
    assert_eq!(claims_of(&second), claims_of(&first));
    let kid = |tokens: &TokenPair| decode_token(&access_text(tokens)).0["kid"].clone();
    assert_ne!(kid(&second), kid(&first));
    assert_eq!(authentication_refusals(&mut store, &access_text(&second), 1), []);
    let revoke_current_key = |tx: &Writer<'_>| tx.revoke_key(tx.active_app_key()?.id, at(1));
    let (_, ended_sessions) = store.write(revoke_current_key).unwrap();
    assert_eq!(
        ended_sessions, 1,
        "the row of the pair refers to the key that signed the pair last"
    );
}

#[test]
fn retry_with_only_one_matching_pair_id_is_reuse() {
    for known_index in 0..2 {
        let (mut store, ada) = store_with_admin();
        let pair_ids = NewPairIds::generate();
        let tokens = refresh_at(&mut store, 0, ada.refresh_token(), pair_ids).unwrap();
        let guessed_ids = match known_index {
            0 => NewPairIds { access: pair_ids.access, ..NewPairIds::generate() },
            _ => NewPairIds { refresh: pair_ids.refresh, ..NewPairIds::generate() },
        };
        assert_eq!(
            refusal_reasons(refresh_at(&mut store, 1, ada.refresh_token(), guessed_ids)),
            [RejectReason::Reused]
        );
        assert_eq!(
            authentication_refusals(&mut store, &access_text(&tokens), 1),
            [RejectReason::SessionEnded]
        );
    }
}

#[test]
fn unused_expired_refresh_token_is_refused_as_expired() {
    let (mut store, ada) = store_with_admin();
    let result = refresh_at(&mut store, 30 * DAY, ada.refresh_token(), NewPairIds::generate());
    assert_eq!(refusal_reasons(result), [RejectReason::Expired]);
    assert!(
        refresh_at(&mut store, 30 * DAY - 1, ada.refresh_token(), NewPairIds::generate()).is_ok()
    );
}

#[test]
fn refreshed_tokens_do_not_outlive_session() {
    let mut store = new_store();
    set_setting(&mut store, Setting::SessionTtl, "1h");
    let ada = add_user(&mut store, "ada", Role::Admin);
    let refresh_time = 55 * MINUTE;
    let tokens =
        refresh_at(&mut store, refresh_time, ada.refresh_token(), NewPairIds::generate()).unwrap();
    let session_end = at(60 * MINUTE);
    assert_eq!((tokens.access_expires_at, tokens.refresh_expires_at), (session_end, session_end));
    for token in [access_text(&tokens), refresh_text(&tokens)] {
        assert_eq!(decode_token(&token).1["exp"], json!(session_end.unix()));
    }
    let result =
        refresh_at(&mut store, 60 * MINUTE, &refresh_text(&tokens), NewPairIds::generate());
    assert_eq!(refusal_reasons(result), [RejectReason::Expired]);
}

#[test]
fn later_setting_does_not_extend_session() {
    let (mut store, ada) = store_with_admin();
    set_setting(&mut store, Setting::RefreshTtl, "365d");
    set_setting(&mut store, Setting::SessionTtl, "365d");
    let tokens = refresh_at(&mut store, DAY, ada.refresh_token(), NewPairIds::generate()).unwrap();
    assert_eq!(tokens.refresh_expires_at, at(90 * DAY));
}

#[test]
fn ended_session_is_not_refreshed() {
    let (mut store, ada) = store_with_admin();
    let pair_ids = NewPairIds::generate();
    refresh_at(&mut store, 0, ada.refresh_token(), pair_ids).unwrap();
    end(&mut store, &audit_at(0), ada.access_token()).unwrap();
    let result = refresh_at(&mut store, 0, ada.refresh_token(), pair_ids);
    assert_eq!(refusal_reasons(result), [RejectReason::Revoked, RejectReason::SessionEnded]);
    let (mut store, ada) = store_with_admin();
    end(&mut store, &audit_at(0), ada.access_token()).unwrap();
    let result = refresh_at(&mut store, 0, ada.refresh_token(), NewPairIds::generate());
    assert_eq!(refusal_reasons(result), [RejectReason::SessionEnded]);
}

#[test]
fn refresh_requires_refresh_token_of_enabled_user() {
    let (mut store, ada) = store_with_admin();
    let app = issue_app_token(&mut store, &ada, "app");
    for other_token in [ada.access_token(), app.token.expose_secret()] {
        assert_eq!(
            refusal_reasons(refresh_at(&mut store, 0, other_token, NewPairIds::generate())),
            [RejectReason::WrongType]
        );
    }
    store.execute_sql("UPDATE users SET disabled_at = 1");
    let result = refresh_at(&mut store, 0, ada.refresh_token(), NewPairIds::generate());
    assert_eq!(refusal_reasons(result), [RejectReason::UserDisabled]);
    store.execute_sql("UPDATE users SET disabled_at = NULL");
    assert!(
        refresh_at(&mut store, 0, ada.refresh_token(), NewPairIds::generate()).is_ok(),
        "the refresh token was not used"
    );
}
