//! `jeton init`

use crate::sandbox::Sandbox;
use insta::assert_snapshot;

#[test]
fn init_creates_store_and_logs_in_first_admin() {
    let sandbox = Sandbox::new();
    let output = sandbox.run_with_input(&["init", "ada", "--password-stdin"], "lovelace");
    assert_snapshot!(output, @"
    --- stderr
    created store `~/.local/share/jeton/jeton.db`
    created admin ada; logged in as ada
    ");
    assert_eq!(sandbox.sql("SELECT role FROM users"), ["admin"]);
    assert_eq!(sandbox.sql("SELECT purpose || algorithm || state FROM keys"), ["appES256active"]);
    sandbox.run(&["whoami"]).ok();
    sandbox.log_in("ada", "lovelace");
}

#[test]
fn init_json_output_describes_store_and_user() {
    let mut sandbox = Sandbox::new();
    sandbox.set_variable("JETON_PASSWORD", "lovelace");
    assert_snapshot!(sandbox.run_json(&["init", "Ada@Example.com"]), @r#"{"changed":true,"store":"~/.local/share/jeton/jeton.db","user":{"id":1,"uid":"<uuid>","username":null,"email":"Ada@example.com","name":null,"role":"admin","status":"active","quota":null,"created_at":"<time>"}}"#);
    sandbox.log_in("ada@example.com", "lovelace");
}

#[test]
fn first_admin_is_named_after_os_user_by_default() {
    let os_user = std::process::Command::new("id").arg("-un").output().unwrap().stdout;
    let os_user = String::from_utf8(os_user).unwrap().trim().to_lowercase();
    let sandbox = Sandbox::new();
    let output = sandbox.run(&["init"]).to_string().replace(&os_user, "<os user>");
    assert_snapshot!(output, @"
    --- stderr
    created store `~/.local/share/jeton/jeton.db`
    created admin <os user>; logged in as <os user>
    hint: a random password was set and not shown; set your own with: jeton recover <os user>
    ");
    assert_eq!(sandbox.sql("SELECT username FROM users"), [os_user]);
}

#[test]
fn recover_replaces_random_password() {
    let sandbox = Sandbox::new();
    sandbox.run(&["init", "ada"]).ok();
    assert_eq!(sandbox.run_with_input(&["login", "ada", "--password-stdin"], "ada").code, 6);
    sandbox.run_with_input(&["recover", "ada", "--password-stdin"], "lovelace").ok();
    sandbox.log_in("ada", "lovelace");
}

#[test]
fn first_key_uses_requested_algorithm() {
    let sandbox = Sandbox::new();
    sandbox.run(&["init", "ada", "--alg", "HS256"]).ok();
    assert_eq!(sandbox.sql("SELECT algorithm FROM keys"), ["HS256"]);
    let token = sandbox.stdout_of(&["token", "create", "app"]);
    assert_eq!(sandbox.stdout_of(&["token", "verify", &token]), "valid");
}

#[test]
fn init_with_unknown_algorithm_creates_no_store() {
    let sandbox = Sandbox::new();
    let output = sandbox.run(&["init", "ada", "--alg", "none"]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: invalid value 'none' for '--alg <ALG>': algorithm: not one of HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519
    hint: for an unsigned test token, use `jeton token mint --defect alg_none`
    ");
    assert!(!sandbox.has_store());
}

#[test]
fn second_init_is_refused_unless_exist_ok_and_changes_nothing() {
    let sandbox = Sandbox::with_admin();
    let output = sandbox.run_with_input(&["init", "eve", "--password-stdin"], "x");
    assert_snapshot!(output, @"
    --- exit code 5, stderr
    error: store already initialized
    hint: log in with `jeton login`, or use `--exist-ok` to accept the existing store
    ");
    assert_eq!(sandbox.json_error(&["init", "eve"])["code"], "store_exists");
    let output = sandbox.run(&["init", "eve", "--exist-ok"]);
    assert_snapshot!(output, @"
    --- stderr
    the store already exists
    ");
    assert_snapshot!(sandbox.run_json(&["init", "--exist-ok"]), @r#"{"changed":false,"store":"~/.local/share/jeton/jeton.db","user":null}"#);
    assert_eq!(sandbox.sql("SELECT username FROM users"), ["ada"]);
    sandbox.log_in("ada", "lovelace");
}

#[test]
fn init_with_invalid_name_creates_no_store() {
    let sandbox = Sandbox::new();
    let mut outputs = String::new();
    for name in ["123", "a b", "ada@"] {
        let output = sandbox.run(&["init", name]);
        outputs += &output.with_command();
    }
    assert_snapshot!(outputs, @"
    $ jeton init 123
    --- exit code 2, stderr
    error: username: could be mistaken for an id
    hint: give a username or an e-mail address: jeton init LOGIN
    $ jeton init 'a b'
    --- exit code 2, stderr
    error: username: expected letters, digits and symbols, without spaces
    hint: give a username or an e-mail address: jeton init LOGIN
    $ jeton init ada@
    --- exit code 2, stderr
    error: e-mail: not an address like `ada@example.com`
    hint: give a username or an e-mail address: jeton init LOGIN
    ");
    assert!(!sandbox.has_store());
}

#[test]
fn store_flag_selects_a_store_and_its_session() {
    let sandbox = Sandbox::with_admin();
    let other_store = sandbox.home().join("other.db");
    let other_store = other_store.to_str().unwrap();
    let output = sandbox.run(&["init", "eve", "--store", other_store]);
    assert_snapshot!(output, @"
    --- stderr
    created store `~/other.db`
    created admin eve; logged in as eve
    hint: a random password was set and not shown; set your own with: jeton --store ~/other.db recover eve
    ");
    assert_eq!(sandbox.json(&["whoami"])["user"]["username"], "ada");
    assert_eq!(sandbox.json(&["whoami", "--store", other_store])["user"]["username"], "eve");
}

#[test]
fn init_algorithm_must_match_the_existing_key() {
    let sandbox = Sandbox::new();
    sandbox.run(&["keys", "generate", "--alg", "EdDSA"]).ok();
    let output = sandbox.run(&["init", "ada", "--alg", "RS256"]);
    assert_snapshot!(output, @"
    --- exit code 5, stderr
    error: the signing key has another algorithm: found `EdDSA`, expected `RS256`
    hint: omit `--alg`, then change the algorithm: jeton keys rotate --alg RS256
    ");
    assert_eq!(sandbox.json_error(&["init", "ada", "--alg", "RS256"])["code"], "key_exists");
    assert_eq!(sandbox.sql("SELECT count(*) FROM users"), ["0"]);
    sandbox.run(&["init", "ada", "--alg", "EdDSA"]).ok();
    sandbox.run(&["keys", "rotate", "--alg", "RS256"]).ok();
    assert_eq!(sandbox.sql("SELECT algorithm FROM keys WHERE state = 'active'"), ["RS256"]);
    // Without `--alg`, `init` accepts an existing key of any algorithm.
    let sandbox_without_alg = Sandbox::new();
    sandbox_without_alg.run(&["keys", "generate", "--alg", "EdDSA"]).ok();
    sandbox_without_alg.run(&["init", "ada"]).ok();
}
