//! Tests of the revocation of test tokens. Some of these tokens have the `jti` of another token.

use super::*;

#[test]
fn unrecorded_test_token_is_rejected_after_its_revocation() {
    let mut store = new_store();
    let mia = add_user(&mut store, "mia", Role::Minter);
    let (revoked_token, other_token) =
        (mint_test_token(&mut store, &mia, &[]), mint_test_token(&mut store, &mia, &[]));
    assert_eq!(
        revoke_and_collect_changed(&mut store, None, &[value_selector(&revoked_token)]),
        [true]
    );
    assert_eq!(
        revoke_and_collect_changed(&mut store, None, &[value_selector(&revoked_token)]),
        [false]
    );
    let expected_kind = ExpectedKind::Only(TokenKind::Test);
    assert_eq!(
        reject_reasons_at(&mut store, &revoked_token, expected_kind, 0),
        [RejectReason::Revoked]
    );
    assert_eq!(
        reject_reasons_at(&mut store, &revoked_token, expected_kind, 3_600),
        [RejectReason::Revoked, RejectReason::Expired]
    );
    assert_eq!(reject_reasons_at(&mut store, &other_token, expected_kind, 0), []);
}

#[test]
fn revocation_of_test_token_leaves_app_token_with_same_jti_valid() {
    let mut store = new_store();
    let mia = add_user(&mut store, "mia", Role::Minter);
    let app_token = issue_app_token(&mut store, &mia, "app");
    let claim = format!("jti=\"{}\"", app_token.record.jti);
    let token_with_same_jti = mint_test_token(&mut store, &mia, &[&claim]);
    assert_eq!(
        revoke_and_collect_changed(&mut store, None, &[value_selector(&token_with_same_jti)]),
        [true]
    );
    assert_eq!(reject_reasons_at_time_0(&mut store, &token_with_same_jti), [RejectReason::Revoked]);
    assert_eq!(reject_reasons_at_time_0(&mut store, app_token.token.expose_secret()), []);
}

#[test]
fn recorded_test_token_shares_revocation_only_with_its_replica() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    let mia = add_user(&mut store, "mia", Role::Minter);
    let mut request = mint_request();
    request.assign_jti();
    request.claims.insert("sub".to_owned(), "bob".into());
    request.record = true;
    let recorded_token = mint_token_text(&mut store, &ada, &request);
    request.record = false;
    let replica = mint_token_text(&mut store, &mia, &request);
    // Each of the other requests differs from the recorded token in the expiry, the key or `sub`.
    let (mut later_request, mut other_key_request, mut other_subject_request) =
        (request.clone(), request.clone(), request);
    later_request.expiry = Expiry::At(at(3_601).into());
    other_key_request.signer = Signer::Algorithm(Some(Algorithm::EdDSA));
    other_subject_request.claims.insert("sub".to_owned(), "eve".into());
    for other_request in [later_request, other_key_request, other_subject_request] {
        let token_with_same_jti = mint_token_text(&mut store, &mia, &other_request);
        assert_eq!(reject_reasons_at_time_0(&mut store, &token_with_same_jti), []);
        assert_eq!(
            revoke_and_collect_changed(&mut store, None, &[value_selector(&token_with_same_jti)]),
            [true]
        );
        assert_eq!(
            reject_reasons_at_time_0(&mut store, &token_with_same_jti),
            [RejectReason::Revoked]
        );
        assert_eq!(reject_reasons_at_time_0(&mut store, &recorded_token), []);
        // The entry would also apply to the next token if that token has the same key.
        store.execute_sql("DELETE FROM blocklist");
    }
    // A minter cannot revoke the recorded token of another user by `jti`.
    let selectors = [TokenSelector::Jti(jti_of(&recorded_token))];
    assert!(matches!(
        revoke(&mut store, &audit_at(0), Some(&mia.caller), &selectors),
        Err(Error::InsufficientRole { .. })
    ));
    assert_eq!(
        revoke_and_collect_changed(&mut store, None, &[value_selector(&recorded_token)]),
        [true]
    );
    assert_eq!(
        reject_reasons_at_time_0(&mut store, &replica),
        [RejectReason::Revoked],
        "the replica has the key and the claims of the recorded token"
    );
}
