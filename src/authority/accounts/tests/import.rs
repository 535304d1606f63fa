//! Import and export of accounts.

use super::*;
use crate::model::{InvalidLine, Quota};
use serde_json::Map;

/// A password hash in PHC format.
const HASH: &str = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu";

fn read_import_rows(text: &str) -> Result<ImportRows, Error> {
    ImportRows::from_reader(text.as_bytes(), at(0), UnknownFields::Refuse)
}

fn import_text(
    store: &mut Store,
    importer: Option<&TestUser>,
    text: &str,
    if_exists: IfExists,
) -> Result<ImportOutcome, Error> {
    let caller = importer.map(|test_user| &test_user.caller);
    import(
        store,
        &audit_at(0),
        caller,
        &mut read_import_rows(text).unwrap(),
        if_exists,
        &|_| Ok(()),
    )
}

#[test]
fn import_row_sets_account_fields() {
    let mut store = new_store();
    let rows = format!(
        "{{\"uid\":\"018f4f5e-7a3b-7c1d-8e2f-0123456789ab\",\"username\":\"Ada\",\
         \"email\":\"Ada@Example.com\",\"name\":\"Ada L.\",\"role\":\"admin\",\"quota\":7,\
         \"created_at\":\"2020-01-01T00:00:00Z\",\"password_hash\":\"{HASH}\"}}\n\
         {{\"email\":\"eve@example.com\",\"disabled\":true,\"quota\":\"unlimited\",\"role\":null}}\n\
         {{\"username\":\"kim\",\"password\":\"123456\"}}\n"
    );
    let outcome = import_text(&mut store, None, &rows, IfExists::Refuse).unwrap();
    assert_eq!(
        outcome,
        ImportOutcome { created_count: 3, passwordless_count: 1, ..ImportOutcome::default() }
    );
    let mut users = Vec::new();
    let mut collect = |user, hash| {
        users.push((user, hash));
        Ok(())
    };
    store.read(|tx| tx.for_each_user(true, &mut collect)).unwrap();
    let (ada, hash) = &users[0];
    assert_eq!(
        (ada.uid.to_string().as_str(), ada.role),
        ("018f4f5e-7a3b-7c1d-8e2f-0123456789ab", Role::Admin)
    );
    assert_eq!((ada.to_display(), ada.quota), ("ada".to_owned(), Some(Quota::Limited(7))));
    let (email, name) = (ada.email.as_ref().unwrap(), ada.display_name.as_ref().unwrap());
    assert_eq!((email.as_str(), name.as_str()), ("Ada@example.com", "Ada L."));
    assert_eq!((ada.created_at.unix(), hash.as_ref().unwrap().expose()), (1_577_836_800, HASH));
    let (eve, hash) = &users[1];
    assert_eq!((eve.disabled_at, eve.quota), (Some(at(0)), Some(Quota::Unlimited)));
    assert_eq!((eve.role, hash), (Role::User, &None));
    assert!(login_succeeds(&mut store, "kim", "123456"));
    assert!(!login_succeeds(&mut store, "eve@example.com", "123456"));
}

#[test]
fn account_is_compared_only_with_fields_in_row() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    add_user(&mut store, "john", Role::User);
    for (row, expected_differing_count) in [
        ("{\"username\":\"john\"}", 0),
        ("{\"username\":\"john\",\"role\":\"user\",\"quota\":\"default\",\"disabled\":false}", 0),
        ("{\"username\":\"john\",\"role\":null,\"quota\":null,\"disabled\":null}", 0),
        ("{\"username\":\"john\",\"role\":\"minter\"}", 1),
        ("{\"username\":\"john\",\"quota\":3}", 1),
        ("{\"username\":\"john\",\"disabled\":true}", 1),
        ("{\"username\":\"john\",\"name\":\"J\"}", 1),
    ] {
        let outcome = import_text(&mut store, Some(&ada), row, IfExists::Skip).unwrap();
        assert_eq!(outcome.unchanged_count, 1, "{row}");
        assert_eq!(outcome.differing_count, expected_differing_count, "{row}");
    }
}

#[test]
fn error_about_invalid_row_states_line_without_values() {
    for (row, message) in [
        ("{\"name\":\"x\"}", "username or e-mail address required"),
        (
            "{\"username\":\"a b\"}",
            "username: expected letters, digits and symbols, without spaces",
        ),
        ("{\"username\":7}", "`username` is not a string"),
        ("{\"email\":\"a@b\"}", "email: not an address like `ada@example.com`"),
        ("{\"username\":\"a\",\"uid\":\"x\"}", "`uid` is not a UUID"),
        ("{\"username\":\"a\",\"name\":\"\"}", "name: expected 1 to 200 visible characters"),
        ("{\"username\":\"a\",\"role\":\"root\"}", "role: expected `user`, `minter` or `admin`"),
        (
            "{\"username\":\"a\",\"quota\":-2}",
            "quota: expected a number from 0 to 4294967295, `unlimited` or `default`",
        ),
        (
            "{\"username\":\"a\",\"quota\":1.5}",
            "quota: expected a number from 0 to 4294967295, `unlimited` or `default`",
        ),
        ("{\"username\":\"a\",\"disabled\":\"yes\"}", "disabled: expected `true` or `false`"),
        (
            "{\"username\":\"a\",\"created_at\":\"soon\"}",
            "created_at: expected RFC 3339 (`2030-01-31T12:00:00Z`), a date or Unix seconds",
        ),
        ("{\"username\":\"a\",\"password\":\"\"}", "password: must not be empty"),
        (
            "{\"username\":\"a\",\"password_hash\":\"x\"}",
            "password_hash: not a PHC string such as `$argon2id$v=19$m=…,t=…,p=…$…$…`",
        ),
        (
            "{\"username\":\"a\",\"id\":1}",
            "unknown field `id`: expected one of uid, username, email, name, role, quota, disabled, created_at, password, password_hash",
        ),
        ("{\"username\":\"KIM\"}", "username, e-mail address or uid already used on line 1"),
        (
            "{\"email\":\"Kim@Example.com\"}",
            "username, e-mail address or uid already used on line 1",
        ),
    ] {
        let text = format!("{{\"username\":\"kim\",\"email\":\"kim@example.com\"}}\n\n{row}\n");
        let error = read_import_rows(&text).unwrap_err();
        assert_eq!(error.to_string(), format!("line 3: {message}"));
    }
    let row_with_password_and_hash = format!("username,password,password_hash\na,b,\"{HASH}\"\n");
    assert_eq!(
        read_import_rows(&row_with_password_and_hash).unwrap_err().to_string(),
        "line 2: `password` and `password_hash` are mutually exclusive"
    );
}

#[test]
fn import_without_caller_requires_empty_store_and_row_of_active_admin() {
    let mut store = new_store();
    for rows in ["username\nkim\n", "username,role,disabled\nkim,admin,true\n"] {
        assert!(matches!(read_import_rows(rows).unwrap().ensure_has_admin(), Err(Error::NoAdmin)));
        assert!(matches!(
            import_text(&mut store, None, rows, IfExists::Refuse),
            Err(Error::NoAdmin)
        ));
    }
    assert!(!has_ever_had_users(&mut store).unwrap());
    let rows = "username,role\nkim,\nada,admin\n";
    read_import_rows(rows).unwrap().ensure_has_admin().unwrap();
    import_text(&mut store, None, rows, IfExists::Refuse).unwrap();
    let result = import_text(&mut store, None, "username\nlee\n", IfExists::Refuse);
    assert!(matches!(
        result,
        Err(Error::InsufficientRole { refusal: "only admins can import accounts", .. })
    ));
}

#[test]
fn row_of_existing_or_deleted_user_is_skipped_or_refused() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    let john = add_user(&mut store, "john", Role::User);
    let rows = "username,email,role,password\nkim,,,1\njohn,john@example.com,minter,1\n";
    let result = import_text(&mut store, Some(&ada), rows, IfExists::Refuse);
    assert!(matches!(result, Err(Error::ImportedUserExists { line: 3, .. })));
    assert_eq!(list_all_users(&mut store, &ada).total, 2, "no row is applied");
    let outcome = import_text(&mut store, Some(&ada), rows, IfExists::Skip).unwrap();
    let skipped_outcome = ImportOutcome {
        unchanged_count: 1,
        differing_count: 1,
        first_differing_line: Some(3),
        ..ImportOutcome::default()
    };
    assert_eq!(outcome, ImportOutcome { created_count: 1, ..skipped_outcome.clone() });
    let stored_john =
        store.read(|tx| tx.find_user_including_deleted(john.user().id)).unwrap().unwrap();
    assert_eq!(stored_john.role, Role::User);
    let outcome = import_text(&mut store, Some(&ada), rows, IfExists::Skip).unwrap();
    assert_eq!(outcome, ImportOutcome { unchanged_count: 2, ..skipped_outcome });
    for rows in
        ["username,email\njohn,other@example.com\n", "username,email\nada,john@example.com\n"]
    {
        assert!(matches!(
            import_text(&mut store, Some(&ada), rows, IfExists::Skip),
            Err(Error::ImportedUserExists { line: 2, .. })
        ));
    }
    let uid = john.user().uid;
    delete(&mut store, &audit_at(0), &ada.caller, john.user()).unwrap();
    let rows = format!("username,uid\njohn,{uid}\n");
    let result = import_text(&mut store, Some(&ada), &rows, IfExists::Skip);
    assert!(matches!(result, Err(Error::InvalidLine(InvalidLine { line: 2, .. }))));
}

#[test]
fn short_password_in_row_is_refused() {
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    set_setting(&mut store, Setting::PasswordMinLength, "7");
    let rows = "username,password\nkim,1234567\nlee,123456\n";
    let result = import_text(&mut store, Some(&ada), rows, IfExists::Refuse);
    let expected = InvalidLine { line: 3, reason: "password shorter than 7 characters".to_owned() };
    assert!(matches!(result, Err(Error::InvalidLine(invalid_line)) if invalid_line == expected));
}

#[test]
fn import_and_export_require_admin_and_exported_hashes_are_optional() {
    let build_row = |has_hash: bool| Map::from_iter([("has_hash".to_owned(), has_hash.into())]);
    let to_row = |_, hash: Option<PasswordHash>| build_row(hash.is_some());
    let mut store = new_store();
    let ada = add_user(&mut store, "ada", Role::Admin);
    let mia = add_user(&mut store, "mia", Role::Minter);
    let result = import_text(&mut store, Some(&mia), "username\nkim\n", IfExists::Refuse);
    assert!(matches!(
        result,
        Err(Error::InsufficientRole { refusal: "only admins can import accounts", .. })
    ));
    let result = export(&mut store, &audit_at(0), &mia.caller, PasswordHashes::Omit, to_row);
    assert!(matches!(
        result,
        Err(Error::InsufficientRole { refusal: "only admins can export accounts", .. })
    ));
    let mut user_export =
        export(&mut store, &audit_at(0), &ada.caller, PasswordHashes::Omit, to_row).unwrap();
    assert_eq!(
        (user_export.count, user_export.next_batch().unwrap()),
        (2, vec![build_row(false); 2])
    );
    assert_eq!(user_export.next_batch().unwrap(), []);
    let mut user_export =
        export(&mut store, &audit_at(0), &ada.caller, PasswordHashes::Include, to_row).unwrap();
    assert_eq!(user_export.next_batch().unwrap(), vec![build_row(true); 2]);
}

#[test]
fn existing_account_among_many_rows_is_refused_or_skipped() {
    let to_row = |number| format!("{{\"username\":\"user{number}\"}}\n");
    let rows = (0..1_234).map(to_row).collect::<Vec<_>>().concat();
    // One SQL statement adds at most 50 rows: the rows 0 to 49, then the rows 50 to 99, and so on.
    for number in [0, 49, 50, 777, 1_233] {
        let mut store = new_store();
        let ada = add_user(&mut store, "ada", Role::Admin);
        let existing = format!("username\nuser{number}\n");
        import_text(&mut store, Some(&ada), &existing, IfExists::Refuse).unwrap();
        let result = import_text(&mut store, Some(&ada), &rows, IfExists::Refuse);
        let expected_line = number + 1;
        assert!(
            matches!(result, Err(Error::ImportedUserExists { line, .. }) if line == expected_line)
        );
        let outcome = import_text(&mut store, Some(&ada), &rows, IfExists::Skip).unwrap();
        assert_eq!((outcome.created_count, outcome.unchanged_count), (1_233, 1));
        let mut names = Vec::new();
        let mut collect = |user: User, _| {
            names.push(user.to_display());
            Ok(())
        };
        store.read(|tx| tx.for_each_user(false, &mut collect)).unwrap();
        let new_numbers = (0..1_234).filter(|other| *other != number);
        let new_names: Vec<_> = new_numbers.map(|number| format!("user{number}")).collect();
        // The first two names are `ada` and the name of the existing account.
        assert_eq!(names[2..], new_names);
    }
}
