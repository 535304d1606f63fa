//! Key discovery by a service that knows only the issuer: the Node.js library jose reads the OpenID
//! Provider Metadata and the JWK Set.

use super::ALGORITHMS;
use crate::node::script_command;
use crate::sandbox::{Sandbox, payload, tampered};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};

/// A running `node/site.mjs`, which serves a directory and verifies tokens with the served keys.
struct Service {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
    /// The loopback URL at which the service serves the directory. The service accepts only tokens with
    /// this URL as `iss`.
    issuer: String,
}

impl Service {
    fn start() -> Self {
        // The service inherits standard error, so its error messages appear in the output of the test.
        let mut process = script_command("site.mjs").stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let issuer = lines.next().unwrap().unwrap();
        Self { process, lines, issuer }
    }

    /// Makes the service serve `directory` and verify `tokens`, an object from names to tokens. Returns an
    /// object with two members: `results` contains the outcome of each token by name, and `requests` the
    /// paths that were requested from the service.
    fn verify(&mut self, directory: &Path, tokens: &Value) -> Value {
        let request = json!({"directory": directory, "tokens": tokens});
        writeln!(self.process.stdin.as_mut().unwrap(), "{request}").unwrap();
        let line = self.lines.next().expect("service ended without an answer").unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Exports the metadata and keys of the issuer.
fn publish(sandbox: &Sandbox, directory: &Path, issuer: &str, purpose: &str) {
    let directory = directory.to_str().unwrap();
    let words = ["keys", "export", "--site", directory, "--issuer", issuer, "--purpose", purpose];
    sandbox.run(&words).ok();
}

fn accepted_answer(token: &str) -> Value {
    json!({"claims": payload(token)})
}

fn refused_answer(code: &str) -> Value {
    json!({ "refused": code })
}

const METADATA_PATH: &str = "/.well-known/openid-configuration";
const KEYS_PATH: &str = "/.well-known/jwks.json";

#[test]
#[ignore = "needs Node"]
fn service_that_knows_only_issuer_verifies_test_tokens() {
    let mut service = Service::start();
    let issuer = service.issuer.clone();
    let sandbox = Sandbox::with_admin();
    let mint = |extra: &[&str]| {
        sandbox.stdout_of(&[&["token", "mint", "--sub", "alice", "--iss", &issuer], extra].concat())
    };
    let (mut tokens, mut expected) = (json!({}), json!({}));
    for alg in ALGORITHMS {
        let token = mint(&["--alg", alg]);
        tokens[alg] = json!(token);
        let is_secret = alg.starts_with("HS");
        // jose accepts no key of a JWK Set as an HMAC secret.
        expected[alg] = if is_secret {
            refused_answer("ERR_JOSE_NOT_SUPPORTED")
        } else {
            accepted_answer(&token)
        };
        tokens[format!("{alg}, tampered")] = json!(tampered(&token, 2));
        expected[format!("{alg}, tampered")] = refused_answer(if is_secret {
            "ERR_JOSE_NOT_SUPPORTED"
        } else {
            "ERR_JWS_SIGNATURE_VERIFICATION_FAILED"
        });
    }
    for (name, token, code) in [
        ("expired", mint(&["--expires-at", "2020-01-01T00:00:00Z"]), "ERR_JWT_EXPIRED"),
        ("other issuer", sandbox.stdout_of(&["token", "mint"]), "ERR_JWT_CLAIM_VALIDATION_FAILED"),
        ("app", sandbox.stdout_of(&["token", "create", "app"]), "ERR_JWKS_NO_MATCHING_KEY"),
    ] {
        tokens[name] = json!(token);
        expected[name] = refused_answer(code);
    }
    let directory = sandbox.home().join("site");
    publish(&sandbox, &directory, &issuer, "test");
    let output = service.verify(&directory, &tokens);
    assert_eq!(output["results"], expected);
    assert_eq!(
        output["requests"],
        json!([METADATA_PATH, KEYS_PATH]),
        "metadata and keys are fetched once"
    );
}

#[test]
#[ignore = "needs Node"]
fn cached_jwk_set_verifies_tokens_of_next_key() {
    let mut service = Service::start();
    let issuer = service.issuer.clone();
    let sandbox = Sandbox::with_admin();
    sandbox.run(&["settings", "set", "issuer", &issuer]).ok();
    sandbox.log_in("ada", "lovelace");
    sandbox.run(&["keys", "generate", "--alg", "EdDSA"]).ok();
    let directory = sandbox.home().join("site");
    publish(&sandbox, &directory, &issuer, "app");
    let before = sandbox.stdout_of(&["token", "create", "before"]);
    let access = sandbox.session_member("access");
    let test = sandbox.stdout_of(&["token", "mint", "--iss", &issuer]);
    let tokens = json!({"before": before, "access": access, "test": test});
    assert_eq!(
        service.verify(&directory, &tokens),
        json!({
            "results": {
                "before": accepted_answer(&before),
                "access": accepted_answer(&access),
                "test": refused_answer("ERR_JWKS_NO_MATCHING_KEY"),
            },
            "requests": [METADATA_PATH, KEYS_PATH],
        })
    );
    sandbox.run(&["keys", "rotate"]).ok();
    let after = sandbox.stdout_of(&["token", "create", "after"]);
    let header = sandbox.json(&["token", "decode", &after, "--part", "header"]);
    assert_eq!(header["alg"], "EdDSA");
    assert_eq!(
        service.verify(&directory, &json!({"before": before, "after": after})),
        json!({
            "results": {"before": accepted_answer(&before), "after": accepted_answer(&after)},
            "requests": [],
        })
    );
}
