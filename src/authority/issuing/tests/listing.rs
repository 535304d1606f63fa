//! Which tokens somebody sees.

use super::*;
use crate::authority::Target;
use crate::model::Status;

fn ids(store: &mut Store, seconds: i64, person: &Person, filter: &TokenFilter) -> Vec<i64> {
    let list = list(store, at(seconds), &person.caller, filter, Page::All).unwrap();
    assert_eq!(list.total, i64::try_from(list.items.len()).unwrap());
    list.items.iter().map(|token| token.thing.id.0).collect()
}

#[test]
fn the_tokens_of_others_are_for_admins() {
    let mut store = store();
    let ada = person(&mut store, "ada", Role::Admin);
    let mia = person(&mut store, "mia", Role::Minter);
    let john = person(&mut store, "john", Role::User);
    let (hers, his) = (token(&mut store, &mia, "a"), token(&mut store, &john, "b"));
    let of = |person: &Person| TokenFilter { owner: Some(person.user().id), ..Default::default() };
    assert_eq!(ids(&mut store, 0, &john, &of(&john)), [2]);
    assert_eq!(ids(&mut store, 0, &ada, &of(&john)), [2]);
    assert_eq!(ids(&mut store, 0, &ada, &TokenFilter::default()), [1, 2]);
    for filter in [of(&john), TokenFilter::default()] {
        let result = list(&mut store, at(0), &mia.caller, &filter, Page::All);
        assert!(matches!(result, Err(Error::Forbidden("only admins see the tokens of others"))));
    }
    assert!(show(&mut store, &john.caller, &Target::Jti(his.record.jti)).is_ok());
    assert!(show(&mut store, &ada.caller, &Target::Id(his.record.id)).is_ok());
    let result = show(&mut store, &john.caller, &Target::Id(hers.record.id));
    assert!(matches!(result, Err(Error::Forbidden("only admins see the tokens of others"))));
    let missing = Target::Id(TokenId(99));
    let result = show(&mut store, &john.caller, &missing);
    assert!(matches!(result, Err(Error::Forbidden("only admins see the tokens of others"))));
    let result = show(&mut store, &ada.caller, &missing);
    assert!(matches!(result, Err(Error::NotFound { thing: Thing::Token, .. })));
}

#[test]
fn a_list_is_cut_by_application_and_status() {
    let mut store = store();
    let ada = person(&mut store, "ada", Role::Admin);
    set(&mut store, Setting::TokenQuota, "unlimited");
    for (app, end) in [
        ("a", End::Never),
        ("b", End::At(at(10))),
        ("b", End::Never),
        ("c", End::At(at(10))),
        ("d", End::Never),
    ] {
        issue(&mut store, &act(0), &ada.caller, &ended(app, end)).unwrap();
    }
    store.write(|tx| tx.revoke_token(TokenId(1), at(5))).unwrap();
    store.write(|tx| tx.revoke_token(TokenId(4), at(5))).unwrap();
    store.arrange(&format!(
        "UPDATE tokens SET superseded_by = 3, grace_until = {} WHERE id = 5",
        at(20).unix()
    ));
    let status = |status| TokenFilter { status, ..TokenFilter::default() };
    assert_eq!(ids(&mut store, 10, &ada, &status(None)), [1, 2, 3, 4, 5]);
    assert_eq!(ids(&mut store, 10, &ada, &status(Some(Status::Live))), [3, 5]);
    assert_eq!(ids(&mut store, 20, &ada, &status(Some(Status::Live))), [3]);
    assert_eq!(ids(&mut store, 9, &ada, &status(Some(Status::Expired))), [0; 0]);
    assert_eq!(ids(&mut store, 10, &ada, &status(Some(Status::Expired))), [2]);
    assert_eq!(ids(&mut store, 20, &ada, &status(Some(Status::Revoked))), [1, 4, 5]);
    let app = Some(AppName::parse("b").unwrap());
    assert_eq!(ids(&mut store, 10, &ada, &TokenFilter { app, ..status(None) }), [2, 3]);
}

#[test]
fn what_ends_soon_ends_within_that_time_and_was_not_renewed() {
    let mut store = store();
    let ada = person(&mut store, "ada", Role::Admin);
    set(&mut store, Setting::TokenQuota, "unlimited");
    for end in [End::At(at(10)), End::At(at(60)), End::At(at(61)), End::Never, End::Never] {
        issue(&mut store, &act(0), &ada.caller, &ended("a", end)).unwrap();
    }
    let grace = at(30).unix();
    store.arrange(&format!(
        "UPDATE tokens SET superseded_by = 5, grace_until = {grace} WHERE id = 4"
    ));
    let soon = |seconds, status| TokenFilter {
        ending_within: Lifetime::from_seconds(seconds),
        status: Some(status),
        ..TokenFilter::default()
    };
    for (now, within, expected) in
        [(0, 60, &[1, 2][..]), (0, 29, &[1]), (10, 51, &[2, 3]), (30, 30, &[2]), (61, 1_000, &[])]
    {
        assert_eq!(ids(&mut store, now, &ada, &soon(within, Status::Live)), expected, "{now}");
    }
}
