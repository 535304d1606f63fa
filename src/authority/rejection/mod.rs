//! Rejections of tokens: reasons with their codes and messages, and the facts behind a reason.

mod session;
mod text;

pub(super) use session::{order_session_reasons, session_rejection_message};
pub(super) use text::{describe_alternatives, describe_short_expiry, describe_time, value_to_text};

use crate::model::Timestamp;
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use text::{excerpt, excerpt_start, quote, quote_value};

macro_rules! reasons {
    ($($variant:ident $code:literal $message:literal),+ $(,)?) => {
        /// A reason to reject a token.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum RejectReason {
            $(#[doc = $message] $variant),+
        }

        impl RejectReason {
            /// Returns the code, for programs that read the output.
            pub(crate) const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// Returns the message for users, without the facts.
            const fn message(self) -> &'static str {
                match self { $(Self::$variant => $message),+ }
            }
        }
    };
}

reasons! {
    Malformed "malformed" "token malformed",
    CriticalHeader "critical_header" "token header requires an unsupported extension",
    AlgNotAllowed "alg_not_allowed" "token algorithm not allowed",
    UnknownKey "unknown_key" "signing key unknown",
    KeyRetired "unknown_key" "signing key retired",
    KeyRevoked "key_revoked" "signing key revoked",
    BadSignature "bad_signature" "token signature invalid",
    BadClaim "bad_claim" "claim has a wrong type or value, or differs from the stored token record",
    MissingClaim "missing_claim" "mandatory claim missing",
    WrongType "wrong_type" "token type mismatch",
    SessionToken "blocked" "session token not accepted",
    UnknownToken "unknown_token" "token not found in the store",
    Revoked "token_revoked" "token revoked",
    SessionEnded "session_ended" "session ended",
    Reused "token_reused" "refresh token reused; session ended",
    OwnerDeleted "owner_deleted" "token owner deleted",
    UserDisabled "user_disabled" "token owner disabled",
    Expired "token_expired" "token expired",
    NotYetValid "not_yet_valid" "token not yet valid",
    IssuerMismatch "issuer" "issuer mismatch",
    AudienceMismatch "audience" "audience mismatch",
    MissingPermission "permission" "permission missing",
    RequirementFailed "require" "required claim missing or different",
    TtlTooShort "min_ttl" "remaining lifetime too short",
}

impl Serialize for RejectReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// Rejection of a token: the reason, and the facts behind the reason.
///
/// Values from a token are stated only after the signature of the token is verified.
#[derive(Debug, Clone)]
pub(crate) struct Rejection {
    /// Reason.
    pub(crate) reason: RejectReason,
    facts: Box<Facts>,
}

/// Facts behind a reason, as far as they are known.
#[derive(Debug, Clone, Default)]
struct Facts {
    /// Name of the claim or header parameter.
    claim: Option<String>,
    /// Value in the token or in the store, or the time of the event that caused the rejection.
    found: Option<String>,
    expected: Option<Expected>,
    /// Text in the message in place of `found` and `expected`, already escaped.
    explanation: Option<String>,
    /// Name of the disabled account, already escaped.
    account: Option<String>,
    /// Minimum leeway in seconds with which the time in `claim` would be accepted.
    required_leeway: Option<i64>,
}

#[derive(Debug, Clone)]
enum Expected {
    /// A value, which a message quotes.
    Value(String),
    /// A description such as `a string`, already escaped.
    Description(String),
}

impl Rejection {
    pub(super) fn new(reason: RejectReason) -> Self {
        Self { reason, facts: Box::default() }
    }

    /// Creates a rejection for a claim or header parameter.
    pub(super) fn for_claim(reason: RejectReason, claim: &str) -> Self {
        let claim = Some(excerpt(claim, 0));
        Self { reason, facts: Box::new(Facts { claim, ..Facts::default() }) }
    }

    /// Creates a rejection with the time of the event that caused the rejection, if the time is
    /// known.
    pub(super) fn since(reason: RejectReason, time: Option<Timestamp>, now: Timestamp) -> Self {
        let rejection = Self::new(reason);
        match time {
            Some(time) => rejection
                .with_found(&time.to_string())
                .with_explanation(describe_time(time, now, now)),
            None => rejection,
        }
    }

    /// Sets the value that was found.
    pub(super) fn with_found(mut self, text: &str) -> Self {
        self.facts.found = Some(excerpt(text, 0));
        self
    }

    /// Sets the expected value.
    pub(super) fn with_expected(mut self, text: &str) -> Self {
        self.facts.expected = Some(Expected::Value(excerpt(text, 0)));
        self
    }

    /// Sets the description of the expected value. The caller must escape untrusted text.
    pub(super) fn with_expected_description(mut self, description: impl Into<String>) -> Self {
        self.facts.expected = Some(Expected::Description(description.into()));
        self
    }

    /// Sets the found and the expected value. Long values are cut so that the first difference
    /// remains.
    pub(super) fn with_mismatch(mut self, found: Option<&str>, expected: &str) -> Self {
        let start = found.map_or(0, |found| excerpt_start(found, expected));
        self.facts.found = found.map(|found| excerpt(found, start));
        self.facts.expected = Some(Expected::Value(excerpt(expected, start)));
        self
    }

    /// Sets the text that follows the reason in the message. The caller must escape untrusted text.
    pub(super) fn with_explanation(mut self, explanation: impl Into<String>) -> Self {
        self.facts.explanation = Some(explanation.into());
        self
    }

    /// Sets the name of the disabled account. The caller must escape the name.
    pub(super) fn with_account(mut self, name: String) -> Self {
        self.facts.account = Some(name);
        self
    }

    /// Returns the name of the disabled account, escaped.
    pub(crate) fn account(&self) -> Option<&str> {
        self.facts.account.as_deref()
    }

    /// Sets the minimum leeway in seconds with which the time in the claim would be accepted.
    pub(super) fn with_required_leeway(mut self, seconds: i64) -> Self {
        self.facts.required_leeway = Some(seconds);
        self
    }

    /// Removes the required leeway, for a token that no leeway makes valid.
    pub(super) fn clear_required_leeway(&mut self) {
        self.facts.required_leeway = None;
    }

    /// Returns the minimum leeway in seconds with which the time in the claim would be accepted.
    /// Returns `None` if no leeway makes the token valid, or if the reason concerns no time claim.
    pub(crate) fn required_leeway(&self) -> Option<i64> {
        self.facts.required_leeway
    }

    /// Returns the message for users: no initial capital, no final period, values escaped.
    pub(crate) fn message(&self) -> String {
        let summary = match (self.reason, self.quoted_claim()) {
            (RejectReason::RequirementFailed, Some(claim))
                if self.lacks_claim_that_may_have_any_value() =>
            {
                return format!("claim {claim} missing");
            }
            (RejectReason::BadClaim, Some(claim)) => format!("claim {claim} invalid"),
            (RejectReason::MissingClaim, Some(claim)) => format!("claim {claim} missing"),
            (RejectReason::RequirementFailed, Some(claim)) => format!("claim {claim} mismatch"),
            (RejectReason::UnknownKey, _) if self.facts.explanation.is_some() => {
                "signing key unusable".to_owned()
            }
            (reason, _) => reason.message().to_owned(),
        };
        join_facts(summary, self.facts_text())
    }

    /// Returns the code and the facts, escaped, for the text output of a verification.
    pub(crate) fn code_with_facts(&self) -> String {
        let code = self.reason.code();
        let has_claim_in_summary = matches!(
            self.reason,
            RejectReason::BadClaim | RejectReason::MissingClaim | RejectReason::RequirementFailed
        );
        let summary = match self.quoted_claim().filter(|_| has_claim_in_summary) {
            Some(claim) => format!("{code}: {claim}"),
            None => code.to_owned(),
        };
        join_facts(summary, self.facts_text())
    }

    /// Returns whether the token lacks a required claim for which any value except `null` would be
    /// accepted.
    fn lacks_claim_that_may_have_any_value(&self) -> bool {
        self.facts.found.is_none() && matches!(self.facts.expected, Some(Expected::Description(_)))
    }

    fn quoted_claim(&self) -> Option<String> {
        self.facts.claim.as_deref().map(quote)
    }

    /// Returns the facts for a message, such as ``found `a`, expected `b` ``.
    pub(super) fn facts_text(&self) -> Option<String> {
        let Facts { found, expected, explanation, .. } = &*self.facts;
        if explanation.is_some() {
            return explanation.clone();
        }
        if found.is_none() && expected.is_none() {
            return None;
        }
        let expected_text = expected.as_ref().map(|expected| match expected {
            Expected::Value(value) => format!("expected {}", quote_value(value)),
            Expected::Description(description) => format!("expected {description}"),
        });
        // These reasons are found before the signature is verified, so the value in the token is
        // not stated.
        if matches!(self.reason, RejectReason::UnknownKey | RejectReason::AlgNotAllowed) {
            return expected_text;
        }
        let found_text = found.as_deref().map_or_else(|| "none".to_owned(), quote_value);
        let has_location = (self.reason == RejectReason::WrongType
            && self.facts.claim.as_deref() == Some("typ"))
            || (self.reason == RejectReason::MissingPermission && found.is_some());
        let location = match self.quoted_claim().filter(|_| has_location) {
            Some(claim) => format!(" in {claim}"),
            None => String::new(),
        };
        let expectation = expected_text.map_or_else(String::new, |text| format!(", {text}"));
        Some(format!("found {found_text}{location}{expectation}"))
    }
}

fn join_facts(summary: String, facts: Option<String>) -> String {
    match facts {
        Some(facts) => format!("{summary}: {facts}"),
        None => summary,
    }
}

impl From<RejectReason> for Rejection {
    fn from(reason: RejectReason) -> Self {
        Self::new(reason)
    }
}

impl PartialEq<RejectReason> for Rejection {
    fn eq(&self, reason: &RejectReason) -> bool {
        self.reason == *reason
    }
}

/// An object with the members `code`, `message`, `claim`, `found` and `expected`. The last three
/// are text or `null`: string values without quotes, other values as JSON, times in RFC 3339.
/// `expected` may also be a description such as `a string`.
impl Serialize for Rejection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let expected = self.facts.expected.as_ref().map(|expected| match expected {
            Expected::Value(text) | Expected::Description(text) => text,
        });
        let mut object = serializer.serialize_struct("Rejection", 5)?;
        object.serialize_field("code", self.reason.code())?;
        object.serialize_field("message", &self.message())?;
        object.serialize_field("claim", &self.facts.claim)?;
        object.serialize_field("found", &self.facts.found)?;
        object.serialize_field("expected", &expected)?;
        object.end()
    }
}

#[cfg(test)]
mod tests;
