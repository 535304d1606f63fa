//! `jeton token verify` of third-party tokens. The key is in a JWK Set, a key file or an
//! environment variable.

use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use insta::{allow_duplicates, assert_snapshot};
use serde_json::{Value, json};

/// Token of RFC 7515, appendix A.1, and of RFC 7519, section 3.1. It expired in 2011.
pub(super) const RFC_TOKEN: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAi\
    OjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p\
    1r_wW1gFWFOEjXk";

/// Secret that signs [`RFC_TOKEN`], in base64url.
pub(super) const RFC_SECRET: &str =
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";

/// Creates the sandbox of a third-party issuer, and a second sandbox for the verification. The
/// second sandbox has no store. Its file `jwks.json` contains the public test keys of the issuer.
fn sandboxes_of_issuer_and_verifier() -> (Sandbox, Sandbox) {
    let issuer = Sandbox::with_admin();
    for algorithm in ["ES256", "RS256", "EdDSA"] {
        issuer.run(&["token", "mint", "--alg", algorithm]).ok();
    }
    let sandbox = Sandbox::new();
    let jwk_set = issuer.stdout_of(&["keys", "export", "--jwks", "--purpose", "test"]);
    std::fs::write(sandbox.home().join("jwks.json"), jwk_set).unwrap();
    (issuer, sandbox)
}

pub(super) fn verify(sandbox: &Sandbox, token: &str, options: &[&str]) -> RunOutput {
    sandbox.run(&[&["token", "verify", token], options].concat())
}

/// Encodes the header or payload of a token.
pub(super) fn encode_part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[test]
fn jwk_set_verifies_third_party_tokens_without_a_store() {
    let (issuer, sandbox) = sandboxes_of_issuer_and_verifier();
    let jwks_options = ["--jwks", "jwks.json"];
    for algorithm in ["ES256", "RS256", "EdDSA"] {
        let mint = ["token", "mint", "--alg", algorithm, "--aud", "api", "--iss", "https://idp"];
        let token = issuer.stdout_of(&mint);
        allow_duplicates!(assert_snapshot!(verify(&sandbox, &token, &jwks_options), @"valid"));
        let expectations = [&jwks_options[..], &["--iss", "https://idp", "--aud", "api"]].concat();
        allow_duplicates!(assert_snapshot!(verify(&sandbox, &token, &expectations), @"valid"));
        let other_issuer = [&jwks_options[..], &["--iss", "https://other"]].concat();
        assert_eq!(verify(&sandbox, &token, &other_issuer).verdict(), "invalid: issuer");
        let tampered_token = crate::sandbox::tampered(&token, 1);
        assert_eq!(
            verify(&sandbox, &tampered_token, &jwks_options).stdout,
            "invalid: bad_signature\n"
        );
    }
    let token_of_unknown_key = issuer.stdout_of(&["token", "mint", "--alg", "PS256"]);
    let output = verify(&sandbox, &token_of_unknown_key, &jwks_options);
    assert_snapshot!(output, @"
    invalid: unknown_key: expected `kid` `<key>` or `<key>` or `<key>`
    --- exit code 10, stderr
    error: signing key unknown: expected `kid` `<key>` or `<key>` or `<key>`
    ");
    let token = issuer.stdout_of(&["token", "mint"]);
    let result = sandbox.json(&["token", "verify", &token, "--jwks", "jwks.json"]);
    assert_eq!((&result["valid"], &result["kind"]), (&json!(true), &json!(null)));
    assert_eq!((&result["token_id"], &result["status"]), (&json!(null), &json!(null)));
    assert!(!sandbox.has_store());
    let input = format!("{token}\n{token}\n");
    let output =
        sandbox.run_with_input(&["token", "verify", "--batch", "--jwks", "jwks.json"], &input);
    assert_eq!(output.ok().stdout.lines().count(), 2);
}

#[test]
fn scope_and_scp_grant_permissions_in_third_party_and_test_tokens_only() {
    let (issuer, sandbox) = sandboxes_of_issuer_and_verifier();
    let options = ["--jwks", "jwks.json", "--permission", "read:all"];
    for claim in ["permissions=[\"read:all\"]", "scope=\"x read:all\"", "scp=[\"read:all\"]"] {
        let token = issuer.stdout_of(&["token", "mint", "--claim-json", claim]);
        allow_duplicates!(assert_snapshot!(verify(&sandbox, &token, &options), @"valid"));
    }
    for claim in ["scope=\"read:all2 read\"", "scp={\"read:all\":1}"] {
        let token = issuer.stdout_of(&["token", "mint", "--claim-json", claim]);
        assert_eq!(verify(&sandbox, &token, &options).code, 9, "{claim}");
    }
    let test_token = issuer.stdout_of(&["token", "mint", "--claim-json", "scope=\"read:all\""]);
    issuer.run(&["token", "verify", &test_token, "--type", "test", "-p", "read:all"]).ok();
    let app_token = issuer.stdout_of(&["token", "create", "app", "--claim", "scope=read:all"]);
    let output = issuer.run(&["token", "verify", &app_token, "-p", "read:all"]);
    assert_eq!(output.code, 9, "app tokens of jeton have permissions in `permissions` only");
}

#[test]
fn key_file_is_accepted_as_secret_jwk_or_pem() {
    let sandbox = Sandbox::new();
    let write = |name: &str, text: &[u8]| std::fs::write(sandbox.home().join(name), text).unwrap();
    let secret = URL_SAFE_NO_PAD.decode(RFC_SECRET).unwrap();
    write("secret", &[&secret[..], b"\n"].concat());
    write("jwk", json!({"kty": "oct", "k": RFC_SECRET}).to_string().as_bytes());
    for file in ["secret", "jwk"] {
        let options = ["--key", file, "--alg", "HS256", "--at", "2011-03-01T00:00:00Z"];
        allow_duplicates!(assert_snapshot!(verify(&sandbox, RFC_TOKEN, &options), @"valid"));
        let output = verify(&sandbox, RFC_TOKEN, &["--key", file, "--alg", "HS256"]);
        assert_eq!((output.code, &*output.verdict()), (11, "invalid: token_expired"));
        let output = verify(&sandbox, RFC_TOKEN, &["--key", file, "--alg", "HS384"]);
        let verdict = "invalid: alg_not_allowed: expected `HS384`\n";
        assert_eq!((output.code, output.stdout.as_str()), (10, verdict));
    }
    let (issuer, _) = sandboxes_of_issuer_and_verifier();
    let token = issuer.stdout_of(&["token", "mint", "--alg", "RS256"]);
    let header = issuer.json(&["token", "decode", &token, "--part", "header"]);
    let kid = header["kid"].as_str().unwrap();
    write("public", issuer.run(&["keys", "export", "--pem", kid]).stdout.as_bytes());
    assert_snapshot!(verify(&sandbox, &token, &["--key", "public", "--alg", "RS256,PS256"]), @"valid");
    assert_snapshot!(verify(&sandbox, &token, &["--key", "public", "--alg", "ES256"]), @"
    --- exit code 65, stderr
    error: key: unsuitable for the algorithm: found an RSA key, expected a P-256 key for ES256
    ");
    // A public key is never used as an HMAC secret (algorithm confusion).
    assert_snapshot!(verify(&sandbox, &token, &["--key", "public", "--alg", "HS256"]), @"
    --- exit code 65, stderr
    error: found a PEM key, expected a shared secret
    hint: use the algorithm of the key: --alg RS256
    ");
    let private_pem = issuer.run(&["keys", "export", "--private", kid, "--yes"]).stdout;
    write("private", private_pem.as_bytes());
    assert_snapshot!(verify(&sandbox, &token, &["--key", "private", "--alg", "RS256"]), @"
    valid
    --- stderr
    note: found a private key, used its public part
    ");
}

#[test]
fn secret_in_variable_verifies_and_public_key_is_refused() {
    let (issuer, mut sandbox) = sandboxes_of_issuer_and_verifier();
    let options = ["--secret-env", "SECRET", "--alg", "HS256"];
    let secret = URL_SAFE_NO_PAD.decode(RFC_SECRET).unwrap();
    sandbox.set_variable("SECRET", &STANDARD.encode(secret));
    let encoding_and_time = ["--encoding", "base64", "--at", "2011-03-01T00:00:00Z"];
    assert_snapshot!(verify(&sandbox, RFC_TOKEN, &[&options[..], &encoding_and_time].concat()), @"valid");
    let output = verify(&sandbox, RFC_TOKEN, &options);
    assert_eq!((output.code, output.stdout.as_str()), (10, "invalid: bad_signature\n"));
    assert_snapshot!(verify(&sandbox, RFC_TOKEN, &options[..2]), @"
    --- exit code 2, stderr
    error: the following required arguments were not provided:
      --alg <A[,A]>
    hint: usage: jeton token verify --alg <A[,A]> <--jwks <FILE>|--key <FILE>|--secret-env <NAME>> <TOKEN>
    ");
    assert_snapshot!(verify(&sandbox, RFC_TOKEN, &["--secret-env", "NONE", "--alg", "HS256"]), @"
    --- exit code 2, stderr
    error: environment variable of `--secret-env` not set or empty
    hint: export the variable, and pass its name without `$`
    ");
    let token = issuer.stdout_of(&["token", "mint", "--alg", "RS256"]);
    let header = issuer.json(&["token", "decode", &token, "--part", "header"]);
    let pem = issuer.run(&["keys", "export", "--pem", header["kid"].as_str().unwrap()]).stdout;
    sandbox.set_variable("SECRET", &pem);
    assert_snapshot!(verify(&sandbox, &token, &options), @"
    --- exit code 65, stderr
    error: found a PEM key, expected a shared secret
    hint: use the algorithm of the key: --alg RS256
    ");
}

#[test]
fn fractional_times_shorten_the_validity_period_and_invalid_times_are_refused() {
    let (issuer, sandbox) = sandboxes_of_issuer_and_verifier();
    let verify_at = |claims: &[&str], time: &str| {
        let claims: Vec<&str> = claims.iter().flat_map(|claim| ["--claim-json", *claim]).collect();
        let token = issuer.stdout_of(&[&["token", "mint"], &claims[..]].concat());
        verify(&sandbox, &token, &["--jwks", "jwks.json", "--at", time]).verdict()
    };
    let time_claims = ["iat=1800000000.9", "nbf=1800000000.2", "exp=1800000009.9"];
    assert_eq!(verify_at(&time_claims, "1800000000"), "invalid: not_yet_valid");
    assert_eq!(verify_at(&time_claims, "1800000001"), "valid");
    assert_eq!(verify_at(&time_claims, "1800000008"), "valid");
    assert_eq!(verify_at(&time_claims, "1800000009"), "invalid: token_expired");
    for claim in ["exp=\"5\"", "nbf=1e300", "iat=true", "exp=[1]", "exp=-1e18"] {
        assert_eq!(verify_at(&[claim], "1800000000"), "invalid: bad_claim", "{claim}");
    }
}

#[test]
fn token_header_selects_only_among_the_given_keys_and_algorithms() {
    let sandbox = Sandbox::new();
    let key = |kid: &str| json!({"kty": "oct", "k": RFC_SECRET, "kid": kid});
    let write_keys = |keys: &[Value]| {
        std::fs::write(sandbox.home().join("keys"), json!({"keys": keys}).to_string()).unwrap();
    };
    let options = ["--jwks", "keys", "--at", "2011-03-01T00:00:00Z"];
    write_keys(&[key("one")]);
    assert_snapshot!(verify(&sandbox, RFC_TOKEN, &options), @"valid");
    write_keys(&[key("one"), key("two")]);
    // The token has no `kid`, so each of the two keys may have signed the token.
    assert_snapshot!(verify(&sandbox, RFC_TOKEN, &options), @"valid");
    let payload = RFC_TOKEN.split('.').nth(1).unwrap();
    for (header, reason) in [
        (json!({"alg": "none"}), "alg_not_allowed"),
        (json!({"alg": "None"}), "alg_not_allowed"),
        (json!({"alg": "HS256", "kid": "two", "crit": ["exp"]}), "critical_header"),
        (json!({"alg": "HS256", "kid": ["one"]}), "malformed"),
        (json!({"alg": "HS256", "kid": "../../dev/null"}), "unknown_key"),
        (json!({"alg": "HS256", "jwk": {"kty": "oct", "k": ""}}), "bad_signature"),
        (json!({"alg": "HS256", "kid": "one"}), "bad_signature"),
        (json!({"alg": "RS256", "kid": "one"}), "alg_not_allowed"),
    ] {
        let token = format!("{}.{payload}.dBjftJeZ", encode_part(&header));
        let output = verify(&sandbox, &token, &options);
        let verdict = format!("invalid: {reason}");
        assert_eq!((output.code, output.verdict()), (10, verdict), "{header}");
    }
    // Text that is not a token in compact serialization is malformed.
    for token in ["", "a", "a.b", "a.b.c.d", "..", &"A".repeat(70_000)] {
        let output =
            sandbox.run_with_input(&[&["token", "verify", "-"], &options[..]].concat(), token);
        assert_eq!((output.code, &*output.verdict()), (10, "invalid: malformed"), "{token:.9}");
    }
}

#[test]
fn alg_option_restricts_the_algorithms_of_a_jwk_set() {
    let (issuer, sandbox) = sandboxes_of_issuer_and_verifier();
    let token = issuer.stdout_of(&["token", "mint", "--alg", "RS256"]);
    let with_algorithms = |algorithms| ["--jwks", "jwks.json", "--alg", algorithms];
    assert_snapshot!(verify(&sandbox, &token, &with_algorithms("ES256,RS256")), @"valid");
    for (algorithms, expected) in
        [("ES256", "`ES256`"), ("RS384", "`RS384`"), ("EdDSA,HS256", "`EdDSA` or `HS256`")]
    {
        let output = verify(&sandbox, &token, &with_algorithms(algorithms)).to_string();
        let output = output.replace(expected, "<expected>");
        allow_duplicates!(assert_snapshot!(output, @"
        invalid: alg_not_allowed: expected <expected>
        --- exit code 10, stderr
        error: token algorithm not allowed: expected <expected>
        "));
        let batch = [&["token", "verify", "--batch"][..], &with_algorithms(algorithms)].concat();
        assert_eq!(sandbox.run_with_input(&batch, &token).code, 10, "{algorithms}");
    }
    assert_snapshot!(verify(&sandbox, &token, &["--alg", "RS256"]), @"
    --- exit code 2, stderr
    error: the following required arguments were not provided:
      <--jwks <FILE>|--key <FILE>|--secret-env <NAME>>
    hint: usage: jeton token verify --alg <A[,A]> <--jwks <FILE>|--key <FILE>|--secret-env <NAME>> <TOKEN>
    ");
}
