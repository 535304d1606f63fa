//! Tokens of stores that sign with RSA, P-384 and Ed25519: other algorithms of the same key type,
//! the public key as an HMAC secret, and alternative signature encodings.

use super::signer::{
    ED25519_ORDER, P256_ORDER, P384_ORDER, hex, of_member, of_pem, plus, signature,
};
use super::{Good, Table, encoded};
use crate::sandbox::Sandbox;
use serde_json::Value;

const ALL: [&str; 12] = [
    "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256",
    "ES384", "EdDSA",
];
const RSA: [&str; 6] = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];

/// Creates a store that signs with that algorithm.
pub(super) fn sandbox(algorithm: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let words = ["init", "ada", "--alg", algorithm, "--password-stdin"];
    sandbox.run_with_input(&words, "lovelace").ok();
    sandbox
}

fn refuses(algorithm: &str, table: fn(&Good<'_>) -> Table) {
    let sandbox = sandbox(algorithm);
    let table = table(&Good::new(&sandbox));
    table.present(&sandbox, &[]);
    table.present(&sandbox, &["--type", "any"]);
}

impl Good<'_> {
    /// The valid payload under an `alg` header, signed with another algorithm by the store's key
    /// or by a secret.
    fn forged(&self, named: &str, used: &str, key: &[u8]) -> String {
        let header = self.header_with("alg", named);
        let input = format!("{}.{}", encoded(header.to_string()), self.part(1));
        format!("{input}.{}", encoded(signature(used, key, &input)))
    }

    /// Adds tokens with every `alg` but that of the key.
    fn other_algorithms(&self, table: &mut Table) {
        let own = self.key.algorithm.as_str();
        for alg in ["none", "None", "ES512", "ES256K", "Ed25519", &own.to_lowercase()] {
            let header = self.header_with("alg", alg);
            table.refused("alg_not_allowed", format!("{own}: {alg}"), self.under(&header));
        }
        for alg in ALL.into_iter().filter(|alg| *alg != own) {
            let header = self.header_with("alg", alg);
            table.refused("alg_not_allowed", format!("{own}: {alg}"), self.under(&header));
        }
        let bare = self.header_with("alg", "none").to_string();
        let bare = format!("{}.{}.", encoded(bare), self.part(1));
        table.refused("alg_not_allowed", format!("{own}: none, no signature"), bare);
    }

    /// Adds tokens with the public key, in all its encodings, as HMAC secret.
    fn public_secrets(&self, table: &mut Table) {
        let pem = self.sandbox.run(&["keys", "export", "--pem", &self.key.kid]).ok().stdout;
        let der = of_pem(&pem);
        let mut secrets = vec![
            ("PEM without its last line break", pem.trim_end().as_bytes().to_vec()),
            ("PEM with CR LF", pem.replace('\n', "\r\n").into_bytes()),
            ("PEM", pem.into_bytes()),
            ("JWK", self.key.public.to_string().into_bytes()),
            ("key id", self.key.kid.clone().into_bytes()),
            ("nothing", Vec::new()),
        ];
        for member in ["n", "x"] {
            if self.key.public.get(member).is_some() {
                secrets.push((member, of_member(&self.key.public, member)));
            }
        }
        if self.key.public["kty"] == "RSA" {
            // The PKCS#1 structure of a 2,048-bit key starts at byte 24.
            secrets.push(("PKCS#1", der[24..].to_vec()));
        }
        secrets.push(("DER", der));
        let own = self.key.algorithm.as_str();
        for (name, secret) in secrets {
            for alg in ["HS256", "HS384", "HS512"] {
                let token = self.forged(alg, alg, &secret);
                table.refused("alg_not_allowed", format!("{own}: {alg} with the {name}"), token);
            }
            let token = self.forged(own, "HS256", &secret);
            table.refused("bad_signature", format!("{own}: an HMAC with the {name}"), token);
        }
    }

    fn signatures(&self, table: &mut Table, signatures: Vec<(&str, Vec<u8>)>) {
        let own = self.key.algorithm.as_str();
        let good = self.signature();
        let last = good.len() - 1;
        let mut flipped = good.clone();
        flipped[last] ^= 1;
        for (name, bytes) in [
            ("empty", Vec::new()),
            ("one byte", vec![1]),
            ("zero", vec![0; good.len()]),
            ("all ones", vec![0xFF; good.len()]),
            ("a byte short", good[..last].to_vec()),
            ("a byte more", [&good[..], &[0]].concat()),
            ("a zero before it", [&[0], &good[..]].concat()),
            ("twice", [&good[..], &good[..]].concat()),
            ("half", good[..good.len() / 2].to_vec()),
            ("last bit", flipped),
            ("oversized", vec![7; 30_000]),
        ]
        .into_iter()
        .chain(signatures)
        {
            let name = format!("{own} signature: {name}");
            table.refused("bad_signature", name, self.signed_as(bytes));
        }
    }
}

/// A store that signs with RS256.
pub(super) fn rsa(good: &Good<'_>) -> Table {
    let mut table = Table::default();
    good.other_algorithms(&mut table);
    good.public_secrets(&mut table);
    // Genuine signatures by the same key with other RSA algorithms.
    for used in RSA.into_iter().filter(|alg| *alg != "RS256") {
        let token = good.forged(used, used, &good.key.material);
        table.refused("alg_not_allowed", format!("RS256: {used}, signed with it"), token);
        let token = good.forged("RS256", used, &good.key.material);
        table.refused("bad_signature", format!("RS256, signed with {used}"), token);
        let token = good.forged(used, "RS256", &good.key.material);
        table.refused("alg_not_allowed", format!("RS256: {used}, signed with RS256"), token);
    }
    let modulus = of_member(&good.key.public, "n");
    let mut one = vec![0; modulus.len()];
    one[modulus.len() - 1] = 1;
    let mut less = modulus.clone();
    less[modulus.len() - 1] -= 1;
    good.signatures(&mut table, vec![("the modulus", modulus), ("-1", less), ("1", one)]);
    table
}

/// A store that signs with ES384.
pub(super) fn p384(good: &Good<'_>) -> Table {
    let mut table = Table::default();
    good.other_algorithms(&mut table);
    good.public_secrets(&mut table);
    let signature = good.signature();
    let (r, s) = signature.split_at(48);
    let (order, zero) = (hex(P384_ORDER), vec![0; 48]);
    let other = [hex(P256_ORDER), hex(P256_ORDER)].concat();
    let signatures = vec![
        ("r zero", [&zero, s].concat()),
        ("s zero", [r, &zero].concat()),
        ("r the order", [&order, s].concat()),
        ("s the order", [r, &order].concat()),
        ("both the order", [&order[..], &order].concat()),
        ("swapped", [s, r].concat()),
        ("of the length of P-256", other),
        ("DER", [&[0x30, 102, 2, 49, 0], r, &[2, 49, 0], s].concat()),
    ];
    good.signatures(&mut table, signatures);
    table
}

/// A store that signs with `EdDSA`.
pub(super) fn ed25519(good: &Good<'_>) -> Table {
    let mut table = Table::default();
    good.other_algorithms(&mut table);
    good.public_secrets(&mut table);
    let signature = good.signature();
    let (r, s) = signature.split_at(32);
    let (order, zero) = (hex(ED25519_ORDER), vec![0; 32]);
    let identity = [&[1][..], &[0; 31]].concat();
    let signatures = vec![
        // `s` and `s` plus the order are the same scalar; RFC 8032, section 5.1.7, requires `s`
        // below the order.
        ("s plus the order", [r, &plus(s, &order)].concat()),
        ("s the order", [r, &order].concat()),
        ("s zero", [r, &zero].concat()),
        ("r zero", [&zero, s].concat()),
        ("the neutral element and zero", [&identity[..], &zero].concat()),
        ("the neutral element and the order", [&identity[..], &order].concat()),
        ("swapped", [s, r].concat()),
    ];
    good.signatures(&mut table, signatures);
    table
}

#[test]
fn rs256_store_accepts_rs256_only() {
    refuses("RS256", rsa);
}

#[test]
fn es384_store_accepts_es384_only() {
    refuses("ES384", p384);
}

#[test]
fn ed25519_store_accepts_eddsa_only() {
    refuses("EdDSA", ed25519);
}

#[test]
fn test_signer_creates_valid_tokens() {
    for algorithm in ["RS256", "PS256", "ES384", "EdDSA"] {
        let sandbox = sandbox(algorithm);
        let good = Good::new(&sandbox);
        let token = good.forged(algorithm, algorithm, &good.key.material);
        let verdict: Value = sandbox.json(&["token", "verify", &token]);
        assert_eq!(verdict["valid"], true, "{algorithm}");
    }
}
