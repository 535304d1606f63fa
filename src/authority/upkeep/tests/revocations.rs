//! Pruning makes no revoked token valid again, also by a clock that was ahead.

use super::*;

#[test]
fn revoked_test_token_stays_refused() {
    let (mut store, ada) = scene();
    let mut wish = mint_wish();
    let unrecorded = minted(&mut store, &ada, &wish);
    wish.record = true;
    let recorded = minted(&mut store, &ada, &wish);
    let targets = [&recorded, &unrecorded].map(|token| Target::Value(token.clone()));
    revoke(&mut store, &act(1), None, &targets).unwrap();
    wish.record = false;
    wish.issued_at = Some(at(HOUR));
    let later = minted(&mut store, &ada, &wish);

    let over = HOUR + 1;
    let gone = pruned(&mut store, &ada, over);
    assert_eq!(gone, Pruned { tokens: 1, grants: 1, ..Pruned::default() });
    for (token, known) in [(&recorded, false), (&unrecorded, true)] {
        let wanted = if known { Reason::Revoked } else { Reason::UnknownToken };
        let expired = if known { vec![wanted, Reason::Expired] } else { vec![Reason::Expired] };
        assert_eq!(reasons(&mut store, token, ANY, over), expired);
        assert_eq!(then(&mut store, token, over, 10), [wanted], "by another time");
        let lenient = Checks { leeway: 5 * MINUTE, ..Checks::only(ANY, at(over)) };
        assert_eq!(judged(&mut store, token, &lenient).reasons, [wanted]);
    }
    // What ended after all that was pruned is known as well as before.
    assert_eq!(reasons(&mut store, &later, ANY, over), []);
    assert_eq!(then(&mut store, &later, 3 * HOUR, over), []);
}

/// The state of the test key, and whether its revocation entries can go.
const KEYS: [(&str, bool); 4] = [
    ("state = 'active'", false),
    ("state = 'retired', verify_until = 1900000000", false),
    // It can be activated again.
    ("state = 'retired', verify_until = 1700000000", false),
    ("state = 'revoked'", true),
];

#[test]
fn revocation_by_jti_is_kept_as_long_as_the_key_can_verify() {
    for (key, goes) in KEYS {
        let (mut store, ada) = scene();
        let mut wish = mint_wish();
        wish.claims.insert("jti".to_owned(), "order-2".into());
        wish.end = End::At(at(HOUR));
        let long = minted(&mut store, &ada, &wish);
        wish.end = End::At(at(MINUTE));
        let short = minted(&mut store, &ada, &wish);
        revoke(&mut store, &act(1), None, &[Target::Value(short)]).unwrap();
        store.arrange(&format!("UPDATE keys SET {key} WHERE purpose = 'test'"));
        assert_eq!(pruned(&mut store, &ada, 2 * MINUTE).blocks, usize::from(goes), "{key}");
        store.arrange(
            "UPDATE keys SET state = 'active' WHERE purpose = 'test' AND NOT state = 'revoked'",
        );
        let wanted = if goes { Reason::KeyRevoked } else { Reason::Revoked };
        assert_eq!(reasons(&mut store, &long, ANY, 2 * MINUTE), [wanted], "{key}");
    }
}

#[test]
fn prune_while_the_clock_is_ahead_makes_nothing_valid_again() {
    for record in [false, true] {
        let (mut store, ada) = scene();
        let mut wish = mint_wish();
        wish.end = End::After(Lifetime::days(1));
        wish.record = record;
        let revoked = minted(&mut store, &ada, &wish);
        revoke(&mut store, &act(1), None, &[Target::Value(revoked.clone())]).unwrap();
        wish.record = false;
        let other = minted(&mut store, &ada, &wish);
        wish.end = End::After(Lifetime::days(2));
        let longer = minted(&mut store, &ada, &wish);
        let gone = pruned(&mut store, &ada, 3 * DAY);
        assert_eq!((gone.tokens, gone.blocks), (usize::from(record), 0));
        let wanted = if record { Reason::UnknownToken } else { Reason::Revoked };
        assert_eq!(reasons(&mut store, &revoked, ANY, 10), [wanted]);
        // A revocation entry that is kept makes no other token unknown.
        let verdict = judged(&mut store, &other, &Checks::only(ANY, at(10)));
        if record {
            let key = store.read(|tx| tx.keys()).unwrap().pop().unwrap();
            let kid = key.spec.kid.as_str();
            let detail =
                format!("test tokens of key `{kid}` that expired by {} were pruned", at(DAY));
            assert_eq!((verdict.reasons, verdict.detail), (vec![wanted], Some(detail)));
            let expired = judged(&mut store, &other, &Checks::only(ANY, at(DAY)));
            assert_eq!((expired.reasons, expired.detail), (vec![Reason::Expired], None));
        } else {
            assert_eq!((verdict.reasons, verdict.detail), (vec![], None));
        }
        // Nothing that ended as late as this was pruned; and what has a row is judged by that.
        assert_eq!(reasons(&mut store, &longer, ANY, 10), []);
        wish.record = true;
        wish.end = End::After(Lifetime::minutes(60));
        let recorded = minted(&mut store, &ada, &wish);
        assert_eq!(reasons(&mut store, &recorded, ANY, 10), []);
    }
}

#[test]
fn prune_long_after_the_newest_change_is_noticed() {
    let (mut store, ada) = scene();
    token(&mut store, &ada, "app");
    let mut gap = |seconds, keep| {
        // A login by the clock of the prune proves nothing about that clock.
        let late = again(&mut store, ada.user());
        let now = at(seconds).unix();
        store.arrange(&format!(
            "UPDATE pairs SET issued_at = {now} WHERE id = (SELECT max(id) FROM pairs);
             UPDATE audit SET at = {now} WHERE id = (SELECT max(id) FROM audit)"
        ));
        let gap = prune_gap(&mut store, &act(seconds), &late.caller, lifetime(keep)).unwrap();
        store.arrange("DELETE FROM audit WHERE id = (SELECT max(id) FROM audit)");
        gap
    };
    assert_eq!(gap(0, 0), None);
    assert_eq!(gap(DAY, 0), None);
    assert_eq!(gap(DAY + 1, 0), Some(at(0)));
    // What expired before the newest change has expired by any clock.
    assert_eq!(gap(3 * DAY, 2 * DAY), None);
    assert_eq!(gap(3 * DAY, 2 * DAY - 1), Some(at(0)));
}
