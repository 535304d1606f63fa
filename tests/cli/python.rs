//! Interoperability with `PyJWT`, and with Flask-JWT-Extended in its default configuration (except
//! algorithm and key). The module also runs Python scripts for other tests.

use crate::required::python;
use crate::sandbox::{Sandbox, payload, tampered};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Runs a script in `python/` with a JSON value on standard input. Returns its JSON output.
pub(crate) fn run_script(script: &str, input: &Value) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/python").join(script);
    let mut command = Command::new(python());
    command.args(["-I", "-B"]).arg(path).stdin(Stdio::piped());
    run_with_json(command, input)
}

/// Runs a command with a JSON value on standard input. Returns its JSON output.
pub(crate) fn run_with_json(mut command: Command, input: &Value) -> Value {
    let mut child = Sandbox::start(&mut command);
    child.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Returns the exported JWK Set of the keys with the purpose `purpose`, which is `app` or `test`.
fn exported_keys(sandbox: &Sandbox, purpose: &str) -> Value {
    let text = sandbox.stdout_of(&["keys", "export", "--jwks", "--purpose", purpose]);
    serde_json::from_str(&text).unwrap()
}

fn logged_in_uid(sandbox: &Sandbox) -> Value {
    sandbox.json(&["whoami"])["user"]["uid"].take()
}

/// Verifies tokens with `PyJWT`. `tokens` is an object with a token for each name. Returns an
/// object with the claims or the refusal for each name.
fn run_pyjwt(jwks: &Value, tokens: &Value) -> Value {
    run_script("tokens.py", &json!({"jwks": jwks, "issuer": "jeton", "tokens": tokens}))
}

/// Returns the result of `tokens.py` for a token that `PyJWT` refuses with the exception.
fn refusal_with(exception: &str) -> Value {
    json!({ "refused": exception })
}

/// Replaces the header of `token` by the header of the token `header_source`, so that the result
/// names the key of `header_source`.
fn with_header_of(token: &str, header_source: &str) -> String {
    let header = header_source.split('.').next().unwrap();
    let (_, rest) = token.split_once('.').unwrap();
    format!("{header}.{rest}")
}

/// Replaces the subject of a token, and keeps the signature.
fn with_other_subject(token: &str) -> String {
    let mut claims = payload(token);
    claims["sub"] = json!("another subject");
    let parts: Vec<&str> = token.split('.').collect();
    format!("{}.{}.{}", parts[0], URL_SAFE_NO_PAD.encode(claims.to_string()), parts[2])
}

#[test]
#[ignore = "needs Python"]
fn pyjwt_verifies_app_and_session_tokens_with_exported_keys() {
    let sandbox = Sandbox::with_john();
    let app = sandbox.stdout_of(&["token", "create", "my-app", "--permission", "read,write"]);
    let without_expiry = sandbox.stdout_of(&["token", "create", "endless", "--no-expiry"]);
    let (access, refresh) = (sandbox.session_member("access"), sandbox.session_member("refresh"));
    let tokens = json!({
        "app": app, "access": access, "refresh": refresh, "endless": without_expiry,
        "header": tampered(&app, 0), "payload": tampered(&app, 1), "signature": tampered(&app, 2),
        "subject": with_other_subject(&app),
    });
    let results = run_pyjwt(&exported_keys(&sandbox, "app"), &tokens);
    assert_eq!(
        results,
        json!({
            "app": {"claims": payload(&app)},
            "access": {"claims": payload(&access)},
            "refresh": {"claims": payload(&refresh)},
            // The script requires `exp`.
            "endless": refusal_with("MissingRequiredClaimError"),
            "header": refusal_with("DecodeError"),
            "payload": refusal_with("InvalidSignatureError"),
            "signature": refusal_with("InvalidSignatureError"),
            "subject": refusal_with("InvalidSignatureError"),
        })
    );
    let claims = &results["app"]["claims"];
    assert_eq!(claims["permissions"], json!(["read", "write"]));
    assert_eq!(claims["sub"], logged_in_uid(&sandbox));
    assert_eq!(results["access"]["claims"]["sub"], logged_in_uid(&sandbox));

    let input =
        json!({"jwks": exported_keys(&sandbox, "app"), "issuer": "other", "tokens": tokens});
    let results_for_other_issuer = run_script("tokens.py", &input);
    for name in ["app", "access", "refresh"] {
        assert_eq!(results_for_other_issuer[name], refusal_with("InvalidIssuerError"));
    }
}

#[test]
#[ignore = "needs Python"]
fn pyjwt_accepts_tokens_only_with_keys_of_their_purpose() {
    let sandbox = Sandbox::with_admin();
    let app = sandbox.stdout_of(&["token", "create", "my-app"]);
    let test =
        sandbox.stdout_of(&["token", "mint", "--sub=alice", "--claim-json", "roles=[\"admin\"]"]);
    let expired =
        sandbox.stdout_of(&["token", "mint", "--sub=alice", "--expires-at=2020-01-01T00:00:00Z"]);
    let tokens = json!({
        "app": app, "test": test, "expired": expired,
        "test token with the app header": with_header_of(&test, &app),
        "app token with the test header": with_header_of(&app, &test),
    });
    assert_eq!(
        run_pyjwt(&exported_keys(&sandbox, "test"), &tokens),
        json!({
            "app": refusal_with("KeyError"),
            "test": {"claims": payload(&test)},
            "expired": refusal_with("ExpiredSignatureError"),
            "test token with the app header": refusal_with("KeyError"),
            "app token with the test header": refusal_with("InvalidSignatureError"),
        })
    );
    assert_eq!(
        run_pyjwt(&exported_keys(&sandbox, "app"), &tokens),
        json!({
            "app": {"claims": payload(&app)},
            "test": refusal_with("KeyError"),
            "expired": refusal_with("KeyError"),
            "test token with the app header": refusal_with("InvalidSignatureError"),
            "app token with the test header": refusal_with("KeyError"),
        })
    );
}

#[test]
#[ignore = "needs Python"]
fn symmetric_keys_are_not_exported_as_jwks() {
    let sandbox = Sandbox::new();
    sandbox.run(&["init", "ada", "--alg", "HS256"]).ok();
    let export = sandbox.run(&["keys", "export", "--jwks"]).ok();
    assert_snapshot!(export.diagnostics(), @"
    --- stderr
    warning: symmetric keys omitted: anyone who can verify with a symmetric key can also sign
    ");
    let keys: Value = serde_json::from_str(&export.stdout).unwrap();
    assert_eq!(keys, json!({"keys": []}));
    let app = sandbox.stdout_of(&["token", "create", "my-app"]);
    sandbox.run(&["token", "verify", &app]).ok();
    let tokens = json!({"app": app, "access": sandbox.session_member("access")});
    let refusal = refusal_with("PyJWKSetError");
    assert_eq!(run_pyjwt(&keys, &tokens), json!({"app": refusal, "access": refusal}));
}

/// Sends requests to the Flask service. A request consists of the route, the name of the token, and
/// the token (empty for a request without a token). Returns one line per request: the route, the
/// name of the token, and the status and the text of the response.
fn request_all(sandbox: &Sandbox, requests: &[(&str, &str, &str)]) -> Vec<String> {
    let service_requests: Vec<Value> = requests
        .iter()
        .map(|(route, _, token)| json!([route, (!token.is_empty()).then_some(token)]))
        .collect();
    let input = json!({"jwks": exported_keys(sandbox, "app"), "requests": service_requests});
    let responses = run_script("service.py", &input);
    let pairs = requests.iter().zip(responses.as_array().unwrap());
    pairs
        .map(|((route, name, _), response)| {
            let text = response["body"].as_object().unwrap().values().next().unwrap();
            format!("{route} {name}: {} {}", response["status"], text.as_str().unwrap())
        })
        .collect()
}

#[test]
#[ignore = "needs Python"]
fn flask_service_verifies_session_and_app_tokens_with_exported_keys() {
    let sandbox = Sandbox::with_john();
    let subject = logged_in_uid(&sandbox);
    let subject = subject.as_str().unwrap();
    let app = sandbox.stdout_of(&["token", "create", "my-app"]);
    let with_audience =
        sandbox.stdout_of(&["token", "create", "my-app", "--aud", "another-audience"]);
    let (access, refresh) = (sandbox.session_member("access"), sandbox.session_member("refresh"));
    sandbox.run(&["refresh"]).ok();
    let later_access = sandbox.session_member("access");
    let lines = request_all(
        &sandbox,
        &[
            ("/protected", "no token", ""),
            ("/protected", "access", &access),
            ("/protected", "later access", &later_access),
            ("/protected", "refresh", &refresh),
            ("/protected", "app", &app),
            ("/fresh", "access", &access),
            ("/fresh", "later access", &later_access),
            ("/refresh", "refresh", &refresh),
            ("/refresh", "access", &access),
            ("/refresh", "app", &app),
            ("/any", "app", &app),
            ("/protected", "app with audience", &with_audience),
        ],
    );
    assert_eq!(
        lines,
        [
            "/protected no token: 401 Missing Authorization Header",
            &format!("/protected access: 200 {subject}"),
            &format!("/protected later access: 200 {subject}"),
            "/protected refresh: 422 Only non-refresh tokens are allowed",
            // At this route, the library refuses only the type `refresh`, so it accepts app tokens.
            &format!("/protected app: 200 {subject}"),
            &format!("/fresh access: 200 {subject}"),
            "/fresh later access: 401 Fresh token required",
            &format!("/refresh refresh: 200 {subject}"),
            "/refresh access: 422 Only refresh tokens are allowed",
            "/refresh app: 422 Only refresh tokens are allowed",
            &format!("/any app: 200 {subject}"),
            &format!("/protected app with audience: 200 {subject}"),
        ]
    );
}

#[test]
#[ignore = "needs Python"]
fn flask_service_refuses_test_and_tampered_tokens() {
    let sandbox = Sandbox::with_admin();
    let app = sandbox.stdout_of(&["token", "create", "my-app"]);
    let access = sandbox.session_member("access");
    let test = sandbox.stdout_of(&["token", "mint", "--claim", "type=access"]);
    let mut requests: Vec<(&str, &str, String)> = vec![
        ("/protected", "test", test.clone()),
        ("/protected", "test with the app's header", with_header_of(&test, &app)),
    ];
    for (part, name) in ["header", "payload", "signature"].into_iter().enumerate() {
        requests.push(("/protected", name, tampered(&access, part)));
        requests.push(("/any", name, tampered(&app, part)));
    }
    requests.push(("/protected", "subject", with_other_subject(&access)));
    requests.push(("/any", "subject", with_other_subject(&app)));
    let requests: Vec<(&str, &str, &str)> =
        requests.iter().map(|(route, name, token)| (*route, *name, token.as_str())).collect();
    let signature_error = "422 Signature verification failed";
    let header_error = "422 Invalid header string: Expecting value: line 1 column 1 (char 0)";
    // The library parses the claims before it checks the signature.
    let payload_error = "422 Invalid payload string: Expecting value: line 1 column 1 (char 0)";
    assert_eq!(
        request_all(&sandbox, &requests),
        [
            format!("/protected test: {signature_error}"),
            format!("/protected test with the app's header: {signature_error}"),
            format!("/protected header: {header_error}"),
            format!("/any header: {header_error}"),
            format!("/protected payload: {payload_error}"),
            format!("/any payload: {payload_error}"),
            format!("/protected signature: {signature_error}"),
            format!("/any signature: {signature_error}"),
            format!("/protected subject: {signature_error}"),
            format!("/any subject: {signature_error}"),
        ]
    );
}
