//! Results of `jeton token verify`.

use crate::app::{Cell, Rendered, Report, Style};
use crate::authority::Rejection;
use crate::authority::verification::VerificationReport;
use crate::model::{Timestamp, TokenId, TokenKind, TokenStatus};
use serde::Serialize;
use serde_json::{Map, Value};

/// Result of the verification of one token.
#[derive(Debug, Serialize)]
pub(super) struct VerifyOutput<'r> {
    valid: bool,
    kind: Option<TokenKind>,
    reasons: &'r [Rejection],
    claims: Option<&'r Map<String, Value>>,
    token_id: Option<TokenId>,
    status: Option<TokenStatus>,
}

impl<'r> VerifyOutput<'r> {
    pub(super) fn new(report: &'r VerificationReport, now: Timestamp) -> Self {
        Self {
            valid: report.reasons.is_empty(),
            kind: report.kind,
            reasons: &report.reasons,
            claims: report.claims.as_ref(),
            token_id: report.token_id(),
            status: report.status(now),
        }
    }
}

impl Report for VerifyOutput<'_> {
    fn render(&self) -> Rendered {
        if self.reasons.is_empty() {
            return Rendered::StyledLines(vec![Cell::styled("valid", Style::Success)]);
        }
        let render = |rejection: &Rejection| {
            Cell::styled(&format!("invalid: {}", rejection.verdict()), Style::Error)
        };
        Rendered::StyledLines(self.reasons.iter().map(render).collect())
    }
}
