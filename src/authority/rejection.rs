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
    Malformed "malformed" "the token is malformed",
    CriticalHeader "critical_header" "the token's header asks for an extension that is not supported",
    AlgNotAllowed "alg_not_allowed" "the token's algorithm is not the key's",
    UnknownKey "unknown_key" "the token names no known key",
    KeyRevoked "key_revoked" "the token is signed by a revoked key",
    BadSignature "bad_signature" "the token's signature is wrong",
    BadClaim "bad_claim" "a claim of the token has the wrong type, or contradicts its record",
    MissingClaim "missing_claim" "a claim that the token must have is missing",
    WrongType "wrong_type" "the token is of another type",
    SessionToken "blocked" "the token is a session's, not an application's",
    UnknownToken "unknown_token" "the token is not in the store",
    Revoked "token_revoked" "the token is revoked",
    SessionEnded "session_ended" "the token's session has ended",
    Reused "token_reused" "the refresh token was used before; its session has ended",
    OwnerDeleted "owner_deleted" "the token's owner is deleted",
    UserDisabled "user_disabled" "the token's owner is disabled",
    Expired "token_expired" "the token has expired",
    NotYetValid "not_yet_valid" "the token is not valid yet",
    IssuerMismatch "issuer" "the token has another issuer",
    AudienceMismatch "audience" "the token is for another audience",
    MissingPermission "permission" "the token lacks a permission",
    RequirementFailed "require" "a required claim is missing or has another value",
    TtlTooShort "min_ttl" "the token ends too soon",
}

impl Serialize for RejectReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}
