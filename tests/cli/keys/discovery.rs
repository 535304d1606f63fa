//! Key discovery by a service that knows only the issuer. The service uses the Node.js library jose
//! to read the OpenID Provider Metadata and the JWK Set.

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
    /// Lines of standard output, each with the answer to a request.
    lines: Lines<BufReader<ChildStdout>>,
    /// The loopback URL at which the service serves the directory. The service accepts only tokens
    /// with this URL as `iss`.
    issuer: String,
}

impl Service {
    fn start() -> Self {
        // The service inherits standard error. Its error messages appear in the output of the test.
        let mut process = script_command("site.mjs").stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let issuer = lines.next().unwrap().unwrap();
        Self { process, lines, issuer }
    }

    /// Makes the service serve `directory` and verify `tokens`, an object whose member names are
    /// names of tokens. Returns an object with two members. The member `results` contains the
    /// outcome for each token under the name of the token. The member `requests` contains the paths
    /// of the files that were requested during the verification.
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

/// Exports the metadata of the issuer and the public keys with the purpose to the directory.
fn publish(sandbox: &Sandbox, directory: &Path, issuer: &str, purpose: &str) {
    let directory = directory.to_str().unwrap();
    let words = ["keys", "export", "--site", directory, "--issuer", issuer, "--purpose", purpose];
    sandbox.run(&words).ok();
}

/// Returns the outcome for an accepted token.
fn accepted_outcome(token: &str) -> Value {
    json!({"claims": payload(token)})
}

/// Returns the outcome for a refused token. `code` is the error code of jose.
fn refused_outcome(code: &str) -> Value {
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
        // jose never uses a key from a JWK Set as the secret of an HMAC.
        expected[alg] = if is_secret {
            refused_outcome("ERR_JOSE_NOT_SUPPORTED")
        } else {
            accepted_outcome(&token)
        };
        tokens[format!("{alg}, tampered")] = json!(tampered(&token, 2));
        expected[format!("{alg}, tampered")] = refused_outcome(if is_secret {
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
        expected[name] = refused_outcome(code);
    }
    let directory = sandbox.home().join("site");
    publish(&sandbox, &directory, &issuer, "test");
    let answer = service.verify(&directory, &tokens);
    assert_eq!(answer["results"], expected);
    assert_eq!(
        answer["requests"],
        json!([METADATA_PATH, KEYS_PATH]),
        "metadata and keys are fetched once"
    );
}

#[test]
#[ignore = "needs Node"]
fn jwk_set_cached_before_rotation_verifies_tokens_of_the_next_key() {
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
                "before": accepted_outcome(&before),
                "access": accepted_outcome(&access),
                "test": refused_outcome("ERR_JWKS_NO_MATCHING_KEY"),
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
            "results": {"before": accepted_outcome(&before), "after": accepted_outcome(&after)},
            "requests": [],
        })
    );
}
