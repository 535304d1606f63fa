//! `jeton token list` and `jeton token show`

use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};
use serde_json::{Value, json};

/// Creates a sandbox with the tokens 1 to 4 of the apps a and b. John owns 1 (app a), 2 (app b,
/// revoked) and 3 (app b, expired). Ada owns 4 (app b) and is logged in.
fn sandbox_with_four_tokens() -> Sandbox {
    let sandbox = Sandbox::with_john();
    sandbox.run(&["token", "create", "a", "-p", "read,write", "--aud", "x", "--claim", "k=v"]).ok();
    sandbox.run(&["token", "create", "b"]).ok();
    sandbox.run(&["token", "create", "b", "--no-expiry"]).ok();
    sandbox.run(&["token", "revoke", "2"]).ok();
    sandbox.sql("UPDATE tokens SET expires_at = issued_at WHERE id = 3");
    sandbox.log_in("ada", "lovelace");
    sandbox.run(&["token", "create", "b", "--no-expiry"]).ok();
    sandbox
}

/// Returns the ids of the tokens on the page, and the number of matching tokens on all pages: for
/// example, `3,4 of 4`.
fn list_ids(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let list = sandbox.json(&[&["token", "list"], arguments].concat());
    let items = list["items"].as_array().unwrap().iter();
    let ids: Vec<_> = items.map(|token| token["id"].to_string()).collect();
    format!("{} of {}", ids.join(","), list["total"])
}

#[test]
fn token_list_shows_attributes_but_no_token_values() {
    let sandbox = sandbox_with_four_tokens();
    let output = sandbox.run(&["token", "list", "--all-users", "--status", "all"]);
    assert_snapshot!(output, @"
    ID  KIND  APP  USER  PERMISSIONS  STATUS   EXPIRES
    1   app   a    john  read,write   live     <time>
    2   app   b    john  -            revoked  <time>
    3   app   b    john  -            expired  <time>
    4   app   b    ada   -            live     never
    ");
    assert_snapshot!(sandbox.run_json(&["token", "list", "--user", "john"]), @r#"{"items":[{"id":1,"jti":"<uuid>","kind":"app","app":"a","user_id":2,"user":"john","permissions":["read","write"],"aud":["x"],"claims":{"k":"v"},"status":"live","issued_at":"<time>","expires_at":"<time>","grace_until":null,"revoked_at":null}],"page":1,"per_page":null,"total":1,"pages":1,"next":null}"#);
}

#[test]
fn token_list_is_filtered_by_owner_app_and_status_and_split_into_pages() {
    let sandbox = sandbox_with_four_tokens();
    assert_eq!(list_ids(&sandbox, &[]), "4 of 1");
    assert_eq!(list_ids(&sandbox, &["--user", "john"]), "1 of 1");
    assert_eq!(list_ids(&sandbox, &["--user", "2", "--status", "all"]), "1,2,3 of 3");
    assert_eq!(list_ids(&sandbox, &["--all-users"]), "1,4 of 2");
    assert_eq!(list_ids(&sandbox, &["--all-users", "--status", "expired"]), "3 of 1");
    assert_eq!(list_ids(&sandbox, &["--all-users", "--status", "revoked"]), "2 of 1");
    assert_eq!(list_ids(&sandbox, &["--all-users", "--status", "all", "--app", "b"]), "2,3,4 of 3");
    assert_eq!(list_ids(&sandbox, &["--all-users", "--app", "nothing"]), " of 0");
    let two_per_page = ["--all-users", "--status", "all", "--per-page", "2"];
    assert_eq!(
        list_ids(&sandbox, &[two_per_page.as_slice(), &["--page", "2"]].concat()),
        "3,4 of 4"
    );
    assert_eq!(
        list_ids(&sandbox, &[two_per_page.as_slice(), &["--after", "1"]].concat()),
        "2,3 of 4"
    );
    let output = sandbox.run(&[&["token", "list"], two_per_page.as_slice()].concat()).ok();
    assert_snapshot!(output, @"
    ID  KIND  APP  USER  PERMISSIONS  STATUS   EXPIRES
    1   app   a    john  read,write   live     <time>
    2   app   b    john  -            revoked  <time>
    --- stderr
    2 of 4 tokens, page 1 of 2, next: --page 2
    ");
    assert_snapshot!(sandbox.run(&["token", "ls", "--app", "nothing"]), @"
    --- stderr
    no live tokens
    ");
}

#[test]
fn token_list_and_show_require_a_login_and_role_admin_for_other_users() {
    let sandbox = sandbox_with_four_tokens();
    sandbox.log_in("john", "123456");
    assert_eq!(list_ids(&sandbox, &["--user", "john"]), "1 of 1");
    let output = sandbox.run(&["token", "list", "--all-users"]);
    assert_snapshot!(output, @"
    --- exit code 7, stderr
    error: only admins can see tokens of other users: logged in as `john` with role `user`
    hint: log in as a user with the role `admin`: jeton login LOGIN
    ");
    for user in ["ada", "nobody"] {
        let output = sandbox.run(&["token", "list", "--user", user]);
        allow_duplicates!(assert_snapshot!(output, @"
        --- exit code 7, stderr
        error: only admins can see other accounts: logged in as `john` with role `user`
        hint: log in as a user with the role `admin`: jeton login LOGIN
        "));
    }
    let output = sandbox.run(&["token", "show", "4"]);
    assert_snapshot!(output, @"
    --- exit code 7, stderr
    error: only admins can see tokens of other users: logged in as `john` with role `user`
    hint: log in as a user with the role `admin`: jeton login LOGIN
    ");
    sandbox.run(&["logout"]).ok();
    assert_snapshot!(sandbox.run(&["token", "list"]), @"
    --- exit code 4, stderr
    error: not logged in
    hint: log in: jeton login
    ");
    assert_snapshot!(sandbox.run(&["token", "show", "1"]), @"
    --- exit code 4, stderr
    error: not logged in
    hint: log in: jeton login
    ");
}

#[test]
fn invalid_token_list_options_are_refused() {
    let sandbox = Sandbox::with_admin();
    let output = sandbox.run(&["token", "list", "--status", "dead"]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: invalid value 'dead' for '--status <STATUS>': status: expected `live`, `expired`, `revoked` or `all`
    hint: see `jeton token list --help`
    ");
    let output = sandbox.run(&["token", "list", "--all-users", "--user", "ada"]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: the argument '--all-users' cannot be used with '--user <USER>'
    hint: omit `--all-users` or `--user`
    ");
    let output = sandbox.run(&["token", "list", "--expiring-within", "7d", "--status", "all"]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: `--expiring-within` requires `--status live`
    ");
    let output = sandbox.run(&["token", "list", "--fail-if-any"]).fails(2);
    assert!(output.stderr.contains("--expiring-within"), "{}", output.stderr);
}

#[test]
fn token_show_accepts_an_id_and_refuses_unknown_or_malformed_id() {
    let sandbox = sandbox_with_four_tokens();
    assert_snapshot!(sandbox.run(&["token", "show", "1"]), @"
    id           1
    jti          <uuid>
    kind         app
    app          a
    user         john
    permissions  read,write
    aud          x
    status       live
    issued       <time>
    expires      <time>
    revoked      -
    ");
    assert_snapshot!(sandbox.run_json(&["token", "show", "2"]), @r#"{"id":2,"jti":"<uuid>","kind":"app","app":"b","user_id":2,"user":"john","permissions":[],"aud":[],"claims":{},"status":"revoked","issued_at":"<time>","expires_at":"<time>","grace_until":null,"revoked_at":"<time>"}"#);
    assert_snapshot!(sandbox.run(&["token", "show", "99"]), @"
    --- exit code 3, stderr
    error: token `99` not found
    ");
    assert_snapshot!(sandbox.run(&["token", "show", "x"]), @"
    --- exit code 2, stderr
    error: invalid value 'x' for '<ID|JTI>': id: neither a number from `jeton token list` nor a `jti`
    hint: see `jeton token show --help`
    ");
}

#[test]
fn token_show_and_revoke_accept_a_jti_in_upper_or_lower_case() {
    let sandbox = sandbox_with_four_tokens();
    let show = |id: &str| sandbox.run(&["token", "show", id]);
    let stdout = show("1").ok().stdout;
    let jti = sandbox.json(&["token", "show", "1"])["jti"].as_str().unwrap().to_owned();
    for spelling in [jti.clone(), jti.to_uppercase()] {
        assert_eq!(show(&spelling).ok().stdout, stdout);
    }
    sandbox.run(&["token", "revoke", &jti.to_uppercase()]).ok();
    assert_eq!(sandbox.json(&["token", "show", &jti])["status"], "revoked");
    // Refused: an unknown `jti`, the `jti` of another user's token, and a token.
    let output = show("018f4f5e-7a3b-7c1d-8e2f-0123456789ab");
    assert_snapshot!(output, @"
    --- exit code 3, stderr
    error: token `<uuid>` not found
    ");
    sandbox.log_in("john", "123456");
    let hex_jti = sandbox.sql("SELECT lower(hex(jti)) FROM tokens WHERE id = 4").remove(0);
    let jti_of_token_4 =
        [&hex_jti[..8], &hex_jti[8..12], &hex_jti[12..16], &hex_jti[16..20], &hex_jti[20..]]
            .join("-");
    assert_snapshot!(show(&jti_of_token_4), @"
    --- exit code 7, stderr
    error: only admins can see tokens of other users: logged in as `john` with role `user`
    hint: log in as a user with the role `admin`: jeton login LOGIN
    ");
    let token = sandbox.stdout_of(&["token", "create", "x"]);
    show(&token).fails(2);
}

#[test]
fn before_option_applies_to_token_list_and_revoke() {
    let sandbox = sandbox_with_four_tokens();
    sandbox.sql("UPDATE tokens SET issued_at = 1000 WHERE id = 1 RETURNING id");
    assert_eq!(list_ids(&sandbox, &["--all-users", "--before", "1001"]), "1 of 1");
    assert_eq!(list_ids(&sandbox, &["--all-users", "--before", "1000"]), " of 0");
    assert_eq!(list_ids(&sandbox, &["--all-users", "--before", "1d"]), "1 of 1");
    assert_eq!(list_ids(&sandbox, &["--before", "2100-01-01"]), "4 of 1");
    let arguments = ["token", "revoke", "--all-users", "--before", "1001", "--yes"];
    assert_snapshot!(sandbox.run(&arguments), @"
    --- stderr
    revoked 1 token
    ");
    let mut outputs = String::new();
    for verb in ["list", "revoke"] {
        let output = sandbox.run(&["token", verb, "--before", "2026-11-21T12:00:00"]);
        outputs += &output.with_command();
    }
    assert_snapshot!(outputs, @"
    $ jeton token list --before 2026-11-21T12:00:00
    --- exit code 2, stderr
    error: invalid value '2026-11-21T12:00:00' for '--before <TIME>': time: time zone missing; for UTC use `<time>`
    hint: use `<time>`
    $ jeton token revoke --before 2026-11-21T12:00:00
    --- exit code 2, stderr
    error: invalid value '2026-11-21T12:00:00' for '--before <TIME>': time: time zone missing; for UTC use `<time>`
    hint: use `<time>`
    ");
}

#[test]
fn fail_if_any_option_lists_expiring_tokens_and_exits_9_if_any() {
    let sandbox = Sandbox::with_john();
    sandbox.sql("UPDATE users SET role = 'minter' WHERE username = 'john'");
    sandbox.run(&["token", "create", "a", "--ttl", "3d"]).ok();
    sandbox.run(&["token", "create", "b", "--no-expiry"]).ok();
    sandbox.run(&["token", "create", "c", "--ttl", "30d"]).ok();
    sandbox.run(&["token", "mint", "--record"]).ok();
    assert_eq!(list_ids(&sandbox, &["--expiring-within", "7d"]), "1,4 of 2");
    assert_eq!(list_ids(&sandbox, &["--expiring-within", "7d", "--kind", "app"]), "1 of 1");
    assert_eq!(list_ids(&sandbox, &["--kind", "test"]), "4 of 1");
    let fail_if_any = ["token", "list", "--kind", "app", "--fail-if-any", "--expiring-within"];
    let output = sandbox.run(&[&fail_if_any[..], &["7d"]].concat());
    assert_snapshot!(output, @"
    ID  KIND  APP  USER  PERMISSIONS  STATUS  EXPIRES
    1   app   a    john  -            live    <time>
    --- exit code 9, stderr
    error: 1 token expires within 7d
    ");
    assert_eq!(output.stdout.lines().count(), 2, "{}", output.stdout);
    assert_snapshot!(sandbox.run(&[&fail_if_any[..], &["2d"]].concat()), @"
    --- stderr
    no live tokens
    ");
    // Token 3 becomes superseded. Its grace period ends within two days, but `--expiring-within`
    // excludes superseded tokens.
    sandbox.run(&["token", "renew", "3", "--grace", "1d"]).ok();
    assert_snapshot!(sandbox.run(&[&fail_if_any[..], &["2d"]].concat()), @"
    --- stderr
    no live tokens
    ");
    sandbox.run(&["token", "revoke", "2"]).ok();
    sandbox.run(&["token", "create", "d", "--ttl", "1d"]).ok();
    let output =
        sandbox.run(&[&fail_if_any[..], &["7d", "-o", "json", "--per-page", "1"]].concat());
    assert_snapshot!(output.diagnostics(), @r#"
    --- exit code 9, stderr
    {"error":{"kind":"CheckFailed","code":"check_failed","exit_code":9,"message":"2 tokens expire within 7d","hint":null,"details":{"total":2}}}
    "#);
    let list: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!((list["items"].as_array().unwrap().len(), &list["total"]), (1, &2.into()));
}

#[test]
fn user_column_has_email_of_user_without_username_and_id_of_deleted_user() {
    let sandbox = Sandbox::with_admin();
    let arguments = ["register", "--email", "mia@example.com", "--password-stdin"];
    sandbox.run_with_input(&arguments, "123456").ok();
    sandbox.register("kim", "123456");
    for login in ["mia@example.com", "kim"] {
        sandbox.stdout_of(&["token", "create", "ci", "--user", login]);
    }
    sandbox.run(&["users", "delete", "kim", "--yes"]).ok();
    let list = sandbox.json(&["token", "list", "--all-users", "--status", "all"]);
    let owners: Vec<_> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (&item["user_id"], &item["user"]))
        .collect();
    assert_eq!(owners, [(&json!(2), &json!("mia@example.com")), (&json!(3), &Value::Null)]);
    assert_snapshot!(sandbox.run(&["token", "list", "--all-users", "--status", "all"]), @"
    ID  KIND  APP  USER             PERMISSIONS  STATUS   EXPIRES
    1   app   ci   mia@example.com  -            live     <time>
    2   app   ci   3                -            revoked  <time>
    ");
}
