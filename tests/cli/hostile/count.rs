//! Check of the number of distinct test cases. A test case is a row in a table of hostile tokens or
//! hostile keys.

use super::{Table, ValidToken, algorithm_families, forged, issuer, keys, serialization};
use super::{shared_secret, signatures, signed_claims, token_kinds};
use super::{third_party, third_party_claims, third_party_keys};
use crate::sandbox::Sandbox;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

type BuildTable = fn(&ValidToken<'_>) -> Table;

/// Hashes of the distinct rows. A row is an input (a token or the content of a key file) with a
/// context, which distinguishes equal inputs. The context of a key file is the arguments of the
/// command. The context of a token is the expected token type, the algorithm of the store or the
/// verification keys; most tokens have an empty context.
#[derive(Default)]
struct DistinctRows(HashSet<u64>);

impl DistinctRows {
    fn add(&mut self, context: &[&str], input: &[u8]) {
        let mut hasher = DefaultHasher::new();
        (context, input).hash(&mut hasher);
        self.0.insert(hasher.finish());
    }

    fn add_tokens(&mut self, context: &[&str], table: &Table) {
        assert!(!table.0.is_empty());
        for row in &table.0 {
            self.add(context, row.token.as_bytes());
        }
    }

    fn add_keys(&mut self, table: &keys::Table) {
        assert!(!table.0.is_empty());
        for row in &table.0 {
            self.add(&row.arguments, &row.key_file);
        }
    }
}

/// Counts the distinct rows of the tables whose tokens are verified with a store.
fn count_store_token_rows() -> usize {
    let sandbox = Sandbox::with_admin();
    let valid = ValidToken::new(&sandbox);
    let mut rows = DistinctRows::default();
    for build_table in [
        forged::algorithm_table,
        forged::public_key_as_secret_table,
        forged::key_id_table,
        forged::embedded_key_and_critical_header_table,
        signatures::signature_table,
        serialization::serialization_table,
        serialization::non_canonical_encoding_table,
        serialization::header_table,
        serialization::size_table,
        signed_claims::payload_table,
        signed_claims::claim_type_table,
        signed_claims::required_claim_table,
        signed_claims::revoked_token_table,
        shared_secret::record_mismatch_table,
        token_kinds::session_token_table,
    ] {
        rows.add_tokens(&[], &build_table(&valid));
    }
    rows.add_tokens(&["access"], &token_kinds::wrong_access_token_table(&valid));
    let tables: [(_, BuildTable); 4] = [
        ("RS256", algorithm_families::rsa_table),
        ("ES384", algorithm_families::p384_table),
        ("ES512", algorithm_families::p521_table),
        ("EdDSA", algorithm_families::ed25519_table),
    ];
    for (algorithm, build_table) in tables {
        let sandbox = algorithm_families::sandbox_with_algorithm(algorithm);
        rows.add_tokens(&[algorithm], &build_table(&ValidToken::new(&sandbox)));
    }
    rows.0.len()
}

/// Counts the distinct rows of the tables whose tokens are verified with key files.
fn count_third_party_rows() -> usize {
    let mut rows = DistinctRows::default();
    for build_table in [
        third_party::algorithm_table,
        third_party::public_key_as_secret_table,
        third_party::header_table,
        third_party::signature_table,
        third_party_claims::payload_table,
        third_party_claims::claim_type_table,
        third_party_claims::time_claim_table,
        third_party_claims::issuer_and_audience_table,
    ] {
        rows.add_tokens(&[], &build_table());
    }
    rows.add_tokens(&["set-without-kids"], &third_party_keys::set_without_kids_table());
    for (kid, algorithm) in issuer::KEY_IDS_AND_ALGORITHMS {
        rows.add_tokens(&[kid], &third_party_keys::single_key_table(kid, algorithm));
    }
    rows.0.len()
}

/// Counts the distinct rows of the tables of hostile keys.
fn count_key_rows() -> usize {
    let mut rows = DistinctRows::default();
    for build_table in [
        keys::files::non_key_table,
        keys::files::damaged_private_key_table,
        keys::files::damaged_public_key_table,
        keys::files::unsupported_type_table,
        keys::private_keys::elliptic_curve_table,
        keys::private_keys::explicit_parameter_table,
        keys::private_keys::ed25519_table,
        keys::private_keys::rsa_table,
        keys::jwk::metadata_table,
        keys::jwk::member_encoding_table,
        keys::jwk::inconsistent_member_table,
        keys::jwk::rsa_table,
        keys::jwk::document_table,
        keys::public::ed25519_point_table,
        keys::public::curve_point_table,
        keys::public::rsa_table,
        keys::public::metadata_table,
        keys::secrets::asymmetric_key_as_secret_table,
        keys::secrets::secret_table,
        keys::secrets::oct_jwk_table,
        keys::secrets::jwk_set_table,
    ] {
        rows.add_keys(&build_table());
    }
    rows.0.len()
}

#[test]
fn each_group_of_hostile_inputs_has_at_least_250_distinct_rows() {
    let (store_tokens, third_party_tokens, keys) =
        (count_store_token_rows(), count_third_party_rows(), count_key_rows());
    println!(
        "{store_tokens} store tokens, {third_party_tokens} third-party tokens, {keys} keys: {} rows",
        store_tokens + third_party_tokens + keys
    );
    assert!(store_tokens >= 250, "{store_tokens} store tokens");
    assert!(third_party_tokens >= 250, "{third_party_tokens} third-party tokens");
    assert!(keys >= 250, "{keys} keys");
}
