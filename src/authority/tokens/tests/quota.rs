//! Tests of the quota of app tokens.

use super::*;

/// Issues a token. Returns the number of tokens that count towards the quota. If the quota is
/// exceeded, returns the quota and the ids of these tokens as the error; any other error results in
/// `(0, [])`.
fn try_issue(
    store: &mut Store,
    seconds: i64,
    test_user: &TestUser,
) -> Result<i64, (u32, Vec<i64>)> {
    match issue_at(store, seconds, test_user, "app") {
        Ok(issued) => Ok(issued.quota_usage.unwrap().used),
        Err(Error::QuotaExceeded { limit, counted_tokens, .. }) => {
            Err((limit, counted_tokens.iter().map(|token| token.id.0).collect()))
        }
        Err(_) => Err((0, Vec::new())),
    }
}

fn add_user_with_three_tokens(store: &mut Store) -> TestUser {
    let john = add_user(store, "john", Role::User);
    for used in 1..=3 {
        assert_eq!(try_issue(store, 0, &john), Ok(used));
    }
    john
}

#[test]
fn token_over_quota_is_refused() {
    let mut store = new_store();
    let john = add_user_with_three_tokens(&mut store);
    assert_eq!(try_issue(&mut store, 0, &john), Err((3, vec![1, 2, 3])));
    let ada = add_user(&mut store, "ada", Role::Admin);
    assert_eq!(try_issue(&mut store, 0, &ada), Ok(1), "tokens of other users are not counted");
}

#[test]
fn expired_token_frees_quota() {
    let mut store = new_store();
    let john = add_user_with_three_tokens(&mut store);
    assert_eq!(try_issue(&mut store, 604_799, &john), Err((3, vec![1, 2, 3])));
    assert_eq!(try_issue(&mut store, 604_800, &john), Ok(1));
}

#[test]
fn revoked_token_frees_quota() {
    let mut store = new_store();
    let john = add_user_with_three_tokens(&mut store);
    store.write(|tx| tx.revoke_token(TokenId(2), at(0))).unwrap();
    assert_eq!(try_issue(&mut store, 0, &john), Ok(3));
    assert_eq!(try_issue(&mut store, 0, &john), Err((3, vec![1, 3, 4])));
}

#[test]
fn superseded_token_frees_quota_and_works_during_grace() {
    let mut store = new_store();
    let john = add_user(&mut store, "john", Role::User);
    let first = issue_app_token(&mut store, &john, "app");
    for used in 2..=3 {
        assert_eq!(try_issue(&mut store, 0, &john), Ok(used));
    }
    store.execute_sql(&format!(
        "UPDATE tokens SET superseded_by = 2, grace_until = {} WHERE id = 1",
        at(60).unix()
    ));
    assert_eq!(try_issue(&mut store, 0, &john), Ok(3));
    let (text, expected_kind) = (first.token.expose_secret(), ExpectedKind::Only(TokenKind::App));
    assert_eq!(reject_reasons_at(&mut store, text, expected_kind, 59), []);
    assert_eq!(reject_reasons_at(&mut store, text, expected_kind, 60), [RejectReason::Revoked]);
}

#[test]
fn superseded_token_counts_if_the_successor_is_not_live() {
    let mut store = new_store();
    let john = add_user_with_three_tokens(&mut store);
    store.execute_sql(&format!(
        "UPDATE tokens SET superseded_by = 2, grace_until = {} WHERE id = 1;
         UPDATE tokens SET revoked_at = {} WHERE id = 2",
        at(60).unix(),
        at(0).unix()
    ));
    assert_eq!(try_issue(&mut store, 0, &john), Ok(3));
    assert_eq!(try_issue(&mut store, 59, &john), Err((3, vec![1, 3, 4])));
    assert_eq!(try_issue(&mut store, 60, &john), Ok(3), "the grace period has ended");
    let expire_sql = format!(
        "UPDATE tokens SET revoked_at = NULL, expires_at = {} WHERE id = 2;
         UPDATE tokens SET grace_until = {} WHERE id = 1",
        at(70).unix(),
        at(80).unix()
    );
    store.execute_sql(&expire_sql);
    // Token 2, the successor of token 1, now expires at 70. Token 1 counts only from that time.
    assert_eq!(try_issue(&mut store, 69, &john), Err((3, vec![2, 3, 4, 5])));
    assert_eq!(try_issue(&mut store, 70, &john), Err((3, vec![1, 3, 4, 5])));
}

#[test]
fn token_without_expiry_still_counts_after_years() {
    let mut store = new_store();
    let john = add_user(&mut store, "john", Role::User);
    issue(&mut store, &audit_at(0), &john.caller, &request_with_expiry("app", Expiry::Never))
        .unwrap();
    assert_eq!(try_issue(&mut store, 100_000_000, &john), Ok(2));
}

#[test]
fn user_quota_overrides_setting() {
    let mut store = new_store();
    let john = add_user_with_three_tokens(&mut store);
    store.execute_sql("UPDATE users SET quota = 4 WHERE username = 'john'");
    let fourth = issue_at(&mut store, 0, &john, "app").unwrap();
    assert_eq!(fourth.quota_usage, Some(QuotaUsage { used: 4, limit: 4 }));
    assert_eq!(try_issue(&mut store, 0, &john), Err((4, vec![1, 2, 3, 4])));
    // The value -1 means unlimited.
    store.execute_sql("UPDATE users SET quota = -1 WHERE username = 'john'");
    let fifth = issue_at(&mut store, 0, &john, "app").unwrap();
    assert_eq!(fifth.quota_usage, None);
    store.execute_sql("UPDATE users SET quota = 0 WHERE username = 'john'");
    assert_eq!(try_issue(&mut store, 0, &john), Err((0, vec![1, 2, 3, 4, 5])));
}

#[test]
fn lowered_quota_revokes_nothing() {
    let mut store = new_store();
    let john = add_user(&mut store, "john", Role::User);
    let tokens: Vec<_> = (0..3).map(|_| issue_app_token(&mut store, &john, "app")).collect();
    set_setting(&mut store, Setting::TokenQuota, "1");
    let expected_kind = ExpectedKind::Only(TokenKind::App);
    for issued in &tokens {
        assert_eq!(
            reject_reasons_at(&mut store, issued.token.expose_secret(), expected_kind, 0),
            []
        );
    }
    assert_eq!(try_issue(&mut store, 0, &john), Err((1, vec![1, 2, 3])));
    set_setting(&mut store, Setting::TokenQuota, "unlimited");
    assert_eq!(issue_app_token(&mut store, &john, "app").quota_usage, None);
}

#[test]
fn refused_token_leaves_no_row() {
    let mut store = new_store();
    let john = add_user_with_three_tokens(&mut store);
    assert!(try_issue(&mut store, 0, &john).is_err());
    let filter = TokenFilter { owner: Some(john.user().id), ..TokenFilter::default() };
    let page = list(&mut store, at(0), &john.caller, &filter, PageRequest::All).unwrap();
    assert_eq!(page.total, 3);
}
