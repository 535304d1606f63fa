//! Deletion of accounts.

use super::*;
use crate::authority::RejectReason;
use crate::authority::test_store::{issue_app_token, reject_reasons_at};
use crate::authority::verification::ExpectedKind;
use crate::model::TokenKind;
use secrecy::ExposeSecret;

#[test]
fn last_active_admin_cannot_be_deleted() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    let eve = add_user(&mut store, "eve", Role::Admin);
    store.execute_sql("UPDATE users SET disabled_at = 1 WHERE username = 'eve'");
    let result = load_for_deletion(&mut store, &ada.caller, &user_ref_of(&ada));
    assert!(matches!(result, Err(Error::LastAdmin(_))));
    let result = delete(&mut store, &audit_at(0), &ada.caller, ada.user());
    assert!(matches!(result, Err(Error::LastAdmin(_))));
    assert!(
        load_for_deletion(&mut store, &ada.caller, &user_ref_of(&eve)).is_ok(),
        "a disabled admin is not the last active admin"
    );
    store.execute_sql("UPDATE users SET disabled_at = NULL WHERE username = 'eve'");
    delete(&mut store, &audit_at(0), &ada.caller, ada.user()).unwrap();
    let eve = add_session(&mut store, eve.user());
    let result = delete(&mut store, &audit_at(0), &eve.caller, eve.user());
    assert!(matches!(result, Err(Error::LastAdmin(_))));
}

#[test]
fn account_deletion_requires_admin_and_existing_account() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    let mia = add_user(&mut store, "mia", Role::Minter);
    for result in [
        load_for_deletion(&mut store, &mia.caller, &user_ref_of(&mia)).map(|_| ()),
        load_for_deletion(&mut store, &mia.caller, &UserRef::parse("missing").unwrap()).map(|_| ()),
        delete(&mut store, &audit_at(0), &mia.caller, ada.user()).map(|_| ()),
    ] {
        assert!(matches!(
            result,
            Err(Error::InsufficientRole { refusal: "only admins can delete accounts", .. })
        ));
    }
    delete(&mut store, &audit_at(0), &ada.caller, mia.user()).unwrap();
    let result = delete(&mut store, &audit_at(0), &ada.caller, mia.user());
    assert!(matches!(result, Err(Error::NotFound { .. })));
}

#[test]
fn account_deletion_clears_row_revokes_tokens_and_ends_sessions() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    let john = add_user(&mut store, "john", Role::User);
    let live_token = issue_app_token(&mut store, &john, "app");
    let revoked_token = issue_app_token(&mut store, &john, "old");
    let superseded_token = issue_app_token(&mut store, &john, "superseded");
    store.execute_sql(&format!(
        "UPDATE tokens SET revoked_at = 1 WHERE id = {};
         UPDATE tokens SET superseded_by = {}, grace_until = {} WHERE id = {}",
        revoked_token.record.id,
        live_token.record.id,
        at(8).unix(),
        superseded_token.record.id
    ));
    let revoked_count = delete(&mut store, &audit_at(9), &ada.caller, john.user()).unwrap();
    assert_eq!(revoked_count, 1, "only the live token was still valid");

    let deleted_user =
        store.read(|tx| tx.find_user_including_deleted(john.user().id)).unwrap().unwrap();
    assert_eq!((deleted_user.uid, deleted_user.deleted_at), (john.user().uid, Some(at(9))));
    assert!(deleted_user.username.is_none() && deleted_user.email.is_none());
    assert!(deleted_user.display_name.is_none());
    assert!(store.read(|tx| tx.find_password(deleted_user.id)).unwrap().is_none());
    let remaining_users = list_all_users(&mut store, &ada);
    assert_eq!(
        remaining_users.items.iter().map(|user| user.id).collect::<Vec<_>>(),
        [ada.user().id]
    );

    // The names of a deleted user are free, and a new user with these names has other ids.
    let (new_john, _) = register(
        &mut store,
        &audit_at(9),
        None,
        &new_registration("john", Role::User),
        IfExists::Refuse,
    )
    .unwrap();
    assert!(new_john.id > john.user().id);
    assert_ne!(new_john.uid, john.user().uid);
    let expected = ExpectedKind::Only(TokenKind::App);
    assert_eq!(
        reject_reasons_at(&mut store, live_token.token.expose_secret(), expected, 9),
        [RejectReason::Revoked, RejectReason::OwnerDeleted]
    );
    let expected = ExpectedKind::Only(TokenKind::Access);
    assert_eq!(
        reject_reasons_at(&mut store, john.access_token(), expected, 9),
        [RejectReason::SessionEnded, RejectReason::OwnerDeleted]
    );
}
