//! The connection parameter `sslmode`.

use super::error::InvalidServerAddress;

/// Value of `sslmode`. Connections over a Unix socket never use TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SslMode {
    /// No TLS.
    Disable,
    /// TLS with verification of the certificate chain and of the host name. The values `require`
    /// and `verify-ca` also select this mode, although libpq verifies less for them.
    VerifyFull,
}

impl SslMode {
    /// Parses a value. Returns an error for unknown values, and for `prefer` and `allow`, which
    /// permit connections without TLS.
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
