//! Forged third-party tokens, verified with a JWK Set and with one key, without a store.

use super::provider::{self, KEYS, SECRET, claims, good, header, material};
use super::signer::{ED25519_ORDER, hex, of_member, of_pem, plus, token};
use super::{Table, encoded};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

const ALL: [&str; 12] = [
    "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256",
    "ES384", "EdDSA",
];

/// Replaces the header of a token.
fn under(token: &str, header: &Value) -> String {
    format!("{}.{}", encoded(header.to_string()), token.split_once('.').unwrap().1)
}

/// Replaces the signature of a token.
fn signed_as(token: &str, signature: impl AsRef<[u8]>) -> String {
    format!("{}.{}", token.rsplit_once('.').unwrap().0, encoded(signature))
}

fn signature_of(token: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(token.rsplit('.').next().unwrap()).unwrap()
}

/// Algorithms that differ from that of the key.
pub(super) fn algorithms() -> Table {
    let mut table = Table::default();
    for (kid, own) in KEYS {
        let good = good(kid, own);
        for alg in ["none", "NONE", "nOnE", "", "ES512", "RSA-OAEP"] {
            let header = header(kid, alg);
            table.refused("alg_not_allowed", format!("{kid}: {alg:?}"), under(&good, &header));
            let payload = good.split('.').nth(1).unwrap();
            let bare = format!("{}.{payload}.", encoded(header.to_string()));
            table.refused("alg_not_allowed", format!("{kid}: {alg:?}, no signature"), bare);
        }
        for alg in ALL.into_iter().filter(|alg| *alg != own) {
            let token = under(&good, &header(kid, alg));
            table.refused("alg_not_allowed", format!("{kid}: {alg}"), token);
        }
        for alg in [json!(null), json!([own]), json!(256), json!({})] {
            let header = json!({"alg": alg, "kid": kid});
            table.refused("alg_not_allowed", format!("{kid}: alg {alg}"), under(&good, &header));
        }
        let header = json!({ "kid": kid });
        table.refused("alg_not_allowed", format!("{kid}: no alg"), under(&good, &header));
    }
    // Genuine signatures by the same key with another RSA algorithm, while the set allows one
    // algorithm.
    for used in ["RS384", "RS512", "PS256", "PS384", "PS512"] {
        let (key, claims) = (material("rsa"), claims().to_string());
        let honest = token(used, &key, &header("rsa", used), &claims);
        table.refused("alg_not_allowed", format!("rsa: signed with {used}"), &honest);
        let named = signed_as(&good("rsa", "RS256"), signature_of(&honest));
        table.refused("bad_signature", format!("rsa: RS256 over {used}"), named);
    }
    table
}

/// The public keys as HMAC secrets.
pub(super) fn public_secrets() -> Table {
    let mut table = Table::default();
    let claims = claims().to_string();
    let pems = [
        provider::RSA_PUBLIC,
        provider::P256_PUBLIC,
        provider::P384_PUBLIC,
        provider::ED25519_PUBLIC,
    ];
    for ((jwk, pem), (kid, own)) in provider::set().iter().zip(pems).zip(KEYS) {
        let number = of_member(jwk, if kid == "rsa" { "n" } else { "x" });
        for (name, secret) in [
            ("PEM", pem.as_bytes().to_vec()),
            ("PEM without its last line break", pem.trim_end().as_bytes().to_vec()),
            ("DER", of_pem(pem)),
            ("JWK", jwk.to_string().into_bytes()),
            ("number", number),
        ] {
            let forged = token("HS256", &secret, &header(kid, "HS256"), &claims);
            table.refused("alg_not_allowed", format!("{kid}: HMAC with the {name}"), forged);
            let forged = token("HS256", &secret, &header(kid, own), &claims);
            table.refused("bad_signature", format!("{kid}: as {own}, with the {name}"), forged);
            let forged = token("HS256", &secret, &header("oct", "HS256"), &claims);
            table.refused("bad_signature", format!("oct: HMAC with the {name} of {kid}"), forged);
        }
    }
    table
}

/// Key ids, embedded keys and critical headers.
pub(super) fn headers() -> Table {
    let mut table = Table::default();
    let set = provider::set();
    for (jwk, (kid, alg)) in set.iter().zip(KEYS) {
        let good = good(kid, alg);
        for other in ["", "KID", "/dev/null", "../set", "' OR 1=1 --", "\0", &format!("{kid}\0")] {
            let token = under(&good, &header(other, alg));
            table.refused("unknown_key", format!("{kid}: kid {other:?}"), token);
        }
        let nameless = under(&good, &json!({ "alg": alg }));
        table.refused("unknown_key", format!("{kid}: no kid among five"), nameless);
        for other in [json!(null), json!([kid]), json!(1), json!({"kid": kid})] {
            let token = under(&good, &json!({"alg": alg, "kid": other}));
            table.refused("malformed", format!("{kid}: kid {other}"), token);
        }
        for (member, value) in [
            ("jwk", jwk.clone()),
            ("jku", json!("https://attacker.example/jwks.json")),
            ("x5u", json!("https://attacker.example/cert.pem")),
            ("x5c", json!(["MIIB"])),
        ] {
            let mut header = header(kid, alg);
            header[member] = value;
            table.refused("bad_signature", format!("{kid}: {member}"), under(&good, &header));
            header["kid"] = json!("attacker");
            table.refused(
                "unknown_key",
                format!("{kid}: {member}, its kid"),
                under(&good, &header),
            );
        }
        for (member, value) in [
            ("crit", json!(["exp"])),
            ("crit", json!([])),
            ("b64", json!(false)),
            ("zip", json!("DEF")),
        ] {
            let mut header = header(kid, alg);
            header[member] = value.clone();
            let token = token(alg, &material(kid), &header, &claims().to_string());
            table.refused("critical_header", format!("{kid}: {member} {value}, signed"), token);
        }
        for (other, alg_of_other) in KEYS.into_iter().filter(|(other, _)| *other != kid) {
            let token = under(&good, &header(other, alg_of_other));
            table.refused("bad_signature", format!("{kid}: as {other}"), token);
        }
    }
    table
}

pub(super) fn signatures() -> Table {
    let mut table = Table::default();
    for (kid, alg) in KEYS {
        let good = good(kid, alg);
        let signature = signature_of(&good);
        let length = signature.len();
        let (first, second) = signature.split_at(length / 2);
        let mut bytes = vec![
            ("empty", Vec::new()),
            ("zero", vec![0; length]),
            ("all ones", vec![0xFF; length]),
            ("a byte short", signature[..length - 1].to_vec()),
            ("a byte more", [&signature[..], &[0]].concat()),
            ("half", first.to_vec()),
            ("swapped", [second, first].concat()),
            ("first half zero", [&vec![0; length / 2], second].concat()),
            ("second half zero", [first, &vec![0; length / 2]].concat()),
            ("oversized", vec![7; 30_000]),
        ];
        if kid == "ed" {
            let order = hex(ED25519_ORDER);
            bytes.push(("s plus the order", [first, &plus(second, &order)].concat()));
            bytes.push(("s the order", [first, &order].concat()));
        }
        for (name, bytes) in bytes {
            let token = signed_as(&good, bytes);
            table.refused("bad_signature", format!("{kid} signature: {name}"), token);
        }
        let mut parts: Vec<&str> = good.split('.').collect();
        table.refused("malformed", format!("{kid}: two parts"), parts[..2].join("."));
        table.refused("malformed", format!("{kid}: four parts"), format!("{good}.{}", parts[2]));
        table.refused("malformed", format!("{kid}: padded"), format!("{good}="));
        let other = encoded(claims().to_string().replace("alice", "admin"));
        parts[1] = &other;
        table.refused("bad_signature", format!("{kid}: another payload"), parts.join("."));
    }
    table.refused("malformed", "nothing", "");
    table.refused("malformed", "64 MB", good("oct", "HS256") + &"A".repeat(64_000_000));
    table
}

/// Presents the table to the JWK Set of the provider.
fn refuses(table: &Table) {
    table.present(&provider::sandbox(), &["--jwks", "set"]);
}

#[test]
fn provider_tokens_are_valid() {
    let sandbox = provider::sandbox();
    for (kid, alg) in KEYS {
        let token = good(kid, alg);
        let words = ["token", "verify", &token, "--jwks", "set", "--iss", "https://idp"];
        assert_eq!(sandbox.get(&words), "valid", "{kid}");
        let alone = under(&token, &json!({ "alg": alg }));
        let claims = "{\"exp\":4102444800}";
        let token = super::signer::token(alg, &material(kid), &json!({"alg": alg}), claims);
        let words = ["token", "verify", &token, "--key", kid, "--alg", alg];
        assert_eq!(sandbox.get(&words), "valid", "{kid}");
        let words = ["token", "verify", &alone, "--key", kid, "--alg", alg];
        assert_eq!(sandbox.run(&words).stdout, "invalid: bad_signature\n", "{kid}");
    }
}

#[test]
fn third_party_token_must_use_algorithm_of_its_key() {
    refuses(&algorithms());
}

#[test]
fn third_party_public_key_is_refused_as_secret() {
    refuses(&public_secrets());
}

#[test]
fn third_party_header_cannot_choose_key() {
    refuses(&headers());
}

#[test]
fn third_party_signature_has_one_encoding() {
    refuses(&signatures());
}

/// Tokens for a JWK Set without key ids, which identify no key of the set.
pub(super) fn ambiguous() -> Table {
    let mut table = Table::default();
    for (kid, alg) in KEYS {
        table.refused("unknown_key", format!("{kid}: none has an id"), good(kid, alg));
        let token = token(alg, &material(kid), &json!({ "alg": alg }), &claims().to_string());
        table.refused("unknown_key", format!("{kid}: neither has the token"), token);
    }
    table
}

#[test]
fn keys_without_ids_are_not_tried_in_turn() {
    ambiguous().present(&provider::sandbox(), &["--jwks", "nameless"]);
}

/// Tokens for a single key with a given algorithm.
pub(super) fn of_one_key(kid: &str, own: &str) -> Table {
    let mut table = Table::default();
    let (honest, key, claims) = (good(kid, own), material(kid), claims().to_string());
    for alg in ALL.into_iter().chain(["none", "None", "ES512"]).filter(|alg| *alg != own) {
        let token = under(&honest, &header(kid, alg));
        table.refused("alg_not_allowed", format!("{kid} alone: {alg}"), token);
    }
    if kid == "rsa" {
        let pss = token("PS256", &key, &header(kid, "PS256"), &claims);
        table.refused("alg_not_allowed", "rsa alone: PSS", &pss);
        let named = signed_as(&honest, signature_of(&pss));
        table.refused("bad_signature", "rsa alone: PSS as PKCS#1", named);
    }
    for (name, secret) in [
        ("RSA PEM", provider::RSA_PUBLIC.as_bytes().to_vec()),
        ("RSA DER", of_pem(provider::RSA_PUBLIC)),
        ("P-256 PEM", provider::P256_PUBLIC.as_bytes().to_vec()),
        ("secret with a line break", [SECRET, b"\n"].concat()),
        ("empty secret", Vec::new()),
    ] {
        let reason = if own == "HS256" { "bad_signature" } else { "alg_not_allowed" };
        let forged = token("HS256", &secret, &header(kid, "HS256"), &claims);
        table.refused(reason, format!("{kid} alone: HMAC with the {name}"), forged);
        let forged = token("HS512", &secret, &header(kid, own), &claims);
        table.refused("bad_signature", format!("{kid} alone: HMAC, {name}, as {own}"), forged);
    }
    for (member, value) in
        [("jwk", json!({"kty": "oct", "k": "AAAA"})), ("jku", json!("https://attacker.example"))]
    {
        let mut header = header(kid, own);
        header[member] = value;
        table.refused("bad_signature", format!("{kid} alone: {member}"), under(&honest, &header));
    }
    let critical = json!({"alg": own, "crit": ["exp"]});
    let critical = token(own, &key, &critical, &claims);
    table.refused("critical_header", format!("{kid} alone: crit, signed"), critical);
    let over = token(own, &key, &header(kid, own), &json!({"exp": 1}).to_string());
    table.ends(11, "token_expired", format!("{kid} alone: expired"), over);
    let twice = token(own, &key, &header(kid, own), "{\"exp\":1,\"exp\":4102444800}");
    table.refused("malformed", format!("{kid} alone: exp twice"), twice);
    table
}

#[test]
fn single_key_is_bound_to_its_algorithm() {
    let sandbox = provider::sandbox();
    for (kid, alg) in KEYS {
        of_one_key(kid, alg).present(&sandbox, &["--key", kid, "--alg", alg]);
    }
}
