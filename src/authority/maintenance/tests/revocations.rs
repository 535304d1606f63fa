//! Tests that a prune never makes a revoked token valid again, even if the clock was ahead when the
//! prune ran. Another test shows that such a clock is detected.

use super::*;

#[test]
fn revoked_test_token_stays_refused() {
    let (mut store, ada) = store_with_admin();
    let mut request = mint_request();
    let unrecorded_token = mint_token_text(&mut store, &ada, &request);
    request.record = true;
    let recorded_token = mint_token_text(&mut store, &ada, &request);
    let targets =
        [&recorded_token, &unrecorded_token].map(|token| TokenSelector::Value(token.clone()));
    revoke(&mut store, &audit_at(1), None, &targets).unwrap();
    request.record = false;
    request.issued_at = Some(at(HOUR).into());
    let later_token = mint_token_text(&mut store, &ada, &request);

    let after_expiry = HOUR + 1;
    let counts = prune_at(&mut store, &ada, after_expiry);
    assert_eq!(counts, PruneCounts { tokens: 1, grants: 1, ..PruneCounts::default() });
    for (token, is_revocation_known) in [(&recorded_token, false), (&unrecorded_token, true)] {
        let reason =
            if is_revocation_known { RejectReason::Revoked } else { RejectReason::UnknownToken };
        let expected = if is_revocation_known {
            vec![reason, RejectReason::Expired]
        } else {
            vec![RejectReason::Expired]
        };
        assert_eq!(reject_reasons_at(&mut store, token, ANY, after_expiry), expected);
        assert_eq!(
            reasons_at(&mut store, token, after_expiry, 10),
            [reason],
            "at another reference time"
        );
        let lenient_expectations =
            Expectations { leeway_seconds: 5 * MINUTE, ..Expectations::new(ANY, at(after_expiry)) };
        assert_eq!(verify_token(&mut store, token, &lenient_expectations).reasons, [reason]);
    }
    // A prune does not affect an unrecorded token that expires after all pruned tokens.
    assert_eq!(reject_reasons_at(&mut store, &later_token, ANY, after_expiry), []);
    assert_eq!(reasons_at(&mut store, &later_token, 3 * HOUR, after_expiry), []);
}

/// States of the test key as SQL assignments. `true` means that a prune removes the revocation
/// entries of the key.
const KEY_STATES: [(&str, bool); 4] = [
    ("state = 'active'", false),
    ("state = 'retired', verify_until = 1900000000", false),
    // The revocation entries are kept, because the key can be activated again.
    ("state = 'retired', verify_until = 1700000000", false),
    ("state = 'revoked'", true),
];

#[test]
fn revocation_entry_is_kept_until_the_key_is_revoked() {
    for (key_state_sql, is_pruned) in KEY_STATES {
        let (mut store, ada) = store_with_admin();
        let mut request = mint_request();
        // Both tokens have this `jti`.
        request.claims.insert("jti".to_owned(), "order-2".into());
        request.expiry = Expiry::At(at(HOUR).into());
        let long_lived_token = mint_token_text(&mut store, &ada, &request);
        request.expiry = Expiry::At(at(MINUTE).into());
        let short_lived_token = mint_token_text(&mut store, &ada, &request);
        revoke(&mut store, &audit_at(1), None, &[TokenSelector::Value(short_lived_token)]).unwrap();
        store.execute_sql(&format!("UPDATE keys SET {key_state_sql} WHERE purpose = 'test'"));
        assert_eq!(
            prune_at(&mut store, &ada, 2 * MINUTE).revocation_entries,
            usize::from(is_pruned),
            "{key_state_sql}"
        );
        store.execute_sql(
            "UPDATE keys SET state = 'active' WHERE purpose = 'test' AND NOT state = 'revoked'",
        );
        let reason = if is_pruned { RejectReason::KeyRevoked } else { RejectReason::Revoked };
        assert_eq!(
            reject_reasons_at(&mut store, &long_lived_token, ANY, 2 * MINUTE),
            [reason],
            "{key_state_sql}"
        );
    }
}

#[test]
fn prune_with_fast_clock_may_make_tokens_unknown_but_never_valid() {
    for is_recorded in [false, true] {
        let (mut store, ada) = store_with_admin();
        let mut request = mint_request();
        request.expiry = Expiry::After(Lifetime::from_days(1));
        request.record = is_recorded;
        let revoked_token = mint_token_text(&mut store, &ada, &request);
        revoke(&mut store, &audit_at(1), None, &[TokenSelector::Value(revoked_token.clone())])
            .unwrap();
        request.record = false;
        let other_token = mint_token_text(&mut store, &ada, &request);
        request.expiry = Expiry::After(Lifetime::from_days(2));
        let longer_lived_token = mint_token_text(&mut store, &ada, &request);
        let counts = prune_at(&mut store, &ada, 3 * DAY);
        assert_eq!((counts.tokens, counts.revocation_entries), (usize::from(is_recorded), 0));
        let reason = if is_recorded { RejectReason::UnknownToken } else { RejectReason::Revoked };
        assert_eq!(reject_reasons_at(&mut store, &revoked_token, ANY, 10), [reason]);
        // After the prune of a recorded token, unrecorded tokens of the same key with the same or
        // an earlier expiry are unknown. A revocation entry, which the prune keeps, has no such
        // effect.
        let report = verify_token(&mut store, &other_token, &Expectations::new(ANY, at(10)));
        if is_recorded {
            let key = store.read(|tx| tx.keys()).unwrap().pop().unwrap();
            let kid = key.spec.kid.as_str();
            let detail = format!(
                "perhaps pruned: test tokens of key `{kid}` with `exp` up to {} were removed",
                at(DAY)
            );
            assert_eq!(report.reasons, [reason]);
            let message = report.reasons[0].message();
            assert!(message.starts_with("token not found in the store: `jti` `"), "{message}");
            assert!(message.ends_with(&detail), "{message}");
            let report_at_expiry =
                verify_token(&mut store, &other_token, &Expectations::new(ANY, at(DAY)));
            assert_eq!(report_at_expiry.reasons, [RejectReason::Expired]);
        } else {
            assert_eq!(report.reasons, []);
        }
        // A token that expires after all pruned tokens is still valid, and so is a new recorded
        // token.
        assert_eq!(reject_reasons_at(&mut store, &longer_lived_token, ANY, 10), []);
        request.record = true;
        request.expiry = Expiry::After(Lifetime::from_minutes(60));
        let recorded_token = mint_token_text(&mut store, &ada, &request);
        assert_eq!(reject_reasons_at(&mut store, &recorded_token, ANY, 10), []);
    }
}

#[test]
fn fast_clock_is_detected() {
    let (mut store, ada) = store_with_admin();
    issue_app_token(&mut store, &ada, "app");
    let mut detect_at = |seconds, keep| {
        // The caller logs in with the clock of the prune. The audit event of this login must be
        // ignored, because its time does not show that the clock is correct.
        let late_session = add_session(&mut store, ada.user());
        let now = at(seconds).unix();
        store.execute_sql(&format!(
            "UPDATE pairs SET issued_at = {now} WHERE id = (SELECT max(id) FROM pairs);
             UPDATE audit SET at = {now} WHERE id = (SELECT max(id) FROM audit)"
        ));
        let detected_event_time = last_event_time_if_clock_may_be_ahead(
            &mut store,
            &audit_at(seconds),
            Some(&late_session.caller),
            lifetime(keep),
        )
        .unwrap();
        store.execute_sql("DELETE FROM audit WHERE id = (SELECT max(id) FROM audit)");
        detected_event_time
    };
    assert_eq!(detect_at(0, 0), None);
    assert_eq!(detect_at(DAY, 0), None);
    assert_eq!(detect_at(DAY + 1, 0), Some(at(0)));
    // With this `keep`, the prune removes only tokens that expired at most a day after the event.
    assert_eq!(detect_at(3 * DAY, 2 * DAY), None);
    assert_eq!(detect_at(3 * DAY, 2 * DAY - 1), Some(at(0)));
}
