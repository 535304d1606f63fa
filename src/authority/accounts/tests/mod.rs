//! Tests of accounts: common helpers, and tests of registration and visibility.

mod administration;
mod deletion;
mod import;
mod passwords;

use super::*;
use crate::authority::resource_kind::ResourceKind;
use crate::authority::sessions;
use crate::authority::test_store::{
    TestUser, add_session, add_user, at, audit_at, new_store, set_setting,
};
use crate::model::{DisplayName, NameFilter, Page, PageRequest, Setting};

fn password(text: &str) -> Password {
    Password::parse(text.to_owned()).unwrap()
}

fn new_registration(name: &str, role: Role) -> Registration {
    Registration {
        username: Some(UserName::parse(name).unwrap()),
        email: Some(Email::parse(&format!("{name}@example.com")).unwrap()),
        name: None,
        password: password("123456"),
        role,
    }
}

fn login_credentials(login: &str, password_text: &str) -> LoginCredentials {
    LoginCredentials {
        login: UserRef::parse_login(login).ok(),
        password: Some(password(password_text)),
    }
}

fn login_succeeds(store: &mut Store, login: &str, password_text: &str) -> bool {
    match authenticate(store, &login_credentials(login, password_text)) {
        Ok(_) => true,
        Err(Error::LoginInvalid) => false,
        Err(other) => panic!("{other}"),
    }
}

fn list_all_users(store: &mut Store, viewer: &TestUser) -> Page<User> {
    let mut list = UserList::new(&viewer.caller, UserFilter::default()).unwrap();
    list.load(store, PageRequest::All).unwrap()
}

fn user_ref_of(test_user: &TestUser) -> UserRef {
    UserRef::Id(test_user.user().id)
}

/// Registers a user with the password `123456`, without a caller. The first user of a store becomes
/// an admin.
fn register_user(store: &mut Store, name: &str) -> Result<(User, bool), Error> {
    let registration = new_registration(name, Role::User);
    register(store, &audit_at(0), None, &registration, IfExists::Refuse)
}

#[test]
fn first_user_always_becomes_admin() {
    for role in [Role::User, Role::Minter, Role::Admin] {
        let mut store = new_store();
        let (first, is_new) = register(
            &mut store,
            &audit_at(0),
            None,
            &new_registration("ada", role),
            IfExists::Refuse,
        )
        .unwrap();
        assert_eq!((first.role, is_new), (Role::Admin, true));
        let (second, _) = register(
            &mut store,
            &audit_at(0),
            None,
            &new_registration("john", Role::User),
            IfExists::Refuse,
        )
        .unwrap();
        assert_eq!(second.role, Role::User);
    }
}

#[test]
fn role_assignment_requires_admin() {
    let mut store = new_store();
    let admin = add_user(&mut store, "ada", Role::Admin);
    let minter = add_user(&mut store, "mia", Role::Minter);
    for role in [Role::Minter, Role::Admin] {
        for caller in [None, Some(&minter.caller)] {
            let result = register(
                &mut store,
                &audit_at(0),
                caller,
                &new_registration("john", role),
                IfExists::Refuse,
            );
            assert!(matches!(
                result,
                Err(Error::InsufficientRole { refusal: "only admins can assign roles", .. })
            ));
        }
        let name = format!("friend-{}", role.name());
        let registration = new_registration(&name, role);
        let (friend, _) = register(
            &mut store,
            &audit_at(0),
            Some(&admin.caller),
            &registration,
            IfExists::Refuse,
        )
        .unwrap();
        assert_eq!(friend.role, role);
    }
    assert_eq!(list_all_users(&mut store, &admin).total, 4);
}

#[test]
fn closed_registration_admits_first_user_and_users_added_by_admin() {
    let mut store = new_store();
    set_setting(&mut store, Setting::RegisterOpen, "false");
    let (first, _) = register_user(&mut store, "ada").unwrap();
    let admin = add_session(&mut store, &first);
    let john_registration = new_registration("john", Role::User);
    let result = register(&mut store, &audit_at(0), None, &john_registration, IfExists::Refuse);
    assert!(matches!(
        result,
        Err(Error::InsufficientRole { refusal: "only admins can register accounts", .. })
    ));
    let (user, _) = register(
        &mut store,
        &audit_at(0),
        Some(&admin.caller),
        &john_registration,
        IfExists::Refuse,
    )
    .unwrap();
    let john = add_session(&mut store, &user);
    let kim_registration = new_registration("kim", Role::User);
    let result =
        register(&mut store, &audit_at(0), Some(&john.caller), &kim_registration, IfExists::Refuse);
    assert!(matches!(result, Err(Error::InsufficientRole { .. })));
}

#[test]
fn registration_with_skip_leaves_existing_account_unchanged() {
    let mut store = new_store();
    add_user(&mut store, "ada", Role::Admin);
    let john = new_registration("john", Role::User);
    let (first, _) = register(&mut store, &audit_at(0), None, &john, IfExists::Skip).unwrap();
    let other_registration = Registration { password: password("another"), ..john.clone() };
    let (second, is_new) =
        register(&mut store, &audit_at(5), None, &other_registration, IfExists::Skip).unwrap();
    assert_eq!((second.id, second.created_at, is_new), (first.id, at(0), false));
    assert!(login_succeeds(&mut store, "john", "123456"));
    assert!(!login_succeeds(&mut store, "john", "another"));
}

#[test]
fn registration_with_skip_requires_that_one_user_has_both_names() {
    let mut store = new_store();
    add_user(&mut store, "ada", Role::Admin);
    add_user(&mut store, "john", Role::User);
    let email = |text| Some(Email::parse(text).unwrap());
    for registration in [
        Registration { email: email("new@example.com"), ..new_registration("john", Role::User) },
        Registration { email: email("john@example.com"), ..new_registration("new", Role::User) },
        Registration { email: email("john@example.com"), ..new_registration("ada", Role::User) },
    ] {
        let result = register(&mut store, &audit_at(0), None, &registration, IfExists::Skip);
        assert!(matches!(result, Err(Error::UserExists)), "{registration:?}");
    }
}

#[test]
fn taken_name_is_refused_in_every_spelling() {
    let mut store = new_store();
    add_user(&mut store, "ada", Role::Admin);
    add_user(&mut store, "john", Role::User);
    let with_username =
        |name: &str| Registration { email: None, ..new_registration(name, Role::User) };
    let with_email = |text: &str| Registration {
        username: None,
        email: Some(Email::parse(text).unwrap()),
        ..new_registration("x", Role::User)
    };
    for registration in [
        with_username("john"),
        with_username("JOHN"),
        with_username("Ｊohn"),
        with_email("john@example.com"),
        with_email("John@example.com"),
        with_email("john@EXAMPLE.com"),
    ] {
        let result = register(&mut store, &audit_at(0), None, &registration, IfExists::Refuse);
        assert!(matches!(result, Err(Error::UserExists)), "{registration:?}");
    }
    register(&mut store, &audit_at(0), None, &with_email("other@example.com"), IfExists::Refuse)
        .unwrap();
}

#[test]
fn first_admin_is_created_once() {
    let mut store = new_store();
    assert!(!has_ever_had_users(&mut store).unwrap());
    let first = create_first_admin(&mut store, &audit_at(0), &new_registration("ada", Role::User))
        .unwrap()
        .user;
    assert_eq!(first.role, Role::Admin);
    assert!(has_ever_had_users(&mut store).unwrap());
    let result =
        create_first_admin(&mut store, &audit_at(0), &new_registration("eve", Role::Admin));
    assert!(matches!(result, Err(Error::StoreExists)));
}

#[test]
fn account_is_visible_only_to_its_user_and_admins() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    let mia = add_user(&mut store, "mia", Role::Minter);
    let john = add_user(&mut store, "john", Role::User);
    let missing_user_ref = UserRef::parse("missing").unwrap();
    assert!(load(&mut store, &john.caller, &user_ref_of(&john)).is_ok());
    assert!(load(&mut store, &ada.caller, &user_ref_of(&john)).is_ok());
    for (viewer, user_ref) in
        [(&john, user_ref_of(&ada)), (&mia, user_ref_of(&john)), (&john, missing_user_ref.clone())]
    {
        let result = load(&mut store, &viewer.caller, &user_ref);
        assert!(matches!(
            result,
            Err(Error::InsufficientRole { refusal: "only admins can see other accounts", .. })
        ));
    }
    let result = load(&mut store, &ada.caller, &missing_user_ref);
    assert!(matches!(result, Err(Error::NotFound { resource: ResourceKind::User, .. })));
}
