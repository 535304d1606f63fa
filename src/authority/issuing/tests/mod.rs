//! What an app token says, who may have one, and how many.

mod listing;
mod quota;

use super::*;
use crate::authority::fixture::{
    Person, act, at, judged, parts, person, reasons, request, set, store, token,
};
use crate::authority::{Checks, Reason, Thing, Wanted};
use crate::model::{Page, Role, Setting};
use crate::store::TokenFilter;
use secrecy::ExposeSecret;

fn issue_at(store: &mut Store, seconds: i64, person: &Person, app: &str) -> Result<Issued, Error> {
    issue(store, &act(seconds), &person.caller, &request(app))
}

fn ended(app: &str, end: End) -> Request {
    Request { end, ..request(app) }
}

fn claims(issued: &Issued) -> Map<String, Value> {
    parts(issued.token.expose_secret()).1.as_object().unwrap().clone()
}

fn names(issued: &Issued) -> Vec<String> {
    claims(issued).keys().cloned().collect()
}

fn permissions(names: &[&str]) -> Vec<Permission> {
    names.iter().map(|name| Permission::parse(name).unwrap()).collect()
}

#[test]
fn an_app_token_says_what_the_contract_says_in_that_order() {
    let mut store = store();
    let ada = person(&mut store, "ada", Role::Admin);
    let wish = Request { permissions: permissions(&["read", "write"]), ..request("my-app") };
    let issued = issue(&mut store, &act(0), &ada.caller, &wish).unwrap();
    let (header, payload) = parts(issued.token.expose_secret());
    let kid = store.read(|tx| tx.active_app_key()).unwrap().spec.kid;
    assert_eq!(header.to_string(), json!({"alg": "ES256", "typ": "JWT", "kid": kid}).to_string());
    let expected = json!({
        "id": 1,
        "owner": "gerenciaToken",
        "target": "cliente",
        "permissions": ["read", "write"],
        "iat": at(0).unix(),
        "exp": at(604_800).unix(),
        "iss": "jeton",
        "sub": ada.user().uid.to_string(),
        "jti": issued.record.jti.to_string(),
        "type": "app",
        "app": "my-app",
    });
    assert_eq!(payload.to_string(), expected.to_string());
}

#[test]
fn what_is_not_said_is_not_claimed_and_what_is_stands_at_the_end() {
    let mut store = store();
    let ada = person(&mut store, "ada", Role::Admin);
    let never = issue(&mut store, &act(0), &ada.caller, &ended("a", End::Never)).unwrap();
    assert_eq!(
        names(&never),
        ["id", "owner", "target", "permissions", "iat", "iss", "sub", "jti", "type", "app"]
    );
    assert_eq!(claims(&never)["permissions"], json!([]));
    let extra = ExtraClaims::parse(&["tier=gold".to_owned()], &["n=1".to_owned()]).unwrap();
    let mut wish = Request { claims: extra, audience: vec!["one".to_owned()], ..request("b") };
    let one = issue(&mut store, &act(0), &ada.caller, &wish).unwrap();
    assert_eq!(names(&one)[10..], ["app", "aud", "tier", "n"]);
    assert_eq!(
        (&claims(&one)["aud"], &claims(&one)["tier"], &claims(&one)["n"]),
        (&json!("one"), &json!("gold"), &json!(1))
    );
    wish.audience.push("two".to_owned());
    let two = issue(&mut store, &act(0), &ada.caller, &wish).unwrap();
    assert_eq!(claims(&two)["aud"], json!(["one", "two"]));
}

#[test]
fn settings_decide_what_is_said_by_default() {
    let mut store = store();
    let ada = person(&mut store, "ada", Role::Admin);
    for (setting, value) in [
        (Setting::Owner, "the owner"),
        (Setting::Target, "the target"),
        (Setting::Issuer, "https://issuer.example"),
        (Setting::TokenTtl, "1h"),
    ] {
        set(&mut store, setting, value);
    }
    let claims = claims(&token(&mut store, &ada, "app"));
    assert_eq!(claims["owner"], "the owner");
    assert_eq!(claims["target"], "the target");
    assert_eq!(claims["iss"], "https://issuer.example");
    assert_eq!(claims["exp"], at(3_600).unix());
}

#[test]
fn the_end_is_where_it_was_asked_for() {
    let mut store = store();
    let ada = person(&mut store, "ada", Role::Admin);
    set(&mut store, Setting::TokenQuota, "unlimited");
    let hour = Lifetime::minutes(60);
    for (end, expected) in [
        (End::Default, Some(at(604_800))),
        (End::After(hour), Some(at(3_600))),
        (End::At(at(1)), Some(at(1))),
        (End::Never, None),
    ] {
        let issued = issue(&mut store, &act(0), &ada.caller, &ended("app", end)).unwrap();
        assert_eq!(issued.record.expires_at, expected);
        let recorded = store.read(|tx| tx.find_token(issued.record.id)).unwrap().unwrap();
        assert_eq!(recorded.expires_at, expected);
    }
}

#[test]
fn an_end_that_is_not_in_the_future_is_refused() {
    let mut store = store();
    let ada = person(&mut store, "ada", Role::Admin);
    let centuries = Lifetime::parse("365000d").unwrap();
    for (end, words) in [
        (End::At(at(0)), "the end is not in the future"),
        (End::At(at(-1)), "the end is not in the future"),
        (End::After(centuries), ""),
    ] {
        let late = Act { now: Timestamp::from_unix(253_000_000_000).unwrap(), ..act(0) };
        let act = if words.is_empty() { late } else { act(0) };
        match issue(&mut store, &act, &ada.caller, &ended("app", end)) {
            Err(Error::Usage(text)) if words.is_empty() => {
                assert_eq!(text, "the end is past the year 9999");
            }
            Err(Error::Usage(text)) => assert_eq!(text, words),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn no_reserved_claim_can_be_set() {
    let mut store = store();
    let ada = person(&mut store, "ada", Role::Admin);
    for name in [
        "iss",
        "sub",
        "aud",
        "exp",
        "nbf",
        "iat",
        "jti",
        "id",
        "owner",
        "target",
        "permissions",
        "type",
        "app",
        "sid",
        "role",
        "fresh",
        "bloqueado",
    ] {
        let claims = ExtraClaims::parse(&[format!("{name}=x")], &[]).unwrap();
        let wish = Request { claims, ..request("app") };
        match issue(&mut store, &act(0), &ada.caller, &wish) {
            Err(Error::Usage(text)) => {
                assert_eq!(text, format!("the claim `{name}` is set by jeton"));
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn only_admins_make_tokens_for_others() {
    let mut store = store();
    let ada = person(&mut store, "ada", Role::Admin);
    let mia = person(&mut store, "mia", Role::Minter);
    let john = person(&mut store, "john", Role::User);
    let wish_for =
        |name: &str| Request { owner: Some(UserRef::parse(name).unwrap()), ..request("app") };
    for (person, name) in [(&john, "ada"), (&mia, "john"), (&john, "nobody")] {
        let result = issue(&mut store, &act(0), &person.caller, &wish_for(name));
        assert!(
            matches!(result, Err(Error::Forbidden("only admins make tokens for others"))),
            "{name}"
        );
    }
    let own = issue(&mut store, &act(0), &john.caller, &wish_for("john@example.com")).unwrap();
    assert_eq!(own.record.grant.owner, john.user().id);
    let given = issue(&mut store, &act(0), &ada.caller, &wish_for("john")).unwrap();
    let claims = claims(&given);
    assert_eq!(claims["id"], json!(john.user().id));
    assert_eq!(claims["sub"], json!(john.user().uid));
    assert_eq!(given.place.unwrap().used, 2, "it counts as his");
    let result = issue(&mut store, &act(0), &ada.caller, &wish_for("nobody"));
    assert!(matches!(result, Err(Error::NotFound { thing: Thing::User, .. })));
    store.arrange("UPDATE users SET disabled_at = 1 WHERE username = 'john'");
    let result = issue(&mut store, &act(0), &ada.caller, &wish_for("john"));
    assert!(matches!(result, Err(Error::Forbidden("the owner is disabled"))));
}

#[test]
fn a_permission_given_twice_is_given_once() {
    let mut store = store();
    let ada = person(&mut store, "ada", Role::Admin);
    let wish = Request { permissions: permissions(&["a", "b", "a"]), ..request("app") };
    let issued = issue(&mut store, &act(0), &ada.caller, &wish).unwrap();
    assert_eq!(claims(&issued)["permissions"], json!(["a", "b"]));
}

#[test]
fn tokens_of_one_application_are_told_apart() {
    let mut store = store();
    let ada = person(&mut store, "ada", Role::Admin);
    let (one, two) = (token(&mut store, &ada, "app"), token(&mut store, &ada, "app"));
    assert_ne!((one.record.id, one.record.jti), (two.record.id, two.record.jti));
    let wanted = Wanted::Only(TokenKind::App);
    for issued in [&one, &two] {
        let checks = Checks::only(wanted, at(0));
        let verdict = judged(&mut store, issued.token.expose_secret(), &checks);
        assert_eq!(
            (verdict.reasons.as_slice(), verdict.token_id()),
            (&[][..], Some(issued.record.id))
        );
    }
}

#[test]
fn what_nobody_received_is_taken_back() {
    let mut store = store();
    let ada = person(&mut store, "ada", Role::Admin);
    let issued = token(&mut store, &ada, "app");
    take_back(&mut store, &act(0), None, &[issued.record.id], Over::Undelivered).unwrap();
    let wanted = Wanted::Only(TokenKind::App);
    assert_eq!(reasons(&mut store, issued.token.expose_secret(), wanted, 0), [Reason::Revoked]);
    assert_eq!(token(&mut store, &ada, "app").place.unwrap().used, 1);
}
