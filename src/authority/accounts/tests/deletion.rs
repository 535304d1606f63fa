//! Who goes, and what stays of them.

use super::*;
use crate::authority::fixture::{reasons, token};
use crate::authority::{Reason, Wanted};
use crate::model::TokenKind;
use secrecy::ExposeSecret;

#[test]
fn the_last_admin_who_can_log_in_stays() {
    let mut store = store();
    let ada = person(&mut store, "ada", Role::Admin);
    let eve = person(&mut store, "eve", Role::Admin);
    store.arrange("UPDATE users SET disabled_at = 1 WHERE username = 'eve'");
    let result = deletable(&mut store, &ada.caller, &who(&ada));
    assert!(matches!(result, Err(Error::LastAdmin)));
    let result = delete(&mut store, &act(0), &ada.caller, ada.user());
    assert!(matches!(result, Err(Error::LastAdmin)));
    assert!(deletable(&mut store, &ada.caller, &who(&eve)).is_ok(), "she does not count");
    store.arrange("UPDATE users SET disabled_at = NULL WHERE username = 'eve'");
    delete(&mut store, &act(0), &ada.caller, ada.user()).unwrap();
    let eve = again(&mut store, eve.user());
    let result = delete(&mut store, &act(0), &eve.caller, eve.user());
    assert!(matches!(result, Err(Error::LastAdmin)));
}

#[test]
fn only_admins_delete() {
    let mut store = store();
    let ada = person(&mut store, "ada", Role::Admin);
    let mia = person(&mut store, "mia", Role::Minter);
    for result in [
        deletable(&mut store, &mia.caller, &who(&mia)).map(|_| ()),
        deletable(&mut store, &mia.caller, &UserRef::parse("nobody").unwrap()).map(|_| ()),
        delete(&mut store, &act(0), &mia.caller, ada.user()).map(|_| ()),
    ] {
        assert!(matches!(result, Err(Error::Forbidden("only admins delete accounts"))));
    }
    delete(&mut store, &act(0), &ada.caller, mia.user()).unwrap();
    let result = delete(&mut store, &act(0), &ada.caller, mia.user());
    assert!(matches!(result, Err(Error::NotFound { .. })));
}

#[test]
fn a_deleted_user_leaves_a_nameless_row_and_dead_tokens() {
    let mut store = store();
    let ada = person(&mut store, "ada", Role::Admin);
    let john = person(&mut store, "john", Role::User);
    let app = token(&mut store, &john, "app");
    let revoked = token(&mut store, &john, "old");
    store.arrange(&format!("UPDATE tokens SET revoked_at = 1 WHERE id = {}", revoked.record.id));
    assert_eq!(delete(&mut store, &act(9), &ada.caller, john.user()).unwrap(), 1);

    let row = store.read(|tx| tx.find_user_row(john.user().id)).unwrap().unwrap();
    assert_eq!((row.uid, row.deleted_at), (john.user().uid, Some(at(9))));
    assert!(row.username.is_none() && row.email.is_none() && row.name.is_none());
    assert!(store.read(|tx| tx.find_password(row.id)).unwrap().is_none());
    let there = everybody(&mut store, &ada);
    assert_eq!(there.items.iter().map(|user| user.id).collect::<Vec<_>>(), [ada.user().id]);

    let (next, _) = register(&mut store, &act(9), None, &wish("john", Role::User), false).unwrap();
    assert!(next.id > john.user().id);
    assert_ne!(next.uid, john.user().uid);
    let wanted = Wanted::Only(TokenKind::App);
    assert_eq!(
        reasons(&mut store, app.token.expose_secret(), wanted, 9),
        [Reason::Revoked, Reason::OwnerDeleted]
    );
    let wanted = Wanted::Only(TokenKind::Access);
    assert_eq!(
        reasons(&mut store, john.access(), wanted, 9),
        [Reason::SessionEnded, Reason::OwnerDeleted]
    );
}
