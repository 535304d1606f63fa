//! Tokens with another algorithm, key or signature, or with a critical header. An attacker who has
//! the public key and one valid token can forge the tokens, except tokens signed with the store's
//! key.

use super::signer::{decode_hex, sign_raw};
use super::{Table, ValidToken, base64url, issuer};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// The bytes of the `SubjectPublicKeyInfo` (RFC 5480) of a P-256 key that precede the curve point,
/// in hexadecimal.
const SPKI_PREFIX: &str = "3059301306072a8648ce3d020106082a8648ce3d030107034200";

/// Returns the HMAC of `input` in base64url.
fn encoded_hmac(input: &str, secret: &[u8], algorithm: &str) -> String {
    base64url(sign_raw(algorithm, secret, input))
}

/// Returns a token that is signed with the attacker's key, which is the P-256 key of the sample
/// issuer. `encoded_payload` is the payload in base64url.
fn sign_as_attacker(header: &Value, encoded_payload: &str) -> String {
    let input = format!("{}.{encoded_payload}", base64url(header.to_string()));
    format!("{input}.{}", base64url(sign_raw("ES256", &issuer::signing_key("p256"), &input)))
}

/// Returns tokens whose `alg` is missing or is not ES256, the algorithm of the key.
pub(super) fn algorithm_table(valid: &ValidToken<'_>) -> Table {
    let mut table = Table::default();
    for alg in ["none", "None", "NONE", "nOnE", "noNe", " none", "none ", "none\u{0}", ""] {
        let header = valid.header_with_member("alg", alg);
        let unsigned = format!("{}.{}.", base64url(header.to_string()), valid.part(1));
        table.add_rejected("alg_not_allowed", format!("alg {alg:?}, no signature"), unsigned);
        table.add_rejected("alg_not_allowed", format!("alg {alg:?}"), valid.with_header(&header));
    }
    for alg in ["HS256", "HS384", "HS512", "RS256", "PS256", "ES384", "ES512", "ES256K", "EdDSA"] {
        let header = valid.header_with_member("alg", alg);
        table.add_rejected("alg_not_allowed", alg, valid.with_header(&header));
    }
    for alg in
        [json!("es256"), json!("ES256 "), json!(256), json!(null), json!(["ES256"]), json!({})]
    {
        let header = valid.header_with_member("alg", alg.clone());
        table.add_rejected("alg_not_allowed", format!("alg {alg}"), valid.with_header(&header));
    }
    let without_alg = json!({"typ": "JWT", "kid": valid.key.kid});
    table.add_rejected("alg_not_allowed", "no alg", valid.with_header(&without_alg));
    assert!(table.0.len() > 30);
    table
}

#[test]
fn missing_or_different_header_algorithm_is_refused() {
    ValidToken::assert_rejected_in_new_store(algorithm_table, &[&[], &["--type", "any"]]);
}

/// Returns tokens with an HMAC. The secret is the public key in one of several encodings, its x
/// coordinate, the key id, or empty.
pub(super) fn public_key_as_secret_table(valid: &ValidToken<'_>) -> Table {
    let coordinate =
        |name: &str| URL_SAFE_NO_PAD.decode(valid.key.public_jwk[name].as_str().unwrap()).unwrap();
    let (x, y) = (coordinate("x"), coordinate("y"));
    let point = [&[4][..], &x, &y].concat();
    let der = [decode_hex(SPKI_PREFIX), point.clone()].concat();
    let base64 = STANDARD.encode(&der);
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n{}\n-----END PUBLIC KEY-----",
        &base64[..64],
        &base64[64..]
    );
    let secrets = [
        ("PEM with a final line break", format!("{pem}\n").into_bytes()),
        ("PEM", pem.into_bytes()),
        ("DER", der),
        ("point", point),
        ("x", x),
        ("JWK", valid.key.public_jwk.to_string().into_bytes()),
        ("key id", valid.key.kid.clone().into_bytes()),
        ("empty secret", Vec::new()),
    ];
    let mut table = Table::default();
    for (name, secret) in secrets {
        for alg in ["HS256", "HS512"] {
            let header = valid.header_with_member("alg", alg);
            let input = format!("{}.{}", base64url(header.to_string()), valid.part(1));
            let token = format!("{input}.{}", encoded_hmac(&input, &secret, alg));
            table.add_rejected("alg_not_allowed", format!("{alg} with the {name}"), token);
        }
        // The header contains `ES256`, but the signature is an HMAC.
        let input = format!("{}.{}", valid.part(0), valid.part(1));
        let token = format!("{input}.{}", encoded_hmac(&input, &secret, "HS512"));
        table.add_rejected("bad_signature", format!("ES256 header, HMAC with the {name}"), token);
    }
    table
}

#[test]
fn hmac_with_public_key_key_id_or_empty_secret_is_refused() {
    ValidToken::assert_rejected_in_new_store(public_key_as_secret_table, &[&[]]);
}

/// Returns tokens whose `kid` is unknown, malformed or missing.
pub(super) fn key_id_table(valid: &ValidToken<'_>) -> Table {
    let kid = &valid.key.kid;
    let mut table = Table::default();
    for forged_kid in [
        "",
        "../../../../../../dev/null",
        "/dev/null",
        "file:///etc/passwd",
        "https://attacker.example/jwks.json",
        "' OR 1=1 --",
        "x' UNION SELECT 1, 'x', 'app', 'HS256', x'00', NULL, 'active', NULL --",
        "%",
        "_______________________________",
        "|/usr/bin/id",
        "1",
        "\u{0}",
        &format!("{kid}\u{0}"),
        &format!("{kid} "),
        &format!(" {kid}"),
        &format!("{kid}' --"),
        &kid.to_lowercase(),
        &kid.to_uppercase(),
        &kid[..kid.len() - 1],
        &"k".repeat(40_000),
    ] {
        let header = valid.header_with_member("kid", forged_kid);
        let name: String = forged_kid.chars().take(40).collect();
        table.add_rejected("unknown_key", format!("kid {name:?}"), valid.with_header(&header));
    }
    let without_kid = json!({"alg": "ES256", "typ": "JWT"});
    table.add_rejected("unknown_key", "no kid", valid.with_header(&without_kid));
    for forged_kid in [json!(null), json!([kid]), json!(1), json!(true), json!({"kid": kid})] {
        let header = valid.header_with_member("kid", forged_kid.clone());
        table.add_rejected("malformed", format!("kid {forged_kid}"), valid.with_header(&header));
    }
    let huge = valid.header_with_member("kid", "k".repeat(1 << 20));
    table.add_rejected("malformed", "kid of 1 MB", valid.with_header(&huge));
    table
}

#[test]
fn unknown_malformed_or_missing_key_ids_are_refused() {
    ValidToken::assert_rejected_in_new_store(key_id_table, &[&[], &["--type", "any"]]);
}

/// Returns forged tokens whose header contains the attacker's public key or a certificate, its URL
/// or its thumbprint. Also returns forged and signed tokens with header members that change the
/// processing of a token (`crit`, `b64`, `zip` and `enc`).
pub(super) fn embedded_key_and_critical_header_table(valid: &ValidToken<'_>) -> Table {
    let attacker_jwk = issuer::public_jwk(include_str!("samples/p256.jwk"));
    let mut table = Table::default();
    for (member, value) in [
        ("jwk", attacker_jwk),
        ("jku", json!("https://attacker.example/jwks.json")),
        ("x5u", json!("https://attacker.example/cert.pem")),
        ("x5c", json!(["MIIB"])),
        ("x5t", json!("AAAA")),
    ] {
        let mut header = valid.header_with_member(member, value);
        let token = sign_as_attacker(&header, valid.part(1));
        table.add_rejected("bad_signature", format!("{member}, signed by the attacker"), token);
        table.add_rejected(
            "bad_signature",
            format!("{member}, original signature"),
            valid.with_header(&header),
        );
        header["kid"] = json!("attacker");
        let token = sign_as_attacker(&header, valid.part(1));
        table.add_rejected("unknown_key", format!("{member}, the attacker's kid"), token);
        header.as_object_mut().unwrap().shift_remove("kid");
        let token = sign_as_attacker(&header, valid.part(1));
        table.add_rejected("unknown_key", format!("{member}, no kid"), token);
    }
    for (member, value) in [
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("crit", json!(null)),
        ("crit", json!(["b64"])),
        ("b64", json!(false)),
        ("b64", json!(true)),
        ("zip", json!("DEF")),
        ("enc", json!("A128GCM")),
    ] {
        let header = valid.header_with_member(member, value.clone());
        table.add_rejected(
            "critical_header",
            format!("{member} {value}"),
            valid.with_header(&header),
        );
        let signed = valid.key.sign(&header, &Value::from(valid.claims.clone()).to_string());
        table.add_rejected("critical_header", format!("{member} {value}, signed"), signed);
    }
    table
}

#[test]
fn embedded_keys_are_not_trusted_and_critical_headers_are_refused() {
    ValidToken::assert_rejected_in_new_store(embedded_key_and_critical_header_table, &[&[]]);
}
