//! Signature algorithms by their names in JOSE headers (RFC 7518, section 3.1; RFC 8037).

use super::Invalid;
use serde::Serialize;

macro_rules! algorithms {
    ($($name:ident $text:literal),+ $(,)?) => {
        /// A signature algorithm that jeton can check. `none` is not one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
        pub(crate) enum Algorithm {
            $(#[doc = concat!("`", $text, "`")] #[serde(rename = $text)] $name),+
        }

        impl Algorithm {
            /// The name in a header's `alg`.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }

            pub(crate) fn parse(text: &str) -> Result<Self, Invalid> {
                match text {
                    $($text => Ok(Self::$name),)+
                    _ => Err(Invalid::new("algorithm", "not one that jeton knows")),
                }
            }
        }
    };
}

algorithms! {
    HS256 "HS256", HS384 "HS384", HS512 "HS512",
    RS256 "RS256", RS384 "RS384", RS512 "RS512",
    PS256 "PS256", PS384 "PS384", PS512 "PS512",
    ES256 "ES256", ES384 "ES384", EdDSA "EdDSA",
}

impl Algorithm {
    /// Whether signing and checking need the same secret, which then is never exported.
    pub(crate) const fn is_symmetric(self) -> bool {
        matches!(self, Self::HS256 | Self::HS384 | Self::HS512)
    }
}
