//! Number of distinct rows in the tables.

use super::{Good, Table, families, foreign, foreign_claims, forged, keys, provider, shapes};
use super::{shared_secret, signatures, signed};
use crate::sandbox::Sandbox;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

type Build = fn(&Good<'_>) -> Table;

/// Hashes of the rows, which are distinct in the input or in the command that reads the input.
#[derive(Default)]
struct Seen(HashSet<u64>);

impl Seen {
    fn add(&mut self, to: &[&str], what: &[u8]) {
        let mut hasher = DefaultHasher::new();
        (to, what).hash(&mut hasher);
        self.0.insert(hasher.finish());
    }

    fn tokens(&mut self, to: &[&str], table: &Table) {
        assert!(!table.0.is_empty());
        for row in &table.0 {
            self.add(to, row.token.as_bytes());
        }
    }

    fn keys(&mut self, table: &keys::Table) {
        assert!(!table.0.is_empty());
        for row in &table.0 {
            self.add(&row.words, &row.file);
        }
    }
}

/// Counts tokens presented to a store.
fn own() -> usize {
    let sandbox = Sandbox::with_admin();
    let good = Good::new(&sandbox);
    let mut seen = Seen::default();
    for table in [
        forged::algorithms,
        forged::public_secrets,
        forged::key_ids,
        forged::brought_keys,
        signatures::signatures,
        shapes::spellings,
        shapes::bytes_again,
        shapes::headers,
        shapes::sizes,
        signed::payloads,
        signed::typed_claims,
        signed::claims,
        signed::revoked,
        shared_secret::contradictions,
        signed::session_tokens,
    ] {
        seen.tokens(&[], &table(&good));
    }
    seen.tokens(&["access"], &signed::no_access_tokens(&good));
    let tables: [(_, Build); 3] =
        [("RS256", families::rsa), ("ES384", families::p384), ("EdDSA", families::ed25519)];
    for (algorithm, table) in tables {
        let sandbox = families::sandbox(algorithm);
        seen.tokens(&[algorithm], &table(&Good::new(&sandbox)));
    }
    seen.0.len()
}

/// Counts tokens verified with given keys.
fn others() -> usize {
    let mut seen = Seen::default();
    for table in [
        foreign::algorithms,
        foreign::public_secrets,
        foreign::headers,
        foreign::signatures,
        foreign_claims::payloads,
        foreign_claims::typed,
        foreign_claims::times,
        foreign_claims::asked,
    ] {
        seen.tokens(&[], &table());
    }
    seen.tokens(&["nameless"], &foreign::ambiguous());
    for (kid, algorithm) in provider::KEYS {
        seen.tokens(&[kid], &foreign::of_one_key(kid, algorithm));
    }
    seen.0.len()
}

fn given_keys() -> usize {
    let mut seen = Seen::default();
    for table in [
        keys::files::nothing,
        keys::files::damaged,
        keys::files::damaged_public,
        keys::files::kinds,
        keys::material::elliptic_curves,
        keys::material::explicit_parameters,
        keys::material::edwards_curve,
        keys::material::rsa_numbers,
        keys::jwk::members,
        keys::jwk::lengths,
        keys::jwk::numbers,
        keys::jwk::rsa_numbers,
        keys::jwk::texts,
        keys::public::edwards_points,
        keys::public::curve_points,
        keys::public::rsa_numbers,
        keys::public::members,
        keys::secrets::public_keys,
        keys::secrets::secrets,
        keys::secrets::jwks,
        keys::secrets::sets,
    ] {
        seen.keys(&table());
    }
    seen.0.len()
}

#[test]
fn tables_have_at_least_250_rows() {
    let (own, others, keys) = (own(), others(), given_keys());
    println!("{own} tokens, {others} tokens of others, {keys} keys: {} rows", own + others + keys);
    assert!(own >= 250, "{own} tokens");
    assert!(others >= 250, "{others} tokens of others");
    assert!(keys >= 250, "{keys} keys");
}
