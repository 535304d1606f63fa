//! Parameter `sslmode`.

use super::error::InvalidServerAddress;

/// Value of `sslmode`. Connections over a Unix socket never use TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SslMode {
    /// No TLS.
    Disable,
    /// TLS with full verification: stricter than libpq for `require` and `verify-ca`.
    VerifyFull,
}

impl SslMode {
    pub(super) fn parse(text: &str) -> Result<Self, InvalidServerAddress> {
        match text {
            "verify-full" | "verify-ca" | "require" => Ok(Self::VerifyFull),
            "disable" => Ok(Self::Disable),
            "prefer" => Err(InvalidServerAddress::OptionalTls("prefer")),
            "allow" => Err(InvalidServerAddress::OptionalTls("allow")),
            _ => Err(InvalidServerAddress::UnknownSslMode),
        }
    }
}
