//! Changes of accounts by admins, protection of the last admin, and lists of users.

use super::*;
use crate::authority::test_store::issue_app_token;
use crate::model::Quota;

#[test]
fn account_change_reports_whether_the_user_changed() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    let john = add_user(&mut store, "john", Role::User);
    let (john_ref, caller) = (user_ref_of(&john), &ada.caller);
    for (role, changed) in [(Role::User, false), (Role::Minter, true), (Role::Minter, false)] {
        let (user, has_changed) =
            set_role(&mut store, &audit_at(1), caller, &john_ref, role).unwrap();
        assert_eq!((user.role, has_changed), (role, changed));
    }
    let limited_quota = Some(Quota::Limited(10));
    for (quota, changed) in [
        (None, false),
        (limited_quota, true),
        (limited_quota, false),
        (Some(Quota::Unlimited), true),
        (None, true),
    ] {
        let (user, has_changed) =
            set_quota(&mut store, &audit_at(1), caller, &john_ref, quota).unwrap();
        assert_eq!((user.quota, has_changed), (quota, changed));
    }
    assert!(!enable(&mut store, &audit_at(1), caller, &john_ref).unwrap().1);
    let (user, ended_sessions) = disable(&mut store, &audit_at(1), caller, &john_ref).unwrap();
    assert_eq!((user.disabled_at, ended_sessions), (Some(at(1)), Some(1)));
    let (user, ended_sessions) = disable(&mut store, &audit_at(2), caller, &john_ref).unwrap();
    assert_eq!((user.disabled_at, ended_sessions), (Some(at(1)), None));
    let (user, changed) = enable(&mut store, &audit_at(3), caller, &john_ref).unwrap();
    assert_eq!((user.disabled_at, changed), (None, true));
}

#[test]
fn last_active_admin_cannot_be_disabled_or_demoted() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    let eve = add_user(&mut store, "eve", Role::Admin);
    let (caller, ada_ref) = (&ada.caller, user_ref_of(&ada));
    disable(&mut store, &audit_at(0), caller, &user_ref_of(&eve)).unwrap();
    assert!(matches!(
        disable(&mut store, &audit_at(0), caller, &ada_ref),
        Err(Error::LastAdmin(_))
    ));
    for role in [Role::User, Role::Minter] {
        let result = set_role(&mut store, &audit_at(0), caller, &ada_ref, role);
        assert!(matches!(result, Err(Error::LastAdmin(_))));
    }
    set_role(&mut store, &audit_at(0), caller, &ada_ref, Role::Admin).unwrap();
    set_role(&mut store, &audit_at(0), caller, &user_ref_of(&eve), Role::User).unwrap();
    set_role(&mut store, &audit_at(0), caller, &user_ref_of(&eve), Role::Admin).unwrap();
    assert!(matches!(
        disable(&mut store, &audit_at(0), caller, &ada_ref),
        Err(Error::LastAdmin(_))
    ));
    enable(&mut store, &audit_at(0), caller, &user_ref_of(&eve)).unwrap();
    disable(&mut store, &audit_at(0), caller, &ada_ref).unwrap();
}

#[test]
fn enabling_a_user_does_not_reopen_sessions_ended_by_disabling() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    let john = add_user(&mut store, "john", Role::User);
    // The app token is not counted among the ended sessions.
    issue_app_token(&mut store, &john, "app");
    let (_, ended_sessions) =
        disable(&mut store, &audit_at(0), &ada.caller, &user_ref_of(&john)).unwrap();
    assert_eq!(ended_sessions, Some(1));
    assert!(sessions::authenticate(&mut store, at(0), john.access_token()).is_err());
    enable(&mut store, &audit_at(0), &ada.caller, &user_ref_of(&john)).unwrap();
    assert!(
        sessions::authenticate(&mut store, at(0), john.access_token()).is_err(),
        "enabling the user does not open the session again"
    );
    add_session(&mut store, john.user());
}

#[test]
fn rename_applies_patch_unless_names_are_missing_or_taken() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    let john = add_user(&mut store, "john", Role::User);
    let mut rename_john = |patch: &ProfilePatch| {
        rename(&mut store, &audit_at(0), &ada.caller, &user_ref_of(&john), patch)
    };
    let username = |text: &str| Some(Patch(UserName::parse(text).ok()));
    let email = |text: &str| Some(Patch(Email::parse(text).ok()));
    let describe = |user: &User| {
        let name = user.display_name.as_ref().map(DisplayName::to_display);
        format!("{} {:?} {name:?}", user.to_display(), user.email.as_ref().map(Email::to_display))
    };
    let empty_patch = ProfilePatch::default();
    for (patch, expected) in [
        (
            ProfilePatch { username: username("Johnny"), ..empty_patch.clone() },
            "johnny Some(\"john@example.com\") None",
        ),
        (ProfilePatch { email: Some(Patch(None)), ..empty_patch.clone() }, "johnny None None"),
        (
            ProfilePatch {
                username: Some(Patch(None)),
                email: email("J@example.com"),
                name: Some(Patch(DisplayName::parse("John Doe").ok())),
            },
            "J@example.com Some(\"J@example.com\") Some(\"John Doe\")",
        ),
        (
            ProfilePatch { email: email("j@example.com"), ..empty_patch.clone() },
            "j@example.com Some(\"j@example.com\") Some(\"John Doe\")",
        ),
    ] {
        let (user, changed) = rename_john(&patch).unwrap();
        assert_eq!((describe(&user).as_str(), changed), (expected, true));
        assert!(!rename_john(&patch).unwrap().1, "{expected}");
    }
    let result = rename_john(&ProfilePatch { email: Some(Patch(None)), ..empty_patch.clone() });
    assert!(
        matches!(result, Err(Error::Usage(message)) if message == "username or e-mail address required")
    );
    for patch in [
        ProfilePatch { username: username("ADA"), ..empty_patch.clone() },
        ProfilePatch { email: email("Ada@Example.com"), ..empty_patch.clone() },
    ] {
        assert!(matches!(rename_john(&patch), Err(Error::UserExists)));
    }
}

#[test]
fn account_change_requires_admin() {
    let mut store = new_store();
    add_user(&mut store, "ada", Role::Admin);
    let mia = add_user(&mut store, "mia", Role::Minter);
    let missing_user_ref = UserRef::parse("missing").unwrap();
    for user_ref in [user_ref_of(&mia), missing_user_ref] {
        let (store, audit, caller) = (&mut store, &audit_at(0), &mia.caller);
        let refusals = [
            set_role(store, audit, caller, &user_ref, Role::Admin).err(),
            set_quota(store, audit, caller, &user_ref, None).err(),
            rename(store, audit, caller, &user_ref, &ProfilePatch::default()).err(),
            disable(store, audit, caller, &user_ref).err(),
            enable(store, audit, caller, &user_ref).err(),
        ];
        for refusal in refusals {
            assert!(matches!(
                refusal,
                Some(Error::InsufficientRole { refusal: "only admins can change accounts", .. })
            ));
        }
    }
}

#[test]
fn chunks_of_a_sorted_user_list_contain_every_user_once() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    for name in ["eve", "bob", "kim", "dan"] {
        add_user(&mut store, name, Role::User);
    }
    for (order, expected) in
        [(UserOrder::Id, "ada eve, bob kim, dan"), (UserOrder::Username, "ada bob, dan eve, kim")]
    {
        let mut list =
            UserList::new(&ada.caller, UserFilter { order, ..Default::default() }).unwrap();
        let (mut after, mut chunks) = (None, Vec::new());
        loop {
            let page = list.load(&mut store, PageRequest::Chunk { after, size: 2 }).unwrap();
            chunks.push(page.items.iter().map(User::to_display).collect::<Vec<_>>().join(" "));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(chunks.join(", "), expected);
    }
}

#[test]
fn non_admin_cannot_search_by_display_name_or_role() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    let john = add_user(&mut store, "john", Role::User);
    let name = Some(Patch(DisplayName::parse("Augusta").ok()));
    let patch = ProfilePatch { name, ..ProfilePatch::default() };
    rename(&mut store, &audit_at(0), &ada.caller, &user_ref_of(&ada), &patch).unwrap();
    let search = |text| UserFilter { search: NameFilter::parse(text).ok(), ..Default::default() };
    let mut find_usernames = |test_user: &TestUser, filter: &UserFilter| {
        let mut list = UserList::new(&test_user.caller, filter.clone())?;
        let page = list.load(&mut store, PageRequest::All)?;
        Ok::<_, Error>(page.items.iter().map(User::to_display).collect::<Vec<_>>().join(" "))
    };
    assert_eq!(find_usernames(&ada, &search("august")).unwrap(), "ada");
    assert_eq!(find_usernames(&john, &search("august")).unwrap(), "");
    assert_eq!(find_usernames(&john, &search("EXAMPLE")).unwrap(), "ada john");
    let admins = UserFilter { role: Some(Role::Admin), ..Default::default() };
    assert_eq!(find_usernames(&ada, &admins).unwrap(), "ada");
    assert!(matches!(
        find_usernames(&john, &admins),
        Err(Error::InsufficientRole { refusal: "only admins can see roles and status", .. })
    ));
}
