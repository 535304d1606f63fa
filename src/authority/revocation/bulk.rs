//! Bulk revocation: revokes all recorded tokens that match a filter. Several short transactions
//! share the work, so that other processes can write between the transactions.

use super::super::principal::write_as;
use super::super::{AuditContext, Caller, Error};
use super::check_may_act_on_tokens;
use crate::model::{EventDetail, EventSubject, EventTarget, TargetKind, Timestamp, Untrusted};
use crate::signals::Interrupted;
use crate::store::{Store, TokenFilter};

/// Maximum number of tokens that one query selects.
const SELECTION_SIZE: usize = 200_000;

/// Maximum number of tokens that one transaction revokes. In a store file, a transaction of this
/// size blocks other writers for about 50 milliseconds.
const BATCH_SIZE: usize = 30_000;

/// Returns the number of recorded tokens that match the filter. For a filter that selects only live
/// tokens, this is the number of tokens that [`revoke_bulk`] would revoke. Any other filter can
/// also match tokens that are already revoked.
pub(crate) fn count_revocable(
    store: &mut Store,
    now: Timestamp,
    caller: &Caller,
    filter: &TokenFilter,
) -> Result<usize, Error> {
    check_may_act_on_tokens(Some(&caller.user), filter.owner)?;
    let count = store.read(|tx| tx.count_tokens(filter, now))?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

/// Revokes all recorded tokens that match the filter and are not revoked yet. Returns the number of
/// tokens that this call revoked.
///
/// If a token is renewed during the revocation, its successor can match too. So the selection is
/// repeated until it finds no token; only then does the function return `Ok`. After an error, the
/// tokens revoked so far remain revoked and are counted in the audit event. After each transaction,
/// `on_progress` gets the number of tokens revoked so far. If `on_progress` returns an error, no
/// further transaction starts, and the function returns this error.
pub(crate) fn revoke_bulk(
    store: &mut Store,
    audit: &AuditContext,
    caller: &Caller,
    filter: &TokenFilter,
    on_progress: &mut dyn FnMut(usize) -> Result<(), Interrupted>,
) -> Result<usize, Error> {
    check_may_act_on_tokens(Some(&caller.user), filter.owner)?;
    let subject = filter_to_subject(filter);
    let (mut total_revoked, mut event_id) = (0, None);
    loop {
        let ids = store.read(|tx| tx.revocable_tokens(filter, audit.now, SELECTION_SIZE))?;
        if ids.is_empty() {
            return Ok(total_revoked);
        }
        for batch in ids.chunks(BATCH_SIZE) {
            // An earlier transaction has revoked tokens.
            if event_id.is_some() {
                Store::pause_between_writes();
            }
            let revoked_count;
            (revoked_count, event_id) = write_as(store, caller, |tx, user| {
                check_may_act_on_tokens(Some(user), filter.owner)?;
                let count = tx.revoke_tokens(batch, audit.now)?;
                let caller_id = Some(caller.user.id);
                Ok((
                    count,
                    audit.record_or_add_to_count(
                        tx,
                        event_id,
                        caller_id,
                        subject.clone(),
                        count,
                    )?,
                ))
            })?;
            total_revoked += revoked_count;
            on_progress(total_revoked)?;
        }
    }
}

/// Returns the audit subject of the revocation: a description of the tokens that the filter
/// selects, without the status and the expiry.
fn filter_to_subject(filter: &TokenFilter) -> EventSubject {
    let kind = filter.kind.map_or_else(String::new, |kind| kind.name().to_owned() + " ");
    let all_users = if filter.owner.is_none() { " of all users" } else { "" };
    let detail = EventDetail {
        objects: Some(format!("{kind}tokens{all_users}")),
        owner: filter.owner.map(EventTarget::user),
        app: filter.app.as_ref().map(|app| Untrusted::new(app.as_str())),
        issued_before: filter.issued_before.map(|time| Untrusted::new(time.to_string())),
        ..EventDetail::default()
    };
    EventSubject::several(TargetKind::Token, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authority::test_store::{
        TestUser, add_user, at, audit_at, issue_app_token, mint_request, mint_token, new_store,
        set_setting,
    };
    use crate::authority::tokens;
    use crate::model::{AppName, PageRequest, Role, Setting, TokenKind, TokenStatus, UserId};

    fn revoke(
        store: &mut Store,
        audit: &AuditContext,
        caller: &Caller,
        filter: &TokenFilter,
    ) -> Result<usize, Error> {
        revoke_bulk(store, audit, caller, filter, &mut |_| Ok(()))
    }

    fn live_filter(owner: Option<UserId>) -> TokenFilter {
        TokenFilter { owner, status: Some(TokenStatus::Live), ..TokenFilter::default() }
    }

    /// Returns the id of each revoked token, and its revocation time in seconds after the start of
    /// the test.
    fn revocation_times(store: &mut Store, ada: &TestUser) -> Vec<(i64, i64)> {
        let filter = TokenFilter { status: Some(TokenStatus::Revoked), ..TokenFilter::default() };
        let page = tokens::list(store, at(0), &ada.caller, &filter, PageRequest::All).unwrap();
        let times = page.items.iter().map(|owned| (owned.value.id.0, owned.value.revoked_at));
        times.map(|(id, time)| (id, time.unwrap().unix() - at(0).unix())).collect()
    }

    /// Creates a store with tokens of two users for the apps a and b. Ada has tokens 1 (for a), 2
    /// (for b), 3 (a test token with the subject b, which the store records as its app), 4 (for b,
    /// issued at 20, expires at 50) and 5 (for b, revoked at 7). John has token 6 (for b). The
    /// times are seconds after the start of the test; tokens 1, 2, 3, 5 and 6 are issued at 0.
    fn new_store_with_sample_tokens() -> (Store, TestUser, TestUser) {
        let mut store = new_store();
        let ada = add_user(&mut store, "ada", Role::Admin);
        let john = add_user(&mut store, "john", Role::User);
        set_setting(&mut store, Setting::TokenQuota, "unlimited");
        issue_app_token(&mut store, &ada, "a");
        issue_app_token(&mut store, &ada, "b");
        let mut request = mint_request();
        request.record = true;
        request.set_claim("sub", &["b"]).unwrap();
        mint_token(&mut store, &ada, &request).unwrap();
        issue_app_token(&mut store, &ada, "b");
        issue_app_token(&mut store, &ada, "b");
        issue_app_token(&mut store, &john, "b");
        let (issued_at, expires_at, revoked_at) = (at(20).unix(), at(50).unix(), at(7).unix());
        store.execute_sql(&format!(
            "UPDATE tokens SET issued_at = {issued_at}, expires_at = {expires_at} WHERE id = 4;
             UPDATE tokens SET revoked_at = {revoked_at} WHERE id = 5;"
        ));
        (store, ada, john)
    }

    #[test]
    fn bulk_revocation_of_live_tokens_leaves_expired_and_revoked_tokens_unchanged() {
        let (mut store, ada, _) = new_store_with_sample_tokens();
        let filter = live_filter(Some(ada.user().id));
        assert_eq!(count_revocable(&mut store, at(60), &ada.caller, &filter).unwrap(), 3);
        assert_eq!(revoke(&mut store, &audit_at(60), &ada.caller, &filter).unwrap(), 3);
        assert_eq!(revocation_times(&mut store, &ada), [(1, 60), (2, 60), (3, 60), (5, 7)]);
        assert_eq!(revoke(&mut store, &audit_at(61), &ada.caller, &filter).unwrap(), 0);
        assert_eq!(revocation_times(&mut store, &ada), [(1, 60), (2, 60), (3, 60), (5, 7)]);
    }

    #[test]
    fn filters_narrow_bulk_revocation() {
        let app = || Some(AppName::parse("b").unwrap());
        let issue_time_of_token_4 = Some(at(20));
        for (kind, app, issued_before, expected_ids) in [
            (None, app(), None, &[2, 3, 4, 6][..]),
            (Some(TokenKind::Test), None, None, &[3]),
            (Some(TokenKind::App), app(), issue_time_of_token_4, &[2, 6]),
            (None, None, issue_time_of_token_4, &[1, 2, 3, 6]),
            (None, None, Some(at(0)), &[]),
        ] {
            let (mut store, ada, _) = new_store_with_sample_tokens();
            let filter = TokenFilter { kind, app, issued_before, ..live_filter(None) };
            let count = revoke(&mut store, &audit_at(30), &ada.caller, &filter).unwrap();
            let mut newly_revoked = revocation_times(&mut store, &ada);
            newly_revoked.retain(|(_, seconds)| *seconds == 30);
            assert_eq!(newly_revoked.iter().map(|(id, _)| *id).collect::<Vec<_>>(), expected_ids);
            assert_eq!(count, expected_ids.len());
        }
    }

    #[test]
    fn bulk_revocation_of_other_users_tokens_requires_admin() {
        let (mut store, ada, john) = new_store_with_sample_tokens();
        for owner in [None, Some(ada.user().id)] {
            let message = "only admins can act on other users' tokens";
            let result = count_revocable(&mut store, at(0), &john.caller, &live_filter(owner));
            assert!(
                matches!(result, Err(Error::InsufficientRole { refusal, .. }) if refusal == message)
            );
            let result = revoke(&mut store, &audit_at(0), &john.caller, &live_filter(owner));
            assert!(
                matches!(result, Err(Error::InsufficientRole { refusal, .. }) if refusal == message)
            );
        }
        let own_tokens_filter = live_filter(Some(john.user().id));
        assert_eq!(revoke(&mut store, &audit_at(0), &john.caller, &own_tokens_filter).unwrap(), 1);
    }

    #[test]
    fn audit_subject_names_kind_owner_app_and_issue_time() {
        let filter = TokenFilter {
            kind: Some(TokenKind::App),
            app: Some(AppName::parse("b").unwrap()),
            issued_before: Some(at(0)),
            ..live_filter(Some(UserId(7)))
        };
        let summary = "app tokens of user 7 for b issued before 2027-01-15T08:00:00Z";
        let describe = |filter| filter_to_subject(filter).to_text().unwrap();
        assert_eq!(describe(&filter).as_str(), summary);
        assert_eq!(describe(&live_filter(None)).as_str(), "tokens of all users");
    }
}
