//! Python services accept what jeton signs: `PyJWT` and Flask-JWT-Extended, as they come.

use crate::sandbox::{Sandbox, payload, tampered};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// An interpreter that has the packages of `python/requirements.txt`; which one,
/// `JETON_TEST_PYTHON` says. `JETON_TEST_REQUIRE_PYTHON` makes a missing one a failure.
pub(crate) fn python() -> Option<OsString> {
    let named = variable("JETON_TEST_PYTHON");
    let python = named.unwrap_or_else(|| OsString::from("python3"));
    let mut probe = Command::new(&python);
    probe.args(["-I", "-c", "import jwt, flask_jwt_extended, cryptography, pytest, yaml"]);
    if probe.stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
        return Some(python);
    }
    let lacks = format!(
        "{} lacks the packages of tests/cli/python/requirements.txt",
        python.to_string_lossy()
    );
    skipped(&lacks, "JETON_TEST_REQUIRE_PYTHON");
    None
}

/// Says that a test is skipped; the variable makes it a failure.
pub(crate) fn skipped(why: &str, required: &str) {
    assert!(variable(required).is_none(), "{why}");
    // Past the capture of passing tests: who reads the log must see it.
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}

pub(crate) fn variable(name: &str) -> Option<OsString> {
    #[expect(clippy::disallowed_methods, reason = "it is the test that is asked, not the program")]
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// What a script of `python/` answers.
pub(crate) fn ask(python: &OsString, script: &str, question: &Value) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/python").join(script);
    let mut command = Command::new(python);
    command.args(["-I", "-B"]).arg(path).stdin(Stdio::piped());
    answer(command, question)
}

/// What a script answers that reads a question and ends.
pub(crate) fn answer(mut command: Command, question: &Value) -> Value {
    let mut child = Sandbox::start(&mut command);
    child.stdin.take().unwrap().write_all(question.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn jwks(sandbox: &Sandbox, purpose: &str) -> Value {
    let text = sandbox.get(&["keys", "export", "--jwks", "--purpose", purpose]);
    serde_json::from_str(&text).unwrap()
}

fn uid(sandbox: &Sandbox) -> Value {
    sandbox.json(&["whoami"])["user"]["uid"].take()
}

fn pyjwt(python: &OsString, jwks: &Value, tokens: &Value) -> Value {
    ask(python, "tokens.py", &json!({"jwks": jwks, "issuer": "jeton", "tokens": tokens}))
}

fn refused(exception: &str) -> Value {
    json!({ "refused": exception })
}

/// The token with the header of another one: what is left of it if a `kid` is believed.
fn with_header_of(token: &str, other: &str) -> String {
    let header = other.split('.').next().unwrap();
    let (_, rest) = token.split_once('.').unwrap();
    format!("{header}.{rest}")
}

/// The token with another subject, signed as it was.
fn with_other_subject(token: &str) -> String {
    let mut claims = payload(token);
    claims["sub"] = json!("somebody else");
    let parts: Vec<&str> = token.split('.').collect();
    format!("{}.{}.{}", parts[0], URL_SAFE_NO_PAD.encode(claims.to_string()), parts[2])
}

#[test]
fn pyjwt_accepts_app_and_session_tokens_by_the_exported_keys() {
    let Some(python) = python() else { return };
    let sandbox = Sandbox::with_john();
    let app = sandbox.get(&["token", "create", "my-app", "--permission", "read,write"]);
    let endless = sandbox.get(&["token", "create", "endless", "--no-expiry"]);
    let (access, refresh) = (sandbox.session("access"), sandbox.session("refresh"));
    let tokens = json!({
        "app": app, "access": access, "refresh": refresh, "endless": endless,
        "header": tampered(&app, 0), "payload": tampered(&app, 1), "signature": tampered(&app, 2),
        "subject": with_other_subject(&app),
    });
    let answers = pyjwt(&python, &jwks(&sandbox, "app"), &tokens);
    assert_eq!(
        answers,
        json!({
            "app": {"claims": payload(&app)},
            "access": {"claims": payload(&access)},
            "refresh": {"claims": payload(&refresh)},
            // The script requires `exp`.
            "endless": refused("MissingRequiredClaimError"),
            "header": refused("DecodeError"),
            "payload": refused("InvalidSignatureError"),
            "signature": refused("InvalidSignatureError"),
            "subject": refused("InvalidSignatureError"),
        })
    );
    let claims = &answers["app"]["claims"];
    assert_eq!(claims["permissions"], json!(["read", "write"]));
    assert_eq!(claims["sub"], uid(&sandbox));
    assert_eq!(answers["access"]["claims"]["sub"], uid(&sandbox));

    let question = json!({"jwks": jwks(&sandbox, "app"), "issuer": "other", "tokens": tokens});
    let others = ask(&python, "tokens.py", &question);
    for name in ["app", "access", "refresh"] {
        assert_eq!(others[name], refused("InvalidIssuerError"));
    }
}

#[test]
fn pyjwt_accepts_test_tokens_by_the_keys_of_tests_and_by_no_others() {
    let Some(python) = python() else { return };
    let sandbox = Sandbox::with_admin();
    let app = sandbox.get(&["token", "create", "my-app"]);
    let test =
        sandbox.get(&["token", "mint", "--sub", "alice", "--claim-json", "roles=[\"admin\"]"]);
    let expired =
        sandbox.get(&["token", "mint", "--sub", "alice", "--expires-at", "2020-01-01T00:00:00Z"]);
    let tokens = json!({
        "app": app, "test": test, "expired": expired,
        "test that says it is an app's": with_header_of(&test, &app),
        "app that says it is a test's": with_header_of(&app, &test),
    });
    assert_eq!(
        pyjwt(&python, &jwks(&sandbox, "test"), &tokens),
        json!({
            "app": refused("KeyError"),
            "test": {"claims": payload(&test)},
            "expired": refused("ExpiredSignatureError"),
            "test that says it is an app's": refused("KeyError"),
            "app that says it is a test's": refused("InvalidSignatureError"),
        })
    );
    assert_eq!(
        pyjwt(&python, &jwks(&sandbox, "app"), &tokens),
        json!({
            "app": {"claims": payload(&app)},
            "test": refused("KeyError"),
            "expired": refused("KeyError"),
            "test that says it is an app's": refused("InvalidSignatureError"),
            "app that says it is a test's": refused("KeyError"),
        })
    );
}

#[test]
fn a_symmetric_key_is_not_given_to_anybody() {
    let Some(python) = python() else { return };
    let sandbox = Sandbox::new();
    sandbox.run(&["init", "ada", "--alg", "HS256"]).ok();
    let export = sandbox.run(&["keys", "export", "--jwks"]).ok();
    assert_snapshot!(export.diagnostics(), @"
    --- stderr
    warning: omitted symmetric keys: anyone who can verify with them can also sign
    ");
    let keys: Value = serde_json::from_str(&export.stdout).unwrap();
    assert_eq!(keys, json!({"keys": []}));
    let app = sandbox.get(&["token", "create", "my-app"]);
    sandbox.run(&["token", "verify", &app]).ok();
    let tokens = json!({"app": app, "access": sandbox.session("access")});
    let refused = refused("PyJWKSetError");
    assert_eq!(pyjwt(&python, &keys, &tokens), json!({"app": refused, "access": refused}));
}

/// What the service answers, one line a request: route, name of the token, status, answer.
fn served(python: &OsString, sandbox: &Sandbox, requests: &[(&str, &str, &str)]) -> Vec<String> {
    let asked: Vec<Value> = requests
        .iter()
        .map(|(route, _, token)| json!([route, (!token.is_empty()).then_some(token)]))
        .collect();
    let question = json!({"jwks": jwks(sandbox, "app"), "requests": asked});
    let answers = ask(python, "service.py", &question);
    let lines = requests.iter().zip(answers.as_array().unwrap());
    lines
        .map(|((route, name, _), answer)| {
            let said = answer["answer"].as_object().unwrap().values().next().unwrap();
            format!("{route} {name}: {} {}", answer["status"], said.as_str().unwrap())
        })
        .collect()
}

#[test]
fn a_flask_service_lets_sessions_in_by_the_exported_key() {
    let Some(python) = python() else { return };
    let sandbox = Sandbox::with_john();
    let uid = uid(&sandbox);
    let uid = uid.as_str().unwrap();
    let app = sandbox.get(&["token", "create", "my-app"]);
    let aimed = sandbox.get(&["token", "create", "my-app", "--aud", "somebody"]);
    let (access, refresh) = (sandbox.session("access"), sandbox.session("refresh"));
    sandbox.run(&["refresh"]).ok();
    let later = sandbox.session("access");
    let lines = served(
        &python,
        &sandbox,
        &[
            ("/protected", "nothing", ""),
            ("/protected", "access", &access),
            ("/protected", "later access", &later),
            ("/protected", "refresh", &refresh),
            ("/protected", "app", &app),
            ("/fresh", "access", &access),
            ("/fresh", "later access", &later),
            ("/refresh", "refresh", &refresh),
            ("/refresh", "access", &access),
            ("/refresh", "app", &app),
            ("/any", "app", &app),
            ("/protected", "app with audience", &aimed),
        ],
    );
    assert_eq!(
        lines,
        [
            "/protected nothing: 401 Missing Authorization Header",
            &format!("/protected access: 200 {uid}"),
            &format!("/protected later access: 200 {uid}"),
            "/protected refresh: 422 Only non-refresh tokens are allowed",
            // It asks that the type be not `refresh`, no more: app tokens come in as well.
            &format!("/protected app: 200 {uid}"),
            &format!("/fresh access: 200 {uid}"),
            "/fresh later access: 401 Fresh token required",
            &format!("/refresh refresh: 200 {uid}"),
            "/refresh access: 422 Only refresh tokens are allowed",
            "/refresh app: 422 Only refresh tokens are allowed",
            &format!("/any app: 200 {uid}"),
            &format!("/protected app with audience: 200 {uid}"),
        ]
    );
}

#[test]
fn a_flask_service_refuses_what_jeton_did_not_sign_for_it() {
    let Some(python) = python() else { return };
    let sandbox = Sandbox::with_admin();
    let app = sandbox.get(&["token", "create", "my-app"]);
    let access = sandbox.session("access");
    let test = sandbox.get(&["token", "mint", "--claim", "type=access"]);
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
    let signature = "422 Signature verification failed";
    let header = "422 Invalid header string: Expecting value: line 1 column 1 (char 0)";
    // It reads the claims before it checks the signature.
    let payload = "422 Invalid payload string: Expecting value: line 1 column 1 (char 0)";
    assert_eq!(
        served(&python, &sandbox, &requests),
        [
            format!("/protected test: {signature}"),
            format!("/protected test with the app's header: {signature}"),
            format!("/protected header: {header}"),
            format!("/any header: {header}"),
            format!("/protected payload: {payload}"),
            format!("/any payload: {payload}"),
            format!("/protected signature: {signature}"),
            format!("/any signature: {signature}"),
            format!("/protected subject: {signature}"),
            format!("/any subject: {signature}"),
        ]
    );
}
