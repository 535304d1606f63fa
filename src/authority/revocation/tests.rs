//! How tokens are taken back, and by whom.

use super::*;
use crate::authority::fixture::{
    Person, act, again, at, mint_wish, minted, parts, person, reasons, refusal, store, token,
};
use crate::authority::{End, Next, Signer, refresh};
use crate::model::{Algorithm, ExtraClaims};
use secrecy::ExposeSecret;

fn jti(token: &str) -> Jti {
    Jti::parse(parts(token).1["jti"].as_str().unwrap()).unwrap()
}

fn value(token: &str) -> Target {
    Target::Value(token.to_owned())
}

fn wrong(store: &mut Store, token: &str) -> Vec<Reason> {
    reasons(store, token, Wanted::Any, 0)
}

/// Whether each of them was changed.
fn revoked(store: &mut Store, caller: Option<&Caller>, targets: &[Target]) -> Vec<bool> {
    let revoked = revoke(store, &act(0), caller, targets).unwrap();
    revoked.iter().map(|one| one.changed).collect()
}

fn test_token(store: &mut Store, minter: &Person, claims: &[&str]) -> String {
    let claims: Vec<_> = claims.iter().map(|&claim| claim.to_owned()).collect();
    let mut wish = mint_wish();
    wish.claims = ExtraClaims::parse(&[], &claims).unwrap().0;
    minted(store, minter, &wish)
}

#[test]
fn an_app_token_is_revoked_by_id_by_jti_and_by_value() {
    let mut store = store();
    let john = person(&mut store, "john", Role::User);
    let tokens: Vec<_> = (0..3).map(|_| token(&mut store, &john, "app")).collect();
    let targets = [
        Target::Id(tokens[0].record.id),
        Target::Jti(tokens[1].record.jti),
        value(tokens[2].token.expose_secret()),
    ];
    for (target, issued) in targets.iter().zip(&tokens) {
        let text = issued.token.expose_secret();
        assert_eq!(wrong(&mut store, text), []);
        let caller = target.needs_caller().then_some(&john.caller);
        let said = revoke(&mut store, &act(0), caller, std::slice::from_ref(target)).unwrap();
        let jti = Foreign::new(issued.record.jti.to_string());
        let id = Some(issued.record.id);
        assert_eq!(said, [Revoked { id, jti, kind: TokenKind::App, changed: true }]);
        assert_eq!(wrong(&mut store, text), [Reason::Revoked]);
        assert_eq!(revoked(&mut store, caller, std::slice::from_ref(target)), [false]);
    }
}

#[test]
fn an_access_token_is_revoked_alone() {
    let mut store = store();
    let john = person(&mut store, "john", Role::User);
    let other = again(&mut store, john.user());
    assert_eq!(revoked(&mut store, None, &[value(john.access())]), [true]);
    assert_eq!(wrong(&mut store, john.access()), [Reason::Revoked]);
    assert_eq!(wrong(&mut store, john.refresh()), []);
    assert_eq!(revoked(&mut store, None, &[value(john.access())]), [false]);
    let target = Target::Jti(jti(other.access()));
    assert_eq!(revoked(&mut store, Some(&other.caller), &[target]), [true]);
    assert_eq!(wrong(&mut store, other.access()), [Reason::Revoked]);
    let next = refresh(&mut store, &act(0), john.refresh(), Next::fresh()).unwrap();
    assert_eq!(wrong(&mut store, next.access.expose_secret()), []);
}

#[test]
fn a_refresh_token_is_revoked_with_its_family() {
    let mut store = store();
    let john = person(&mut store, "john", Role::User);
    let next = refresh(&mut store, &act(0), john.refresh(), Next::fresh()).unwrap();
    // A spent one names its family all the same.
    let said = revoke(&mut store, &act(0), None, &[value(john.refresh())]).unwrap();
    assert_eq!((said[0].kind, said[0].id, said[0].changed), (TokenKind::Refresh, None, true));
    for text in [next.access.expose_secret(), next.refresh.expose_secret(), john.access()] {
        assert_eq!(wrong(&mut store, text), [Reason::SessionEnded]);
    }
    let other = again(&mut store, john.user());
    let target = Target::Jti(jti(other.refresh()));
    assert_eq!(revoked(&mut store, Some(&other.caller), &[target]), [true]);
    assert_eq!(wrong(&mut store, other.access()), [Reason::SessionEnded]);
}

#[test]
fn a_test_token_goes_on_the_blocklist() {
    let mut store = store();
    let mia = person(&mut store, "mia", Role::Minter);
    let (one, two) = (test_token(&mut store, &mia, &[]), test_token(&mut store, &mia, &[]));
    assert_eq!(revoked(&mut store, None, &[value(&one)]), [true]);
    assert_eq!(revoked(&mut store, None, &[value(&one)]), [false]);
    let test = Wanted::Only(TokenKind::Test);
    assert_eq!(reasons(&mut store, &one, test, 0), [Reason::Revoked]);
    assert_eq!(reasons(&mut store, &one, test, 3_600), [Reason::Revoked, Reason::Expired]);
    assert_eq!(reasons(&mut store, &two, test, 0), []);
}

#[test]
fn a_test_token_cannot_take_back_the_token_whose_jti_it_bears() {
    let mut store = store();
    let mia = person(&mut store, "mia", Role::Minter);
    let app = token(&mut store, &mia, "app");
    let claim = format!("jti=\"{}\"", app.record.jti);
    let fake = test_token(&mut store, &mia, &[&claim]);
    assert_eq!(revoked(&mut store, None, &[value(&fake)]), [true]);
    assert_eq!(wrong(&mut store, &fake), [Reason::Revoked]);
    assert_eq!(wrong(&mut store, app.token.expose_secret()), []);
}

#[test]
fn a_test_token_cannot_take_back_a_recorded_one_whose_jti_it_bears() {
    let mut store = store();
    let ada = person(&mut store, "ada", Role::Admin);
    let mia = person(&mut store, "mia", Role::Minter);
    let mut wish = mint_wish();
    wish.identify();
    wish.claims.insert("sub".to_owned(), "bob".into());
    wish.record = true;
    let recorded = minted(&mut store, &ada, &wish);
    wish.record = false;
    let replica = minted(&mut store, &mia, &wish);
    let (mut later, mut by_another_key) = (wish.clone(), wish.clone());
    later.end = End::At(at(3_601));
    by_another_key.signer = Signer::Algorithm(Some(Algorithm::EdDSA));
    wish.claims.insert("sub".to_owned(), "eve".into());
    for other in [later, by_another_key, wish] {
        let fake = minted(&mut store, &mia, &other);
        assert_eq!(wrong(&mut store, &fake), []);
        assert_eq!(revoked(&mut store, None, &[value(&fake)]), [true]);
        assert_eq!(wrong(&mut store, &fake), [Reason::Revoked]);
        assert_eq!(wrong(&mut store, &recorded), []);
        store.arrange("DELETE FROM blocklist");
    }
    let bearing = [Target::Jti(jti(&recorded))];
    assert!(matches!(
        revoke(&mut store, &act(0), Some(&mia.caller), &bearing),
        Err(Error::Forbidden(_))
    ));
    assert_eq!(revoked(&mut store, None, &[value(&recorded)]), [true]);
    assert_eq!(wrong(&mut store, &replica), [Reason::Revoked], "it says the very same");
}

#[test]
fn by_a_jti_everything_that_bears_it_and_is_ones_own_is_revoked() {
    let mut store = store();
    let ada = person(&mut store, "ada", Role::Admin);
    let mia = person(&mut store, "mia", Role::Minter);
    let john = person(&mut store, "john", Role::User);
    let app = token(&mut store, &john, "app").record;
    // The client of a session chooses the identities of its next pair.
    let next = Next { access: app.jti, refresh: crate::crypto::jti() };
    let fresh = refresh(&mut store, &act(0), mia.refresh(), next).unwrap();
    let target = [Target::Jti(app.jti)];
    let kinds = |store: &mut Store, caller| {
        let revoked = revoke(store, &act(0), Some(caller), &target).unwrap();
        revoked.iter().map(|one| (one.kind, one.changed)).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&mut store, &john.caller), [(TokenKind::App, true)]);
    let access = fresh.access.expose_secret();
    assert_eq!(wrong(&mut store, access), []);
    let both = [(TokenKind::App, false), (TokenKind::Access, true)];
    assert_eq!(kinds(&mut store, &ada.caller), both);
    assert_eq!(wrong(&mut store, access), [Reason::Revoked]);
}

#[test]
fn a_token_without_identity_cannot_be_revoked() {
    let mut store = store();
    let mia = person(&mut store, "mia", Role::Minter);
    let nameless = test_token(&mut store, &mia, &["jti=1"]);
    let result = revoke(&mut store, &act(0), None, &[value(&nameless)]);
    assert!(
        matches!(result, Err(Error::Usage(text)) if text == "a token without `jti` cannot be revoked; `mint --record` makes one that can")
    );
}

#[test]
fn all_are_revoked_or_none() {
    let mut store = store();
    let ada = person(&mut store, "ada", Role::Admin);
    let john = person(&mut store, "john", Role::User);
    let his = token(&mut store, &john, "app");
    let hers = token(&mut store, &ada, "app");
    let good = [Target::Id(his.record.id), value(john.access())];
    for bad in [Target::Id(TokenId(99)), Target::Jti(crate::crypto::jti())] {
        let targets = [good.as_slice(), &[bad]].concat();
        let result = revoke(&mut store, &act(0), Some(&john.caller), &targets);
        assert!(matches!(result, Err(Error::Forbidden(_))), "only admins are told");
        let result = revoke(&mut store, &act(0), Some(&ada.caller), &targets);
        assert!(matches!(result, Err(Error::NotFound { thing: Thing::Token, .. })));
    }
    let targets = [good.as_slice(), &[Target::Id(hers.record.id)]].concat();
    let result = revoke(&mut store, &act(0), Some(&john.caller), &targets);
    assert!(matches!(result, Err(Error::Forbidden(_))));
    let targets = [good.as_slice(), &[value("a.b.c")]].concat();
    let result = revoke(&mut store, &act(0), Some(&john.caller), &targets);
    assert_eq!(refusal(result), [Reason::Malformed]);
    for text in [his.token.expose_secret(), hers.token.expose_secret(), john.access()] {
        assert_eq!(wrong(&mut store, text), []);
    }
    assert_eq!(revoked(&mut store, Some(&john.caller), &good), [true, true]);
    let twice = [Target::Id(hers.record.id), Target::Id(hers.record.id)];
    assert_eq!(revoked(&mut store, Some(&ada.caller), &twice), [true, false]);
}

#[test]
fn the_tokens_of_others_are_for_admins_unless_one_holds_them() {
    let mut store = store();
    let ada = person(&mut store, "ada", Role::Admin);
    let mia = person(&mut store, "mia", Role::Minter);
    let john = person(&mut store, "john", Role::User);
    let app = token(&mut store, &john, "app");
    let targets = [
        Target::Id(app.record.id),
        Target::Jti(app.record.jti),
        Target::Jti(jti(john.access())),
        Target::Jti(jti(john.refresh())),
    ];
    for target in &targets {
        for caller in [None, Some(&mia.caller)] {
            let result = revoke(&mut store, &act(0), caller, std::slice::from_ref(target));
            assert!(
                matches!(result, Err(Error::Forbidden("only admins act on the tokens of others"))),
                "{target:?}"
            );
        }
    }
    let held = [value(app.token.expose_secret())];
    assert_eq!(revoked(&mut store, Some(&mia.caller), &held), [true]);
    assert_eq!(revoked(&mut store, Some(&ada.caller), &targets), [false, false, true, true]);
}

#[test]
fn a_token_that_does_not_work_any_more_is_revoked_by_value() {
    let mut store = store();
    let john = person(&mut store, "john", Role::User);
    let app = token(&mut store, &john, "app");
    let text = app.token.expose_secret();
    let late = act(604_800);
    assert_eq!(reasons(&mut store, text, Wanted::Any, 604_800), [Reason::Expired]);
    assert!(revoke(&mut store, &late, None, &[value(text)]).unwrap()[0].changed);
    assert_eq!(reasons(&mut store, text, Wanted::Any, 604_800), [Reason::Revoked, Reason::Expired]);
}

#[test]
fn what_we_did_not_sign_is_refused_for_its_one_reason() {
    let mut store = store();
    let john = person(&mut store, "john", Role::User);
    let mut other = crate::authority::fixture::store();
    let stranger = person(&mut other, "john", Role::User);
    let foreign = refusal(revoke(&mut store, &act(0), None, &[value(stranger.access())]));
    assert_eq!(foreign, [Reason::UnknownKey]);
    let (input, _) = john.access().rsplit_once('.').unwrap();
    let (_, signature) = john.refresh().rsplit_once('.').unwrap();
    let swapped = value(&format!("{input}.{signature}"));
    assert_eq!(refusal(revoke(&mut store, &act(0), None, &[swapped])), [Reason::BadSignature]);
    assert_eq!(wrong(&mut store, john.access()), []);
}

#[test]
fn words_are_read_as_ids_identities_and_tokens() {
    let text = "018f4f5e-7a3b-7c1d-8e2f-0123456789ab";
    assert!(matches!(Target::parse("7"), Ok(Target::Id(TokenId(7)))));
    assert!(matches!(Target::parse(text), Ok(Target::Jti(_))));
    assert!(matches!(Target::parse("a.b.c"), Ok(Target::Value(_))));
    for text in ["", "nonsense", "-1", "99999999999999999999"] {
        assert!(Target::parse(text).is_err(), "{text}");
    }
    assert!(!value("a.b.c").needs_caller());
}
