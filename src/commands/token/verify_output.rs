//! Results of `jeton token verify`.

use crate::app::{Cell, JsonLines, Rendered, Report, Style};
use crate::authority::Rejection;
use crate::authority::verification::{ValidTokenExample, VerificationReport};
use crate::failure::Failure;
use crate::model::{Jti, Timestamp, TokenId, TokenKind, TokenStatus};
use serde::Serialize;
use serde_json::{Map, Value};
use std::rc::Rc;

/// Text before the token id in the JSON of [`VerifyOutput`].
const TOKEN_ID_MEMBER: &str = "\"token_id\":";

/// Result of the verification of one token.
#[derive(Debug, Serialize)]
pub(super) struct VerifyOutput<'r> {
    valid: bool,
    /// Kind of the token; `None` if it is unknown.
    kind: Option<TokenKind>,
    /// Reasons for the rejection; empty for a valid token.
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

/// JSON line of a [`ValidTokenExample`], in parts. The example is a valid token that was verified
/// before other tokens like it: the lines of these tokens differ from the line of the example only
/// in `jti` and token id.
pub(super) struct ExampleLine {
    /// Token whose line this is.
    example: Rc<ValidTokenExample>,
    before_jti: String,
    between_jti_and_id: String,
    after_id: String,
}

impl ExampleLine {
    /// Renders the line of the example.
    pub(super) fn new(example: &Rc<ValidTokenExample>, now: Timestamp) -> Result<Self, Failure> {
        let mut line = JsonLines::default();
        line.push(&VerifyOutput::new(&example.report, now))?;
        let line = String::from_utf8_lossy(line.as_bytes());
        // The claims contain the `jti` once. In the line, the token id comes after the claims.
        let (before_jti, rest) = line.split_once(&example.jti.to_string()).unwrap_or_default();
        let id_start = rest.rfind(TOKEN_ID_MEMBER).unwrap_or_default() + TOKEN_ID_MEMBER.len();
        let (between_jti_and_id, rest) = rest.split_at_checked(id_start).unwrap_or_default();
        let id_length = rest.find(',').unwrap_or_default();
        Ok(Self {
            example: Rc::clone(example),
            before_jti: before_jti.to_owned(),
            between_jti_and_id: between_jti_and_id.to_owned(),
            after_id: rest[id_length..].to_owned(),
        })
    }

    /// Returns whether this is the line of `example`.
    pub(super) fn is_line_of(&self, example: &Rc<ValidTokenExample>) -> bool {
        Rc::ptr_eq(&self.example, example)
    }

    /// Appends the line of a valid token like the example, with the ids of this token.
    pub(super) fn push_line(&self, jti: Jti, id: TokenId, lines: &mut JsonLines) {
        lines.push_rendered(&self.before_jti);
        lines.push_rendered(&jti.to_string());
        lines.push_rendered(&self.between_jti_and_id);
        lines.push_rendered(&id.to_string());
        lines.push_rendered(&self.after_id);
    }
}

impl Report for VerifyOutput<'_> {
    fn render(&self) -> Rendered {
        if self.reasons.is_empty() {
            return Rendered::StyledLines(vec![Cell::styled("valid", Style::Success)]);
        }
        let render = |rejection: &Rejection| {
            Cell::styled(&format!("invalid: {}", rejection.code_with_facts()), Style::Error)
        };
        Rendered::StyledLines(self.reasons.iter().map(render).collect())
    }
}
