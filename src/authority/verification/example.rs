//! Verification by comparison with an example: a recorded test token that was verified before and
//! is valid. Many recorded test tokens differ from the example only in `jti` and row id. The claims
//! of these tokens need not be parsed.

use super::expectations::Expectations;
use super::report::{TokenRecord, VerificationReport};
use crate::model::{Jti, RecordedToken, TokenId, TokenKind};
use crate::store::{self, TokenLookup};
use serde_json::Value;
use std::str;
use std::sync::Arc;

/// A valid recorded test token.
///
/// In the same snapshot of the store, another token with a good signature is valid too if its
/// header is the same, its payload differs only in `jti`, and its row differs only in `jti` and row
/// id. The reason is that all checks read the same values.
pub(crate) struct ValidTokenExample {
    /// Report of the token.
    pub(crate) report: Box<VerificationReport>,
    /// `jti` of the token, which occurs once in its claims.
    pub(crate) jti: Jti,
    /// Row of the token.
    row: RecordedToken,
    payload_before_jti: Vec<u8>,
    payload_after_jti: Vec<u8>,
}

impl ValidTokenExample {
    /// Creates an example from a verified token. Returns the report as the error if the token is
    /// not a valid recorded test token, if its `jti` does not occur exactly once in the payload, or
    /// if the expectations require a value of `jti`.
    pub(super) fn new(
        payload: &[u8],
        report: Box<VerificationReport>,
        expectations: &Expectations,
    ) -> Result<Self, Box<VerificationReport>> {
        let compares_jti = expectations.required_values.iter().any(|(name, _)| name == "jti");
        let TokenRecord::Token(row) = &report.record else { return Err(report) };
        let is_suitable = report.reasons.is_empty()
            && report.kind == Some(TokenKind::Test)
            && row.revoked_at.is_none()
            && row.grace_until.is_none()
            && !compares_jti;
        let jti = row.jti.to_string();
        let claims = report.claims.clone().map(|claims| Value::from(claims).to_string());
        let is_unique = claims.is_some_and(|claims| claims.matches(&jti).count() == 1);
        let mut positions = str::from_utf8(payload).unwrap_or_default().match_indices(&jti);
        match (positions.next(), positions.next()) {
            (Some((start, _)), None) if is_suitable && is_unique => Ok(Self {
                jti: row.jti,
                row: row.clone(),
                payload_before_jti: payload[..start].to_vec(),
                payload_after_jti: payload[start + jti.len()..].to_vec(),
                report,
            }),
            _ => Err(report),
        }
    }

    /// Returns the `jti` and the row id of a token if its payload and row differ from the example
    /// only in these ids. The caller has verified the signature, and has compared the header with
    /// the header of the example.
    pub(super) fn match_token(
        &self,
        row_lookup: &mut TokenLookup<'_>,
        payload: &[u8],
    ) -> Result<Option<(Jti, TokenId)>, store::Error> {
        let jti = payload
            .strip_prefix(&*self.payload_before_jti)
            .and_then(|rest| rest.strip_suffix(&*self.payload_after_jti))
            .and_then(|jti| Jti::parse(str::from_utf8(jti).ok()?));
        let Some(jti) = jti else { return Ok(None) };
        let row = row_lookup.find(jti)?.filter(|row| {
            row.revoked_at.is_none()
                && row.grace_until.is_none()
                && (row.key_row_id, row.issued_at, row.expires_at)
                    == (self.row.key_row_id, self.row.issued_at, self.row.expires_at)
                && Arc::ptr_eq(&row.grant, &self.row.grant)
        });
        Ok(row.map(|row| (jti, row.id)))
    }
}
