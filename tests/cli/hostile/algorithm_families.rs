//! Forged tokens for stores that sign with RSA, P-384, P-521 or Ed25519. The tokens have another
//! algorithm, an HMAC whose secret is the public key, or an invalid signature.

use super::signer::{
    ED25519_ORDER, P256_ORDER, P384_ORDER, P521_ORDER, add_little_endian, decode_hex,
    decode_member, decode_pem, sign_raw,
};
use super::{Table, ValidToken, base64url};
use crate::sandbox::Sandbox;
use serde_json::Value;

/// The names of all algorithms. `EdDSA` and `Ed25519` are names of the same algorithm.
const ALGORITHMS: [&str; 14] = [
    "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256",
    "ES384", "ES512", "EdDSA", "Ed25519",
];
const RSA_ALGORITHMS: [&str; 6] = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];

/// Creates a sandbox with a store whose app key has the algorithm.
pub(super) fn sandbox_with_algorithm(algorithm: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let arguments = ["init", "ada", "--alg", algorithm, "--password-stdin"];
    sandbox.run_with_input(&arguments, "lovelace").ok();
    sandbox
}

/// Asserts that a store whose app key has the algorithm rejects every token of the table.
fn assert_rejected_with_algorithm(algorithm: &str, build_table: fn(&ValidToken<'_>) -> Table) {
    let sandbox = sandbox_with_algorithm(algorithm);
    let table = build_table(&ValidToken::new(&sandbox));
    table.assert_rejected(&sandbox, &[]);
    table.assert_rejected(&sandbox, &["--type", "any"]);
}

impl ValidToken<'_> {
    /// Returns a token with the valid payload and with `header_alg` in the header, signed with
    /// `signing_alg` and `key`.
    fn sign_with_header_alg(&self, header_alg: &str, signing_alg: &str, key: &[u8]) -> String {
        let header = self.header_with_member("alg", header_alg);
        let input = format!("{}.{}", base64url(header.to_string()), self.part(1));
        format!("{input}.{}", base64url(sign_raw(signing_alg, key, &input)))
    }

    /// Returns a signature of the valid header and payload, made with the P-521 key and SHA-384 in
    /// place of SHA-512.
    fn sign_with_sha384(&self) -> Vec<u8> {
        let curve = &aws_lc_rs::signature::ECDSA_P521_SHA384_FIXED_SIGNING;
        let pair = aws_lc_rs::signature::EcdsaKeyPair::from_pkcs8(curve, &self.key.material);
        let input = format!("{}.{}", self.part(0), self.part(1));
        let random = aws_lc_rs::rand::SystemRandom::new();
        pair.unwrap().sign(&random, input.as_bytes()).unwrap().as_ref().to_vec()
    }

    /// Adds tokens whose `alg` is not the name of the key's algorithm. All these tokens have the
    /// original signature, except one with `none`, which has no signature.
    fn add_other_algorithms(&self, table: &mut Table) {
        let algorithm = self.key.algorithm.as_str();
        for alg in ["none", "None", "ES256K", "Ed448", "ed25519", &algorithm.to_lowercase()] {
            let header = self.header_with_member("alg", alg);
            table.add_rejected(
                "alg_not_allowed",
                format!("{algorithm}: {alg}"),
                self.with_header(&header),
            );
        }
        for alg in ALGORITHMS.into_iter().filter(|alg| *alg != algorithm) {
            let header = self.header_with_member("alg", alg);
            // The other name of the key's algorithm is allowed. The signature is invalid, because
            // it covers the header with the original name.
            let is_same_algorithm = algorithm == "EdDSA" && alg == "Ed25519";
            table.add_rejected(
                if is_same_algorithm { "bad_signature" } else { "alg_not_allowed" },
                format!("{algorithm}: {alg}"),
                self.with_header(&header),
            );
        }
        let unsigned = self.header_with_member("alg", "none").to_string();
        let unsigned = format!("{}.{}.", base64url(unsigned), self.part(1));
        table.add_rejected("alg_not_allowed", format!("{algorithm}: none, no signature"), unsigned);
    }

    /// Adds tokens with an HMAC. The secret is the public key in one of several encodings, a member
    /// of its JWK, the key id, or empty.
    fn add_public_keys_as_secrets(&self, table: &mut Table) {
        let pem = self.sandbox.run(&["keys", "export", "--pem", &self.key.kid]).ok().stdout;
        let der = decode_pem(&pem);
        let mut secrets = vec![
            ("PEM without its last line break", pem.trim_end().as_bytes().to_vec()),
            ("PEM with CR LF", pem.replace('\n', "\r\n").into_bytes()),
            ("PEM", pem.into_bytes()),
            ("JWK", self.key.public_jwk.to_string().into_bytes()),
            ("key id", self.key.kid.clone().into_bytes()),
            ("empty secret", Vec::new()),
        ];
        for member in ["n", "x"] {
            if self.key.public_jwk.get(member).is_some() {
                secrets.push((member, decode_member(&self.key.public_jwk, member)));
            }
        }
        if self.key.public_jwk["kty"] == "RSA" {
            // In the `SubjectPublicKeyInfo` of a 2,048-bit key, PKCS#1 starts at offset 24.
            secrets.push(("PKCS#1", der[24..].to_vec()));
        }
        secrets.push(("DER", der));
        let algorithm = self.key.algorithm.as_str();
        for (name, secret) in secrets {
            for alg in ["HS256", "HS384", "HS512"] {
                let token = self.sign_with_header_alg(alg, alg, &secret);
                table.add_rejected(
                    "alg_not_allowed",
                    format!("{algorithm}: {alg} with the {name}"),
                    token,
                );
            }
            let token = self.sign_with_header_alg(algorithm, "HS256", &secret);
            table.add_rejected(
                "bad_signature",
                format!("{algorithm}: an HMAC with the {name}"),
                token,
            );
        }
    }

    /// Adds tokens with signatures that are invalid for every algorithm, and with `signatures`:
    /// pairs of a name and a signature that is invalid for the algorithm of the key.
    fn add_bad_signatures(&self, table: &mut Table, signatures: Vec<(&str, Vec<u8>)>) {
        let algorithm = self.key.algorithm.as_str();
        let signature = self.signature();
        let last = signature.len() - 1;
        let mut last_bit_flipped = signature.clone();
        last_bit_flipped[last] ^= 1;
        for (name, bytes) in [
            ("empty", Vec::new()),
            ("one byte", vec![1]),
            ("all zeros", vec![0; signature.len()]),
            ("all ones", vec![0xFF; signature.len()]),
            ("one byte shorter", signature[..last].to_vec()),
            ("one byte longer", [&signature[..], &[0]].concat()),
            ("leading zero", [&[0], &signature[..]].concat()),
            ("twice in a row", [&signature[..], &signature[..]].concat()),
            ("first half", signature[..signature.len() / 2].to_vec()),
            ("last bit flipped", last_bit_flipped),
            ("oversized", vec![7; 30_000]),
        ]
        .into_iter()
        .chain(signatures)
        {
            let name = format!("{algorithm} signature: {name}");
            table.add_rejected("bad_signature", name, self.with_signature(bytes));
        }
    }
}

/// Returns forged tokens for a store that signs with RS256.
pub(super) fn rsa_table(valid: &ValidToken<'_>) -> Table {
    let mut table = Table::default();
    valid.add_other_algorithms(&mut table);
    valid.add_public_keys_as_secrets(&mut table);
    // Signatures by the same key. The header, the signature or both use another RSA algorithm.
    for signing_alg in RSA_ALGORITHMS.into_iter().filter(|alg| *alg != "RS256") {
        let token = valid.sign_with_header_alg(signing_alg, signing_alg, &valid.key.material);
        table.add_rejected(
            "alg_not_allowed",
            format!("RS256 key: {signing_alg} header and signature"),
            token,
        );
        let token = valid.sign_with_header_alg("RS256", signing_alg, &valid.key.material);
        table.add_rejected(
            "bad_signature",
            format!("RS256 key: RS256 header, {signing_alg} signature"),
            token,
        );
        let token = valid.sign_with_header_alg(signing_alg, "RS256", &valid.key.material);
        table.add_rejected(
            "alg_not_allowed",
            format!("RS256 key: {signing_alg} header, RS256 signature"),
            token,
        );
    }
    let modulus = decode_member(&valid.key.public_jwk, "n");
    let mut one = vec![0; modulus.len()];
    one[modulus.len() - 1] = 1;
    let mut minus_one = modulus.clone();
    minus_one[modulus.len() - 1] -= 1;
    valid.add_bad_signatures(
        &mut table,
        vec![("the modulus", modulus), ("-1", minus_one), ("1", one)],
    );
    table
}

/// Returns invalid variants of an ECDSA signature: `r` or `s` is out of range, or `r` and `s` are
/// swapped. `order` is the order of the curve in hexadecimal.
fn invalid_ecdsa_signatures(signature: &[u8], order: &str) -> Vec<(&'static str, Vec<u8>)> {
    let (r, s) = signature.split_at(signature.len() / 2);
    let (order, zero) = (decode_hex(order), vec![0; r.len()]);
    vec![
        ("r = 0", [&zero, s].concat()),
        ("s = 0", [r, &zero].concat()),
        ("r = order", [&order, s].concat()),
        ("s = order", [r, &order].concat()),
        ("r = s = order", [&order[..], &order].concat()),
        ("r and s swapped", [s, r].concat()),
    ]
}

/// Returns forged tokens for a store that signs with ES384.
pub(super) fn p384_table(valid: &ValidToken<'_>) -> Table {
    let mut table = Table::default();
    valid.add_other_algorithms(&mut table);
    valid.add_public_keys_as_secrets(&mut table);
    let signature = valid.signature();
    let (r, s) = signature.split_at(48);
    let p256_orders = [decode_hex(P256_ORDER), decode_hex(P256_ORDER)].concat();
    let mut signatures = invalid_ecdsa_signatures(&signature, P384_ORDER);
    signatures.extend([
        ("P-256 length", p256_orders),
        ("DER", [&[0x30, 102, 2, 49, 0], r, &[2, 49, 0], s].concat()),
    ]);
    valid.add_bad_signatures(&mut table, signatures);
    table
}

/// Returns forged tokens for a store that signs with ES512.
pub(super) fn p521_table(valid: &ValidToken<'_>) -> Table {
    let mut table = Table::default();
    valid.add_other_algorithms(&mut table);
    valid.add_public_keys_as_secrets(&mut table);
    let signature = valid.signature();
    let mut signatures = invalid_ecdsa_signatures(&signature, P521_ORDER);
    signatures.extend([
        ("without the first byte", signature[1..].to_vec()),
        ("P-384 length", signature[..96].to_vec()),
        ("SHA-384 in place of SHA-512", valid.sign_with_sha384()),
    ]);
    valid.add_bad_signatures(&mut table, signatures);
    table
}

/// Returns forged tokens for a store that signs with `EdDSA`.
pub(super) fn ed25519_table(valid: &ValidToken<'_>) -> Table {
    let mut table = Table::default();
    valid.add_other_algorithms(&mut table);
    valid.add_public_keys_as_secrets(&mut table);
    let signature = valid.signature();
    let (r, s) = signature.split_at(32);
    let (order, zero) = (decode_hex(ED25519_ORDER), vec![0; 32]);
    let neutral_element = [&[1][..], &[0; 31]].concat();
    let signatures = vec![
        // `s` and `s` plus the order are equal modulo the order; RFC 8032, section 5.1.7, requires
        // `s` below the order.
        ("s + order", [r, &add_little_endian(s, &order)].concat()),
        ("s = order", [r, &order].concat()),
        ("s = 0", [r, &zero].concat()),
        ("r = 0", [&zero, s].concat()),
        ("r = neutral element, s = 0", [&neutral_element[..], &zero].concat()),
        ("r = neutral element, s = order", [&neutral_element[..], &order].concat()),
        ("r and s swapped", [s, r].concat()),
    ];
    valid.add_bad_signatures(&mut table, signatures);
    table
}

#[test]
fn rs256_store_refuses_other_algorithms_and_bad_signatures() {
    assert_rejected_with_algorithm("RS256", rsa_table);
}

#[test]
fn es384_store_refuses_other_algorithms_and_bad_signatures() {
    assert_rejected_with_algorithm("ES384", p384_table);
}

#[test]
fn es512_store_refuses_other_algorithms_and_bad_signatures() {
    assert_rejected_with_algorithm("ES512", p521_table);
}

#[test]
fn eddsa_store_refuses_other_algorithms_and_bad_signatures() {
    assert_rejected_with_algorithm("EdDSA", ed25519_table);
}

#[test]
fn test_signer_creates_valid_tokens() {
    for algorithm in ["RS256", "PS256", "ES384", "ES512", "EdDSA", "Ed25519"] {
        let sandbox = sandbox_with_algorithm(algorithm);
        let valid = ValidToken::new(&sandbox);
        let token = valid.sign_with_header_alg(algorithm, algorithm, &valid.key.material);
        let report: Value = sandbox.json(&["token", "verify", &token]);
        assert_eq!(report["valid"], true, "{algorithm}");
    }
}
