//! Invalid third-party tokens, which are verified with a single key or with a JWK Set without key
//! ids.

use super::Table;
use super::issuer::{
    self, KEY_IDS_AND_ALGORITHMS, SECRET, default_claims, jose_header, signing_key, valid_token,
};
use super::signer::{decode_pem, sign_token};
use super::third_party::{ALGORITHMS, with_header};
use serde_json::json;

/// Returns tokens that are invalid with a JWK Set without key ids. A token with a `kid` is invalid
/// because no key of the set has this key id. The tokens without `kid` are invalid because their
/// signatures are for a header with `kid`.
pub(super) fn set_without_kids_table() -> Table {
    let mut table = Table::default();
    for (kid, alg) in KEY_IDS_AND_ALGORITHMS {
        table.add_rejected(
            "unknown_key",
            format!("{kid}: kid in the token, not in the set"),
            valid_token(kid, alg),
        );
        let header = json!({ "alg": alg });
        let token = with_header(&valid_token(kid, alg), &header);
        table.add_rejected(
            "bad_signature",
            format!("{kid}: signature of another header, no kid"),
            token,
        );
    }
    table
}

#[test]
fn token_with_kid_or_bad_signature_is_refused_with_jwk_set_without_kids() {
    set_without_kids_table()
        .assert_rejected(&issuer::sandbox_with_keys(), &["--jwks", "set-without-kids"]);
}

/// Returns tokens that are invalid if they are verified with the key `kid` and its algorithm.
pub(super) fn single_key_table(kid: &str, algorithm: &str) -> Table {
    let mut table = Table::default();
    let (genuine, key, claims) =
        (valid_token(kid, algorithm), signing_key(kid), default_claims().to_string());
    for alg in ALGORITHMS.into_iter().chain(["none", "None"]).filter(|alg| *alg != algorithm) {
        let token = with_header(&genuine, &jose_header(kid, alg));
        table.add_rejected("alg_not_allowed", format!("{kid} alone: {alg}"), token);
    }
    if kid == "rsa" {
        let pss = sign_token("PS256", &key, &jose_header(kid, "PS256"), &claims);
        table.add_rejected("alg_not_allowed", "rsa alone: PSS", &pss);
        let mislabelled = sign_token("PS256", &key, &jose_header(kid, algorithm), &claims);
        table.add_rejected("bad_signature", "rsa alone: PSS as PKCS#1", mislabelled);
    }
    for (name, secret) in [
        ("RSA PEM", issuer::RSA_PUBLIC.as_bytes().to_vec()),
        ("RSA DER", decode_pem(issuer::RSA_PUBLIC)),
        ("P-256 PEM", issuer::P256_PUBLIC.as_bytes().to_vec()),
        ("secret with a line break", [SECRET, b"\n"].concat()),
        ("empty secret", Vec::new()),
    ] {
        let reason = if algorithm == "HS256" { "bad_signature" } else { "alg_not_allowed" };
        let forged = sign_token("HS256", &secret, &jose_header(kid, "HS256"), &claims);
        table.add_rejected(reason, format!("{kid} alone: HMAC with the {name}"), forged);
        let forged = sign_token("HS512", &secret, &jose_header(kid, algorithm), &claims);
        table.add_rejected(
            "bad_signature",
            format!("{kid} alone: HMAC, {name}, as {algorithm}"),
            forged,
        );
    }
    for (member, value) in
        [("jwk", json!({"kty": "oct", "k": "AAAA"})), ("jku", json!("https://attacker.example"))]
    {
        let mut header = jose_header(kid, algorithm);
        header[member] = value;
        table.add_rejected(
            "bad_signature",
            format!("{kid} alone: {member}"),
            with_header(&genuine, &header),
        );
    }
    let crit_header = json!({"alg": algorithm, "crit": ["exp"]});
    let with_crit = sign_token(algorithm, &key, &crit_header, &claims);
    table.add_rejected("critical_header", format!("{kid} alone: crit, signed"), with_crit);
    let expired =
        sign_token(algorithm, &key, &jose_header(kid, algorithm), &json!({"exp": 1}).to_string());
    table.add_rejected_with_exit(11, "token_expired", format!("{kid} alone: expired"), expired);
    let exp_twice =
        sign_token(algorithm, &key, &jose_header(kid, algorithm), "{\"exp\":1,\"exp\":4102444800}");
    table.add_rejected("malformed", format!("{kid} alone: exp twice"), exp_twice);
    table
}

#[test]
fn invalid_tokens_are_refused_with_a_single_key() {
    let sandbox = issuer::sandbox_with_keys();
    for (kid, alg) in KEY_IDS_AND_ALGORITHMS {
        single_key_table(kid, alg).assert_rejected(&sandbox, &["--key", kid, "--alg", alg]);
    }
}
