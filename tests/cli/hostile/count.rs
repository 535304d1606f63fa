//! Number of distinct rows in the tables.

use super::{Table, ValidToken, algorithm_families, forged, keys, provider, serialization};
use super::{shared_secret, signatures, signed_claims};
use super::{third_party, third_party_claims, third_party_keys};
use crate::sandbox::Sandbox;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

type BuildTable = fn(&ValidToken<'_>) -> Table;

/// Hashes of the rows, which are distinct in the input or in the command that reads the input.
#[derive(Default)]
struct DistinctRows(HashSet<u64>);

impl DistinctRows {
    fn add(&mut self, words: &[&str], input: &[u8]) {
        let mut hasher = DefaultHasher::new();
        (words, input).hash(&mut hasher);
        self.0.insert(hasher.finish());
    }

    fn add_tokens(&mut self, words: &[&str], table: &Table) {
        assert!(!table.0.is_empty());
        for row in &table.0 {
            self.add(words, row.token.as_bytes());
        }
    }

    fn add_keys(&mut self, table: &keys::Table) {
        assert!(!table.0.is_empty());
        for row in &table.0 {
            self.add(&row.words, &row.file);
        }
    }
}

/// Counts tokens presented to a store.
fn store_token_rows() -> usize {
    let sandbox = Sandbox::with_admin();
    let valid = ValidToken::new(&sandbox);
    let mut rows = DistinctRows::default();
    for table in [
        forged::algorithms,
        forged::public_secrets,
        forged::key_ids,
        forged::embedded_keys,
        signatures::signatures,
        serialization::serializations,
        serialization::non_canonical_encodings,
        serialization::headers,
        serialization::sizes,
        signed_claims::payloads,
        signed_claims::typed_claims,
        signed_claims::claims,
        signed_claims::revoked_tokens,
        shared_secret::contradictions,
        signed_claims::session_tokens,
    ] {
        rows.add_tokens(&[], &table(&valid));
    }
    rows.add_tokens(&["access"], &signed_claims::wrong_access_tokens(&valid));
    let tables: [(_, BuildTable); 3] = [
        ("RS256", algorithm_families::rsa),
        ("ES384", algorithm_families::p384),
        ("EdDSA", algorithm_families::ed25519),
    ];
    for (algorithm, table) in tables {
        let sandbox = algorithm_families::sandbox_with_algorithm(algorithm);
        rows.add_tokens(&[algorithm], &table(&ValidToken::new(&sandbox)));
    }
    rows.0.len()
}

/// Counts tokens verified with given keys.
fn third_party_rows() -> usize {
    let mut rows = DistinctRows::default();
    for table in [
        third_party::algorithms,
        third_party::public_secrets,
        third_party::headers,
        third_party::signatures,
        third_party_claims::payloads,
        third_party_claims::claim_types,
        third_party_claims::times,
        third_party_claims::expectations,
    ] {
        rows.add_tokens(&[], &table());
    }
    rows.add_tokens(&["nameless"], &third_party_keys::ambiguous_keys());
    for (kid, algorithm) in provider::KEYS {
        rows.add_tokens(&[kid], &third_party_keys::single_key(kid, algorithm));
    }
    rows.0.len()
}

fn key_rows() -> usize {
    let mut rows = DistinctRows::default();
    for table in [
        keys::files::non_keys,
        keys::files::damaged_private,
        keys::files::damaged_public,
        keys::files::unsupported_types,
        keys::private_keys::elliptic_curves,
        keys::private_keys::explicit_parameters,
        keys::private_keys::edwards_curve,
        keys::private_keys::rsa_numbers,
        keys::jwk::members,
        keys::jwk::lengths,
        keys::jwk::numbers,
        keys::jwk::rsa_numbers,
        keys::jwk::documents,
        keys::public::edwards_points,
        keys::public::curve_points,
        keys::public::rsa_numbers,
        keys::public::members,
        keys::secrets::public_keys,
        keys::secrets::secrets,
        keys::secrets::jwks,
        keys::secrets::sets,
    ] {
        rows.add_keys(&table());
    }
    rows.0.len()
}

#[test]
fn tables_have_at_least_250_rows() {
    let (own, others, keys) = (store_token_rows(), third_party_rows(), key_rows());
    println!(
        "{own} tokens, {others} third-party tokens, {keys} keys: {} rows",
        own + others + keys
    );
    assert!(own >= 250, "{own} tokens");
    assert!(others >= 250, "{others} third-party tokens");
    assert!(keys >= 250, "{keys} keys");
}
