//! Signing keys as the store keeps them.

use super::{Algorithm, InvalidValue, Timestamp, Untrusted};
use secrecy::SecretSlice;
use serde::Serialize;
use serde_json::{Map, Value};

/// What a key may sign. Never the same material under both purposes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Purpose {
    /// Sessions and app tokens.
    App,
    /// Minted test tokens.
    Test,
}

impl Purpose {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Test => "test",
        }
    }

    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        match text {
            "app" => Ok(Self::App),
            "test" => Ok(Self::Test),
            _ => Err(InvalidValue::new("purpose", "`app` or `test`")),
        }
    }
}

/// Where a key is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum KeyState {
    /// Published, does not sign yet.
    Standby,
    /// Signs.
    Active,
    /// No longer signs; verifies until `verify_until`.
    Retired,
    /// Neither signs nor verifies.
    Revoked,
}

impl KeyState {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Standby => "standby",
            Self::Active => "active",
            Self::Retired => "retired",
            Self::Revoked => "revoked",
        }
    }

    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        match text {
            "standby" => Ok(Self::Standby),
            "active" => Ok(Self::Active),
            "retired" => Ok(Self::Retired),
            "revoked" => Ok(Self::Revoked),
            _ => Err(InvalidValue::new("key state", "unknown")),
        }
    }
}

/// A key before it has a row.
#[derive(Debug, Clone)]
pub(crate) struct KeySpec {
    /// The key id: RFC 7638 thumbprint, or random for a symmetric key.
    pub(crate) kid: Untrusted,
    /// What it may sign.
    pub(crate) purpose: Purpose,
    /// The only algorithm it is ever used with.
    pub(crate) algorithm: Algorithm,
    /// PKCS#8 DER, or the raw secret of a symmetric key.
    pub(crate) material: SecretSlice<u8>,
    /// The public part as a JWK (RFC 7517); a symmetric key has none.
    pub(crate) public_jwk: Option<Map<String, Value>>,
    /// Whether it is a secret that is shorter than its hash.
    pub(crate) weak: bool,
}

/// A key of the store.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    /// Its row.
    pub(crate) id: i64,
    /// What it is.
    pub(crate) spec: KeySpec,
    /// Where it is in its life.
    pub(crate) state: KeyState,
    /// When it was made.
    pub(crate) created_at: Timestamp,
    /// Until when a retired key verifies; `None` without an end.
    pub(crate) verify_until: Option<Timestamp>,
}

impl Key {
    /// Whether a signature made with it counts at `now`.
    pub(crate) fn can_verify(&self, now: Timestamp) -> bool {
        match self.state {
            KeyState::Active => true,
            KeyState::Retired => self.verify_until.is_none_or(|expiry| now < expiry),
            // A test key that is named signs before it is activated; an app key does not.
            KeyState::Standby => self.spec.purpose == Purpose::Test,
            KeyState::Revoked => false,
        }
    }

    /// Whether verifiers should know it: it verifies, or it will.
    pub(crate) fn is_published(&self, now: Timestamp) -> bool {
        self.state == KeyState::Standby || self.can_verify(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_state_decides_verification() {
        let timestamp = |seconds| Timestamp::from_unix(seconds).unwrap();
        let key_for = |purpose, state, verify_until| Key {
            id: 1,
            spec: KeySpec {
                kid: Untrusted::new("k"),
                purpose,
                algorithm: Algorithm::ES256,
                material: SecretSlice::from(Vec::new()),
                public_jwk: None,
                weak: false,
            },
            state,
            created_at: timestamp(0),
            verify_until,
        };
        let key = |state, verify_until| key_for(Purpose::App, state, verify_until);
        assert!(key_for(Purpose::Test, KeyState::Standby, None).can_verify(timestamp(100)));
        assert!(key(KeyState::Active, None).can_verify(timestamp(100)));
        assert!(key(KeyState::Retired, Some(timestamp(101))).can_verify(timestamp(100)));
        assert!(!key(KeyState::Retired, Some(timestamp(100))).can_verify(timestamp(100)));
        assert!(key(KeyState::Retired, None).can_verify(timestamp(100)));
        assert!(!key(KeyState::Standby, None).can_verify(timestamp(100)));
        assert!(!key(KeyState::Revoked, None).can_verify(timestamp(100)));
        assert!(key(KeyState::Standby, None).is_published(timestamp(100)));
        assert!(!key(KeyState::Retired, Some(timestamp(100))).is_published(timestamp(100)));
    }
}
