//! Who may register, and who is seen.

mod administration;
mod deletion;
mod importing;
mod passwords;

use super::*;
use crate::authority::fixture::{Person, act, again, at, person, set, store};
use crate::authority::{Thing, authenticate};
use crate::model::{Page, Paged, Search, Setting};
use crate::store::UserFilter;

fn password(text: &str) -> Password {
    Password::parse(text.to_owned()).unwrap()
}

fn wish(name: &str, role: Role) -> Registration {
    Registration {
        username: Some(UserName::parse(name).unwrap()),
        email: Some(Email::parse(&format!("{name}@example.com")).unwrap()),
        name: None,
        password: password("123456"),
        role,
    }
}

fn credential(login: &str, words: &str) -> Credential {
    Credential { login: UserRef::parse_login(login).ok(), password: Some(password(words)) }
}

fn logs_in(store: &mut Store, login: &str, words: &str) -> bool {
    match log_in(store, &credential(login, words)) {
        Ok(_) => true,
        Err(Error::LoginInvalid) => false,
        Err(other) => panic!("{other}"),
    }
}

fn everybody(store: &mut Store, seen_by: &Person) -> Paged<User> {
    list(store, &seen_by.caller, &UserFilter::default(), Page::All).unwrap()
}

fn who(person: &Person) -> UserRef {
    UserRef::Id(person.user().id)
}

#[test]
fn the_first_user_becomes_admin_whatever_it_asked_for() {
    for role in [Role::User, Role::Minter, Role::Admin] {
        let mut store = store();
        let (first, is_new) =
            register(&mut store, &act(0), None, &wish("ada", role), false).unwrap();
        assert_eq!((first.role, is_new), (Role::Admin, true));
        let (second, _) =
            register(&mut store, &act(0), None, &wish("john", Role::User), false).unwrap();
        assert_eq!(second.role, Role::User);
    }
}

#[test]
fn nobody_but_an_admin_gives_a_role() {
    let mut store = store();
    let admin = person(&mut store, "ada", Role::Admin);
    let minter = person(&mut store, "mia", Role::Minter);
    for role in [Role::Minter, Role::Admin] {
        for caller in [None, Some(&minter.caller)] {
            let result = register(&mut store, &act(0), caller, &wish("john", role), false);
            assert!(matches!(result, Err(Error::Forbidden("only admins give a role"))));
        }
        let name = format!("friend-{}", role.name());
        let wish = wish(&name, role);
        let (friend, _) = register(&mut store, &act(0), Some(&admin.caller), &wish, false).unwrap();
        assert_eq!(friend.role, role);
    }
    assert_eq!(everybody(&mut store, &admin).total, 4);
}

#[test]
fn a_closed_store_takes_its_first_user_and_then_only_those_an_admin_brings() {
    let mut store = store();
    set(&mut store, Setting::RegisterOpen, "false");
    let (first, _) = register(&mut store, &act(0), None, &wish("ada", Role::User), false).unwrap();
    let admin = again(&mut store, &first);
    let john = wish("john", Role::User);
    let result = register(&mut store, &act(0), None, &john, false);
    assert!(matches!(result, Err(Error::Forbidden("only admins register accounts here"))));
    let (user, _) = register(&mut store, &act(0), Some(&admin.caller), &john, false).unwrap();
    let john = again(&mut store, &user);
    let kim = wish("kim", Role::User);
    let result = register(&mut store, &act(0), Some(&john.caller), &kim, false);
    assert!(matches!(result, Err(Error::Forbidden(_))));
}

#[test]
fn an_account_that_may_exist_is_left_as_it_is() {
    let mut store = store();
    person(&mut store, "ada", Role::Admin);
    let john = wish("john", Role::User);
    let (made, _) = register(&mut store, &act(0), None, &john, true).unwrap();
    let other = Registration { password: password("another"), ..john.clone() };
    let (same, is_new) = register(&mut store, &act(5), None, &other, true).unwrap();
    assert_eq!((same.id, same.created_at, is_new), (made.id, at(0), false));
    assert!(logs_in(&mut store, "john", "123456"));
    assert!(!logs_in(&mut store, "john", "another"));
}

#[test]
fn an_account_that_shares_only_one_name_is_another() {
    let mut store = store();
    person(&mut store, "ada", Role::Admin);
    person(&mut store, "john", Role::User);
    let email = |text| Some(Email::parse(text).unwrap());
    for wish in [
        Registration { email: email("new@example.com"), ..wish("john", Role::User) },
        Registration { email: email("john@example.com"), ..wish("new", Role::User) },
        Registration { email: email("john@example.com"), ..wish("ada", Role::User) },
    ] {
        let result = register(&mut store, &act(0), None, &wish, true);
        assert!(matches!(result, Err(Error::UserExists)), "{wish:?}");
    }
}

#[test]
fn a_name_is_taken_in_every_spelling() {
    let mut store = store();
    person(&mut store, "ada", Role::Admin);
    person(&mut store, "john", Role::User);
    let named = |name: &str| Registration { email: None, ..wish(name, Role::User) };
    let addressed = |text: &str| Registration {
        username: None,
        email: Some(Email::parse(text).unwrap()),
        ..wish("x", Role::User)
    };
    for wish in [
        named("john"),
        named("JOHN"),
        named("Ｊohn"),
        addressed("john@example.com"),
        addressed("John@example.com"),
        addressed("john@EXAMPLE.com"),
    ] {
        let result = register(&mut store, &act(0), None, &wish, false);
        assert!(matches!(result, Err(Error::UserExists)), "{wish:?}");
    }
    register(&mut store, &act(0), None, &addressed("other@example.com"), false).unwrap();
}

#[test]
fn a_store_is_founded_once() {
    let mut store = store();
    assert!(!is_founded(&mut store).unwrap());
    let first = found(&mut store, &act(0), &wish("ada", Role::User)).unwrap().user;
    assert_eq!(first.role, Role::Admin);
    assert!(is_founded(&mut store).unwrap());
    let result = found(&mut store, &act(0), &wish("eve", Role::Admin));
    assert!(matches!(result, Err(Error::StoreExists)));
}

#[test]
fn an_account_is_seen_by_its_owner_and_by_admins() {
    let mut store = store();
    let ada = person(&mut store, "ada", Role::Admin);
    let mia = person(&mut store, "mia", Role::Minter);
    let john = person(&mut store, "john", Role::User);
    let nobody = UserRef::parse("nobody").unwrap();
    assert!(show(&mut store, &john.caller, &who(&john)).is_ok());
    assert!(show(&mut store, &ada.caller, &who(&john)).is_ok());
    for (caller, seen) in [(&john, who(&ada)), (&mia, who(&john)), (&john, nobody.clone())] {
        let result = show(&mut store, &caller.caller, &seen);
        assert!(matches!(result, Err(Error::Forbidden("only admins see other accounts"))));
    }
    let result = show(&mut store, &ada.caller, &nobody);
    assert!(matches!(result, Err(Error::NotFound { thing: Thing::User, .. })));
}
