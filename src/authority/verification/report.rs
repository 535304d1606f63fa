//! The result of verifying one token.

use super::super::{Error, RejectReason};
use super::TokenRecord;
use crate::model::{Key, Timestamp, TokenId, TokenKind, TokenStatus, User};
use serde_json::{Map, Value};

/// What was found out about a token.
#[derive(Debug, Default)]
pub(crate) struct VerificationReport {
    /// Its kind, once its key is known.
    pub(crate) kind: Option<TokenKind>,
    /// All that is wrong, in the fixed order; empty for a valid token.
    pub(crate) reasons: Vec<RejectReason>,
    /// What exactly is wrong, of the first reason.
    pub(crate) detail: Option<String>,
    /// Its claims, once its signature was found good.
    pub(crate) claims: Option<Map<String, Value>>,
    /// Its row.
    pub(in crate::authority) record: TokenRecord,
    /// Its key, once its signature was found good.
    pub(in crate::authority) key: Option<Key>,
    /// Its owner.
    pub(in crate::authority) owner: Option<User>,
}

impl VerificationReport {
    pub(super) fn from_reason(reason: RejectReason, detail: Option<String>) -> Self {
        Self { reasons: vec![reason], detail, ..Self::default() }
    }

    /// One reason more; its detail is told if it is the first.
    pub(super) fn add_reason(&mut self, reason: RejectReason, detail: String) {
        if self.reasons.is_empty() {
            self.detail = Some(detail);
        }
        self.reasons.push(reason);
    }

    /// The row of an app token.
    pub(crate) fn token_id(&self) -> Option<TokenId> {
        match &self.record {
            TokenRecord::Token(token) => Some(token.id),
            TokenRecord::Missing | TokenRecord::Session(_) => None,
        }
    }

    /// Where a recorded token is in its life.
    pub(crate) fn status(&self, now: Timestamp) -> Option<TokenStatus> {
        match &self.record {
            TokenRecord::Token(token) => Some(token.status(now)),
            TokenRecord::Session(session_pair) => {
                Some(if session_pair.session.ended_at.is_some() {
                    TokenStatus::Revoked
                } else if self.reasons.contains(&RejectReason::Expired) {
                    TokenStatus::Expired
                } else if self.reasons.contains(&RejectReason::Revoked) {
                    TokenStatus::Revoked
                } else {
                    TokenStatus::Live
                })
            }
            TokenRecord::Missing => None,
        }
    }

    /// The claims of a token that nothing is wrong with.
    pub(crate) fn into_accepted(self) -> Result<Self, Error> {
        if self.reasons.is_empty() {
            Ok(self)
        } else {
            Err(Error::TokenRejected {
                kind: self.kind,
                reasons: self.reasons,
                detail: self.detail,
            })
        }
    }
}
