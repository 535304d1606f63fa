//! A refresh token works once, and an interrupted refresh loses nothing.

use super::*;
use crate::authority::fixture::rotate;

fn turned(store: &mut Store, seconds: i64, old: &str, next: Next) -> Result<Tokens, Error> {
    refresh(store, &act(seconds), old, next)
}

fn access_of(tokens: &Tokens) -> String {
    tokens.access.expose_secret().to_owned()
}

fn refresh_of(tokens: &Tokens) -> String {
    tokens.refresh.expose_secret().to_owned()
}

/// The claims of both tokens, which say who and when.
fn said(tokens: &Tokens) -> [String; 2] {
    [&tokens.access, &tokens.refresh].map(|token| parts(token.expose_secret()).1.to_string())
}

fn one() -> (Store, Person) {
    let mut store = store();
    let ada = person(&mut store, "ada", Role::Admin);
    (store, ada)
}

#[test]
fn a_new_pair_has_the_chosen_identities_and_is_not_fresh() {
    let (mut store, ada) = one();
    let next = Next::fresh();
    let tokens = turned(&mut store, 100, ada.refresh(), next).unwrap();
    let (access, refresh) = (parts(&access_of(&tokens)).1, parts(&refresh_of(&tokens)).1);
    assert_eq!((&access["jti"], &refresh["jti"]), (&json!(next.access), &json!(next.refresh)));
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
    assert_eq!(admitted(&mut store, &access_of(&tokens), 100), []);
    assert_eq!(admitted(&mut store, ada.access(), 100), [], "the old one lives out its minutes");
}

#[test]
fn a_refresh_token_used_twice_ends_the_family() {
    let (mut store, ada) = one();
    let other = again(&mut store, ada.user());
    let tokens = turned(&mut store, 0, ada.refresh(), Next::fresh()).unwrap();
    let result = turned(&mut store, 1, ada.refresh(), Next::fresh());
    assert_eq!(refusal(result), [Reason::Reused]);
    assert_eq!(admitted(&mut store, &access_of(&tokens), 1), [Reason::SessionEnded]);
    assert_eq!(admitted(&mut store, ada.access(), 1), [Reason::SessionEnded]);
    let result = turned(&mut store, 1, &refresh_of(&tokens), Next::fresh());
    assert_eq!(refusal(result), [Reason::SessionEnded]);
    assert_eq!(admitted(&mut store, other.access(), 1), [], "another session goes on");
}

#[test]
fn a_refresh_token_used_twice_long_after_still_ends_the_family() {
    let (mut store, ada) = one();
    let tokens = turned(&mut store, 29 * DAY, ada.refresh(), Next::fresh()).unwrap();
    let result = turned(&mut store, 31 * DAY, ada.refresh(), Next::fresh());
    assert_eq!(refusal(result), [Reason::Reused]);
    let result = turned(&mut store, 31 * DAY, &refresh_of(&tokens), Next::fresh());
    assert_eq!(refusal(result), [Reason::SessionEnded]);
}

#[test]
fn whoever_knows_the_successors_gets_the_same_pair_again() {
    let (mut store, ada) = one();
    let next = Next::fresh();
    let first = turned(&mut store, 10, ada.refresh(), next).unwrap();
    for seconds in [11, 500] {
        let second = turned(&mut store, seconds, ada.refresh(), next).unwrap();
        assert_eq!(said(&second), said(&first));
        assert_eq!(
            (second.access_expires_at, second.refresh_expires_at),
            (first.access_expires_at, first.refresh_expires_at)
        );
    }
    let second = turned(&mut store, 501, ada.refresh(), next).unwrap();
    assert_eq!(admitted(&mut store, &access_of(&second), 501), []);
    turned(&mut store, 502, &refresh_of(&second), Next::fresh()).unwrap();
}

#[test]
fn successors_are_signed_again_when_the_old_token_has_expired_meanwhile() {
    let (mut store, ada) = one();
    let next = Next::fresh();
    let first = turned(&mut store, 30 * DAY - 1, ada.refresh(), next).unwrap();
    let second = turned(&mut store, 40 * DAY, ada.refresh(), next).unwrap();
    assert_eq!(said(&second), said(&first));
    turned(&mut store, 40 * DAY, &refresh_of(&second), Next::fresh()).unwrap();
}

#[test]
fn successors_are_signed_again_by_the_key_that_signs_now() {
    let (mut store, ada) = one();
    let next = Next::fresh();
    let first = turned(&mut store, 0, ada.refresh(), next).unwrap();
    rotate(&mut store, at(DAY));
    let second = turned(&mut store, 1, ada.refresh(), next).unwrap();
    assert_eq!(said(&second), said(&first));
    let kid = |tokens: &Tokens| parts(&access_of(tokens)).0["kid"].clone();
    assert_ne!(kid(&second), kid(&first));
    assert_eq!(admitted(&mut store, &access_of(&second), 1), []);
}

#[test]
fn knowing_half_of_the_successors_is_not_knowing_them() {
    for half in 0..2 {
        let (mut store, ada) = one();
        let next = Next::fresh();
        let tokens = turned(&mut store, 0, ada.refresh(), next).unwrap();
        let guess = match half {
            0 => Next { access: next.access, ..Next::fresh() },
            _ => Next { refresh: next.refresh, ..Next::fresh() },
        };
        assert_eq!(refusal(turned(&mut store, 1, ada.refresh(), guess)), [Reason::Reused]);
        assert_eq!(admitted(&mut store, &access_of(&tokens), 1), [Reason::SessionEnded]);
    }
}

#[test]
fn an_expired_refresh_token_that_nobody_used_is_only_expired() {
    let (mut store, ada) = one();
    let result = turned(&mut store, 30 * DAY, ada.refresh(), Next::fresh());
    assert_eq!(refusal(result), [Reason::Expired]);
    assert!(turned(&mut store, 30 * DAY - 1, ada.refresh(), Next::fresh()).is_ok());
}

#[test]
fn no_successor_outlives_the_session() {
    let mut store = store();
    set(&mut store, Setting::SessionTtl, "1h");
    let ada = person(&mut store, "ada", Role::Admin);
    let late = 55 * MINUTE;
    let tokens = turned(&mut store, late, ada.refresh(), Next::fresh()).unwrap();
    let session_end = at(60 * MINUTE);
    assert_eq!((tokens.access_expires_at, tokens.refresh_expires_at), (session_end, session_end));
    for token in [access_of(&tokens), refresh_of(&tokens)] {
        assert_eq!(parts(&token).1["exp"], json!(session_end.unix()));
    }
    let result = turned(&mut store, 60 * MINUTE, &refresh_of(&tokens), Next::fresh());
    assert_eq!(refusal(result), [Reason::Expired]);
}

#[test]
fn a_later_setting_does_not_lengthen_a_session() {
    let (mut store, ada) = one();
    set(&mut store, Setting::RefreshTtl, "365d");
    set(&mut store, Setting::SessionTtl, "365d");
    let tokens = turned(&mut store, DAY, ada.refresh(), Next::fresh()).unwrap();
    assert_eq!(tokens.refresh_expires_at, at(90 * DAY));
}

#[test]
fn an_ended_session_is_not_refreshed_not_even_by_its_own_client() {
    let (mut store, ada) = one();
    let next = Next::fresh();
    turned(&mut store, 0, ada.refresh(), next).unwrap();
    end(&mut store, &act(0), ada.access()).unwrap();
    let result = turned(&mut store, 0, ada.refresh(), next);
    assert_eq!(refusal(result), [Reason::Revoked, Reason::SessionEnded]);
    let (mut store, ada) = one();
    end(&mut store, &act(0), ada.access()).unwrap();
    let result = turned(&mut store, 0, ada.refresh(), Next::fresh());
    assert_eq!(refusal(result), [Reason::SessionEnded]);
}

#[test]
fn only_a_good_refresh_token_of_somebody_who_may_is_traded() {
    let (mut store, ada) = one();
    let app = token(&mut store, &ada, "app");
    for other in [ada.access(), app.token.expose_secret()] {
        assert_eq!(refusal(turned(&mut store, 0, other, Next::fresh())), [Reason::WrongType]);
    }
    store.arrange("UPDATE users SET disabled_at = 1");
    let result = turned(&mut store, 0, ada.refresh(), Next::fresh());
    assert_eq!(refusal(result), [Reason::UserDisabled]);
    store.arrange("UPDATE users SET disabled_at = NULL");
    assert!(turned(&mut store, 0, ada.refresh(), Next::fresh()).is_ok(), "it was not spent");
}
