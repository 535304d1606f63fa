//! Tests of recorded tokens: visibility, filters, and revocation by the issuing command.

use super::*;
use crate::model::TokenStatus;

fn list_token_ids(
    store: &mut Store,
    seconds: i64,
    test_user: &TestUser,
    filter: &TokenFilter,
) -> Vec<i64> {
    let page = list(store, at(seconds), &test_user.caller, filter, PageRequest::All).unwrap();
    assert_eq!(page.total, i64::try_from(page.items.len()).unwrap());
    page.items.iter().map(|token| token.value.id.0).collect()
}

#[test]
fn reading_tokens_of_other_users_requires_admin() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    let mia = add_user(&mut store, "mia", Role::Minter);
    let john = add_user(&mut store, "john", Role::User);
    let (mia_token, john_token) =
        (issue_app_token(&mut store, &mia, "a"), issue_app_token(&mut store, &john, "b"));
    let owned_by = |test_user: &TestUser| TokenFilter {
        owner: Some(test_user.user().id),
        ..Default::default()
    };
    assert_eq!(list_token_ids(&mut store, 0, &john, &owned_by(&john)), [2]);
    assert_eq!(list_token_ids(&mut store, 0, &ada, &owned_by(&john)), [2]);
    assert_eq!(list_token_ids(&mut store, 0, &ada, &TokenFilter::default()), [1, 2]);
    for filter in [owned_by(&john), TokenFilter::default()] {
        let result = list(&mut store, at(0), &mia.caller, &filter, PageRequest::All);
        assert!(matches!(
            result,
            Err(Error::InsufficientRole {
                refusal: "only admins can see tokens of other users",
                ..
            })
        ));
    }
    assert!(load(&mut store, &john.caller, &TokenSelector::Jti(john_token.record.jti)).is_ok());
    assert!(load(&mut store, &ada.caller, &TokenSelector::Id(john_token.record.id)).is_ok());
    let result = load(&mut store, &john.caller, &TokenSelector::Id(mia_token.record.id));
    assert!(matches!(
        result,
        Err(Error::InsufficientRole { refusal: "only admins can see tokens of other users", .. })
    ));
    let missing_token = TokenSelector::Id(TokenId(99));
    let result = load(&mut store, &john.caller, &missing_token);
    assert!(matches!(
        result,
        Err(Error::InsufficientRole { refusal: "only admins can see tokens of other users", .. })
    ));
    let result = load(&mut store, &ada.caller, &missing_token);
    assert!(matches!(result, Err(Error::NotFound { resource: ResourceKind::Token, .. })));
}

#[test]
fn token_list_is_filtered_by_application_and_status() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    set_setting(&mut store, Setting::TokenQuota, "unlimited");
    for (app, expiry) in [
        ("a", Expiry::Never),
        ("b", Expiry::At(at(10).into())),
        ("b", Expiry::Never),
        ("c", Expiry::At(at(10).into())),
        ("d", Expiry::Never),
    ] {
        issue(&mut store, &audit_at(0), &ada.caller, &request_with_expiry(app, expiry)).unwrap();
    }
    store.write(|tx| tx.revoke_token(TokenId(1), at(5))).unwrap();
    store.write(|tx| tx.revoke_token(TokenId(4), at(5))).unwrap();
    store.execute_sql(&format!(
        "UPDATE tokens SET superseded_by = 3, grace_until = {} WHERE id = 5",
        at(20).unix()
    ));
    // The filter `Live` also matches a superseded token until the end of its grace period: token 5
    // until 20.
    let with_status = |status| TokenFilter { status, ..TokenFilter::default() };
    assert_eq!(list_token_ids(&mut store, 10, &ada, &with_status(None)), [1, 2, 3, 4, 5]);
    assert_eq!(list_token_ids(&mut store, 10, &ada, &with_status(Some(TokenStatus::Live))), [3, 5]);
    assert_eq!(list_token_ids(&mut store, 20, &ada, &with_status(Some(TokenStatus::Live))), [3]);
    assert_eq!(
        list_token_ids(&mut store, 9, &ada, &with_status(Some(TokenStatus::Expired))),
        [0; 0]
    );
    assert_eq!(list_token_ids(&mut store, 10, &ada, &with_status(Some(TokenStatus::Expired))), [2]);
    assert_eq!(
        list_token_ids(&mut store, 20, &ada, &with_status(Some(TokenStatus::Revoked))),
        [1, 4, 5]
    );
    let app = Some(AppName::parse("b").unwrap());
    assert_eq!(
        list_token_ids(&mut store, 10, &ada, &TokenFilter { app, ..with_status(None) }),
        [2, 3]
    );
}

#[test]
fn token_list_is_filtered_by_remaining_lifetime() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    set_setting(&mut store, Setting::TokenQuota, "unlimited");
    for expiry in [
        Expiry::At(at(10).into()),
        Expiry::At(at(60).into()),
        Expiry::At(at(61).into()),
        Expiry::Never,
        Expiry::Never,
    ] {
        issue(&mut store, &audit_at(0), &ada.caller, &request_with_expiry("a", expiry)).unwrap();
    }
    // Token 4, which has no expiry, now has a grace period. The filter `expiring_within` does not
    // treat the end of a grace period as an expiry.
    let grace_until = at(30).unix();
    store.execute_sql(&format!(
        "UPDATE tokens SET superseded_by = 5, grace_until = {grace_until} WHERE id = 4"
    ));
    let expiring_within = |seconds, status| TokenFilter {
        expiring_within: Lifetime::from_seconds(seconds),
        status: Some(status),
        ..TokenFilter::default()
    };
    for (now, within, expected) in
        [(0, 60, &[1, 2][..]), (0, 29, &[1]), (10, 51, &[2, 3]), (30, 30, &[2]), (61, 1_000, &[])]
    {
        assert_eq!(
            list_token_ids(&mut store, now, &ada, &expiring_within(within, TokenStatus::Live)),
            expected,
            "{now}"
        );
    }
}

#[test]
fn end_of_run_revokes_successor_but_not_token_past_its_grace_period() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    let request = TokenRequest { is_for_run_command: true, ..token_request("app") };
    let issued = issue(&mut store, &audit_at(0), &ada.caller, &request).unwrap();
    let id = issued.record.id;
    let options = RenewalOptions { ttl: None, grace: Some(Lifetime::parse("1s").unwrap()) };
    let selector = TokenSelector::Id(id);
    let outcome = renew(&mut store, &audit_at(1), Some(&ada.caller), &selector, options).unwrap();
    revoke_issued(&mut store, &audit_at(60), None, &[id], RevocationCause::RunEnded).unwrap();
    let mut revoked_at = |id| store.read(|tx| tx.find_token(id)).unwrap().unwrap().revoked_at;
    assert_eq!(revoked_at(id), None);
    assert_eq!(revoked_at(outcome.issued.record.id), Some(at(60)));
}
