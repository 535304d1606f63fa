//! Reasons to reject a token, with their codes and messages.

use serde::{Serialize, Serializer};

macro_rules! reasons {
    ($($variant:ident $code:literal $message:literal),+ $(,)?) => {
        /// A reason to reject a token.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum RejectReason {
            $(#[doc = $message] $variant),+
        }

        impl RejectReason {
            /// Returns the code for programs.
            pub(crate) const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// Returns the message for users.
            pub(crate) const fn message(self) -> &'static str {
                match self { $(Self::$variant => $message),+ }
            }
        }
    };
}

reasons! {
    Malformed "malformed" "token malformed",
    CriticalHeader "critical_header" "token header requires an unsupported extension",
    AlgNotAllowed "alg_not_allowed" "token algorithm does not match the key",
    UnknownKey "unknown_key" "signing key unknown",
    KeyRevoked "key_revoked" "signing key revoked",
    BadSignature "bad_signature" "token signature invalid",
    BadClaim "bad_claim" "claim has the wrong type or differs from the stored token record",
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
