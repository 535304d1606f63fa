//! What admins change of accounts, and who stays an admin.

use super::*;
use crate::authority::fixture::token;
use crate::model::Quota;

#[test]
fn a_change_is_told_apart_from_none() {
    let mut store = store();
    let ada = person(&mut store, "ada", Role::Admin);
    let john = person(&mut store, "john", Role::User);
    let (to, by) = (who(&john), &ada.caller);
    for (role, changed) in [(Role::User, false), (Role::Minter, true), (Role::Minter, false)] {
        let (user, is_new) = set_role(&mut store, &act(1), by, &to, role).unwrap();
        assert_eq!((user.role, is_new), (role, changed));
    }
    let ten = Some(Quota::Limited(10));
    for (quota, changed) in
        [(None, false), (ten, true), (ten, false), (Some(Quota::Unlimited), true), (None, true)]
    {
        let (user, is_new) = set_quota(&mut store, &act(1), by, &to, quota).unwrap();
        assert_eq!((user.quota, is_new), (quota, changed));
    }
    assert!(!enable(&mut store, &act(1), by, &to).unwrap().1);
    let (user, ended) = disable(&mut store, &act(1), by, &to).unwrap();
    assert_eq!((user.disabled_at, ended), (Some(at(1)), Some(1)));
    let (user, ended) = disable(&mut store, &act(2), by, &to).unwrap();
    assert_eq!((user.disabled_at, ended), (Some(at(1)), None));
    let (user, changed) = enable(&mut store, &act(3), by, &to).unwrap();
    assert_eq!((user.disabled_at, changed), (None, true));
}

#[test]
fn the_last_admin_stays_one_who_can_log_in() {
    let mut store = store();
    let ada = person(&mut store, "ada", Role::Admin);
    let eve = person(&mut store, "eve", Role::Admin);
    let (by, to) = (&ada.caller, who(&ada));
    disable(&mut store, &act(0), by, &who(&eve)).unwrap();
    assert!(matches!(disable(&mut store, &act(0), by, &to), Err(Error::LastAdmin)));
    for role in [Role::User, Role::Minter] {
        let result = set_role(&mut store, &act(0), by, &to, role);
        assert!(matches!(result, Err(Error::LastAdmin)));
    }
    set_role(&mut store, &act(0), by, &to, Role::Admin).unwrap();
    set_role(&mut store, &act(0), by, &who(&eve), Role::User).unwrap();
    set_role(&mut store, &act(0), by, &who(&eve), Role::Admin).unwrap();
    assert!(matches!(disable(&mut store, &act(0), by, &to), Err(Error::LastAdmin)));
    enable(&mut store, &act(0), by, &who(&eve)).unwrap();
    disable(&mut store, &act(0), by, &to).unwrap();
}

#[test]
fn a_disabled_user_is_out_and_comes_back_by_logging_in() {
    let mut store = store();
    let ada = person(&mut store, "ada", Role::Admin);
    let john = person(&mut store, "john", Role::User);
    token(&mut store, &john, "app");
    let (_, ended) = disable(&mut store, &act(0), &ada.caller, &who(&john)).unwrap();
    assert_eq!(ended, Some(1));
    assert!(authenticate(&mut store, at(0), john.access()).is_err());
    enable(&mut store, &act(0), &ada.caller, &who(&john)).unwrap();
    assert!(authenticate(&mut store, at(0), john.access()).is_err(), "its session is over");
    again(&mut store, john.user());
}

#[test]
fn names_change_one_by_one_and_one_to_log_in_by_stays() {
    let mut store = store();
    let ada = person(&mut store, "ada", Role::Admin);
    let john = person(&mut store, "john", Role::User);
    let mut rename = |to: &Renaming| rename(&mut store, &act(0), &ada.caller, &who(&john), to);
    let username = |text: &str| Some(Other(UserName::parse(text).ok()));
    let email = |text: &str| Some(Other(Email::parse(text).ok()));
    let shown = |user: &User| {
        let name = user.name.as_ref().map(DisplayName::shown);
        format!("{} {:?} {name:?}", user.shown(), user.email.as_ref().map(Email::shown))
    };
    let none = Renaming::default();
    for (to, names) in [
        (
            Renaming { username: username("Johnny"), ..none.clone() },
            "johnny Some(\"john@example.com\") None",
        ),
        (Renaming { email: Some(Other(None)), ..none.clone() }, "johnny None None"),
        (
            Renaming {
                username: Some(Other(None)),
                email: email("J@example.com"),
                name: Some(Other(DisplayName::parse("John Doe").ok())),
            },
            "J@example.com Some(\"J@example.com\") Some(\"John Doe\")",
        ),
        (
            Renaming { email: email("j@example.com"), ..none.clone() },
            "j@example.com Some(\"j@example.com\") Some(\"John Doe\")",
        ),
    ] {
        let (user, changed) = rename(&to).unwrap();
        assert_eq!((shown(&user).as_str(), changed), (names, true));
        assert!(!rename(&to).unwrap().1, "{names}");
    }
    let result = rename(&Renaming { email: Some(Other(None)), ..none.clone() });
    assert!(
        matches!(result, Err(Error::Usage(why)) if why == "a username or an e-mail address must stay")
    );
    for taken in [
        Renaming { username: username("ADA"), ..none.clone() },
        Renaming { email: email("Ada@Example.com"), ..none.clone() },
    ] {
        assert!(matches!(rename(&taken), Err(Error::UserExists)));
    }
}

#[test]
fn only_admins_change_anything() {
    let mut store = store();
    person(&mut store, "ada", Role::Admin);
    let mia = person(&mut store, "mia", Role::Minter);
    let nobody = UserRef::parse("nobody").unwrap();
    for to in [who(&mia), nobody] {
        let (store, act, by) = (&mut store, &act(0), &mia.caller);
        let refusals = [
            set_role(store, act, by, &to, Role::Admin).err(),
            set_quota(store, act, by, &to, None).err(),
            rename(store, act, by, &to, &Renaming::default()).err(),
            disable(store, act, by, &to).err(),
            enable(store, act, by, &to).err(),
        ];
        for refusal in refusals {
            assert!(matches!(refusal, Some(Error::Forbidden("only admins change accounts"))));
        }
    }
}

#[test]
fn only_admins_search_by_what_only_admins_see() {
    let mut store = store();
    let ada = person(&mut store, "ada", Role::Admin);
    let john = person(&mut store, "john", Role::User);
    let name = Some(Other(DisplayName::parse("Augusta").ok()));
    let to = Renaming { name, ..Renaming::default() };
    rename(&mut store, &act(0), &ada.caller, &who(&ada), &to).unwrap();
    let search = |text| UserFilter { search: Search::parse(text).ok(), ..Default::default() };
    let mut found = |person: &Person, filter: &UserFilter| {
        let list = list(&mut store, &person.caller, filter, Page::All)?;
        Ok::<_, Error>(list.items.iter().map(User::shown).collect::<Vec<_>>().join(" "))
    };
    assert_eq!(found(&ada, &search("august")).unwrap(), "ada");
    assert_eq!(found(&john, &search("august")).unwrap(), "");
    assert_eq!(found(&john, &search("EXAMPLE")).unwrap(), "ada john");
    let admins = UserFilter { role: Some(Role::Admin), ..Default::default() };
    assert_eq!(found(&ada, &admins).unwrap(), "ada");
    assert!(matches!(
        found(&john, &admins),
        Err(Error::Forbidden("only admins see roles and status"))
    ));
}
