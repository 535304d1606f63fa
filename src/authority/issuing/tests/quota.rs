//! How many live tokens somebody may have, and which count.

use super::*;

/// The owner's token ids, or those that are in the way.
fn attempt(store: &mut Store, seconds: i64, person: &Person) -> Result<usize, (u32, Vec<i64>)> {
    match issue_at(store, seconds, person, "app") {
        Ok(issued) => Ok(issued.place.unwrap().used),
        Err(Error::Quota { limit, live }) => {
            Err((limit, live.iter().map(|token| token.id.0).collect()))
        }
        Err(_) => Err((0, Vec::new())),
    }
}

fn three(store: &mut Store) -> Person {
    let john = person(store, "john", Role::User);
    for used in 1..=3 {
        assert_eq!(attempt(store, 0, &john), Ok(used));
    }
    john
}

#[test]
fn the_fourth_live_token_is_one_too_many() {
    let mut store = store();
    let john = three(&mut store);
    assert_eq!(attempt(&mut store, 0, &john), Err((3, vec![1, 2, 3])));
    let ada = person(&mut store, "ada", Role::Admin);
    assert_eq!(attempt(&mut store, 0, &ada), Ok(1), "others are not counted");
}

#[test]
fn an_expired_token_frees_its_place() {
    let mut store = store();
    let john = three(&mut store);
    assert_eq!(attempt(&mut store, 604_799, &john), Err((3, vec![1, 2, 3])));
    assert_eq!(attempt(&mut store, 604_800, &john), Ok(1));
}

#[test]
fn a_revoked_token_frees_its_place() {
    let mut store = store();
    let john = three(&mut store);
    store.write(|tx| tx.revoke_token(TokenId(2), at(0))).unwrap();
    assert_eq!(attempt(&mut store, 0, &john), Ok(3));
    assert_eq!(attempt(&mut store, 0, &john), Err((3, vec![1, 3, 4])));
}

#[test]
fn a_superseded_token_frees_its_place_and_works_until_its_grace_ends() {
    let mut store = store();
    let john = person(&mut store, "john", Role::User);
    let first = token(&mut store, &john, "app");
    for used in 2..=3 {
        assert_eq!(attempt(&mut store, 0, &john), Ok(used));
    }
    store.arrange(&format!(
        "UPDATE tokens SET superseded_by = 2, grace_until = {} WHERE id = 1",
        at(60).unix()
    ));
    assert_eq!(attempt(&mut store, 0, &john), Ok(3));
    let (text, wanted) = (first.token.expose_secret(), Wanted::Only(TokenKind::App));
    assert_eq!(reasons(&mut store, text, wanted, 59), []);
    assert_eq!(reasons(&mut store, text, wanted, 60), [Reason::Revoked]);
}

#[test]
fn a_token_without_end_counts_for_ever() {
    let mut store = store();
    let john = person(&mut store, "john", Role::User);
    issue(&mut store, &act(0), &john.caller, &ended("app", End::Never)).unwrap();
    assert_eq!(attempt(&mut store, 100_000_000, &john), Ok(2));
}

#[test]
fn ones_own_quota_comes_before_the_settings() {
    let mut store = store();
    let john = three(&mut store);
    store.arrange("UPDATE users SET quota = 4 WHERE username = 'john'");
    let fourth = issue_at(&mut store, 0, &john, "app").unwrap();
    assert_eq!(fourth.place, Some(Place { used: 4, limit: 4 }));
    assert_eq!(attempt(&mut store, 0, &john), Err((4, vec![1, 2, 3, 4])));
    store.arrange("UPDATE users SET quota = -1 WHERE username = 'john'");
    let fifth = issue_at(&mut store, 0, &john, "app").unwrap();
    assert_eq!(fifth.place, None);
    store.arrange("UPDATE users SET quota = 0 WHERE username = 'john'");
    assert_eq!(attempt(&mut store, 0, &john), Err((0, vec![1, 2, 3, 4, 5])));
}

#[test]
fn lowering_the_quota_revokes_nothing() {
    let mut store = store();
    let john = person(&mut store, "john", Role::User);
    let tokens: Vec<_> = (0..3).map(|_| token(&mut store, &john, "app")).collect();
    set(&mut store, Setting::TokenQuota, "1");
    let wanted = Wanted::Only(TokenKind::App);
    for issued in &tokens {
        assert_eq!(reasons(&mut store, issued.token.expose_secret(), wanted, 0), []);
    }
    assert_eq!(attempt(&mut store, 0, &john), Err((1, vec![1, 2, 3])));
    set(&mut store, Setting::TokenQuota, "unlimited");
    assert_eq!(token(&mut store, &john, "app").place, None);
}

#[test]
fn a_refused_token_leaves_no_row() {
    let mut store = store();
    let john = three(&mut store);
    assert!(attempt(&mut store, 0, &john).is_err());
    let all = TokenFilter { owner: Some(john.user().id), ..TokenFilter::default() };
    let list = list(&mut store, at(0), &john.caller, &all, Page::All).unwrap();
    assert_eq!(list.total, 3);
}
