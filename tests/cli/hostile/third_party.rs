//! Invalid third-party tokens, which are verified with a JWK Set. There is no store. One test
//! verifies the valid tokens from which most invalid tokens are made.

use super::issuer::{
    self, KEY_IDS_AND_ALGORITHMS, default_claims, jose_header, signing_key, valid_token,
};
use super::signer::{
    ED25519_ORDER, add_little_endian, decode_hex, decode_member, decode_pem, sign_token,
};
use super::{Table, base64url};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// The supported algorithms, except `Ed25519`, which is a second name of `EdDSA`.
pub(super) const ALGORITHMS: [&str; 13] = [
    "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256",
    "ES384", "ES512", "EdDSA",
];

/// Returns the token with another header and the original signature.
pub(super) fn with_header(token: &str, header: &Value) -> String {
    format!("{}.{}", base64url(header.to_string()), token.split_once('.').unwrap().1)
}

/// Returns the token with another signature.
fn with_signature(token: &str, signature: impl AsRef<[u8]>) -> String {
    format!("{}.{}", token.rsplit_once('.').unwrap().0, base64url(signature))
}

/// Returns the decoded signature of the token.
fn signature_of(token: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(token.rsplit('.').next().unwrap()).unwrap()
}

/// Returns tokens whose `alg` is invalid or missing, and tokens whose `alg` or signature is not of
/// the key's algorithm.
pub(super) fn algorithm_table() -> Table {
    let mut table = Table::default();
    for (kid, algorithm) in KEY_IDS_AND_ALGORITHMS {
        let valid = valid_token(kid, algorithm);
        for alg in ["none", "NONE", "nOnE", "", "RSA-OAEP"] {
            let header = jose_header(kid, alg);
            table.add_rejected(
                "alg_not_allowed",
                format!("{kid}: {alg:?}"),
                with_header(&valid, &header),
            );
            let payload = valid.split('.').nth(1).unwrap();
            let unsigned = format!("{}.{payload}.", base64url(header.to_string()));
            table.add_rejected(
                "alg_not_allowed",
                format!("{kid}: {alg:?}, no signature"),
                unsigned,
            );
        }
        for alg in ALGORITHMS.into_iter().filter(|alg| *alg != algorithm) {
            let token = with_header(&valid, &jose_header(kid, alg));
            table.add_rejected("alg_not_allowed", format!("{kid}: {alg}"), token);
        }
        for alg in [json!(null), json!([algorithm]), json!(256), json!({})] {
            let header = json!({"alg": alg, "kid": kid});
            table.add_rejected(
                "alg_not_allowed",
                format!("{kid}: alg {alg}"),
                with_header(&valid, &header),
            );
        }
        let header = json!({ "kid": kid });
        table.add_rejected(
            "alg_not_allowed",
            format!("{kid}: no alg"),
            with_header(&valid, &header),
        );
    }
    // The RSA key validly signs `signed` with another RSA algorithm. In the JWK Set, the `alg` of
    // this key is RS256, so the other algorithms are not allowed. `mislabelled` is signed with the
    // other algorithm, too, but the `alg` of its header is RS256.
    for signing_alg in ["RS384", "RS512", "PS256", "PS384", "PS512"] {
        let (key, claims) = (signing_key("rsa"), default_claims().to_string());
        let signed = sign_token(signing_alg, &key, &jose_header("rsa", signing_alg), &claims);
        table.add_rejected("alg_not_allowed", format!("rsa: signed with {signing_alg}"), &signed);
        let mislabelled = sign_token(signing_alg, &key, &jose_header("rsa", "RS256"), &claims);
        table.add_rejected(
            "bad_signature",
            format!("rsa: RS256 header, {signing_alg} signature"),
            mislabelled,
        );
    }
    table
}

/// Returns tokens with an HMAC whose secret is a public key.
pub(super) fn public_key_as_secret_table() -> Table {
    let mut table = Table::default();
    let claims = default_claims().to_string();
    let pems =
        [issuer::RSA_PUBLIC, issuer::P256_PUBLIC, issuer::P384_PUBLIC, issuer::ED25519_PUBLIC];
    for ((jwk, pem), (kid, algorithm)) in
        issuer::jwks().iter().zip(pems).zip(KEY_IDS_AND_ALGORITHMS)
    {
        let public_value = decode_member(jwk, if kid == "rsa" { "n" } else { "x" });
        for (name, secret) in [
            ("PEM", pem.as_bytes().to_vec()),
            ("PEM without its last line break", pem.trim_end().as_bytes().to_vec()),
            ("DER", decode_pem(pem)),
            ("JWK", jwk.to_string().into_bytes()),
            ("public value", public_value),
        ] {
            let forged = sign_token("HS256", &secret, &jose_header(kid, "HS256"), &claims);
            table.add_rejected("alg_not_allowed", format!("{kid}: HMAC with the {name}"), forged);
            let forged = sign_token("HS256", &secret, &jose_header(kid, algorithm), &claims);
            table.add_rejected(
                "bad_signature",
                format!("{kid}: as {algorithm}, with the {name}"),
                forged,
            );
            let forged = sign_token("HS256", &secret, &jose_header("oct", "HS256"), &claims);
            table.add_rejected(
                "bad_signature",
                format!("oct: HMAC with the {name} of {kid}"),
                forged,
            );
        }
    }
    table
}

/// Returns tokens with a forged, missing or malformed key id, tokens with an embedded key or with
/// the URL of a key, and signed tokens with the header parameter `crit`, `b64` or `zip`.
pub(super) fn header_table() -> Table {
    let mut table = Table::default();
    let set = issuer::jwks();
    for (jwk, (kid, alg)) in set.iter().zip(KEY_IDS_AND_ALGORITHMS) {
        let valid = valid_token(kid, alg);
        for other in ["KID", "/dev/null", "../set", "' OR 1=1 --", "\0", &format!("{kid}\0")] {
            let token = with_header(&valid, &jose_header(other, alg));
            table.add_rejected("unknown_key", format!("{kid}: kid {other:?}"), token);
        }
        let without_kid = with_header(&valid, &json!({ "alg": alg }));
        table.add_rejected("bad_signature", format!("{kid}: no kid, 5-key set"), without_kid);
        let empty_kid = with_header(&valid, &jose_header("", alg));
        table.add_rejected("bad_signature", format!("{kid}: kid empty, 5-key set"), empty_kid);
        for other in [json!(null), json!([kid]), json!(1), json!({"kid": kid})] {
            let token = with_header(&valid, &json!({"alg": alg, "kid": other}));
            table.add_rejected("malformed", format!("{kid}: kid {other}"), token);
        }
        for (member, value) in [
            ("jwk", jwk.clone()),
            ("jku", json!("https://attacker.example/jwks.json")),
            ("x5u", json!("https://attacker.example/cert.pem")),
            ("x5c", json!(["MIIB"])),
        ] {
            let mut header = jose_header(kid, alg);
            header[member] = value;
            table.add_rejected(
                "bad_signature",
                format!("{kid}: {member}"),
                with_header(&valid, &header),
            );
            header["kid"] = json!("attacker");
            table.add_rejected(
                "unknown_key",
                format!("{kid}: {member}, the attacker's kid"),
                with_header(&valid, &header),
            );
        }
        for (member, value) in [
            ("crit", json!(["exp"])),
            ("crit", json!([])),
            ("b64", json!(false)),
            ("zip", json!("DEF")),
        ] {
            let mut header = jose_header(kid, alg);
            header[member] = value.clone();
            let token = sign_token(alg, &signing_key(kid), &header, &default_claims().to_string());
            table.add_rejected(
                "critical_header",
                format!("{kid}: {member} {value}, signed"),
                token,
            );
        }
        for (other, other_alg) in
            KEY_IDS_AND_ALGORITHMS.into_iter().filter(|(other, _)| *other != kid)
        {
            let token = with_header(&valid, &jose_header(other, other_alg));
            table.add_rejected("bad_signature", format!("{kid}: as {other}"), token);
        }
    }
    table
}

/// Returns tokens with an invalid signature or another payload, and malformed or oversized tokens.
pub(super) fn signature_table() -> Table {
    let mut table = Table::default();
    for (kid, alg) in KEY_IDS_AND_ALGORITHMS {
        let valid = valid_token(kid, alg);
        let signature = signature_of(&valid);
        let length = signature.len();
        let (first, second) = signature.split_at(length / 2);
        let mut signatures = vec![
            ("empty", Vec::new()),
            ("all zeros", vec![0; length]),
            ("all ones", vec![0xFF; length]),
            ("one byte shorter", signature[..length - 1].to_vec()),
            ("one byte longer", [&signature[..], &[0]].concat()),
            ("first half", first.to_vec()),
            ("halves swapped", [second, first].concat()),
            ("first half zero", [&vec![0; length / 2], second].concat()),
            ("second half zero", [first, &vec![0; length / 2]].concat()),
            ("oversized", vec![7; 30_000]),
        ];
        if kid == "ed" {
            let order = decode_hex(ED25519_ORDER);
            signatures.push(("s + order", [first, &add_little_endian(second, &order)].concat()));
            signatures.push(("s = order", [first, &order].concat()));
        }
        for (name, bytes) in signatures {
            let token = with_signature(&valid, bytes);
            table.add_rejected("bad_signature", format!("{kid} signature: {name}"), token);
        }
        let mut parts: Vec<&str> = valid.split('.').collect();
        table.add_rejected("malformed", format!("{kid}: two parts"), parts[..2].join("."));
        table.add_rejected(
            "malformed",
            format!("{kid}: four parts"),
            format!("{valid}.{}", parts[2]),
        );
        table.add_rejected("malformed", format!("{kid}: padded"), format!("{valid}="));
        let other_payload = base64url(default_claims().to_string().replace("alice", "admin"));
        parts[1] = &other_payload;
        table.add_rejected("bad_signature", format!("{kid}: another payload"), parts.join("."));
    }
    table.add_rejected("malformed", "empty input", "");
    table.add_rejected("malformed", "64 MB", valid_token("oct", "HS256") + &"A".repeat(64_000_000));
    table
}

/// Asserts that `token verify` with the JWK Set of the issuer rejects the token of every row.
fn assert_rejected_with_set(table: &Table) {
    table.assert_rejected(&issuer::sandbox_with_keys(), &["--jwks", "set"]);
}

#[test]
fn issuer_tokens_are_valid_unless_the_header_is_changed() {
    let sandbox = issuer::sandbox_with_keys();
    for (kid, alg) in KEY_IDS_AND_ALGORITHMS {
        let token = valid_token(kid, alg);
        let words = ["token", "verify", &token, "--jwks", "set", "--iss", "https://idp"];
        assert_eq!(sandbox.stdout_of(&words), "valid", "{kid}");
        let header_without_kid = json!({ "alg": alg });
        let claims = "{\"exp\":4102444800}";
        let signed_without_kid = sign_token(alg, &signing_key(kid), &header_without_kid, claims);
        let words = ["token", "verify", &signed_without_kid, "--key", kid, "--alg", alg];
        assert_eq!(sandbox.stdout_of(&words), "valid", "{kid}");
        // The signature covers the header with `kid`, not the header without `kid`.
        let kid_removed = with_header(&token, &header_without_kid);
        let words = ["token", "verify", &kid_removed, "--key", kid, "--alg", alg];
        assert_eq!(sandbox.run(&words).stdout, "invalid: bad_signature\n", "{kid}");
    }
}

#[test]
fn third_party_token_must_use_algorithm_of_its_key() {
    assert_rejected_with_set(&algorithm_table());
}

#[test]
fn third_party_hmac_with_public_key_as_secret_is_refused() {
    assert_rejected_with_set(&public_key_as_secret_table());
}

#[test]
fn forged_or_critical_third_party_headers_are_refused() {
    assert_rejected_with_set(&header_table());
}

#[test]
fn wrongly_signed_or_malformed_third_party_tokens_are_refused() {
    assert_rejected_with_set(&signature_table());
}
