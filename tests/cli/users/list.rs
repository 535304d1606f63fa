//! `jeton users list`

use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};
use serde_json::{Value, json};

/// Creates a sandbox with the admin ada and the users john, kim and lee. John is logged in.
fn sandbox_with_four_users() -> Sandbox {
    let sandbox = Sandbox::with_john();
    sandbox.register("kim", "123456");
    sandbox.register("lee", "123456");
    sandbox
}

#[test]
fn non_admin_sees_only_ids_usernames_and_emails_of_users() {
    let sandbox = Sandbox::with_john();
    assert_snapshot!(sandbox.run(&["users", "list"]), @"
    ID  USERNAME  EMAIL
    1   ada       -
    2   john      john@example.com
    ");
    assert_snapshot!(sandbox.run_json(&["users", "list"]), @r#"{"items":[{"id":1,"uid":"<uuid>","username":"ada","email":null},{"id":2,"uid":"<uuid>","username":"john","email":"john@example.com"}],"page":1,"per_page":null,"total":2,"pages":1,"next":null}"#);
}

#[test]
fn admin_sees_role_and_status_of_users() {
    let sandbox = Sandbox::with_john();
    sandbox.log_in("ada", "lovelace");
    assert_snapshot!(sandbox.run(&["users", "ls"]), @"
    ID  USERNAME  EMAIL             ROLE   STATUS
    1   ada       -                 admin  active
    2   john      john@example.com  user   active
    ");
    assert_snapshot!(sandbox.run_json(&["users", "list", "--after", "1"]), @r#"{"items":[{"id":2,"uid":"<uuid>","username":"john","email":"john@example.com","role":"user","status":"active"}],"page":null,"per_page":20,"total":2,"pages":1,"next":null}"#);
}

#[test]
fn user_list_is_paged() {
    let sandbox = sandbox_with_four_users();
    // Returns the usernames, and then the members `page`, `per_page`, `total`, `pages` and `next`.
    let list = |arguments: &[&str]| {
        let page = sandbox.json(&[&["users", "list"], arguments].concat());
        let items = page["items"].as_array().unwrap().iter();
        let names: Vec<_> = items.map(|user| user["username"].as_str().unwrap()).collect();
        let page_members = ["page", "per_page", "total", "pages", "next"].map(|name| &page[name]);
        format!("{} {}", names.join(","), page_members.map(ToString::to_string).join(" "))
    };
    assert_eq!(list(&[]), "ada,john,kim,lee 1 null 4 1 null");
    assert_eq!(list(&["--per-page", "3"]), "ada,john,kim 1 3 4 2 3");
    assert_eq!(list(&["--per-page", "3", "--page", "2"]), "lee 2 3 4 2 null");
    assert_eq!(list(&["--per-page", "2", "--page", "2"]), "kim,lee 2 2 4 2 null");
    assert_eq!(list(&["--page", "9"]), " 9 20 4 1 null");
    assert_eq!(list(&["--after", "1", "--per-page", "2"]), "john,kim null 2 4 2 3");
    assert_eq!(list(&["--after", "3", "--per-page", "2"]), "lee null 2 4 2 null");
    assert_eq!(list(&["--all"]), "ada,john,kim,lee 1 null 4 1 null");
}

#[test]
fn user_list_footer_names_the_next_page() {
    let sandbox = sandbox_with_four_users();
    let mut outputs = String::new();
    for arguments in [
        ["--per-page", "3"].as_slice(),
        &["--per-page", "3", "--page", "2"],
        &["--per-page", "1", "--after", "2"],
        &["--after", "4"],
        &["--per-page", "3", "--quiet"],
    ] {
        outputs += &sandbox.run(&[&["users", "list"], arguments].concat()).with_command();
    }
    assert_snapshot!(outputs, @"
    $ jeton users list --per-page 3
    ID  USERNAME  EMAIL
    1   ada       -
    2   john      john@example.com
    3   kim       kim@example.com
    --- stderr
    3 of 4 users, page 1 of 2, next: --page 2
    $ jeton users list --per-page 3 --page 2
    ID  USERNAME  EMAIL
    4   lee       lee@example.com
    $ jeton users list --per-page 1 --after 2
    ID  USERNAME  EMAIL
    3   kim       kim@example.com
    --- stderr
    1 of 4 users, next: --after 3
    $ jeton users list --after 4
    --- stderr
    no users after this id
    $ jeton users list --per-page 3 --quiet
    ID  USERNAME  EMAIL
    1   ada       -
    2   john      john@example.com
    3   kim       kim@example.com
    ");
}

#[test]
fn invalid_paging_and_missing_login_are_refused() {
    let sandbox = Sandbox::with_admin();
    let mut outputs = String::new();
    for (flag, value) in
        [("--page", "0"), ("--per-page", "0"), ("--per-page", "10001"), ("--after", "x")]
    {
        let output = sandbox.run(&["users", "list", flag, value]);
        outputs += &output.with_command();
    }
    assert_snapshot!(outputs, @"
    $ jeton users list --page 0
    --- exit code 2, stderr
    error: invalid value '0' for '--page <N>': number: expected a number from 1 to 4294967295
    hint: see `jeton users list --help`
    $ jeton users list --per-page 0
    --- exit code 2, stderr
    error: invalid value '0' for '--per-page <N>': number: expected a number from 1 to 10000
    hint: see `jeton users list --help`
    $ jeton users list --per-page 10001
    --- exit code 2, stderr
    error: invalid value '10001' for '--per-page <N>': number: expected a number from 1 to 10000
    hint: see `jeton users list --help`
    $ jeton users list --after x
    --- exit code 2, stderr
    error: invalid value 'x' for '--after <ID>': number: expected a number from 0 to 9223372036854775807
    hint: see `jeton users list --help`
    ");
    let output = sandbox.run(&["users", "list", "--all", "--page", "1"]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: the argument '--all' cannot be used with '--page <N>'
    hint: omit `--all` or `--page`
    ");
    sandbox.run(&["logout"]).ok();
    assert_snapshot!(sandbox.run(&["users", "list"]), @"
    --- exit code 4, stderr
    error: not logged in
    hint: log in: jeton login
    ");
}

/// Creates a sandbox with ada (id 1), john (id 2), and four users (ids 3 to 6) with similar
/// usernames, e-mail addresses and display names. User 6 is a minter without a username, and has
/// the earliest creation time. Ada is logged in.
fn sandbox_with_similar_names() -> Sandbox {
    let sandbox = Sandbox::with_john();
    for arguments in [
        &["Zoe", "--email", "b@x.org", "--name", "Zoë 100% Müller"][..],
        &["kim_1", "--email", "Kim@X.org", "--name", "Kim"],
        &["kimx1", "--email", "a@x.org", "--name", "ZOE"],
        &["--email", "c@x.org"],
    ] {
        let arguments = [&["register", "--password-stdin"], arguments].concat();
        sandbox.run_with_input(&arguments, "123456").ok();
    }
    sandbox.sql("UPDATE users SET role = 'minter', created_at = 1577836800 WHERE id = 6");
    sandbox.log_in("ada", "lovelace");
    sandbox
}

/// Returns the ids of the users on the page, and the number of matching users on all pages: for
/// example, `4,5 of 2`.
fn list_ids(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let page = sandbox.json(&[&["users", "list"], arguments].concat());
    let items = page["items"].as_array().unwrap().iter();
    let ids: Vec<_> = items.map(|user| user["id"].to_string()).collect();
    format!("{} of {}", ids.join(","), page["total"])
}

#[test]
fn search_matches_parts_of_names_and_emails_and_combines_with_filters_and_pages() {
    let sandbox = sandbox_with_similar_names();
    for (text, expected) in [
        ("kim", "4,5 of 2"),
        ("KIM", "4,5 of 2"),
        ("kim_1", "4 of 1"),
        ("x.ORG", "3,4,5,6 of 4"),
        ("100%", "3 of 1"),
        ("zoë", "3 of 1"),
        ("ＺＯＥ", "3,5 of 2"),
        ("m%", " of 0"),
        ("_", "4 of 1"),
        ("' OR 1=1 --", " of 0"),
    ] {
        assert_eq!(list_ids(&sandbox, &["--search", text]), expected, "{text}");
    }
    assert_eq!(list_ids(&sandbox, &["--search", "x.org", "--role", "minter"]), "6 of 1");
    sandbox.run(&["users", "disable", "6"]).ok();
    assert_eq!(list_ids(&sandbox, &["--status", "disabled"]), "6 of 1");
    assert_eq!(
        list_ids(&sandbox, &["--search", "x.org", "--status", "active", "--role", "minter"]),
        " of 0"
    );
    assert_eq!(list_ids(&sandbox, &["--status", "active", "--per-page", "1"]), "1 of 5");
    assert_eq!(
        list_ids(&sandbox, &["--search", "x.org", "--after", "4", "--per-page", "1"]),
        "5 of 4"
    );
    assert_eq!(
        list_ids(
            &sandbox,
            &["--search", "x.org", "--page", "2", "--per-page", "3", "--sort", "email"]
        ),
        "4 of 4"
    );
    let output = sandbox.run(&["users", "list", "--search", ""]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: invalid value '' for '--search <TEXT>': search: must not be empty
    hint: see `jeton users list --help`
    ");
}

#[test]
fn user_list_is_sorted_by_each_key_with_missing_values_last() {
    let sandbox = sandbox_with_similar_names();
    for (arguments, expected) in [
        (&["--sort", "id"][..], "1,2,3,4,5,6"),
        (&["--desc"], "6,5,4,3,2,1"),
        (&["--sort", "username"], "1,2,4,5,3,6"),
        (&["--sort", "username", "--desc"], "3,5,4,2,1,6"),
        (&["--sort", "email"], "5,3,6,2,4,1"),
        (&["--sort", "email", "--desc"], "4,2,6,3,5,1"),
        (&["--sort", "created"], "6,1,2,3,4,5"),
        (&["--sort", "created", "--per-page", "2"], "6,1"),
        (&["--sort", "created", "--per-page", "4", "--page", "2"], "4,5"),
        (&["--desc", "--per-page", "2", "--page", "2"], "4,3"),
        (&["--desc", "--after", "3"], "2,1"),
    ] {
        assert_eq!(list_ids(&sandbox, arguments), format!("{expected} of 6"), "{arguments:?}");
    }
    let list = sandbox.json(&["users", "list", "--sort", "email", "--per-page", "2"]);
    assert_eq!((&list["next"], &list["pages"]), (&Value::Null, &json!(3)));
    let output = sandbox.run(&["users", "list", "--sort", "email", "--per-page", "2"]).ok();
    assert_snapshot!(output, @"
    ID  USERNAME  EMAIL    ROLE  STATUS
    5   kimx1     a@x.org  user  active
    3   zoe       b@x.org  user  active
    --- stderr
    2 of 6 users, page 1 of 3, next: --page 2
    ");
}

#[test]
fn invalid_sort_and_filter_options_are_refused() {
    let sandbox = Sandbox::with_admin();
    let mut outputs = String::new();
    for (flag, value) in [("--sort", "age"), ("--status", "away"), ("--role", "root")] {
        let output = sandbox.run(&["users", "list", flag, value]);
        outputs += &output.with_command();
    }
    assert_snapshot!(outputs, @"
    $ jeton users list --sort age
    --- exit code 2, stderr
    error: invalid value 'age' for '--sort <KEY>': sort key: expected `id`, `username`, `email` or `created`
    hint: see `jeton users list --help`
    $ jeton users list --status away
    --- exit code 2, stderr
    error: invalid value 'away' for '--status <STATUS>': status: expected `active` or `disabled`
    hint: see `jeton users list --help`
    $ jeton users list --role root
    --- exit code 2, stderr
    error: invalid value 'root' for '--role <ROLE>': role: expected `user`, `minter` or `admin`
    hint: see `jeton users list --help`
    ");
    let output = sandbox.run(&["users", "list", "--after", "1", "--sort", "username"]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: `--after` requires `--sort id`
    ");
}

#[test]
fn non_admin_searches_only_usernames_and_emails_and_cannot_filter() {
    let sandbox = sandbox_with_similar_names();
    sandbox.log_in("john", "123456");
    assert_eq!(list_ids(&sandbox, &["--search", "müller"]), " of 0");
    assert_eq!(list_ids(&sandbox, &["--search", "zoe"]), "3 of 1");
    for (flag, value) in [("--role", "user"), ("--status", "active")] {
        let output = sandbox.run(&["users", "list", flag, value]);
        allow_duplicates!(assert_snapshot!(output, @"
        --- exit code 7, stderr
        error: only admins can see roles and status: logged in as `john` with role `user`
        hint: log in as a user with the role `admin`: jeton login LOGIN
        "));
    }
}
