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
            /// All defects, in the order in which the fixtures (one token per defect) are written.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Returns the name of the defect, as in manifests and on the command line.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// Returns a description of the defect. The description names the RFC, and usually the
            /// section of the RFC, that defines the violated rule.
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
    Expired "expired" Expired
        "`exp` is one day before the issue time of the valid token (RFC 7519, section 4.1.4)",
    NotYetValid "not_yet_valid" NotYetValid
        "`nbf` is in the future, one second before `exp` (RFC 7519, section 4.1.5)",
    BadSignature "bad_signature" BadSignature
        "signature has one changed character (RFC 7515, section 5.2)",
    WrongKey "wrong_key" BadSignature
        "signed with another key of the same algorithm (RFC 7515, section 5.2)",
    UnknownKid "unknown_kid" UnknownKey
        "`kid` names a key that is not published (RFC 7515, section 4.1.4)",
    AlgNone "alg_none" AlgNotAllowed
        "`alg` is `none` and the signature is empty (RFC 8725, section 3.2)",
    AlgConfusion "alg_confusion" AlgNotAllowed
        "`alg` is HS256 with the public key's PEM as the secret (RFC 8725, section 3.1)",
    WrongIssuer "wrong_issuer" IssuerMismatch "`iss` names a different issuer (RFC 7519, section 4.1.1)",
    WrongAudience "wrong_audience" AudienceMismatch
        "`aud` names a different audience (RFC 7519, section 4.1.3)",
    MissingExp "missing_exp" MissingClaim "`exp` is missing (RFC 9068, section 2.2)",
    MissingPermission "missing_permission" MissingPermission
        "required permissions are missing (RFC 6750, section 3.1)",
    WrongType "wrong_type" WrongType "token has a different type (RFC 8725, section 3.11)",
    TamperedPayload "tampered_payload" BadSignature
        "payload was changed after signing (RFC 7515, section 5.2)",
    Truncated "truncated" BadSignature "signature is truncated (RFC 7515, section 5.2)",
    Malformed "malformed" Malformed "signature part is missing (RFC 7515, section 7.1)",
    Crit "crit" CriticalHeader
        "`crit` lists an unknown extension (RFC 7515, section 4.1.11)",
    Oversized "oversized" Malformed
        "token exceeds 64 KiB, more than most servers accept as a header (RFC 9110, section 5.4)",
    Revoked "revoked" Revoked "`jti` is revoked (RFC 7009)",
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
