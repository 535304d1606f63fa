//! Which rows of a file become accounts.

use super::*;
use crate::model::{BadLine, Quota};
use serde_json::Map;

const HASH: &str = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu";

fn read(text: &str) -> Result<Drafts, Error> {
    Drafts::read(text.as_bytes(), at(0))
}

fn into(
    store: &mut Store,
    by: Option<&Person>,
    text: &str,
    exist_ok: bool,
) -> Result<Imported, Error> {
    let caller = by.map(|person| &person.caller);
    import(store, &act(0), caller, &read(text).unwrap(), exist_ok, &|| {})
}

#[test]
fn a_row_says_all_of_an_account() {
    let mut store = store();
    let rows = format!(
        "{{\"uid\":\"018f4f5e-7a3b-7c1d-8e2f-0123456789ab\",\"username\":\"Ada\",\
         \"email\":\"Ada@Example.com\",\"name\":\"Ada\",\"role\":\"admin\",\"quota\":7,\
         \"created_at\":\"2020-01-01T00:00:00Z\",\"password_hash\":\"{HASH}\"}}\n\
         {{\"email\":\"eve@example.com\",\"disabled\":true,\"quota\":\"unlimited\",\"role\":null}}\n\
         {{\"username\":\"kim\",\"password\":\"123456\"}}\n"
    );
    let imported = into(&mut store, None, &rows, false).unwrap();
    assert_eq!(imported, Imported { new: 3, without_password: 1, ..Imported::default() });
    let mut users = Vec::new();
    let mut take = |user, hash| {
        users.push((user, hash));
        Ok(())
    };
    store.read(|tx| tx.each_user_to_export(true, &mut take)).unwrap();
    let (ada, hash) = &users[0];
    assert_eq!(
        (ada.uid.to_string().as_str(), ada.role),
        ("018f4f5e-7a3b-7c1d-8e2f-0123456789ab", Role::Admin)
    );
    assert_eq!((ada.shown(), ada.quota), ("ada".to_owned(), Some(Quota::Limited(7))));
    assert_eq!((ada.created_at.unix(), hash.as_ref().unwrap().expose()), (1_577_836_800, HASH));
    let (eve, hash) = &users[1];
    assert_eq!((eve.disabled_at, eve.quota), (Some(at(0)), Some(Quota::Unlimited)));
    assert_eq!((eve.role, hash), (Role::User, &None));
    assert!(logs_in(&mut store, "kim", "123456"));
    assert!(!logs_in(&mut store, "eve@example.com", "123456"));
}

#[test]
fn a_row_differs_by_what_it_says() {
    let mut store = store();
    let ada = person(&mut store, "ada", Role::Admin);
    person(&mut store, "john", Role::User);
    for (row, other) in [
        ("{\"username\":\"john\"}", 0),
        ("{\"username\":\"john\",\"role\":\"user\",\"quota\":\"default\",\"disabled\":false}", 0),
        ("{\"username\":\"john\",\"role\":null,\"quota\":null,\"disabled\":null}", 0),
        ("{\"username\":\"john\",\"role\":\"minter\"}", 1),
        ("{\"username\":\"john\",\"quota\":3}", 1),
        ("{\"username\":\"john\",\"disabled\":true}", 1),
        ("{\"username\":\"john\",\"name\":\"J\"}", 1),
    ] {
        let imported = into(&mut store, Some(&ada), row, true).unwrap();
        assert_eq!((imported.known, imported.other), (1, other), "{row}");
    }
}

#[test]
fn a_wrong_row_is_named_and_not_repeated() {
    for (row, why) in [
        ("{\"name\":\"x\"}", "a username or an e-mail address is needed"),
        ("{\"username\":\"a b\"}", "username: letters, digits and common signs only, no spaces"),
        ("{\"username\":7}", "`username` is not text"),
        ("{\"email\":\"a@b\"}", "email: not an address like `ada@example.com`"),
        ("{\"username\":\"a\",\"uid\":\"x\"}", "`uid` is not a UUID"),
        ("{\"username\":\"a\",\"name\":\"\"}", "name: 1 to 200 visible characters"),
        ("{\"username\":\"a\",\"role\":\"root\"}", "role: `user`, `minter` or `admin`"),
        ("{\"username\":\"a\",\"quota\":-2}", "quota: a number, `unlimited` or `default`"),
        ("{\"username\":\"a\",\"quota\":1.5}", "quota: a number, `unlimited` or `default`"),
        ("{\"username\":\"a\",\"disabled\":\"yes\"}", "disabled: `true` or `false`"),
        (
            "{\"username\":\"a\",\"created_at\":\"soon\"}",
            "created_at: neither RFC 3339 (`2030-01-31T12:00:00Z`) nor Unix seconds",
        ),
        ("{\"username\":\"a\",\"password\":\"\"}", "password: must not be empty"),
        (
            "{\"username\":\"a\",\"password_hash\":\"x\"}",
            "password_hash: not a hash in PHC form, like `$argon2id$v=19$m=…,t=…,p=…$…$…`",
        ),
        (
            "{\"username\":\"a\",\"id\":1}",
            "`id` is none of uid, username, email, name, role, quota, disabled, created_at, password, password_hash",
        ),
        ("{\"username\":\"KIM\"}", "a name or uid of it stands on line 1 already"),
        ("{\"email\":\"Kim@Example.com\"}", "a name or uid of it stands on line 1 already"),
    ] {
        let text = format!("{{\"username\":\"kim\",\"email\":\"kim@example.com\"}}\n\n{row}\n");
        let error = read(&text).unwrap_err();
        assert!(matches!(error, Error::BadLine(bad) if bad.line == 3 && bad.why == why));
    }
    let both = format!("username,password,password_hash\na,b,\"{HASH}\"\n");
    assert_eq!(read(&both).unwrap_err().to_string(), "line 2: it has a password and a hash");
}

#[test]
fn the_first_users_of_a_store_have_an_admin_among_them() {
    let mut store = store();
    for rows in ["username\nkim\n", "username,role,disabled\nkim,admin,true\n"] {
        assert!(matches!(read(rows).unwrap().need_an_admin(), Err(Error::NoAdmin)));
        assert!(matches!(into(&mut store, None, rows, false), Err(Error::NoAdmin)));
    }
    assert!(!is_founded(&mut store).unwrap());
    let rows = "username,role\nkim,\nada,admin\n";
    read(rows).unwrap().need_an_admin().unwrap();
    into(&mut store, None, rows, false).unwrap();
    let result = into(&mut store, None, "username\nlee\n", false);
    assert!(matches!(result, Err(Error::Forbidden("only admins import accounts"))));
}

#[test]
fn who_is_there_already_is_left_out_or_refused() {
    let mut store = store();
    let ada = person(&mut store, "ada", Role::Admin);
    let john = person(&mut store, "john", Role::User);
    let rows = "username,email,role,password\nkim,,,1\njohn,john@example.com,minter,1\n";
    let result = into(&mut store, Some(&ada), rows, false);
    assert!(matches!(result, Err(Error::RowExists { line: 3, .. })));
    assert_eq!(everybody(&mut store, &ada).total, 2, "none of it is applied");
    let imported = into(&mut store, Some(&ada), rows, true).unwrap();
    let other = Imported { known: 1, other: 1, first_other: Some(3), ..Imported::default() };
    assert_eq!(imported, Imported { new: 1, ..other });
    let row = store.read(|tx| tx.find_user_row(john.user().id)).unwrap().unwrap();
    assert_eq!(row.role, Role::User);
    let imported = into(&mut store, Some(&ada), rows, true).unwrap();
    assert_eq!(imported, Imported { known: 2, ..other });
    for rows in
        ["username,email\njohn,other@example.com\n", "username,email\nada,john@example.com\n"]
    {
        assert!(matches!(
            into(&mut store, Some(&ada), rows, true),
            Err(Error::RowExists { line: 2, .. })
        ));
    }
    let uid = john.user().uid;
    delete(&mut store, &act(0), &ada.caller, john.user()).unwrap();
    let rows = format!("username,uid\njohn,{uid}\n");
    let result = into(&mut store, Some(&ada), &rows, true);
    assert!(matches!(result, Err(Error::BadLine(BadLine { line: 2, .. }))));
}

#[test]
fn a_short_password_of_a_row_is_refused() {
    let mut store = store();
    let ada = person(&mut store, "ada", Role::Admin);
    set(&mut store, Setting::PasswordMinLength, "7");
    let rows = "username,password\nkim,1234567\nlee,123456\n";
    let result = into(&mut store, Some(&ada), rows, false);
    let wanted = BadLine { line: 3, why: "the password has fewer than 7 characters".to_owned() };
    assert!(matches!(result, Err(Error::BadLine(bad)) if bad == wanted));
}

#[test]
fn only_admins_import_and_export() {
    let row = |has_hash: bool| Map::from_iter([("has_hash".to_owned(), has_hash.into())]);
    let has_hash = |_, hash: Option<PasswordHash>| row(hash.is_some());
    let mut store = store();
    let ada = person(&mut store, "ada", Role::Admin);
    let mia = person(&mut store, "mia", Role::Minter);
    let result = into(&mut store, Some(&mia), "username\nkim\n", false);
    assert!(matches!(result, Err(Error::Forbidden("only admins import accounts"))));
    let result = export(&mut store, &act(0), &mia.caller, false, has_hash);
    assert!(matches!(result, Err(Error::Forbidden("only admins export accounts"))));
    let mut all = export(&mut store, &act(0), &ada.caller, false, has_hash).unwrap();
    assert_eq!((all.count, all.next().unwrap()), (2, vec![row(false); 2]));
    assert_eq!(all.next().unwrap(), []);
    let mut all = export(&mut store, &act(0), &ada.caller, true, has_hash).unwrap();
    assert_eq!(all.next().unwrap(), vec![row(true); 2]);
}
