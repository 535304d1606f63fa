//! What is pruned, and that nothing is accepted because of it.

mod revocations;

use super::*;
use crate::authority::fixture::{
    Person, act, again, at, judged, mint, mint_wish, minted, person, reasons, refusal, store, token,
};
use crate::authority::{
    Checks, End, Next, Reason, Renewal, Target, Wanted, refresh, renew, revoke,
};
use crate::model::{Lifetime, TokenId, TokenKind};
use secrecy::ExposeSecret;

const ANY: Wanted = Wanted::Any;
const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

/// Ada's session outlasts whatever she prunes.
fn scene() -> (Store, Person) {
    let mut store = store();
    let ada = person(&mut store, "ada", Role::Admin);
    store.arrange("UPDATE pairs SET refresh_expires_at = access_expires_at * 2");
    (store, ada)
}

fn lifetime(seconds: i64) -> Option<Lifetime> {
    Lifetime::from_seconds(seconds)
}

/// Prunes so many seconds after the beginning.
fn pruned(store: &mut Store, ada: &Person, seconds: i64) -> Pruned {
    prune(store, &act(seconds), &ada.caller, None, &mut |_, _| {}).unwrap()
}

fn tokens(store: &mut Store) -> Vec<i64> {
    let last = store.read(|tx| tx.last_token()).unwrap();
    let is_there = |id: &i64| store.read(|tx| tx.find_token(TokenId(*id))).unwrap().is_some();
    (1..=last).filter(is_there).collect()
}

/// What is wrong with a token that is judged by the times that it had at `at_seconds`.
fn then(store: &mut Store, token: &str, now: i64, at_seconds: i64) -> Vec<Reason> {
    let checks = Checks { at: at(at_seconds), ..Checks::only(ANY, at(now)) };
    judged(store, token, &checks).reasons
}

#[test]
fn a_token_goes_when_it_has_expired_and_not_before() {
    let (mut store, ada) = scene();
    let issued = token(&mut store, &ada, "app");
    let text = issued.token.expose_secret();
    revoke(&mut store, &act(1), None, &[Target::Value(text.to_owned())]).unwrap();
    assert_eq!(pruned(&mut store, &ada, 7 * DAY - 1), Pruned::default());
    assert_eq!(reasons(&mut store, text, ANY, 7 * DAY - 1), [Reason::Revoked]);
    let gone = pruned(&mut store, &ada, 7 * DAY);
    assert_eq!(gone, Pruned { tokens: 1, grants: 1, ..Pruned::default() });
    assert_eq!(reasons(&mut store, text, ANY, 7 * DAY), [Reason::Expired]);
    assert_eq!(then(&mut store, text, 7 * DAY, DAY), [Reason::UnknownToken]);
    // Its number is not used again.
    assert_eq!(token(&mut store, &ada, "app").record.id, TokenId(2));
}

#[test]
fn one_without_an_end_stays_for_ever() {
    let (mut store, ada) = scene();
    for app in ["live", "revoked"] {
        token(&mut store, &ada, app);
    }
    store.arrange("UPDATE tokens SET expires_at = NULL");
    revoke(&mut store, &act(1), Some(&ada.caller), &[Target::Id(TokenId(2))]).unwrap();
    assert_eq!(pruned(&mut store, &ada, 9_999 * DAY).tokens, 0);
    assert_eq!(tokens(&mut store), [1, 2]);
}

#[test]
fn what_ended_a_while_ago_can_be_kept() {
    let (mut store, ada) = scene();
    token(&mut store, &ada, "app");
    let mut keep = |seconds, keep| {
        prune(&mut store, &act(seconds), &ada.caller, lifetime(keep), &mut |_, _| {}).unwrap()
    };
    assert_eq!(keep(9 * DAY, 2 * DAY + 1).tokens, 0);
    assert_eq!(keep(9 * DAY, 900 * 365 * DAY).tokens, 0, "before 1970");
    assert_eq!(keep(9 * DAY, 2 * DAY).tokens, 1);
}

#[test]
fn a_successor_stays_as_long_as_what_it_was_made_from() {
    let (mut store, ada) = scene();
    token(&mut store, &ada, "app");
    for (old, ttl) in [(1, HOUR), (2, MINUTE), (3, DAY)] {
        let wish = Renewal { ttl: lifetime(ttl), grace: lifetime(HOUR) };
        let target = Target::Id(TokenId(old));
        renew(&mut store, &act(old), Some(&ada.caller), &target, wish).unwrap();
    }
    assert_eq!(pruned(&mut store, &ada, 2 * HOUR).tokens, 0, "1 lasts a week");
    assert_eq!(tokens(&mut store), [1, 2, 3, 4]);
    assert_eq!(pruned(&mut store, &ada, 8 * DAY).tokens, 4);
}

#[test]
fn what_was_pruned_cannot_be_recorded_anew() {
    let (mut store, ada) = scene();
    let mut wish = mint_wish();
    wish.record = true;
    wish.claims.insert("jti".to_owned(), "0192abcd-0000-7000-8000-00000000cccc".into());
    let token = minted(&mut store, &ada, &wish);
    revoke(&mut store, &act(1), None, &[Target::Value(token)]).unwrap();
    assert_eq!(pruned(&mut store, &ada, HOUR).tokens, 1);
    let error = mint(&mut store, &ada, &wish).unwrap_err();
    assert!(error.to_string().contains("may have been revoked, and pruned"), "{error}");
    wish.end = End::At(at(HOUR + 1));
    mint(&mut store, &ada, &wish).unwrap();
}

#[test]
fn what_is_pruned_changes_nothing_about_another_token_with_its_jti() {
    for by_value in [true, false] {
        let (mut store, ada) = scene();
        let mut wish = mint_wish();
        wish.identify();
        wish.end = End::After(Lifetime::days(1));
        let other = minted(&mut store, &ada, &wish);
        wish.record = true;
        wish.end = End::After(Lifetime::minutes(1));
        let jti = mint(&mut store, &ada, &wish).unwrap().jti.unwrap();
        let jti = Target::parse(jti.as_str()).unwrap();
        let target = if by_value { Target::Value(other.clone()) } else { jti };
        revoke(&mut store, &act(1), Some(&ada.caller), &[target]).unwrap();
        let before = reasons(&mut store, &other, ANY, 1);
        assert_eq!(pruned(&mut store, &ada, MINUTE).tokens, 1);
        assert_eq!(reasons(&mut store, &other, ANY, MINUTE), before);
        assert_eq!(before.contains(&Reason::Revoked), by_value);
    }
}

#[test]
fn app_tokens_that_are_pruned_say_nothing_about_test_tokens() {
    let (mut store, ada) = scene();
    let unrecorded = minted(&mut store, &ada, &mint_wish());
    token(&mut store, &ada, "app");
    assert_eq!(pruned(&mut store, &ada, 8 * DAY).tokens, 1);
    assert_eq!(then(&mut store, &unrecorded, 8 * DAY, 1), []);
}

#[test]
fn a_session_goes_when_nothing_of_it_could_be_used_any_more() {
    let (mut store, ada) = scene();
    let john = person(&mut store, "john", Role::User);
    let idle = again(&mut store, ada.user());
    let ended = again(&mut store, john.user());
    let next = refresh(&mut store, &act(DAY), john.refresh(), Next::fresh()).unwrap();
    let sid = ended.caller.session.id;
    store.write(|tx| tx.end_session(sid, "logout", at(1)).map_err(Error::from)).unwrap();
    let sessions =
        |store: &mut Store| store.read(|tx| tx.session_has_ended(idle.caller.session.id)).unwrap();
    assert_eq!(pruned(&mut store, &ada, 29 * DAY).sessions, 0);
    assert_eq!(reasons(&mut store, ended.refresh(), ANY, 29 * DAY), [Reason::SessionEnded]);
    // The idle session and the ended one; John's was refreshed a day later.
    assert!(!sessions(&mut store));
    assert_eq!(pruned(&mut store, &ada, 30 * DAY).sessions, 2);
    assert!(sessions(&mut store), "one that is gone has ended");
    assert_eq!(reasons(&mut store, ended.refresh(), ANY, 30 * DAY), [Reason::Expired]);
    let fresh = next.refresh.expose_secret();
    assert_eq!(reasons(&mut store, fresh, ANY, 30 * DAY), []);
    let twice = refresh(&mut store, &act(30 * DAY), john.refresh(), Next::fresh());
    assert_eq!(refusal(twice), [Reason::Reused], "its whole family is known");
    assert_eq!(pruned(&mut store, &ada, 31 * DAY).sessions, 1);
}

#[test]
fn a_grant_stays_while_one_token_has_it() {
    let (mut store, ada) = scene();
    token(&mut store, &ada, "app");
    let mut wish = mint_wish();
    wish.record = true;
    mint(&mut store, &ada, &wish).unwrap();
    store.arrange("INSERT INTO grants (owner_id, kind, app) VALUES (1, 'app', 'never used')");
    assert_eq!(pruned(&mut store, &ada, 2 * HOUR).grants, 2);
    let grant = store.read(|tx| tx.find_token(TokenId(1))).unwrap().unwrap().grant;
    assert_eq!((grant.app.as_str(), grant.kind), ("app", TokenKind::App));
    assert_eq!(store.read(|tx| tx.idle_grants(0, 10)).unwrap(), [0; 0]);
    // A token that came after the grants were looked at keeps its own.
    assert_eq!(store.write(|tx| tx.remove_grants(&[1])).unwrap(), 0);
}

#[test]
fn it_is_one_row_of_the_audit_and_only_admins_do_it() {
    let (mut store, ada) = scene();
    let john = person(&mut store, "john", Role::User);
    for app in ["a", "b", "c"] {
        token(&mut store, &john, app);
    }
    let refused = prune(&mut store, &act(0), &john.caller, None, &mut |_, _| {});
    assert!(matches!(refused, Err(Error::Forbidden(ADMINS_ONLY))));
    let mut seen = Vec::new();
    let mut see = |done, all| seen.push((done, all));
    prune(&mut store, &act(31 * DAY), &ada.caller, None, &mut see).unwrap();
    assert_eq!(seen, [(0, 3), (3, 3)]);
    let counted = store.read(|tx| tx.number("SELECT max(count) FROM audit")).unwrap();
    assert_eq!(counted, 3 + 3 + 1, "tokens, grants, sessions");
}
