//! Tokens of one kind (app, test, access or refresh), presented as tokens of another kind.

use super::{Key, Table, ValidToken};
use crate::sandbox::Sandbox;
use serde_json::Value;

/// Returns session tokens (an access and a refresh token), and app tokens with the `type` of
/// session tokens. All are invalid as app tokens: the reason `blocked` means that session tokens
/// are not accepted.
pub(super) fn session_token_table(valid: &ValidToken<'_>) -> Table {
    let (access, refresh) =
        (valid.sandbox.session_member("access"), valid.sandbox.session_member("refresh"));
    let mut table = Table::default();
    table.add_rejected("blocked", "an access token", &access);
    table.add_rejected("blocked", "a refresh token", &refresh);
    table.add_rejected(
        "blocked",
        "an app token with type access",
        valid.with_claim("type", "access"),
    );
    table.add_rejected(
        "blocked",
        "an app token with type refresh",
        valid.with_claim("type", "refresh"),
    );
    table
}

/// Returns tokens that are invalid as access tokens: tokens of other kinds, and access tokens with
/// the `jti` or `typ` of a token of another kind.
pub(super) fn wrong_access_token_table(valid: &ValidToken<'_>) -> Table {
    let (access, refresh) =
        (valid.sandbox.session_member("access"), valid.sandbox.session_member("refresh"));
    let payload = |token: &str| crate::sandbox::payload(token);
    let payload_with_claim = |token: &str, claim: &str, value: Value| {
        let mut claims = payload(token);
        claims[claim] = value;
        claims.to_string()
    };
    let session_header = valid.key.header("session+jwt");
    let mut table = Table::default();
    table.add_rejected("wrong_type", "an app token", &valid.token);
    table.add_rejected("wrong_type", "a refresh token", &refresh);
    let payload_with_app_jti = payload_with_claim(&access, "jti", valid.claims["jti"].clone());
    table.add_rejected(
        "unknown_token",
        "an app token's jti",
        valid.key.sign(&session_header, &payload_with_app_jti),
    );
    let payload_with_refresh_jti =
        payload_with_claim(&access, "jti", payload(&refresh)["jti"].clone());
    table.add_rejected(
        "unknown_token",
        "the refresh token's jti",
        valid.key.sign(&session_header, &payload_with_refresh_jti),
    );
    let with_app_typ = valid.key.sign(&valid.key.header("JWT"), &payload(&access).to_string());
    table.add_rejected("wrong_type", "the typ of an app token", with_app_typ);
    table
}

#[test]
fn token_kinds_are_not_interchangeable() {
    let sandbox = Sandbox::with_admin();
    let valid = ValidToken::new(&sandbox);
    let (access, refresh) = (sandbox.session_member("access"), sandbox.session_member("refresh"));
    session_token_table(&valid).assert_rejected(&sandbox, &[]);
    wrong_access_token_table(&valid).assert_rejected(&sandbox, &["--type", "access"]);
    for token in [&valid.token, &refresh] {
        let output = sandbox.command(&["whoami", "-o", "json"]).env("JETON_TOKEN", token).output();
        let error = crate::run_output::RunOutput::from(output.unwrap()).fails(10).error();
        assert_eq!(error["details"]["reason"], "wrong_type");
    }
    let output = sandbox.command(&["whoami"]).env("JETON_TOKEN", &access).output();
    crate::run_output::RunOutput::from(output.unwrap()).ok();
    for token in [&valid.token, &access] {
        let output =
            sandbox.run_with_input(&["refresh", "--token-stdin", "-o", "json"], token).fails(10);
        assert_eq!(output.error()["details"]["reason"], "wrong_type");
    }
}

#[test]
fn test_token_is_refused_as_any_other_kind() {
    let sandbox = Sandbox::with_admin();
    let access = crate::sandbox::payload(&sandbox.session_member("access"));
    let sub = access["sub"].as_str().unwrap();
    let minted = sandbox.stdout_of(&["token", "mint", "--sub", sub, "--claim", "type=access"]);
    let valid = ValidToken::new(&sandbox);
    let test_key = Key::load(&sandbox, "test");
    assert_ne!(test_key.kid, valid.key.kid);
    let session_header = test_key.header("session+jwt");
    let app_claims = Value::from(valid.claims.clone()).to_string();
    let tokens = [
        ("minted with the sub of an admin", minted.clone()),
        (
            "claims of the access token, signed with the test key",
            test_key.sign(&session_header, &access.to_string()),
        ),
        (
            "claims of the app token, signed with the test key",
            test_key.sign(&test_key.header("JWT"), &app_claims),
        ),
    ];
    let mut table = Table::default();
    for (name, token) in &tokens {
        table.add_rejected("wrong_type", *name, token);
        let whoami = sandbox.command(&["whoami", "-o", "json"]).env("JETON_TOKEN", token).output();
        let inspect =
            sandbox.command(&["token", "inspect", "-o", "json"]).env("JETON_TOKEN", token).output();
        let create = sandbox
            .command(&["token", "create", "x", "-o", "json"])
            .env("JETON_TOKEN", token)
            .output();
        let session_hint = "replace the token in JETON_TOKEN with the access token of a session";
        let verify_hint = "verify test tokens with `jeton token verify --type test`";
        for (output, hint) in
            [(whoami, session_hint), (inspect, verify_hint), (create, session_hint)]
        {
            let error = crate::run_output::RunOutput::from(output.unwrap()).fails(10).error();
            assert_eq!(error["details"]["reason"], "wrong_type", "{name}");
            assert_eq!(error["hint"], hint);
        }
        let refresh = sandbox.run_with_input(&["refresh", "--token-stdin", "-o", "json"], token);
        assert_eq!(refresh.fails(10).error()["details"]["reason"], "wrong_type");
    }
    table.assert_rejected(&sandbox, &[]);
    table.assert_rejected(&sandbox, &["--type", "access"]);
    table.assert_rejected(&sandbox, &["--type", "refresh"]);
    sandbox.run_with_input(&["token", "verify", "-", "--type", "test"], &minted).ok();

    // The first token has the `kid` of the test key and a signature by the app key. The second
    // token has the `kid` of the app key and a signature by the test key.
    let mut table = Table::default();
    let claims = app_claims.as_str();
    table.add_rejected(
        "wrong_type",
        "kid of the test key",
        valid.key.sign(&test_key.header("JWT"), claims),
    );
    table.add_rejected(
        "bad_signature",
        "kid of the app key",
        test_key.sign(&valid.key.header("JWT"), claims),
    );
    table.assert_rejected(&sandbox, &[]);
}
