//! Documents with public keys, and the choice of the key that verifies a token. `super::PRELUDE`
//! defines the shell functions of the scripts.

use super::{
    EC_CERTIFICATE, Inputs, RSA, RSA_PUBLIC, pem_body, private_ec_jwk, public_ec_jwk,
    public_rsa_jwk, rsa_signed_token,
};
use insta::assert_snapshot;
use serde_json::{Value, json};

/// Returns the public RSA JWK in which the member `name` has the value.
fn rsa_jwk_with(name: &str, value: Value) -> Value {
    let mut jwk = public_rsa_jwk();
    jwk[name] = value;
    jwk
}

/// Returns the public RSA JWK without the members `names`.
fn rsa_jwk_without(names: &[&str]) -> Value {
    let mut jwk = public_rsa_jwk();
    jwk.as_object_mut().unwrap().retain(|name, _| !names.contains(&name.as_str()));
    jwk
}

/// Verifies the token in `t.jwt`, which the RSA key signed, with each document as `--jwks`. Returns
/// the outputs, each below the name of the document.
fn verify_with_each(inputs: &Inputs, documents: &[(&str, Value)]) -> String {
    let mut outputs = String::new();
    for (name, document) in documents {
        inputs.write_json("set.json", document);
        let output = inputs.shell("jeton token verify @t.jwt --jwks set.json");
        outputs += &output.with_heading(name);
    }
    outputs
}

#[test]
fn documents_of_identity_providers_are_read() {
    let inputs = Inputs::new();
    let padded_n = format!("{}==", public_rsa_jwk()["n"].as_str().unwrap());
    let entra_members =
        json!({"x5t": "q", "x5c": ["MIIC"], "issuer": "https://login.example/{tenantid}"});
    let mut with_entra_members = public_rsa_jwk();
    with_entra_members.as_object_mut().unwrap().extend(entra_members.as_object().unwrap().clone());
    let encryption_key = json!({"kty": "RSA", "kid": "enc", "use": "enc", "alg": "RSA-OAEP",
        "n": public_rsa_jwk()["n"], "e": "AQAB"});
    let documents = [
        ("`use` is null", json!({"keys": [rsa_jwk_with("use", Value::Null)]})),
        (
            "`alg`, `key_ops` and `x5c` are null (.NET)",
            json!({"keys": [
            {"kty": "RSA", "kid": "rsa-1", "alg": null, "key_ops": null, "x5c": null, "crv": null,
                "n": public_rsa_jwk()["n"], "e": public_rsa_jwk()["e"]}]}),
        ),
        ("array of JWKs", json!([public_rsa_jwk()])),
        ("padded base64url", json!({"keys": [rsa_jwk_with("n", padded_n.into())]})),
        ("members of Entra ID", json!({"keys": [with_entra_members]})),
        ("encryption key of Keycloak", json!({"keys": [encryption_key, public_rsa_jwk()]})),
        ("map of public keys of Firebase", json!({"rsa-1": RSA_PUBLIC, "k2": EC_CERTIFICATE})),
    ];
    for (name, document) in &documents {
        let output = verify_with_each(&inputs, &[(name, document.clone())]);
        assert_eq!(output, format!("{name}\nvalid\n"));
    }
}

#[test]
fn error_describes_document_that_cannot_verify_tokens() {
    let inputs = Inputs::new();
    let documents = [
        ("discovery document", json!({"issuer": "https://x", "jwks_uri": "https://x/jwks"})),
        ("realm of Keycloak", json!({"realm": "m", "public_key": pem_body(RSA_PUBLIC)})),
        (
            "service account",
            json!({"type": "service_account", "private_key_id": "k1", "private_key": RSA}),
        ),
        ("answer of a proxy", json!({"data": {"keys": [public_rsa_jwk()]}})),
        ("error of a server", json!({"error": "not found"})),
        ("`n` missing", json!({"keys": [rsa_jwk_without(&["n", "e"])]})),
        ("`n` null", json!({"keys": [rsa_jwk_with("n", Value::Null)]})),
        ("`kty` missing", json!({"keys": [rsa_jwk_without(&["kty"])]})),
        ("`e` a number", json!({"keys": [rsa_jwk_with("e", 65_537.into())]})),
        (
            "short coordinate",
            json!({"keys": [{"kty": "EC", "crv": "P-256", "kid": "rsa-1",
            "x": "AQAB", "y": public_ec_jwk()["y"]}]}),
        ),
    ];
    assert_snapshot!(verify_with_each(&inputs, &documents), @r#"
    discovery document
    --- exit code 65, stderr
    error: unsupported key format: found OpenID Provider Metadata (without keys), expected PEM, DER, JWK or JWK Set
    hint: fetch the keys: curl -fsS --proto =https --url "$(jq -r .jwks_uri set.json)" > jwks-2.json
    realm of Keycloak
    --- exit code 65, stderr
    error: unsupported key format: found a Keycloak realm document, expected PEM, DER, JWK or JWK Set
    hint: extract the key: jq -r .public_key set.json > key.txt
    service account
    --- exit code 65, stderr
    error: key: found a private key, expected a public key
    answer of a proxy
    --- exit code 65, stderr
    error: unsupported key format: found a JSON document with a key in a member, expected PEM, DER, JWK or JWK Set
    hint: extract the key: (umask 077; jq '."data"' set.json > key.txt)
    error of a server
    --- exit code 65, stderr
    error: unsupported key format: found JSON without a key, expected PEM, DER, JWK or JWK Set
    `n` missing
    --- exit code 65, stderr
    error: key: `n` missing
    `n` null
    --- exit code 65, stderr
    error: key: `n` missing
    `kty` missing
    --- exit code 65, stderr
    error: key: `kty` missing
    `e` a number
    --- exit code 65, stderr
    error: key: `e` is not base64url
    short coordinate
    --- exit code 65, stderr
    error: key: `x` has the wrong length: found 3 bytes, expected 32
    "#);
    // The service account contains a private key, so `token mint` accepts the document.
    inputs.write_json("account.json", &documents[2].1);
    assert_snapshot!(inputs.shell("mint account.json | header"), @r#"{"alg":"RS256","typ":"JWT","kid":"k1"}"#);
}

#[test]
#[expect(clippy::too_many_lines, reason = "the snapshots are as long as the output")]
fn verification_key_is_chosen_by_algorithm_and_key_id() {
    let inputs = Inputs::new();
    let with_other_kid = rsa_jwk_with("kid", "o".into());
    inputs.write_json(
        "duplicates.json",
        &json!({"keys": [public_rsa_jwk(), with_other_kid, with_other_kid]}),
    );
    inputs.write_json("two.json", &json!({"keys": [public_rsa_jwk(), public_ec_jwk()]}));
    inputs.write_json("mixed.json", &json!({"keys": [private_ec_jwk(), public_rsa_jwk()]}));
    inputs.write_json(
        "future.json",
        &json!({"keys": [{"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA", "kid": "pq"},
            {"kty": "OKP", "crv": "X25519", "x": "AA", "kid": "x"}, public_rsa_jwk()]}),
    );
    inputs.write_json(
        "enc.json",
        &json!({"keys": [rsa_jwk_with("use", "enc".into()), public_ec_jwk()]}),
    );
    inputs.write_json(
        "rotated.json",
        &json!({"keys": [public_ec_jwk(), rsa_jwk_with("kid", "rsa-2".into())]}),
    );
    inputs.write("nokid.jwt", rsa_signed_token(&json!({"alg": "RS256"})));
    inputs.write("emptykid.jwt", rsa_signed_token(&json!({"alg": "RS256", "kid": ""})));
    let scripts = [
        (
            "duplicate key ids that the token does not name",
            "jeton token verify @t.jwt --jwks duplicates.json",
        ),
        ("no key id in the token", "jeton token verify @nokid.jwt --jwks two.json"),
        ("empty key id in the token", "jeton token verify @emptykid.jwt --jwks two.json"),
        (
            "key that the token names is private",
            "mint one.jwk | jeton token verify - --jwks mixed.json",
        ),
        ("private key that the token does not name", "jeton token verify @t.jwt --jwks mixed.json"),
        ("key types of other standards", "jeton token verify @t.jwt --jwks future.json"),
        ("key that the token names is for encryption", "jeton token verify @t.jwt --jwks enc.json"),
        ("key id after rotation", "jeton token verify @t.jwt --jwks rotated.json"),
        ("algorithm that no key has", "jeton token verify @nokid.jwt --jwks one.pub"),
    ];
    inputs.write_json("one.pub", &public_ec_jwk());
    assert_snapshot!(inputs.shell_each(&scripts), @"
    duplicate key ids that the token does not name
    valid
    no key id in the token
    valid
    empty key id in the token
    valid
    key that the token names is private
    invalid: unknown_key: key 1 of 2: found a private key, expected a public key
    --- exit code 10, stderr
    error: signing key unusable: key 1 of 2: found a private key, expected a public key
    private key that the token does not name
    valid
    key types of other standards
    valid
    key that the token names is for encryption
    invalid: unknown_key: key 1 of 2: `use` is not `sig`
    --- exit code 10, stderr
    error: signing key unusable: key 1 of 2: `use` is not `sig`
    key id after rotation
    invalid: unknown_key: expected `kid` `my-key-1` or `rsa-2`
    --- exit code 10, stderr
    error: signing key unknown: expected `kid` `my-key-1` or `rsa-2`
    algorithm that no key has
    invalid: alg_not_allowed: expected `ES256`
    --- exit code 10, stderr
    error: token algorithm not allowed: expected `ES256`
    ");
}
