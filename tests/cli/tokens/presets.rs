//! `jeton token presets`, and tokens minted from presets

use crate::python::run_script;
use crate::sandbox::{Sandbox, payload};
use insta::{allow_duplicates, assert_snapshot};
use serde_json::{Value, json};
use std::fs;

const SECRET: &str = "a secret that is as long as the hash";

/// Mints a token with the preset, signed with the secret in the variable `JWT_SECRET_KEY`.
fn mint_with_secret(sandbox: &Sandbox, preset: &str, options: &[&str]) -> String {
    let arguments = ["token", "mint", "--preset", preset, "--secret-env", "JWT_SECRET_KEY"];
    sandbox.stdout_of(&[&arguments[..], &["--alg", "HS256"], options].concat())
}

fn decode_header(sandbox: &Sandbox, token: &str) -> String {
    sandbox.json(&["token", "decode", token, "--part", "header"]).to_string()
}

#[test]
#[ignore = "needs Python"]
fn flask_service_accepts_each_preset_token_only_at_its_endpoints() {
    let mut sandbox = Sandbox::new();
    sandbox.set_variable("JWT_SECRET_KEY", SECRET);
    let access = mint_with_secret(&sandbox, "flask", &["--sub", "7"]);
    let fresh_access = mint_with_secret(&sandbox, "flask", &["--sub", "7", "--set", "fresh=true"]);
    let refresh = mint_with_secret(&sandbox, "flask-refresh", &["--sub", "7"]);
    let expired_access =
        mint_with_secret(&sandbox, "flask", &["--issued-at", "2020-01-01T00:00:00Z"]);
    let token_without_preset =
        sandbox.stdout_of(&["token", "mint", "--secret-env", "JWT_SECRET_KEY", "--alg", "HS256"]);
    let input = json!({"secret": SECRET, "requests": [
        ["/protected", access], ["/fresh", access], ["/fresh", fresh_access], ["/protected", refresh],
        ["/refresh", refresh], ["/refresh", access], ["/protected", expired_access],
        ["/protected", token_without_preset],
    ]});
    let responses = run_script("service.py", &input);
    let statuses: Vec<&Value> =
        responses.as_array().unwrap().iter().map(|response| &response["status"]).collect();
    assert_eq!(statuses, [200, 401, 200, 422, 200, 422, 401, 422], "{responses}");
    assert_eq!(responses[0]["body"], json!({"identity": "7"}));
    assert_eq!(
        decode_header(&sandbox, &access),
        r#"{"alg":"HS256","typ":"JWT"}"#,
        "the header is the same as in tokens of PyJWT"
    );
    let claims = payload(&access);
    let names: Vec<&String> = claims.as_object().unwrap().keys().collect();
    assert_eq!(names, ["fresh", "iat", "jti", "type", "sub", "nbf", "csrf", "exp"]);
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 900);
    assert!(!sandbox.has_store());
}

#[test]
fn gerencia_preset_sets_the_claims_in_order() {
    let mut sandbox = Sandbox::new();
    sandbox.set_variable("JWT_SECRET_KEY", SECRET);
    let options = ["--issued-at", "2026-01-01T00:00:00Z", "-p", "read", "--set", "id=12"];
    let token = mint_with_secret(&sandbox, "gerencia", &options);
    assert_eq!(
        payload(&token).to_string(),
        "{\"id\":12,\"owner\":\"gerenciaToken\",\"target\":\"cliente\",\
         \"permissions\":[\"read\"],\"iat\":1767225600,\"exp\":1767830400}"
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "the snapshots are as long as the output")]
fn custom_presets_add_to_or_override_built_in_presets_and_are_checked() {
    let sandbox = Sandbox::with_admin();
    let directory = sandbox.home().join(".config/jeton/presets");
    fs::create_dir_all(&directory).unwrap();
    let preset = json!({"description": "ours", "alg": "EdDSA", "parameters": {"tenant": "dev"},
        "header": {"alg": "{alg}", "kid": "{kid}"},
        "claims": {"iss": "https://{tenant}.example/", "exp": "{exp}"}});
    fs::write(directory.join("ours.json"), preset.to_string()).unwrap();
    fs::write(directory.join("flask.json"), preset.to_string()).unwrap();
    assert_snapshot!(sandbox.run(&["token", "presets"]), @"
    NAME            CUSTOM  DESCRIPTION
    auth0           -       Access token of Auth0 for an API, in the Auth0 profile
    cognito         -       Access token of an Amazon Cognito user pool
    cognito-id      -       ID token of an Amazon Cognito user pool
    entra           -       Access token of Microsoft Entra ID for an API, version 2.0
    flask           yes     ours
    flask-refresh   -       Refresh token of Flask-JWT-Extended 4, signed with JWT_SECRET_KEY
    gerencia        -       App token of a service that issues tokens for client applications: gerenciaToken
    github-actions  -       ID token of a GitHub Actions job (OpenID Connect)
    keycloak        -       Access token of a Keycloak realm, version 26
    okta            -       Access token of an Okta custom authorization server
    ours            yes     ours
    rfc9068         -       OAuth 2.0 access token of any issuer that follows RFC 9068
    supabase        -       Access token of a user of a Supabase project, with asymmetric signing keys
    ");
    assert_snapshot!(sandbox.run(&["token", "presets", "ls"]), @"
    NAME            CUSTOM  DESCRIPTION
    auth0           -       Access token of Auth0 for an API, in the Auth0 profile
    cognito         -       Access token of an Amazon Cognito user pool
    cognito-id      -       ID token of an Amazon Cognito user pool
    entra           -       Access token of Microsoft Entra ID for an API, version 2.0
    flask           yes     ours
    flask-refresh   -       Refresh token of Flask-JWT-Extended 4, signed with JWT_SECRET_KEY
    gerencia        -       App token of a service that issues tokens for client applications: gerenciaToken
    github-actions  -       ID token of a GitHub Actions job (OpenID Connect)
    keycloak        -       Access token of a Keycloak realm, version 26
    okta            -       Access token of an Okta custom authorization server
    ours            yes     ours
    rfc9068         -       OAuth 2.0 access token of any issuer that follows RFC 9068
    supabase        -       Access token of a user of a Supabase project, with asymmetric signing keys
    ");
    let token = sandbox.stdout_of(&["token", "mint", "--preset", "ours", "--set", "tenant=t"]);
    assert_eq!(payload(&token)["iss"], "https://t.example/");
    sandbox.run(&["token", "verify", &token, "--type", "test"]).ok();
    assert_snapshot!(sandbox.run(&["token", "presets", "show", "ours"]), @r#"
    ours
    signed with EdDSA

    parameters:
      tenant = "dev"

    header:
      alg = "{alg}"
      kid = "{kid}"

    claims:
      iss = "https://{tenant}.example/"
      exp = "{exp}"
    "#);
    let preset_without_header = json!({"description": "ours", "claims": {"exp": "{exp}"}});
    fs::write(directory.join("ours.json"), preset_without_header.to_string()).unwrap();
    let token = sandbox.stdout_of(&["token", "mint", "--preset", "ours"]);
    sandbox.run(&["token", "verify", &token, "--type", "test"]).ok();
    let preset_without_header_alg =
        json!({"description": "ours", "header": {"kid": "{kid}"}, "claims": {}});
    fs::write(directory.join("ours.json"), preset_without_header_alg.to_string()).unwrap();
    let output = sandbox.run(&["token", "mint", "--preset", "ours"]);
    assert_snapshot!(output, @r#"
    --- exit code 65, stderr
    error: `~/.config/jeton/presets/ours.json`: `header` must contain "alg": "{alg}"
    "#);
    fs::write(directory.join("ours.json"), "{}").unwrap();
    assert_snapshot!(sandbox.run(&["token", "mint", "--preset", "ours"]), @"
    --- exit code 65, stderr
    error: `~/.config/jeton/presets/ours.json`: missing field `description`
    ");
    assert_snapshot!(sandbox.run(&["token", "presets"]), @"
    NAME            CUSTOM  DESCRIPTION
    auth0           -       Access token of Auth0 for an API, in the Auth0 profile
    cognito         -       Access token of an Amazon Cognito user pool
    cognito-id      -       ID token of an Amazon Cognito user pool
    entra           -       Access token of Microsoft Entra ID for an API, version 2.0
    flask           yes     ours
    flask-refresh   -       Refresh token of Flask-JWT-Extended 4, signed with JWT_SECRET_KEY
    gerencia        -       App token of a service that issues tokens for client applications: gerenciaToken
    github-actions  -       ID token of a GitHub Actions job (OpenID Connect)
    keycloak        -       Access token of a Keycloak realm, version 26
    okta            -       Access token of an Okta custom authorization server
    rfc9068         -       OAuth 2.0 access token of any issuer that follows RFC 9068
    supabase        -       Access token of a user of a Supabase project, with asymmetric signing keys
    --- stderr
    warning: `~/.config/jeton/presets/ours.json`: missing field `description`
    ");
    let okta = sandbox.run(&["token", "presets", "show", "okta"]).ok().stdout;
    assert!(okta.contains("\nsigned with RS256\nlifetime 1h\n"), "{okta}");
    assert!(okta.contains("\n    accepts defect revoked (no blocklist)\n"), "{okta}");
}

#[test]
fn shown_preset_is_a_valid_preset_file() {
    let sandbox = Sandbox::with_admin();
    let directory = sandbox.home().join(".config/jeton/presets");
    fs::create_dir_all(&directory).unwrap();
    for item in sandbox.json(&["token", "presets"])["items"].as_array().unwrap() {
        let name = item["name"].as_str().unwrap();
        let preset = sandbox.json(&["token", "presets", "show", name]);
        fs::write(directory.join("mine.json"), preset.to_string()).unwrap();
        let show = |name| sandbox.stdout_of(&["token", "presets", "show", name]);
        assert_eq!(show("mine"), show(name));
    }
}

#[test]
fn guide_lists_parameters_and_verifiers_of_each_preset() {
    let sandbox = Sandbox::with_admin();
    let guide = include_str!("../../../src/guides/test-tokens.md");
    let names = |members: &Value, quote| {
        let names = members.as_object().unwrap().keys();
        names.map(|name| format!("{quote}{name}{quote}")).collect::<Vec<_>>().join(", ")
    };
    for item in sandbox.json(&["token", "presets"])["items"].as_array().unwrap() {
        let name = item["name"].as_str().unwrap();
        let preset = sandbox.json(&["token", "presets", "show", name]);
        let (parameters, verifiers) =
            (names(&preset["parameters"], "`"), names(&preset["verifiers"], ""));
        let row = format!("| `{name}` | {parameters} | {verifiers} |");
        assert!(guide.lines().any(|line| line == row), "{row}");
    }
}

#[test]
fn single_permission_is_minted_as_a_list() {
    let sandbox = Sandbox::with_admin();
    let mint =
        |arguments: &[&str]| payload(&sandbox.stdout_of(&[&["token", "mint"], arguments].concat()));
    assert_eq!(mint(&["-p", "read"])["permissions"], json!(["read"]));
    let auth0 = ["--preset", "auth0", "-p"];
    assert_eq!(mint(&[&auth0[..], &["a"]].concat())["permissions"], json!(["a"]));
    assert_eq!(mint(&[&auth0[..], &["a,b"]].concat())["permissions"], json!(["a", "b"]));
    let gerencia = ["--preset", "gerencia", "--set", "permissions=a"];
    assert_eq!(mint(&gerencia)["permissions"], json!(["a"]));
    let two_permissions = [&gerencia[..], &["--set", "permissions=b"]].concat();
    assert_eq!(mint(&two_permissions)["permissions"], json!(["a", "b"]));
}

#[test]
fn unknown_presets_and_unsuitable_parameters_are_refused() {
    let sandbox = Sandbox::with_admin();
    assert_snapshot!(sandbox.run(&["token", "mint", "--preset", "none"]), @"
    --- exit code 3, stderr
    error: preset `none` not found
    hint: list presets: jeton token presets
    ");
    assert_snapshot!(sandbox.run(&["token", "presets", "show", "none"]), @"
    --- exit code 3, stderr
    error: preset `none` not found
    hint: list presets: jeton token presets
    ");
    for name in ["../../store", ""] {
        assert_eq!(sandbox.run(&["token", "mint", "--preset", name]).code, 3, "{name}");
    }
    let mint =
        |assignment| sandbox.run(&["token", "mint", "--preset", "flask", "--set", assignment]);
    assert_snapshot!(mint("tenant=x"), @"
    --- exit code 2, stderr
    error: parameter: unknown name `tenant`: expected one of fresh, sub
    ");
    let mint_without_preset = ["token", "mint", "--set", "tenant=x"];
    assert_snapshot!(sandbox.run(&mint_without_preset), @"
    --- exit code 2, stderr
    error: the following required arguments were not provided:
      --preset <NAME>
    hint: usage: jeton token mint --preset <NAME> --set <NAME=VALUE> [NAME]...
    ");
    assert_snapshot!(mint("fresh=yes"), @"
    --- exit code 2, stderr
    error: parameter: `fresh` must have the type of its default, false
    ");
}

#[test]
fn preset_that_expands_exponentially_is_refused() {
    let mut sandbox = Sandbox::new();
    sandbox.set_variable("JWT_SECRET_KEY", SECRET);
    let directory = sandbox.home().join(".config/jeton/presets");
    fs::create_dir_all(&directory).unwrap();
    // Each parameter contains the previous parameter twice.
    let twice = |name: String| json!([name, name]);
    let mut parameters = json!({"p0": "x"});
    for number in 1..64 {
        parameters[format!("p{number}")] = twice(format!("{{p{}}}", number - 1));
    }
    let preset = json!({"description": "ours", "parameters": parameters, "claims": {"c": "{p63}"}});
    fs::write(directory.join("ours.json"), preset.to_string()).unwrap();
    let arguments = ["--preset", "ours", "--secret-env", "JWT_SECRET_KEY", "--alg", "HS256"];
    for command in ["mint", "fixtures"] {
        let output = sandbox.run(&[&["token", command], &arguments[..]].concat());
        allow_duplicates!(assert_snapshot!(output, @"
        --- exit code 2, stderr
        error: preset: the rendered parameters, header and claims exceed the maximum length
        "));
    }
}
