//! Tests of pruning: removed rows, audit event and progress. No prune makes a refused token valid.

mod revocations;

use super::*;
use crate::authority::RejectReason;
use crate::authority::revocation::revoke;
use crate::authority::sessions::{self, NewPairIds};
use crate::authority::test_store::{
    TestUser, add_session, add_user, at, audit_at, issue_app_token, mint_request, mint_token,
    mint_token_text, new_store, reasons_of, refusal_reasons, reject_reasons_at, set_setting,
    verify_token,
};
use crate::authority::tokens::{self, Expiry, RenewalOptions};
use crate::authority::verification::{Expectations, ExpectedKind};
use crate::model::{
    GrantRowId, Lifetime, SessionEndReason, Setting, TokenId, TokenKind, TokenSelector,
};
use crate::signals::Interrupted;
use secrecy::ExposeSecret;

const ANY: ExpectedKind = ExpectedKind::Any;
const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

/// Returns a store with an admin whose session outlasts every prune.
fn store_with_admin() -> (Store, TestUser) {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    store.execute_sql("UPDATE pairs SET refresh_expires_at = access_expires_at * 2");
    (store, ada)
}

/// Returns a lifetime, or `None` for 0 seconds.
fn lifetime(seconds: i64) -> Option<Lifetime> {
    Lifetime::from_seconds(seconds)
}

/// Prunes as the admin `ada`, with the clock `seconds` after the start of the test.
fn prune_at(store: &mut Store, ada: &TestUser, seconds: i64) -> PruneCounts {
    prune(store, &audit_at(seconds), Some(&ada.caller), None, &mut |_, _, _| Ok(())).unwrap()
}

fn recorded_token_ids(store: &mut Store) -> Vec<i64> {
    let last = store.read(|tx| tx.last_token_id()).unwrap();
    let exists = |id: &i64| store.read(|tx| tx.find_token(TokenId(*id))).unwrap().is_some();
    (1..=last.0).filter(exists).collect()
}

/// Returns the reasons to reject a token at the time `now`, with time claims checked at
/// `reference`. Both times are seconds after the start of the test.
fn reasons_at(store: &mut Store, token: &str, now: i64, reference: i64) -> Vec<RejectReason> {
    let expectations =
        Expectations { reference_time: at(reference), ..Expectations::new(ANY, at(now)) };
    reasons_of(&verify_token(store, token, &expectations))
}

#[test]
fn revoked_token_is_pruned_at_its_expiry_and_remains_refused() {
    let (mut store, ada) = store_with_admin();
    let issued = issue_app_token(&mut store, &ada, "app");
    let text = issued.token.expose_secret();
    revoke(&mut store, &audit_at(1), None, &[TokenSelector::Value(text.to_owned())]).unwrap();
    assert_eq!(prune_at(&mut store, &ada, 7 * DAY - 1), PruneCounts::default());
    assert_eq!(reject_reasons_at(&mut store, text, ANY, 7 * DAY - 1), [RejectReason::Revoked]);
    let counts = prune_at(&mut store, &ada, 7 * DAY);
    assert_eq!(counts, PruneCounts { tokens: 1, grants: 1, ..PruneCounts::default() });
    assert_eq!(reject_reasons_at(&mut store, text, ANY, 7 * DAY), [RejectReason::Expired]);
    assert_eq!(reasons_at(&mut store, text, 7 * DAY, DAY), [RejectReason::UnknownToken]);
    // The id of the pruned token is not reused.
    assert_eq!(issue_app_token(&mut store, &ada, "app").record.id, TokenId(2));
}

#[test]
fn successors_are_pruned_or_kept_together_with_their_predecessor() {
    let (mut store, ada) = store_with_admin();
    set_setting(&mut store, Setting::TokenQuota, "unlimited");
    for _ in 0..8 {
        issue_app_token(&mut store, &ada, "app");
    }
    // Token 1 was renewed as token 3, and token 3 as token 5. Token 2, which has no expiry, was
    // renewed as token 6, and token 6 as token 7.
    store.execute_sql(
        "UPDATE tokens SET superseded_by = id + 2, grace_until = 0 WHERE id IN (1, 3);
         UPDATE tokens SET superseded_by = 6, grace_until = 0, expires_at = NULL WHERE id = 2;
         UPDATE tokens SET superseded_by = 7, grace_until = 0 WHERE id = 6;",
    );
    assert_eq!(prune_at(&mut store, &ada, 8 * DAY).tokens, 5);
    assert_eq!(recorded_token_ids(&mut store), [2, 6, 7]);
}

#[test]
fn token_without_expiry_is_never_pruned() {
    let (mut store, ada) = store_with_admin();
    for app in ["live", "revoked"] {
        issue_app_token(&mut store, &ada, app);
    }
    store.execute_sql("UPDATE tokens SET expires_at = NULL");
    revoke(&mut store, &audit_at(1), Some(&ada.caller), &[TokenSelector::Id(TokenId(2))]).unwrap();
    assert_eq!(prune_at(&mut store, &ada, 9_999 * DAY).tokens, 0);
    assert_eq!(recorded_token_ids(&mut store), [1, 2]);
}

#[test]
fn prune_with_keep_retains_recently_expired_tokens() {
    let (mut store, ada) = store_with_admin();
    issue_app_token(&mut store, &ada, "app");
    let mut prune_keeping = |seconds, keep| {
        prune(&mut store, &audit_at(seconds), Some(&ada.caller), lifetime(keep), &mut |_, _, _| {
            Ok(())
        })
        .unwrap()
    };
    assert_eq!(prune_keeping(9 * DAY, 2 * DAY + 1).tokens, 0);
    assert_eq!(prune_keeping(9 * DAY, 900 * 365 * DAY).tokens, 0, "the cutoff is before 1970");
    assert_eq!(prune_keeping(9 * DAY, 2 * DAY).tokens, 1);
}

#[test]
fn successor_is_kept_as_long_as_predecessor() {
    let (mut store, ada) = store_with_admin();
    issue_app_token(&mut store, &ada, "app");
    for (old_id, ttl) in [(1, HOUR), (2, MINUTE), (3, DAY)] {
        let renewal = RenewalOptions { ttl: lifetime(ttl), grace: lifetime(HOUR) };
        let selector = TokenSelector::Id(TokenId(old_id));
        tokens::renew(&mut store, &audit_at(old_id), Some(&ada.caller), &selector, renewal)
            .unwrap();
    }
    assert_eq!(prune_at(&mut store, &ada, 2 * HOUR).tokens, 0, "token 1 expires after a week");
    assert_eq!(recorded_token_ids(&mut store), [1, 2, 3, 4]);
    assert_eq!(prune_at(&mut store, &ada, 8 * DAY).tokens, 4);
}

#[test]
fn jti_of_pruned_revoked_token_can_be_recorded_only_with_later_expiry() {
    let (mut store, ada) = store_with_admin();
    let mut request = mint_request();
    request.record = true;
    request.claims.insert("jti".to_owned(), "0192abcd-0000-7000-8000-00000000cccc".into());
    let token = mint_token_text(&mut store, &ada, &request);
    revoke(&mut store, &audit_at(1), None, &[TokenSelector::Value(token)]).unwrap();
    assert_eq!(prune_at(&mut store, &ada, HOUR).tokens, 1);
    let error = mint_token(&mut store, &ada, &request).unwrap_err();
    assert!(error.to_string().contains("may have been revoked, and its record pruned"), "{error}");
    request.expiry = Expiry::At(at(HOUR + 1).into());
    mint_token(&mut store, &ada, &request).unwrap();
}

#[test]
fn prune_does_not_affect_other_token_with_same_jti() {
    for selects_by_value in [true, false] {
        let (mut store, ada) = store_with_admin();
        let mut request = mint_request();
        request.assign_jti();
        request.expiry = Expiry::After(Lifetime::from_days(1));
        let other_token = mint_token_text(&mut store, &ada, &request);
        request.record = true;
        request.expiry = Expiry::After(Lifetime::from_minutes(1));
        let jti = mint_token(&mut store, &ada, &request).unwrap().jti.unwrap();
        let jti_selector = TokenSelector::parse(jti.as_str()).unwrap();
        let selector =
            if selects_by_value { TokenSelector::Value(other_token.clone()) } else { jti_selector };
        revoke(&mut store, &audit_at(1), Some(&ada.caller), &[selector]).unwrap();
        let reasons_before = reject_reasons_at(&mut store, &other_token, ANY, 1);
        assert_eq!(prune_at(&mut store, &ada, MINUTE).tokens, 1);
        assert_eq!(reject_reasons_at(&mut store, &other_token, ANY, MINUTE), reasons_before);
        assert_eq!(reasons_before.contains(&RejectReason::Revoked), selects_by_value);
    }
}

#[test]
fn pruned_app_tokens_do_not_affect_test_tokens() {
    let (mut store, ada) = store_with_admin();
    let unrecorded_token = mint_token_text(&mut store, &ada, &mint_request());
    issue_app_token(&mut store, &ada, "app");
    assert_eq!(prune_at(&mut store, &ada, 8 * DAY).tokens, 1);
    assert_eq!(reasons_at(&mut store, &unrecorded_token, 8 * DAY, 1), []);
}

#[test]
fn session_is_pruned_when_all_its_tokens_have_expired() {
    let (mut store, ada) = store_with_admin();
    let john = add_user(&mut store, "john", Role::User);
    let idle_session = add_session(&mut store, ada.user());
    let ended_session = add_session(&mut store, john.user());
    let refreshed_tokens =
        sessions::refresh(&mut store, &audit_at(DAY), john.refresh_token(), NewPairIds::generate())
            .unwrap();
    let sid = ended_session.caller.session.id;
    store
        .write(|tx| tx.end_session(sid, SessionEndReason::Logout, at(1)).map_err(Error::from))
        .unwrap();
    let idle_has_ended = |store: &mut Store| {
        store.read(|tx| tx.has_session_ended(idle_session.caller.session.id)).unwrap()
    };
    assert_eq!(prune_at(&mut store, &ada, 29 * DAY).sessions, 0);
    assert_eq!(
        reject_reasons_at(&mut store, ended_session.refresh_token(), ANY, 29 * DAY),
        [RejectReason::SessionEnded]
    );
    assert!(!idle_has_ended(&mut store));
    // The prune removes the idle session and the ended session. The refreshed session expires one
    // day later.
    assert_eq!(prune_at(&mut store, &ada, 30 * DAY).sessions, 2);
    assert!(idle_has_ended(&mut store), "a pruned session counts as ended");
    assert_eq!(
        reject_reasons_at(&mut store, ended_session.refresh_token(), ANY, 30 * DAY),
        [RejectReason::Expired]
    );
    let new_refresh_token = refreshed_tokens.refresh.expose_secret();
    assert_eq!(reject_reasons_at(&mut store, new_refresh_token, ANY, 30 * DAY), []);
    let reuse_result = sessions::refresh(
        &mut store,
        &audit_at(30 * DAY),
        john.refresh_token(),
        NewPairIds::generate(),
    );
    assert_eq!(
        refusal_reasons(reuse_result),
        [RejectReason::Reused],
        "all token pairs of the refreshed session are still known"
    );
    assert_eq!(prune_at(&mut store, &ada, 31 * DAY).sessions, 1);
}

#[test]
fn grant_is_pruned_only_without_tokens() {
    let (mut store, ada) = store_with_admin();
    issue_app_token(&mut store, &ada, "app");
    let mut request = mint_request();
    request.record = true;
    mint_token(&mut store, &ada, &request).unwrap();
    issue_app_token(&mut store, &ada, "unused");
    store.execute_sql("DELETE FROM tokens WHERE id = 3");
    assert_eq!(prune_at(&mut store, &ada, 2 * HOUR).grants, 2);
    let grant = store.read(|tx| tx.find_token(TokenId(1))).unwrap().unwrap().grant;
    assert_eq!((grant.app.as_str(), grant.kind), ("app", TokenKind::App));
    assert_eq!(store.read(|tx| tx.unused_grants(GrantRowId(0), 10)).unwrap(), []);
    // Another process can add a token to a grant after the query for unused grants. Such a grant is
    // not removed: here, grant 1 has a token.
    assert_eq!(store.write(|tx| tx.remove_grants(&[GrantRowId(1)])).unwrap(), 0);
}

#[test]
fn prune_requires_admin_reports_progress_and_counts_all_rows_in_one_event() {
    let (mut store, ada) = store_with_admin();
    let john = add_user(&mut store, "john", Role::User);
    for app in ["a", "b", "c"] {
        issue_app_token(&mut store, &john, app);
    }
    let refusal = prune(&mut store, &audit_at(0), Some(&john.caller), None, &mut |_, _, _| Ok(()));
    assert!(matches!(refusal, Err(Error::InsufficientRole { refusal: ADMINS_ONLY, .. })));
    let mut progress = Vec::new();
    let mut on_progress = |counts: PruneCounts, done, total| {
        progress.push((counts.tokens, done, total));
        Ok(())
    };
    prune(&mut store, &audit_at(31 * DAY), Some(&ada.caller), None, &mut on_progress).unwrap();
    progress.dedup();
    assert_eq!(progress, [(3, 3, 3)]);
    let removed_count = store.read(|tx| tx.query_number("SELECT max(count) FROM audit")).unwrap();
    assert_eq!(removed_count, 3 + 3 + 1, "3 tokens, 3 grants and 1 session");
}

#[test]
fn interrupted_prune_counts_the_removed_rows() {
    let (mut store, ada) = store_with_admin();
    issue_app_token(&mut store, &ada, "a");
    let mut on_progress = |_: PruneCounts, _, _| Err(Interrupted);
    let audit = audit_at(31 * DAY);
    let result = prune(&mut store, &audit, Some(&ada.caller), None, &mut on_progress);
    assert!(matches!(result, Err(Error::Store(store::Error::Interrupted(_)))), "{result:?}");
    let counts_sql =
        "SELECT (SELECT count(*) FROM tokens) * 100 + (SELECT count(*) FROM grants) * 10
         + (SELECT count FROM audit ORDER BY id DESC LIMIT 1)";
    assert_eq!(
        store.read(|tx| tx.query_number(counts_sql)).unwrap(),
        11,
        "no token and one grant are left, and one removed token is counted"
    );
}
