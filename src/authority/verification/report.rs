//! The report of the verification of a token.

use super::super::{Error, RejectReason, Rejection};
use crate::model::{Key, RecordedToken, Timestamp, TokenId, TokenKind, TokenStatus, User, UserId};
use crate::store::PairWithSession;
use serde_json::{Map, Value};
use std::rc::Rc;

/// Record of a token: the row of a recorded token, or the token pair and session of a session
/// token.
#[derive(Debug, Default)]
pub(in crate::authority) enum TokenRecord {
    /// No record.
    #[default]
    Missing,
    /// Row of an app token or of a recorded test token.
    Token(RecordedToken),
    /// Token pair of an access or refresh token, and its session.
    Session(PairWithSession),
}

impl TokenRecord {
    /// Returns the end of the grace period of a renewed token; `None` without a grace period.
    pub(super) fn grace_end(&self) -> Option<Timestamp> {
        match self {
            Self::Token(token) => token.grace_until,
            Self::Session(_) | Self::Missing => None,
        }
    }

    pub(super) fn owner_id(&self) -> Option<UserId> {
        match self {
            Self::Token(token) => Some(token.grant.owner_id),
            Self::Session(pair_with_session) => Some(pair_with_session.session.user_id),
            Self::Missing => None,
        }
    }
}

/// Result of the verification of one token.
#[derive(Debug, Default)]
pub(crate) struct VerificationReport {
    /// Token kind, if known: for most tokens, only once the signature is verified.
    pub(crate) kind: Option<TokenKind>,
    /// Rejections, in the fixed order of checks; empty for a valid token.
    pub(crate) reasons: Vec<Rejection>,
    /// Claims of a token with a good signature by a key that is still accepted.
    pub(crate) claims: Option<Map<String, Value>>,
    /// Record of the token; [`TokenRecord::Missing`] also if the token contradicts its record.
    pub(in crate::authority) record: TokenRecord,
    /// Key of the store that signed the token, if the key is still accepted and the payload is
    /// well-formed.
    pub(in crate::authority) key: Option<Rc<Key>>,
    /// Owner of the record, also if the token contradicts the record.
    pub(in crate::authority) owner: Option<Rc<User>>,
}

/// Rejection of a token before its claims are checked.
#[derive(Debug, Clone)]
pub(super) struct EarlyRejection {
    /// Kind of the token; set only if the token names a test key, and a different kind is expected.
    pub(super) kind: Option<TokenKind>,
    pub(super) rejection: Rejection,
}

impl EarlyRejection {
    /// Creates the rejection of a malformed token. `fault` describes the defect, and must not
    /// repeat text of the token.
    pub(super) fn malformed(fault: String) -> Self {
        Rejection::new(RejectReason::Malformed).with_explanation(fault).into()
    }
}

impl From<Rejection> for EarlyRejection {
    fn from(rejection: Rejection) -> Self {
        Self { kind: None, rejection }
    }
}

impl From<RejectReason> for EarlyRejection {
    fn from(reason: RejectReason) -> Self {
        Rejection::from(reason).into()
    }
}

impl From<EarlyRejection> for VerificationReport {
    fn from(EarlyRejection { kind, rejection }: EarlyRejection) -> Self {
        Self { kind, reasons: vec![rejection], ..Self::default() }
    }
}

impl VerificationReport {
    /// Creates the report of a malformed token. `fault` describes the defect, and must not repeat
    /// text of the token.
    pub(crate) fn malformed(fault: String) -> Self {
        EarlyRejection::malformed(fault).into()
    }

    /// Returns whether the reasons of the report include this reason.
    pub(crate) fn has_reason(&self, reason: RejectReason) -> bool {
        self.reasons.iter().any(|rejection| *rejection == reason)
    }

    /// Returns the row id of a recorded token.
    pub(crate) fn token_id(&self) -> Option<TokenId> {
        match &self.record {
            TokenRecord::Token(token) => Some(token.id),
            TokenRecord::Missing | TokenRecord::Session(_) => None,
        }
    }

    /// Returns the status of the token; `None` without a record. For a recorded token, returns the
    /// status at `now`. A session token has expired if the verification found the token expired.
    pub(crate) fn status(&self, now: Timestamp) -> Option<TokenStatus> {
        match &self.record {
            TokenRecord::Token(token) => Some(token.status(now)),
            TokenRecord::Session(pair_with_session) => {
                let is_ended = pair_with_session.session.ended_at.is_some();
                Some(if is_ended || self.has_reason(RejectReason::Revoked) {
                    TokenStatus::Revoked
                } else if self.has_reason(RejectReason::Expired) {
                    TokenStatus::Expired
                } else {
                    TokenStatus::Live
                })
            }
            TokenRecord::Missing => None,
        }
    }

    /// Returns the report of a valid token; otherwise the reasons, as an error.
    pub(crate) fn into_accepted(self) -> Result<Self, Error> {
        if self.reasons.is_empty() {
            Ok(self)
        } else {
            Err(Error::TokenRejected { kind: self.kind, reasons: self.reasons })
        }
    }
}
