//! Tokens that a service has changed and signed again with the app key. A service can do so if the
//! app key is a shared secret, because services need the secret to verify tokens.

use super::{Table, ValidToken};
use crate::run_output::RunOutput;
use crate::sandbox::{Sandbox, payload};
use insta::assert_snapshot;
use serde_json::json;

/// Creates a sandbox with a store whose app key is a shared secret.
fn sandbox_with_shared_secret() -> Sandbox {
    let sandbox = Sandbox::with_admin();
    sandbox.run(&["keys", "rotate", "--alg", "HS256"]).ok();
    sandbox
}

/// Returns tokens that are validly signed, but contradict the record of the token in the store: one
/// claim has been changed, added or removed.
pub(super) fn record_mismatch_table(valid: &ValidToken<'_>) -> Table {
    let now = valid.claims["iat"].as_i64().unwrap();
    let mut table = Table::default();
    for (claim, value) in [
        ("exp", json!(0)),
        ("exp", json!(now - 1)),
        ("exp", json!(now)),
        ("exp", json!(now + 9_999_999)),
        ("nbf", json!(now - 3_600)),
        ("nbf", json!(now + 3_600)),
        ("iat", json!(now - 3_600)),
        ("iat", json!(now + 3_600)),
        ("id", json!(2)),
        ("sub", json!("somebody")),
        ("app", json!("another")),
        ("aud", json!("api")),
        ("permissions", json!(["read", "admin"])),
        ("scope", json!("admin")),
        ("roles", json!(["admin"])),
    ] {
        table.add_rejected(
            "bad_claim",
            format!("another {claim}: {value}"),
            valid.with_claim(claim, value),
        );
    }
    for claim in ["id", "sub", "app", "permissions", "iat"] {
        table.add_rejected("missing_claim", format!("no {claim}"), valid.without_claim(claim));
    }
    table
}

#[test]
fn claims_that_contradict_the_stored_token_are_refused() {
    ValidToken::assert_rejected_in_new_store(record_mismatch_table, &[&[], &["--type", "any"]]);
    let sandbox = sandbox_with_shared_secret();
    record_mismatch_table(&ValidToken::new(&sandbox)).assert_rejected(&sandbox, &[]);
}

#[test]
#[expect(clippy::too_many_lines, reason = "the snapshots are as long as the output")]
fn changed_and_re_signed_tokens_are_accepted_only_by_decode() {
    let sandbox = sandbox_with_shared_secret();
    let valid = ValidToken::new(&sandbox);
    assert_eq!(valid.key.algorithm, "HS256");
    let token = valid.with_claim("permissions", json!(["read", "admin", "jeton:mint"]));
    let mut outputs = String::new();
    for words in [
        &["token", "verify", &token][..],
        &["token", "verify", &token, "-p", "admin"],
        &["token", "inspect", &token],
        &["token", "renew", &token],
        &["token", "revoke", &token],
    ] {
        outputs += &sandbox.run(words).with_command();
    }
    assert_snapshot!(outputs, @r#"
    $ jeton token verify '<token>'
    invalid: bad_claim: `permissions`: found `["read","admin","jeton:mint"]`, expected the value in the store
    --- exit code 10, stderr
    error: claim `permissions` invalid: found `["read","admin","jeton:mint"]`, expected the value in the store
    $ jeton token verify '<token>' -p admin
    invalid: bad_claim: `permissions`: found `["read","admin","jeton:mint"]`, expected the value in the store
    --- exit code 10, stderr
    error: claim `permissions` invalid: found `["read","admin","jeton:mint"]`, expected the value in the store
    $ jeton token inspect '<token>'
    --- exit code 10, stderr
    error: claim `permissions` invalid: found `["read","admin","jeton:mint"]`, expected the value in the store
    $ jeton token renew '<token>'
    --- exit code 10, stderr
    error: claim `permissions` invalid: found `["read","admin","jeton:mint"]`, expected the value in the store
    $ jeton token revoke '<token>'
    --- exit code 10, stderr
    error: claim `permissions` invalid: found `["read","admin","jeton:mint"]`, expected the value in the store
    "#);
    let output = sandbox.run_with_input(&["token", "verify", "--batch"], &token);
    assert!(
        output.code == 10 && output.stdout.contains("\"reasons\":[{\"code\":\"bad_claim\""),
        "{output:?}"
    );
    assert_eq!(sandbox.json(&["token", "introspect", &token]), json!({"active": false}));
    sandbox.run(&["token", "decode", &token]).ok();
    let run_with_token = |words: &[&str], token: &str| {
        RunOutput::capture(sandbox.command(words).env("JETON_TOKEN", token))
    };
    run_with_token(&["token", "mint"], &token).fails(10);

    sandbox.log_in("ada", "lovelace");
    let access = sandbox.session_member("access");
    let mut claims = payload(&access);
    claims["exp"] = json!(4_000_000_000_i64);
    let changed_access = valid.key.sign(&valid.key.header("session+jwt"), &claims.to_string());
    let mut outputs = String::new();
    for words in [&["whoami"][..], &["token", "create", "x"], &["token", "mint"], &["logout"]] {
        outputs += &run_with_token(words, &changed_access).with_command();
    }
    assert_snapshot!(outputs, @"
    $ jeton whoami
    --- exit code 10, stderr
    error: claim `exp` invalid: found `4000000000`, expected the value in the store
    hint: check the token in JETON_TOKEN
    $ jeton token create x
    --- exit code 10, stderr
    error: claim `exp` invalid: found `4000000000`, expected the value in the store
    hint: check the token in JETON_TOKEN
    $ jeton token mint
    --- exit code 10, stderr
    error: claim `exp` invalid: found `4000000000`, expected the value in the store
    hint: check the token in JETON_TOKEN
    $ jeton logout
    --- exit code 10, stderr
    error: claim `exp` invalid: found `4000000000`, expected the value in the store
    ");
    sandbox.run(&["whoami"]).ok();
    sandbox.run(&["token", "verify", &valid.token]).ok();
}

#[test]
fn token_with_jti_of_another_token_reveals_no_values_of_that_token() {
    let sandbox = Sandbox::with_john();
    sandbox.log_in("ada", "lovelace");
    sandbox.run(&["keys", "rotate", "--alg", "HS256"]).ok();
    let create = ["token", "create", "app", "--user", "john"];
    let valid = ValidToken::new(&sandbox);
    let johns_jti = &payload(&sandbox.stdout_of(&create))["jti"];
    let forged = valid.with_claim("jti", johns_jti.clone());
    // The Unix time 1700000000 is on 2023-11-14. The outputs below must not contain this date.
    sandbox.sql("UPDATE users SET disabled_at = 1700000000 WHERE username = 'john'");
    sandbox
        .sql("UPDATE tokens SET revoked_at = 1700000000 WHERE id = (SELECT max(id) FROM tokens)");
    let output = sandbox.run(&["token", "verify", &forged]);
    assert_snapshot!(output, @"
    invalid: token_revoked
    invalid: user_disabled
    invalid: bad_claim: `id`: found `1`, expected the value in the store
    --- exit code 12, stderr
    error: token revoked
    ");
    for words in [["token", "verify"], ["token", "inspect"]] {
        for options in [&[][..], &["-o", "json"]] {
            let output = sandbox.run(&[&words[..], &[&forged], options].concat());
            let text = output.stdout.clone() + &output.stderr;
            assert!(!text.contains("john") && !text.contains("2023-11-14"), "{output:?}");
        }
    }
}
