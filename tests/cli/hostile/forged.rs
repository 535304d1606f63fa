//! Forged tokens (algorithm, key and signature) of an attacker who has the public key and one
//! valid token.

use super::signer::hex;
use super::{Good, Table, encoded};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

/// The `SubjectPublicKeyInfo` bytes before the point of a P-256 key (RFC 5480).
const SPKI: &str = "3059301306072a8648ce3d020106082a8648ce3d030107034200";

fn hmac(input: &str, secret: &[u8], algorithm: Algorithm) -> String {
    let key = EncodingKey::from_secret(secret);
    jsonwebtoken::crypto::sign(input.as_bytes(), &key, algorithm).unwrap()
}

fn attacker_signs(header: &Value, payload: &str) -> String {
    let input = format!("{}.{payload}", encoded(header.to_string()));
    let random = aws_lc_rs::rand::SystemRandom::new();
    let curve = &aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED_SIGNING;
    let pkcs8 = aws_lc_rs::signature::EcdsaKeyPair::generate_pkcs8(curve, &random).unwrap();
    let key = EncodingKey::from_ec_der(pkcs8.as_ref());
    let signature = jsonwebtoken::crypto::sign(input.as_bytes(), &key, Algorithm::ES256).unwrap();
    format!("{input}.{signature}")
}

pub(super) fn algorithms(good: &Good<'_>) -> Table {
    let mut table = Table::default();
    for alg in ["none", "None", "NONE", "nOnE", "noNe", " none", "none ", "none\u{0}", ""] {
        let header = good.header_with("alg", alg);
        let bare = format!("{}.{}.", encoded(header.to_string()), good.part(1));
        table.refused("alg_not_allowed", format!("alg {alg:?}, no signature"), bare);
        table.refused("alg_not_allowed", format!("alg {alg:?}"), good.under(&header));
    }
    for alg in ["HS256", "HS384", "HS512", "RS256", "PS256", "ES384", "ES512", "ES256K", "EdDSA"] {
        let header = good.header_with("alg", alg);
        table.refused("alg_not_allowed", alg, good.under(&header));
    }
    for alg in
        [json!("es256"), json!("ES256 "), json!(256), json!(null), json!(["ES256"]), json!({})]
    {
        let header = good.header_with("alg", alg.clone());
        table.refused("alg_not_allowed", format!("alg {alg}"), good.under(&header));
    }
    let without = json!({"typ": "JWT", "kid": good.key.kid});
    table.refused("alg_not_allowed", "no alg", good.under(&without));
    assert!(table.0.len() > 30);
    table
}

#[test]
fn other_algorithms_are_refused() {
    Good::refuses(algorithms, &[&[], &["--type", "any"]]);
}

pub(super) fn public_secrets(good: &Good<'_>) -> Table {
    let coordinate =
        |name: &str| URL_SAFE_NO_PAD.decode(good.key.public[name].as_str().unwrap()).unwrap();
    let (x, y) = (coordinate("x"), coordinate("y"));
    let point = [&[4][..], &x, &y].concat();
    let der = [hex(SPKI), point.clone()].concat();
    let text = STANDARD.encode(&der);
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n{}\n-----END PUBLIC KEY-----",
        &text[..64],
        &text[64..]
    );
    let secrets = [
        ("PEM with a last line break", format!("{pem}\n").into_bytes()),
        ("PEM", pem.into_bytes()),
        ("DER", der),
        ("point", point),
        ("x", x),
        ("JWK", good.key.public.to_string().into_bytes()),
        ("key id", good.key.kid.clone().into_bytes()),
        ("nothing", Vec::new()),
    ];
    let mut table = Table::default();
    for (name, secret) in secrets {
        for (alg, algorithm) in [("HS256", Algorithm::HS256), ("HS512", Algorithm::HS512)] {
            let header = good.header_with("alg", alg);
            let input = format!("{}.{}", encoded(header.to_string()), good.part(1));
            let token = format!("{input}.{}", hmac(&input, &secret, algorithm));
            table.refused("alg_not_allowed", format!("{alg} with the {name}"), token);
        }
        // The header names ES256, the signature is an HMAC.
        let input = format!("{}.{}", good.part(0), good.part(1));
        let token = format!("{input}.{}", hmac(&input, &secret, Algorithm::HS512));
        table.refused("bad_signature", format!("HMAC as ES256 with the {name}"), token);
    }
    table
}

#[test]
fn public_key_is_refused_as_secret() {
    Good::refuses(public_secrets, &[&[]]);
}

pub(super) fn key_ids(good: &Good<'_>) -> Table {
    let kid = &good.key.kid;
    let mut table = Table::default();
    for other in [
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
        let header = good.header_with("kid", other);
        let name: String = other.chars().take(40).collect();
        table.refused("unknown_key", format!("kid {name:?}"), good.under(&header));
    }
    let without = json!({"alg": "ES256", "typ": "JWT"});
    table.refused("unknown_key", "no kid", good.under(&without));
    for other in [json!(null), json!([kid]), json!(1), json!(true), json!({"kid": kid})] {
        let header = good.header_with("kid", other.clone());
        table.refused("malformed", format!("kid {other}"), good.under(&header));
    }
    let huge = good.header_with("kid", "k".repeat(1 << 20));
    table.refused("malformed", "kid of 1 MB", good.under(&huge));
    table
}

#[test]
fn unknown_key_ids_are_refused() {
    Good::refuses(key_ids, &[&[], &["--type", "any"]]);
}

pub(super) fn brought_keys(good: &Good<'_>) -> Table {
    let public = good.key.public.clone();
    let mut table = Table::default();
    for (member, value) in [
        ("jwk", public),
        ("jku", json!("https://attacker.example/jwks.json")),
        ("x5u", json!("https://attacker.example/cert.pem")),
        ("x5c", json!(["MIIB"])),
        ("x5t", json!("AAAA")),
    ] {
        let mut header = good.header_with(member, value);
        let token = attacker_signs(&header, good.part(1));
        table.refused("bad_signature", format!("{member}, signed by the attacker"), token);
        table.refused("bad_signature", format!("{member}, old signature"), good.under(&header));
        header["kid"] = json!("attacker");
        let token = attacker_signs(&header, good.part(1));
        table.refused("unknown_key", format!("{member}, the attacker's kid"), token);
        header.as_object_mut().unwrap().shift_remove("kid");
        let token = attacker_signs(&header, good.part(1));
        table.refused("unknown_key", format!("{member}, no kid"), token);
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
        let header = good.header_with(member, value.clone());
        table.refused("critical_header", format!("{member} {value}"), good.under(&header));
        let signed = good.key.sign(&header, &Value::from(good.claims.clone()).to_string());
        table.refused("critical_header", format!("{member} {value}, signed"), signed);
    }
    table
}

#[test]
fn embedded_keys_are_refused() {
    Good::refuses(brought_keys, &[&[]]);
}
