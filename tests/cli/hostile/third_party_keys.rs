//! Forged third-party tokens, verified with a single key and with a JWK Set without key ids.

use super::Table;
use super::provider::{self, KEYS, SECRET, default_claims, jose_header, signing_key, valid_token};
use super::signer::{decode_pem, sign_token};
use super::third_party::{ALGORITHMS, signature_of, with_header, with_signature};
use serde_json::json;

/// Tokens for a JWK Set without key ids, which identify no key of the set.
pub(super) fn ambiguous_keys() -> Table {
    let mut table = Table::default();
    for (kid, alg) in KEYS {
        table.reject("unknown_key", format!("{kid}: none has an id"), valid_token(kid, alg));
        let token = sign_token(
            alg,
            &signing_key(kid),
            &json!({ "alg": alg }),
            &default_claims().to_string(),
        );
        table.reject("unknown_key", format!("{kid}: neither has the token"), token);
    }
    table
}

#[test]
fn keys_without_ids_are_not_tried_in_turn() {
    ambiguous_keys().present(&provider::sandbox_with_keys(), &["--jwks", "nameless"]);
}

/// Tokens for a single key with a given algorithm.
pub(super) fn single_key(kid: &str, algorithm: &str) -> Table {
    let mut table = Table::default();
    let (genuine, key, claims) =
        (valid_token(kid, algorithm), signing_key(kid), default_claims().to_string());
    for alg in
        ALGORITHMS.into_iter().chain(["none", "None", "ES512"]).filter(|alg| *alg != algorithm)
    {
        let token = with_header(&genuine, &jose_header(kid, alg));
        table.reject("alg_not_allowed", format!("{kid} alone: {alg}"), token);
    }
    if kid == "rsa" {
        let pss = sign_token("PS256", &key, &jose_header(kid, "PS256"), &claims);
        table.reject("alg_not_allowed", "rsa alone: PSS", &pss);
        let mislabelled = with_signature(&genuine, signature_of(&pss));
        table.reject("bad_signature", "rsa alone: PSS as PKCS#1", mislabelled);
    }
    for (name, secret) in [
        ("RSA PEM", provider::RSA_PUBLIC.as_bytes().to_vec()),
        ("RSA DER", decode_pem(provider::RSA_PUBLIC)),
        ("P-256 PEM", provider::P256_PUBLIC.as_bytes().to_vec()),
        ("secret with a line break", [SECRET, b"\n"].concat()),
        ("empty secret", Vec::new()),
    ] {
        let reason = if algorithm == "HS256" { "bad_signature" } else { "alg_not_allowed" };
        let forged = sign_token("HS256", &secret, &jose_header(kid, "HS256"), &claims);
        table.reject(reason, format!("{kid} alone: HMAC with the {name}"), forged);
        let forged = sign_token("HS512", &secret, &jose_header(kid, algorithm), &claims);
        table.reject("bad_signature", format!("{kid} alone: HMAC, {name}, as {algorithm}"), forged);
    }
    for (member, value) in
        [("jwk", json!({"kty": "oct", "k": "AAAA"})), ("jku", json!("https://attacker.example"))]
    {
        let mut header = jose_header(kid, algorithm);
        header[member] = value;
        table.reject(
            "bad_signature",
            format!("{kid} alone: {member}"),
            with_header(&genuine, &header),
        );
    }
    let with_crit = json!({"alg": algorithm, "crit": ["exp"]});
    let with_crit = sign_token(algorithm, &key, &with_crit, &claims);
    table.reject("critical_header", format!("{kid} alone: crit, signed"), with_crit);
    let expired =
        sign_token(algorithm, &key, &jose_header(kid, algorithm), &json!({"exp": 1}).to_string());
    table.reject_with_exit(11, "token_expired", format!("{kid} alone: expired"), expired);
    let twice =
        sign_token(algorithm, &key, &jose_header(kid, algorithm), "{\"exp\":1,\"exp\":4102444800}");
    table.reject("malformed", format!("{kid} alone: exp twice"), twice);
    table
}

#[test]
fn single_key_is_bound_to_its_algorithm() {
    let sandbox = provider::sandbox_with_keys();
    for (kid, alg) in KEYS {
        single_key(kid, alg).present(&sandbox, &["--key", kid, "--alg", alg]);
    }
}
