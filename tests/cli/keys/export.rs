//! `jeton keys export --jwks`, which prints the public app keys or test keys as a JWK Set.

use crate::sandbox::Sandbox;
use base64::Engine;
use insta::assert_snapshot;
use serde_json::Value;

/// Returns the key ids in the exported JWK Set of the keys with the purpose.
fn exported_kids(sandbox: &Sandbox, purpose: &str) -> Vec<String> {
    let set = sandbox.json(&["keys", "export", "--jwks", "--purpose", purpose]);
    let keys = set["keys"].as_array().unwrap().iter();
    keys.map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

fn kid_of_token(token: &str) -> String {
    let header = token.split('.').next().unwrap();
    let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(header).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

#[test]
fn jwk_set_contains_public_keys_only_and_requires_no_login() {
    let sandbox = Sandbox::with_admin();
    sandbox.run(&["logout"]).ok();
    assert_snapshot!(sandbox.run_json(&["keys", "export", "--jwks"]), @r#"{"keys":[{"kty":"EC","crv":"P-256","x":"<key>","y":"<key>","kid":"<key>","alg":"ES256","use":"sig"}]}"#);
    assert_snapshot!(sandbox.run(&["keys", "export", "--jwks"]), @r#"
    {
      "keys": [
        {
          "kty": "EC",
          "crv": "P-256",
          "x": "<key>",
          "y": "<key>",
          "kid": "<key>",
          "alg": "ES256",
          "use": "sig"
        }
      ]
    }
    "#);
}

#[test]
fn app_and_test_keys_are_exported_separately() {
    let sandbox = Sandbox::with_admin();
    assert_eq!(exported_kids(&sandbox, "test"), [""; 0]);
    let output = sandbox.run(&["keys", "export", "--jwks", "--purpose", "test"]).ok();
    assert_snapshot!(output, @r#"
    {
      "keys": []
    }
    --- stderr
    warning: no test key to publish
    hint: create a test key: jeton keys generate --purpose test
    "#);
    let (app, test) =
        (sandbox.stdout_of(&["token", "create", "app"]), sandbox.stdout_of(&["token", "mint"]));
    assert_eq!(exported_kids(&sandbox, "app"), [kid_of_token(&app)]);
    assert_eq!(exported_kids(&sandbox, "test"), [kid_of_token(&test)]);
    assert_ne!(kid_of_token(&app), kid_of_token(&test));
    assert_eq!(kid_of_token(&sandbox.session_member("access")), kid_of_token(&app));
    sandbox.run(&["keys", "revoke", "--yes", "--", &kid_of_token(&test)]).ok();
    let output_after_revocation = sandbox.run(&["keys", "export", "--jwks", "--purpose", "test"]);
    assert_eq!(output_after_revocation.to_string(), output.to_string());
    sandbox.stdout_of(&["token", "mint"]);
    assert_eq!(exported_kids(&sandbox, "test").len(), 1);
}

#[test]
fn symmetric_key_is_omitted_with_warning() {
    let sandbox = Sandbox::new();
    sandbox.run(&["init", "ada", "--alg", "HS256"]).ok();
    let output = sandbox.run(&["keys", "export", "--jwks"]);
    assert_snapshot!(output, @r#"
    {
      "keys": []
    }
    --- stderr
    warning: symmetric keys omitted: anyone who can verify with a symmetric key can also sign
    "#);
    assert_snapshot!(sandbox.run_json(&["keys", "export", "--jwks"]), @r#"{"keys":[]}"#);
    assert_eq!(exported_kids(&sandbox, "test"), [""; 0]);
    sandbox.run(&["token", "mint"]).ok();
    assert_eq!(exported_kids(&sandbox, "test").len(), 1, "test keys are ES256 by default");
}

#[test]
fn invalid_export_options_or_missing_store_are_refused() {
    let sandbox = Sandbox::with_admin();
    assert_snapshot!(sandbox.run(&["keys", "export"]), @"
    --- exit code 2, stderr
    error: the following required arguments were not provided:
      <--jwks|--site <DIR>|--pem [<KID>]|--private <KID>>
    hint: usage: jeton keys export <--jwks|--site <DIR>|--pem [<KID>]|--private <KID>>
    ");
    let output = sandbox.run(&["keys", "export", "--jwks", "--purpose", "all"]);
    assert_snapshot!(output, @"
    --- exit code 2, stderr
    error: invalid value 'all' for '--purpose <PURPOSE>': purpose: expected `app` or `test`
    hint: see `jeton keys export --help`
    ");
    let empty = Sandbox::new();
    assert_snapshot!(empty.run(&["keys", "export", "--jwks"]), @"
    --- exit code 3, stderr
    error: store `~/.local/share/jeton/jeton.db` not found
    hint: create a store: jeton init
    ");
}
