//! Defects of test tokens, each with the rejection reason that a correct verifier reports.

use super::super::RejectReason;
use crate::model::InvalidValue;
use serde::{Deserialize, Serialize};

macro_rules! defects {
    ($($variant:ident $name:literal $reason:ident $description:literal),+ $(,)?) => {
        /// Single defect of a token.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
        pub(crate) enum Defect {
            $(#[doc = $description] #[serde(rename = $name)] $variant),+
        }

        impl Defect {
            /// All defects, in the order of fixtures.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Returns the name of the defect, as in manifests and on the command line.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// Returns a description of the defect with the RFC section that a token with it
            /// violates.
            pub(crate) const fn description(self) -> &'static str {
                match self { $(Self::$variant => $description),+ }
            }

            /// Returns the rejection reason that a correct verifier reports.
            pub(crate) const fn reason(self) -> RejectReason {
                match self { $(Self::$variant => RejectReason::$reason),+ }
            }
        }
    };
}

defects! {
    Expired "expired" Expired "it ended a day before (RFC 7519, section 4.1.4)",
    NotYetValid "not_yet_valid" NotYetValid
        "it is valid from a second before its end on (RFC 7519, section 4.1.5)",
    BadSignature "bad_signature" BadSignature
        "a bit of its signature is another (RFC 7515, section 5.2)",
    WrongKey "wrong_key" BadSignature
        "another key of the same algorithm signed it (RFC 7515, section 5.2)",
    UnknownKid "unknown_kid" UnknownKey
        "its `kid` names a key that nobody published (RFC 7515, section 4.1.4)",
    AlgNone "alg_none" AlgNotAllowed
        "`alg` is `none`, and there is no signature (RFC 8725, section 3.2)",
    AlgConfusion "alg_confusion" AlgNotAllowed
        "`alg` is HS256, and the secret is the public key's PEM (RFC 8725, section 3.1)",
    WrongIssuer "wrong_issuer" IssuerMismatch "somebody else issued it (RFC 7519, section 4.1.1)",
    WrongAudience "wrong_audience" AudienceMismatch
        "it is meant for somebody else (RFC 7519, section 4.1.3)",
    MissingExp "missing_exp" MissingClaim "it has no end (RFC 9068, section 2.2)",
    MissingPermission "missing_permission" MissingPermission
        "it allows something else than is asked for (RFC 6750, section 3.1)",
    WrongType "wrong_type" WrongType "it is a token of another type (RFC 8725, section 3.11)",
    TamperedPayload "tampered_payload" BadSignature
        "a claim was added after it was signed (RFC 7515, section 5.2)",
    Truncated "truncated" BadSignature "its signature is cut short (RFC 7515, section 5.2)",
    Malformed "malformed" Malformed "its signature is not there at all (RFC 7515, section 7.1)",
    Crit "crit" CriticalHeader
        "a critical extension is one that nobody knows (RFC 7515, section 4.1.11)",
    Oversized "oversized" Malformed
        "it is larger than 64 KiB, more than a header of HTTP takes (RFC 9110, section 5.4)",
    Revoked "revoked" Revoked "its `jti` is on the list of what was taken back (RFC 7009)",
}

impl Defect {
    /// Parses the name of a defect.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        Self::ALL.iter().copied().find(|defect| defect.name() == text).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|defect| defect.name()).collect();
            InvalidValue::new("defect", format!("not one of {}", names.join(", ")))
        })
    }
}
