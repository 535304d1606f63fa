//! Tests of the revocation of tokens by id, by `jti` or by value.

mod test_tokens;

use super::*;
use crate::authority::minting::Signer;
use crate::authority::sessions::{self, NewPairIds};
use crate::authority::test_store::{
    TestUser, add_session, add_user, at, audit_at, decode_token, issue_app_token, mint_request,
    mint_token_text, new_store, refusal_reasons, reject_reasons_at,
};
use crate::authority::tokens::Expiry;
use crate::model::{Algorithm, ExtraClaims};
use secrecy::ExposeSecret;

fn jti_of(token: &str) -> Jti {
    Jti::parse(decode_token(token).1["jti"].as_str().unwrap()).unwrap()
}

fn value_selector(token: &str) -> TokenSelector {
    TokenSelector::Value(token.to_owned())
}

fn reject_reasons_at_time_0(store: &mut Store, token: &str) -> Vec<RejectReason> {
    reject_reasons_at(store, token, ExpectedKind::Any, 0)
}

/// Revokes tokens and returns the `changed` member of each outcome.
fn revoke_and_collect_changed(
    store: &mut Store,
    caller: Option<&Caller>,
    selectors: &[TokenSelector],
) -> Vec<bool> {
    let outcomes = revoke(store, &audit_at(0), caller, selectors).unwrap();
    outcomes.iter().map(|outcome| outcome.changed).collect()
}

/// Mints a test token. Each item of `claims` is an additional claim in the form `NAME=JSON`.
fn mint_test_token(store: &mut Store, minter: &TestUser, claims: &[&str]) -> String {
    let claims: Vec<_> = claims.iter().map(|&claim| claim.to_owned()).collect();
    let mut request = mint_request();
    request.claims = ExtraClaims::parse(&[], &claims).unwrap().0;
    mint_token_text(store, minter, &request)
}

#[test]
fn app_token_is_revoked_by_id_jti_or_value() {
    let mut store = new_store();
    let john = add_user(&mut store, "john", Role::User);
    let tokens: Vec<_> = (0..3).map(|_| issue_app_token(&mut store, &john, "app")).collect();
    let selectors = [
        TokenSelector::Id(tokens[0].record.id),
        TokenSelector::Jti(tokens[1].record.jti),
        value_selector(tokens[2].token.expose_secret()),
    ];
    for (selector, issued) in selectors.iter().zip(&tokens) {
        let text = issued.token.expose_secret();
        assert_eq!(reject_reasons_at_time_0(&mut store, text), []);
        let caller = selector.requires_login().then_some(&john.caller);
        let outcomes =
            revoke(&mut store, &audit_at(0), caller, std::slice::from_ref(selector)).unwrap();
        let jti = Untrusted::new(issued.record.jti.to_string());
        let id = Some(issued.record.id);
        assert_eq!(outcomes, [RevocationOutcome { id, jti, kind: TokenKind::App, changed: true }]);
        assert_eq!(reject_reasons_at_time_0(&mut store, text), [RejectReason::Revoked]);
        assert_eq!(
            revoke_and_collect_changed(&mut store, caller, std::slice::from_ref(selector)),
            [false]
        );
    }
}

#[test]
fn access_token_revocation_keeps_the_session() {
    let mut store = new_store();
    let john = add_user(&mut store, "john", Role::User);
    let other_session = add_session(&mut store, john.user());
    assert_eq!(
        revoke_and_collect_changed(&mut store, None, &[value_selector(john.access_token())]),
        [true]
    );
    assert_eq!(reject_reasons_at_time_0(&mut store, john.access_token()), [RejectReason::Revoked]);
    assert_eq!(reject_reasons_at_time_0(&mut store, john.refresh_token()), []);
    assert_eq!(
        revoke_and_collect_changed(&mut store, None, &[value_selector(john.access_token())]),
        [false]
    );
    let selector = TokenSelector::Jti(jti_of(other_session.access_token()));
    assert_eq!(
        revoke_and_collect_changed(&mut store, Some(&other_session.caller), &[selector]),
        [true]
    );
    assert_eq!(
        reject_reasons_at_time_0(&mut store, other_session.access_token()),
        [RejectReason::Revoked]
    );
    let next_tokens =
        sessions::refresh(&mut store, &audit_at(0), john.refresh_token(), NewPairIds::generate())
            .unwrap();
    assert_eq!(reject_reasons_at_time_0(&mut store, next_tokens.access.expose_secret()), []);
}

#[test]
fn refresh_token_revocation_ends_the_session() {
    let mut store = new_store();
    let john = add_user(&mut store, "john", Role::User);
    let next_tokens =
        sessions::refresh(&mut store, &audit_at(0), john.refresh_token(), NewPairIds::generate())
            .unwrap();
    // A used refresh token still selects its session.
    let outcomes =
        revoke(&mut store, &audit_at(0), None, &[value_selector(john.refresh_token())]).unwrap();
    assert_eq!(
        (outcomes[0].kind, outcomes[0].id, outcomes[0].changed),
        (TokenKind::Refresh, None, true)
    );
    for text in [
        next_tokens.access.expose_secret(),
        next_tokens.refresh.expose_secret(),
        john.access_token(),
    ] {
        assert_eq!(reject_reasons_at_time_0(&mut store, text), [RejectReason::SessionEnded]);
    }
    let other_session = add_session(&mut store, john.user());
    let selector = TokenSelector::Jti(jti_of(other_session.refresh_token()));
    assert_eq!(
        revoke_and_collect_changed(&mut store, Some(&other_session.caller), &[selector]),
        [true]
    );
    assert_eq!(
        reject_reasons_at_time_0(&mut store, other_session.access_token()),
        [RejectReason::SessionEnded]
    );
}

#[test]
fn jti_selector_revokes_all_permitted_matches() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    let mia = add_user(&mut store, "mia", Role::Minter);
    let john = add_user(&mut store, "john", Role::User);
    let app_token_record = issue_app_token(&mut store, &john, "app").record;
    // The client of a session chooses the `jti` values of its next token pair: mia chooses the
    // `jti` of John's app token.
    let next_ids =
        NewPairIds { access: app_token_record.jti, refresh: crate::crypto::generate_jti() };
    let new_pair =
        sessions::refresh(&mut store, &audit_at(0), mia.refresh_token(), next_ids).unwrap();
    let selectors = [TokenSelector::Jti(app_token_record.jti)];
    let revoke_as = |store: &mut Store, caller| {
        let outcomes = revoke(store, &audit_at(0), Some(caller), &selectors).unwrap();
        outcomes.iter().map(|outcome| (outcome.kind, outcome.changed)).collect::<Vec<_>>()
    };
    assert_eq!(revoke_as(&mut store, &john.caller), [(TokenKind::App, true)]);
    let access_token = new_pair.access.expose_secret();
    assert_eq!(reject_reasons_at_time_0(&mut store, access_token), []);
    let expected = [(TokenKind::App, false), (TokenKind::Access, true)];
    assert_eq!(revoke_as(&mut store, &ada.caller), expected);
    assert_eq!(reject_reasons_at_time_0(&mut store, access_token), [RejectReason::Revoked]);
}

#[test]
fn token_with_numeric_jti_cannot_be_revoked() {
    let mut store = new_store();
    let mia = add_user(&mut store, "mia", Role::Minter);
    let token_with_numeric_jti = mint_test_token(&mut store, &mia, &["jti=1"]);
    let result = revoke(&mut store, &audit_at(0), None, &[value_selector(&token_with_numeric_jti)]);
    assert!(
        matches!(result, Err(Error::Usage(text)) if text == "revocation and renewal require a string as `jti` of the token")
    );
}

#[test]
fn revocation_with_one_refused_selector_revokes_no_token() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    let john = add_user(&mut store, "john", Role::User);
    let johns_token = issue_app_token(&mut store, &john, "app");
    let adas_token = issue_app_token(&mut store, &ada, "app");
    let valid_selectors =
        [TokenSelector::Id(johns_token.record.id), value_selector(john.access_token())];
    for unknown_selector in
        [TokenSelector::Id(TokenId(99)), TokenSelector::Jti(crate::crypto::generate_jti())]
    {
        let selectors = [valid_selectors.as_slice(), &[unknown_selector]].concat();
        let result = revoke(&mut store, &audit_at(0), Some(&john.caller), &selectors);
        assert!(
            matches!(result, Err(Error::InsufficientRole { .. })),
            "existence of tokens is hidden from non-admins"
        );
        let result = revoke(&mut store, &audit_at(0), Some(&ada.caller), &selectors);
        assert!(matches!(result, Err(Error::NotFound { resource: ResourceKind::Token, .. })));
    }
    let selectors =
        [valid_selectors.as_slice(), &[TokenSelector::Id(adas_token.record.id)]].concat();
    let result = revoke(&mut store, &audit_at(0), Some(&john.caller), &selectors);
    assert!(matches!(result, Err(Error::InsufficientRole { .. })));
    let selectors = [valid_selectors.as_slice(), &[value_selector("a.b.c")]].concat();
    let result = revoke(&mut store, &audit_at(0), Some(&john.caller), &selectors);
    assert_eq!(refusal_reasons(result), [RejectReason::Malformed]);
    for text in
        [johns_token.token.expose_secret(), adas_token.token.expose_secret(), john.access_token()]
    {
        assert_eq!(reject_reasons_at_time_0(&mut store, text), []);
    }
    assert_eq!(
        revoke_and_collect_changed(&mut store, Some(&john.caller), &valid_selectors),
        [true, true]
    );
}

#[test]
fn token_selected_twice_is_changed_once() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    let id = issue_app_token(&mut store, &ada, "app").record.id;
    let same_token_twice = [TokenSelector::Id(id), TokenSelector::Id(id)];
    assert_eq!(
        revoke_and_collect_changed(&mut store, Some(&ada.caller), &same_token_twice),
        [true, false]
    );
}

#[test]
fn revoking_other_users_tokens_requires_admin_or_possession() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    let mia = add_user(&mut store, "mia", Role::Minter);
    let john = add_user(&mut store, "john", Role::User);
    let app_token = issue_app_token(&mut store, &john, "app");
    let selectors = [
        TokenSelector::Id(app_token.record.id),
        TokenSelector::Jti(app_token.record.jti),
        TokenSelector::Jti(jti_of(john.access_token())),
        TokenSelector::Jti(jti_of(john.refresh_token())),
    ];
    for selector in &selectors {
        for caller in [None, Some(&mia.caller)] {
            let result = revoke(&mut store, &audit_at(0), caller, std::slice::from_ref(selector));
            assert!(
                matches!(
                    result,
                    Err(Error::InsufficientRole {
                        refusal: "only admins can act on other users' tokens",
                        ..
                    })
                ),
                "{selector:?}"
            );
        }
    }
    let by_value = [value_selector(app_token.token.expose_secret())];
    assert_eq!(revoke_and_collect_changed(&mut store, Some(&mia.caller), &by_value), [true]);
    assert_eq!(
        revoke_and_collect_changed(&mut store, Some(&ada.caller), &selectors),
        [false, false, true, true]
    );
}

#[test]
fn expired_token_can_be_revoked_by_value() {
    let mut store = new_store();
    let john = add_user(&mut store, "john", Role::User);
    let app_token = issue_app_token(&mut store, &john, "app");
    let text = app_token.token.expose_secret();
    let expiry_audit = audit_at(604_800);
    assert_eq!(
        reject_reasons_at(&mut store, text, ExpectedKind::Any, 604_800),
        [RejectReason::Expired]
    );
    assert!(revoke(&mut store, &expiry_audit, None, &[value_selector(text)]).unwrap()[0].changed);
    assert_eq!(
        reject_reasons_at(&mut store, text, ExpectedKind::Any, 604_800),
        [RejectReason::Revoked, RejectReason::Expired]
    );
}

#[test]
fn token_without_valid_signature_by_a_key_of_the_store_is_refused() {
    let mut store = new_store();
    let john = add_user(&mut store, "john", Role::User);
    let mut other_store = new_store();
    let other_john = add_user(&mut other_store, "john", Role::User);
    let reasons = refusal_reasons(revoke(
        &mut store,
        &audit_at(0),
        None,
        &[value_selector(other_john.access_token())],
    ));
    assert_eq!(reasons, [RejectReason::UnknownKey]);
    let (signing_input, _) = john.access_token().rsplit_once('.').unwrap();
    let (_, signature) = john.refresh_token().rsplit_once('.').unwrap();
    let selector = value_selector(&format!("{signing_input}.{signature}"));
    assert_eq!(
        refusal_reasons(revoke(&mut store, &audit_at(0), None, &[selector])),
        [RejectReason::BadSignature]
    );
    assert_eq!(reject_reasons_at_time_0(&mut store, john.access_token()), []);
}
