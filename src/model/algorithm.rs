//! Signature algorithms by their names in JOSE headers (RFC 7518, section 3.1; RFC 8037).

use super::InvalidValue;
use serde::Serialize;

macro_rules! algorithms {
    ($($name:ident $text:literal),+ $(,)?) => {
        /// Signature algorithm that jeton can verify. `none` is excluded.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
        pub(crate) enum Algorithm {
            $(#[doc = concat!("`", $text, "`")] #[serde(rename = $text)] $name),+
        }

        impl Algorithm {
            /// All algorithms.
            pub(crate) const ALL: [Self; [$($text),+].len()] = [$(Self::$name),+];

            /// Returns the value of the header parameter `alg`.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
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

/// Key type that an algorithm requires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyType {
    /// Shared secret with this minimum length in bytes.
    Hmac(usize),
    /// RSA.
    Rsa,
    /// Elliptic curve P-256.
    P256,
    /// Elliptic curve P-384.
    P384,
    /// Ed25519.
    Ed25519,
}

impl Algorithm {
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == text).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|algorithm| algorithm.name()).collect();
            InvalidValue::new("algorithm", format!("not one of {}", names.join(", ")))
        })
    }

    /// Returns the key type that the algorithm requires.
    pub(crate) const fn key_type(self) -> KeyType {
        match self {
            Self::HS256 => KeyType::Hmac(32),
            Self::HS384 => KeyType::Hmac(48),
            Self::HS512 => KeyType::Hmac(64),
            Self::RS256 | Self::RS384 | Self::RS512 | Self::PS256 | Self::PS384 | Self::PS512 => {
                KeyType::Rsa
            }
            Self::ES256 => KeyType::P256,
            Self::ES384 => KeyType::P384,
            Self::EdDSA => KeyType::Ed25519,
        }
    }

    /// Returns whether signing and verifying use the same secret, which is then never published.
    pub(crate) const fn is_symmetric(self) -> bool {
        matches!(self.key_type(), KeyType::Hmac(_))
    }
}

/// Size of a new RSA key in bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum RsaBits {
    /// 2,048: the minimum of RFC 7518, section 3.3.
    #[default]
    B2048,
    /// 3,072.
    B3072,
    /// 4,096.
    B4096,
}

impl RsaBits {
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        match text {
            "2048" => Ok(Self::B2048),
            "3072" => Ok(Self::B3072),
            "4096" => Ok(Self::B4096),
            _ => Err(InvalidValue::new("bits", "expected 2048, 3072 or 4096")),
        }
    }
}
