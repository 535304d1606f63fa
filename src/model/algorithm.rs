//! Signature algorithms and their key types. The names of the algorithms are defined for JOSE
//! headers (RFC 7518, section 3.1; RFC 8037; RFC 9864).

use super::InvalidValue;
use super::suggestion::unknown_name_error;
use serde::Serialize;

macro_rules! algorithms {
    ($($name:ident $text:literal),+ $(,)?) => {
        /// Algorithm for signing and verification. `none` is not a variant.
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
    ES256 "ES256", ES384 "ES384", ES512 "ES512",
    EdDSA "EdDSA", Ed25519 "Ed25519",
}

/// Key type that an algorithm requires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyType {
    /// Shared secret. The value is the minimum length in bytes, which `--allow-weak` ignores.
    Hmac(usize),
    /// RSA key.
    Rsa,
    /// ECDSA key on this curve.
    Ec(Curve),
    /// Ed25519 key.
    Ed25519,
}

impl KeyType {
    /// Returns the name of the key type for messages, with an indefinite article.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Hmac(_) => "a shared secret",
            Self::Rsa => "an RSA key",
            Self::Ec(Curve::P256) => "a P-256 key",
            Self::Ec(Curve::P384) => "a P-384 key",
            Self::Ec(Curve::P521) => "a P-521 key",
            Self::Ed25519 => "an Ed25519 key",
        }
    }
}

/// Elliptic curve of an ECDSA key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Curve {
    /// P-256, for ES256.
    P256,
    /// P-384, for ES384.
    P384,
    /// P-521, for ES512.
    P521,
}

impl Curve {
    /// All curves.
    pub(crate) const ALL: [Self; 3] = [Self::P256, Self::P384, Self::P521];

    /// Returns the value of the JWK member `crv` (RFC 7518, section 6.2.1.1).
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }

    /// Returns the length in bytes of a coordinate (`x`, `y`) and of the private key (`d`).
    pub(crate) const fn coordinate_length(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

impl Algorithm {
    /// Parses a case-sensitive name, such as the `alg` of a header, a JWK or a preset.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == text).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|algorithm| algorithm.name()).collect();
            InvalidValue::new("algorithm", format!("not one of {}", names.join(", ")))
        })
    }

    /// Parses a command-line argument, ignoring case.
    pub(crate) fn parse_argument(text: &str) -> Result<Self, InvalidValue> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name().eq_ignore_ascii_case(text))
            .ok_or_else(|| {
                let error = unknown_name_error(
                    "algorithm",
                    text,
                    &Self::ALL.map(|algorithm| algorithm.name()),
                );
                if !text.eq_ignore_ascii_case("none") {
                    return error;
                }
                error.with_hint(
                    "for an unsigned test token, use `jeton token mint --defect alg_none`",
                )
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
            Self::ES256 => KeyType::Ec(Curve::P256),
            Self::ES384 => KeyType::Ec(Curve::P384),
            Self::ES512 => KeyType::Ec(Curve::P521),
            Self::EdDSA | Self::Ed25519 => KeyType::Ed25519,
        }
    }

    /// Returns whether `self` and `other` are the same algorithm. `EdDSA` and `Ed25519` are two
    /// names of one algorithm: for Ed25519 keys, RFC 9864, section 2.2 replaces the name `EdDSA`
    /// with `Ed25519`.
    pub(crate) fn is_equivalent(self, other: Self) -> bool {
        self == other || self.key_type() == KeyType::Ed25519 && other.key_type() == KeyType::Ed25519
    }

    /// Returns whether signing and verifying use the same secret. This secret is never published.
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
