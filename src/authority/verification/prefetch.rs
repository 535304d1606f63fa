//! Prefetch: the queries for the rows that a token names are sent to a database server before the
//! verification needs the rows. The server answers all these queries in one round trip.

use super::kind::parse_claims;
use crate::model::{Jti, UserId};
use crate::store::Reader;
use serde_json::{Map, Value};

/// Prefetches the rows of a token and of its owner, if the store is on a server. The claims in
/// `payload` are not verified yet. If the claims name wrong rows, these rows are prefetched in
/// vain, and the verification makes its own queries.
pub(super) fn prefetch_rows(tx: &Reader<'_>, payload: &[u8]) {
    if !tx.is_on_server() {
        return;
    }
    let Ok(claims) = parse_claims(payload) else { return };
    if let Some(jti) = jti_claim(&claims) {
        match text_claim(&claims, "type") {
            Some("access") => tx.prefetch_pair_by_access(jti),
            Some("refresh") => tx.prefetch_pair_by_refresh(jti),
            _ => tx.prefetch_token_by_jti(jti),
        }
    }
    if let Some(owner_id) = claims.get("id").and_then(Value::as_i64) {
        tx.prefetch_user(UserId(owner_id));
    }
}

/// Returns the `jti` in a payload that is not verified yet, if the `jti` is a UUID.
pub(super) fn unverified_jti(payload: &[u8]) -> Option<Jti> {
    jti_claim(&parse_claims(payload).ok()?)
}

fn jti_claim(claims: &Map<String, Value>) -> Option<Jti> {
    text_claim(claims, "jti").and_then(Jti::parse)
}

fn text_claim<'c>(claims: &'c Map<String, Value>, name: &str) -> Option<&'c str> {
    claims.get(name).and_then(Value::as_str)
}
